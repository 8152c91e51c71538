//! Reports what a run resulted in, for people and programs: the verdict first, then what went wrong, then what was done.
//!
//! `verdict` the headline · `text` all of it · `preflight` why a run was refused or a device skipped · `cause`, `interruption`,
//! `refusal` why a device ended as it did · `next` what to do then · `document` the same as JSON, `published` one device of it.

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
pub use document::{error_document, run_document};
pub use interruption::found_text;
pub use preflight::{RefusalText, preflight, recovered, skip_reason};
pub use published::PublishedOutcome;
pub(super) use text::entry as outcome_entry;

use super::Paint;
use crate::apply::RunReport;

/// Returns the headline of a run: what is done and verified, and what is not.
pub fn run_verdict(report: &RunReport) -> String {
    verdict::verdict(report)
}

/// Returns all of a run for people.
pub fn run_text(report: &RunReport, paint: Paint) -> String {
    text::text(report, paint)
}
