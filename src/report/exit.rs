//! Defines the exit codes of the program.

use crate::apply::RunResult;

/// The end of a command.
///
/// Scripts must distinguish "nothing to do", "something to do" and "an error". So a wrong command line is `Failed` and
/// not the customary 2, which here means that changes are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a dropped exit code would exit with 0"]
pub enum Exit {
    /// Converged, or all done and verified.
    Done,
    /// gamctl or its environment failed, no device could be reached, or the arguments were invalid.
    Failed,
    /// `plan` found changes or drift.
    ChangesPending,
    /// The inventory has errors.
    InventoryInvalid,
    /// Policy forbids it: a limit, a freeze, a window, a missing approval.
    Refused,
    /// At least one device failed, was rolled back or did not get its changes.
    DeviceFailed,
    /// All reachable devices are fine; some devices could not be observed.
    Unobservable,
    /// Some devices changed since the plan was made.
    Stale,
    /// Stopped by a signal; the state is recorded.
    Interrupted,
}

impl Exit {
    /// Every outcome, in the order of the codes.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::ChangesPending,
        Self::InventoryInvalid,
        Self::Refused,
        Self::DeviceFailed,
        Self::Unobservable,
        Self::Stale,
        Self::Interrupted,
    ];

    /// Returns the exit code; scripts depend on it.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::ChangesPending => 2,
            Self::InventoryInvalid => 3,
            Self::Refused => 4,
            Self::DeviceFailed => 5,
            Self::Unobservable => 6,
            Self::Stale => 7,
            Self::Interrupted => 8,
        }
    }

    /// Returns the meaning of the exit code, for help and the manual.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "converged, or all done and verified",
            Self::Failed => {
                "gamctl or its environment failed, no device could be reached, or the arguments were invalid"
            }
            Self::ChangesPending => "changes or drift are pending (`plan`)",
            Self::InventoryInvalid => "the inventory has errors",
            Self::Refused => "refused by policy (limits, freeze, window, approval)",
            Self::DeviceFailed => {
                "at least one device failed, was rolled back or did not get its changes"
            }
            Self::Unobservable => "some devices could not be observed, all others are fine",
            Self::Stale => "some devices changed since the plan",
            Self::Interrupted => "interrupted, the state is recorded",
        }
    }
}

impl Exit {
    /// Returns the exit code of a command that changes nothing, from the number of devices that it reached.
    pub fn of_looks(reached: usize, not_reached: usize) -> Self {
        RunResult::of_looks(reached, not_reached).into()
    }
}

impl From<RunResult> for Exit {
    fn from(result: RunResult) -> Self {
        match result {
            RunResult::Done => Self::Done,
            RunResult::Failed => Self::Failed,
            RunResult::Refused => Self::Refused,
            RunResult::DeviceFailed => Self::DeviceFailed,
            RunResult::NotObserved => Self::Unobservable,
            RunResult::Stale => Self::Stale,
            RunResult::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_count_up_from_zero_without_a_gap() {
        let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn the_codes_that_scripts_know_keep_their_meaning() {
        assert_eq!(Exit::Failed.code(), 1);
        assert_eq!(Exit::ChangesPending.code(), 2);
        assert_eq!(Exit::InventoryInvalid.code(), 3);
        assert_eq!(Exit::Interrupted.code(), 8);
    }

    #[test]
    fn the_result_of_a_run_keeps_the_code_that_it_was_stored_as_before() {
        let codes = RunResult::ALL.map(|result| Exit::from(result).code());
        assert_eq!(codes, [0, 1, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn no_two_meanings_are_alike() {
        for left in Exit::ALL {
            for right in Exit::ALL {
                assert_eq!(left == right, left.meaning() == right.meaning());
            }
        }
    }
}
