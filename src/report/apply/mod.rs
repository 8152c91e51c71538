//! Reports what a run resulted in, for people and programs: the verdict first, then what went wrong, then what was done.
//!
//! `verdict` the headline · `text` all of it · `refusal` why a run was refused or a device skipped · `document` the same as JSON.

mod document;
mod refusal;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

pub use document::{error_document, run_document};
pub use refusal::{RefusalText, preflight, recovered, skip_reason};
pub(super) use text::entry as outcome_entry;

use super::{Exit, Paint};
use crate::apply::{RunReport, RunResult};

/// Returns what the shell is told of a run.
pub fn run_exit(result: RunResult) -> Exit {
    match result {
        RunResult::Done => Exit::Done,
        RunResult::Failed => Exit::Failed,
        RunResult::Refused => Exit::Refused,
        RunResult::DeviceFailed => Exit::DeviceFailed,
        RunResult::NotObserved => Exit::Unobservable,
        RunResult::Stale => Exit::Moved,
        RunResult::Interrupted => Exit::Interrupted,
    }
}

/// Returns the headline of a run: what is done and verified, and what is not.
pub fn run_verdict(report: &RunReport) -> String {
    verdict::verdict(report)
}

/// Returns all of a run for people.
pub fn run_text(report: &RunReport, paint: Paint) -> String {
    text::text(report, paint)
}
