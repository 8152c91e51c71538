//! Decides the result of a run from what it left undone, counted in devices.

use super::RunResult;

/// The facts that decide the result of a run. Each is a number of devices, unless it says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undone {
    /// A signal, or the caller, ended it.
    pub is_interrupted: bool,
    pub lint_errors: usize,
    /// Written to and not as intended, or not saved; or not started, because too many others failed.
    pub failed: usize,
    /// The store could not record what would be done, or was done.
    pub not_recorded: usize,
    /// Changes were not carried out, because our own settings do not lead to the device.
    pub own_settings: usize,
    /// Changes were not carried out, because the device was not reached or not read as fully as before.
    pub not_reached: usize,
    /// Refused by policy; the run as a whole counts as one.
    pub refused: usize,
    /// Left unsaved by an earlier run.
    pub unsaved: usize,
    /// Changed since the plan.
    pub stale: usize,
    /// Not compared in every part.
    pub not_compared: usize,
    /// Not observed, so nothing was planned.
    pub not_observed: usize,
    /// Reached for writing, and as intended.
    pub reached: usize,
    /// Looked at before the run.
    pub observed: usize,
}

impl Undone {
    /// Returns whether changes were to be carried out, and our own settings lead to no device.
    pub fn is_cut_off(&self) -> bool {
        let reached = self.reached + self.not_reached + self.stale + self.failed;
        self.own_settings > 0 && reached == 0
    }

    /// Returns the result of the run, by the first of these that holds.
    ///
    /// Where our own settings lead to no device at all, the run failed; where they lead to some, the others failed.
    pub fn result(&self) -> RunResult {
        match () {
            () if self.is_interrupted => RunResult::Interrupted,
            () if self.lint_errors > 0 => RunResult::Failed,
            () if self.failed > 0 => RunResult::DeviceFailed,
            () if self.not_recorded > 0 => RunResult::Failed,
            () if self.is_cut_off() => RunResult::Failed,
            () if self.own_settings + self.not_reached > 0 => RunResult::DeviceFailed,
            () if self.refused > 0 => RunResult::Refused,
            () if self.unsaved > 0 => RunResult::DeviceFailed,
            () if self.stale > 0 => RunResult::Stale,
            () if self.not_compared > 0 => RunResult::NotObserved,
            () => RunResult::of_looks(self.observed, self.not_observed),
        }
    }
}
