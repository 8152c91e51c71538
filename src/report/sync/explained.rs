//! Renders both sides of the services of one account: billing, inventory, memory, what is heard, and the decision.

use serde::Serialize;

use super::description::ListedLine;
use crate::report::{Align, Paint, Table, visible};

/// The services of one account, with both sides of each.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ExplainedReport {
    pub system: String,
    pub account: String,
    pub services: Vec<ExplainedService>,
}

/// A service with both sides.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ExplainedService {
    /// Account and service in billing, as `1042/7001`.
    pub service: String,
    pub subscriber: Option<String>,
    pub class: &'static str,
    /// Status, tariff, equipment and place in billing; empty: billing does not have it.
    pub billing: Vec<String>,
    /// The subscriber in the inventory.
    pub inventory: Vec<String>,
    /// The values that were accepted last, and those that the sync left.
    pub remembered: Vec<String>,
    /// Where its endpoints are heard.
    pub heard: Vec<String>,
    /// The changes that would be committed.
    pub changes: Vec<String>,
    pub reasons: Vec<ListedLine>,
}

/// Returns both sides of each service as text.
pub fn explained_text(report: &ExplainedReport, paint: Paint) -> String {
    let mut text = String::new();
    for service in &report.services {
        if !text.is_empty() {
            text.push('\n');
        }
        let title = format!("Service {}: {}", service.service, service.class);
        text.push_str(&format!("{}\n", paint.bold(&visible(&title))));
        let mut table = Table::new([("", Align::Left); 3]);
        let sides = [
            ("billing", &service.billing, "does not have it"),
            ("inventory", &service.inventory, "has no subscriber for it"),
            ("remembered", &service.remembered, "nothing"),
            ("heard", &service.heard, "nothing"),
            ("would change", &service.changes, "nothing"),
        ];
        for (side, lines, none) in sides {
            let mut side = side;
            for line in lines {
                table.push(["", side, line]);
                side = "";
            }
            if lines.is_empty() {
                table.push(["", side, none]);
            }
        }
        for reason in &service.reasons {
            table.push(["", "why", &format!("{} ({})", reason.because, reason.rule)]);
            table.push(["", "next", reason.next_step]);
        }
        text.push_str(&table.render(paint));
    }
    text
}
