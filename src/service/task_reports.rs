//! Keeps how the last run of each task ended, for the heartbeat and for `/readyz`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::history::TaskReport;

/// After this many failures in a row, the instance reports itself as not ready.
const FAILURES_UNTIL_UNREADY: u32 = 10;

/// The last results of all tasks of this instance.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskReports(Arc<Mutex<Reports>>);

#[derive(Debug, Default)]
struct Reports {
    tasks: BTreeMap<&'static str, TaskReport>,
}

impl TaskReports {
    fn lock(&self) -> MutexGuard<'_, Reports> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the report of each task.
    pub(super) fn all(&self) -> BTreeMap<String, TaskReport> {
        let reports = self.lock();
        let tasks = reports.tasks.iter();
        tasks
            .map(|(name, report)| ((*name).to_owned(), report.clone()))
            .collect()
    }

    /// Returns a task that failed too often in a row.
    pub(super) fn stuck(&self) -> Option<&'static str> {
        let reports = self.lock();
        let mut tasks = reports.tasks.iter();
        tasks
            .find(|(_, report)| report.failures >= FAILURES_UNTIL_UNREADY)
            .map(|(name, _)| *name)
    }

    /// Records the end of a run; returns the number of failures in a row.
    pub(super) fn ended(
        &self,
        name: &'static str,
        took: Duration,
        at: u64,
        error: Option<String>,
    ) -> u32 {
        let mut reports = self.lock();
        let report = reports.tasks.entry(name).or_default();
        report.ended = Some(at);
        report.took = u64::try_from(took.as_millis()).ok();
        report.failures = match error {
            Some(_) => report.failures.saturating_add(1),
            None => 0,
        };
        report.error = error;
        report.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_in_a_row_make_an_instance_unready() {
        let reports = TaskReports::default();
        for _ in 0..9 {
            reports.ended("look", Duration::ZERO, 1, Some("no".to_owned()));
        }
        assert_eq!(reports.stuck(), None);
        reports.ended("look", Duration::ZERO, 1, Some("no".to_owned()));
        assert_eq!(reports.stuck(), Some("look"));
        reports.ended("look", Duration::ZERO, 1, None);
        assert_eq!(reports.stuck(), None);
    }
}
