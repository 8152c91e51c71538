//! Defines the result of a run, as the store, the reports and the callers of a run name it.

use serde::{Deserialize, Serialize};

/// The result of a run. Its words are stored and published: they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// Converged, or everything applied and verified.
    Done,
    /// gamctl or its environment failed, or no device could be reached.
    Failed,
    /// Refused by policy: a limit, a freeze, a missing approval.
    Refused,
    /// At least one device failed, was rolled back, or did not get its changes.
    DeviceFailed,
    /// At least one device could not be observed, in full or at all; nothing else is left undone.
    NotObserved,
    /// At least one device changed since the plan was made.
    Stale,
    /// Stopped by a signal; the state is recorded.
    Interrupted,
}

impl RunResult {
    /// Every result, in the order of the exit codes.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Refused,
        Self::DeviceFailed,
        Self::NotObserved,
        Self::Stale,
        Self::Interrupted,
    ];

    /// Returns the word that the store and `--format json` use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::DeviceFailed => "device-failed",
            Self::NotObserved => "not-observed",
            Self::Stale => "stale",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns the result where nothing is left undone but on devices that could not be observed.
    ///
    /// With no device observed, nothing is known: a wrong community or network here looks like silent devices.
    pub fn of_looks(observed: usize, not_observed: usize) -> Self {
        match (observed, not_observed) {
            (_, 0) => Self::Done,
            (0, _) => Self::Failed,
            _ => Self::NotObserved,
        }
    }

    /// Returns the result that has this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.word() == word)
    }
}

impl std::fmt::Display for RunResult {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_has_one_word_and_serde_uses_it() {
        for result in RunResult::ALL {
            assert_eq!(RunResult::from_word(result.word()), Some(result));
            assert_eq!(
                serde_json::to_value(result).unwrap(),
                serde_json::Value::from(result.word())
            );
        }
        assert_eq!(RunResult::from_word("0"), None);
    }
}
