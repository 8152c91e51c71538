//! Lays out the dashboard for Grafana and writes it as docs/deploy/grafana/gamctl.json.

mod grafana;
mod rows;

use grafana::{
    Custom, DATASOURCE, Dashboard, FieldConfig, FieldDefaults, PanelJson, Position, Stacking,
    Target, Templating, TimeRange, Variable,
};
use rows::{Panel, ROWS, Row, Shape};

/// Returns the dashboard as JSON.
pub fn dashboard() -> String {
    let dashboard = Dashboard {
        title: "gamctl",
        uid: "gamctl",
        tags: ["gamctl"],
        schema_version: 39,
        refresh: "1m",
        time: TimeRange {
            from: "now-24h",
            to: "now",
        },
        templating: Templating { list: variables() },
        panels: panels(),
    };
    // Structs of texts and numbers always have a JSON form.
    let mut text = serde_json::to_string_pretty(&dashboard).unwrap_or_default();
    text.push('\n');
    text
}

fn variables() -> [Variable; 2] {
    [
        Variable {
            name: "datasource",
            label: "Prometheus",
            kind: "datasource",
            query: "prometheus",
            datasource: None,
            refresh: 1,
        },
        Variable {
            name: "job",
            label: "Job",
            kind: "query",
            query: "label_values(gamctl_build_info, job)",
            datasource: Some(DATASOURCE),
            refresh: 1,
        },
    ]
}

/// Lays out the rows from the top: numbers eight in a line, graphs three in a line.
fn panels() -> Vec<PanelJson> {
    let mut panels: Vec<PanelJson> = Vec::new();
    let mut y = 0;
    for Row(title, members) in ROWS {
        let id = panels.len() + 1;
        panels.push(header(id, title, y));
        y += 1;
        let mut x = 0;
        let mut height = 0;
        for panel in *members {
            let (w, h) = size(panel.1, members.len());
            if x + w > 24 {
                (x, y) = (0, y + height);
            }
            let position = Position { x, y, w, h };
            panels.push(of_panel(panels.len() + 1, panel, position));
            (x, height) = (x + w, h);
        }
        y += height;
    }
    panels
}

fn size(shape: Shape, panels: usize) -> (usize, usize) {
    match shape {
        Shape::Number => (3, 4),
        Shape::Lines | Shape::Stack if panels == 2 => (12, 8),
        Shape::Lines | Shape::Stack => (8, 8),
    }
}

fn header(id: usize, title: &'static str, y: usize) -> PanelJson {
    PanelJson {
        id,
        title,
        kind: "row",
        grid_pos: Position {
            x: 0,
            y,
            w: 24,
            h: 1,
        },
        datasource: None,
        field_config: None,
        targets: Vec::new(),
    }
}

fn of_panel(id: usize, panel: &Panel, grid_pos: Position) -> PanelJson {
    let Panel(title, shape, unit, expressions) = *panel;
    let custom = (shape == Shape::Stack).then_some(Custom {
        fill_opacity: 60,
        stacking: Stacking { mode: "normal" },
    });
    let targets = ('A'..='Z').zip(expressions);
    PanelJson {
        id,
        title,
        kind: match shape {
            Shape::Number => "stat",
            Shape::Lines | Shape::Stack => "timeseries",
        },
        grid_pos,
        datasource: Some(DATASOURCE),
        field_config: Some(FieldConfig {
            defaults: FieldDefaults {
                unit,
                min: 0,
                custom,
            },
        }),
        targets: targets
            .map(|(letter, (expr, legend_format))| Target {
                ref_id: letter.to_string(),
                expr,
                legend_format,
            })
            .collect(),
    }
}
