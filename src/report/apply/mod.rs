//! Renders the result of a run: the verdict, then failures, then changed devices.
//!
//! `verdict` headline · `text` full text · `preflight` refused runs and skipped devices · `cause`, `interruption`, `refusal`
//! causes of outcomes · `next` next steps · `document` the JSON document, `published` one device of it.

mod cause;
mod document;
mod interruption;
mod next;
mod preflight;
pub(super) mod published;
mod refusal;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

pub use cause::{cause_text, failure_text, left_text, remark_text, save_failure_text};
#[cfg(test)]
pub(crate) use document::{ErrorDocument, RunDocument};
pub use document::{error_document, run_document};
pub use interruption::found_text;
pub use preflight::{
    RefusalText, lease_held, lease_holder, not_carried_out, preflight, recovery, skip_reason,
};
pub use published::PublishedOutcome;
pub(super) use text::entry as outcome_entry;

use super::Paint;
use crate::apply::RunReport;

/// Renders the headline of a run: what is done and verified, and what is not.
pub fn run_verdict(report: &RunReport) -> String {
    verdict::verdict(report)
}

/// Renders a whole run as text.
pub fn run_text(report: &RunReport, paint: Paint) -> String {
    text::text(report, paint)
}
