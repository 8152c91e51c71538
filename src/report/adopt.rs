//! Renders the result of adopting, a line for each device.

use super::{DocumentKind, counted, visible};
use crate::apply::AdoptReport;

/// Renders the report as text.
pub fn adopt_text(report: &AdoptReport) -> String {
    let adopted = report.adopted.iter().map(|one| match one.objects {
        0 => format!("{}: nothing new\n", one.device),
        objects => format!("{}: {} adopted\n", one.device, counted(objects, "object")),
    });
    let not_seen = report.unobservable.iter().map(|one| {
        let reason = one.reason.to_string();
        format!("{}: not seen: {}\n", one.device, visible(&reason))
    });
    adopted.chain(not_seen).collect()
}

/// Renders the report as JSON.
pub fn adopt_document(report: &AdoptReport) -> String {
    DocumentKind::Adopt.document(report)
}
