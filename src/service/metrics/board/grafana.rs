//! Declares the JSON of a Grafana dashboard, as far as gamctl writes it.

use serde::Serialize;

/// The dashboard as Grafana imports it. Only fields without a default of Grafana are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dashboard {
    pub(super) title: &'static str,
    pub(super) uid: &'static str,
    pub(super) tags: [&'static str; 1],
    /// The schema of Grafana 10; later versions migrate it when they load it.
    pub(super) schema_version: u32,
    pub(super) refresh: &'static str,
    pub(super) time: TimeRange,
    pub(super) templating: Templating,
    pub(super) panels: Vec<PanelJson>,
}

#[derive(Serialize)]
pub(super) struct TimeRange {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

#[derive(Serialize)]
pub(super) struct Templating {
    pub(super) list: [Variable; 2],
}

#[derive(Serialize)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) query: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) datasource: Option<Datasource>,
    /// 1: when the dashboard is loaded.
    pub(super) refresh: u32,
}

#[derive(Serialize, Clone, Copy)]
pub(super) struct Datasource {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) uid: &'static str,
}

pub(super) const DATASOURCE: Datasource = Datasource {
    kind: "prometheus",
    uid: "${datasource}",
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PanelJson {
    pub(super) id: usize,
    pub(super) title: &'static str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) grid_pos: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) datasource: Option<Datasource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field_config: Option<FieldConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) targets: Vec<Target>,
}

/// The place of a panel, in columns of which there are 24.
#[derive(Serialize, Clone, Copy)]
pub(super) struct Position {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) w: usize,
    pub(super) h: usize,
}

#[derive(Serialize)]
pub(super) struct FieldConfig {
    pub(super) defaults: FieldDefaults,
}

#[derive(Serialize)]
pub(super) struct FieldDefaults {
    pub(super) unit: &'static str,
    pub(super) min: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<Custom>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Custom {
    pub(super) fill_opacity: u32,
    pub(super) stacking: Stacking,
}

#[derive(Serialize)]
pub(super) struct Stacking {
    pub(super) mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) ref_id: String,
    pub(super) expr: &'static str,
    pub(super) legend_format: &'static str,
}
