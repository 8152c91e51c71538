//! Defines the condition of a device: its state and what happens next, as one word and one sentence.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::device::words;

words! {
    /// The condition of a device in one word, in order of precedence: of the words that apply, the first is the condition.
    ConditionWord {
        /// Another device answers at its address, or its pins are wrong.
        WrongDevice = "wrong-device",
        /// An apply ended between two configurations.
        Stuck = "stuck",
        /// The running-config is verified and not saved.
        Unsaved = "unsaved",
        /// A run works on it.
        Applying = "applying",
        /// It cannot be looked at.
        Unreachable = "unreachable",
        /// The inventory has errors that concern it.
        Invalid = "invalid",
        /// A rule refuses its plan.
        Refused = "refused",
        /// A restored field is changed back again and again.
        Contested = "contested",
        /// The same differences remain after two applies.
        DoesNotConverge = "does-not-converge",
        /// A freeze blocks writes.
        Frozen = "frozen",
        /// It was rolled back on purpose.
        Held = "held",
        WaitingForApproval = "waiting-for-approval",
        WaitingForWindow = "waiting-for-window",
        WaitingForBudget = "waiting-for-budget",
        WaitingForWave = "waiting-for-wave",
        WaitingForLane = "waiting-for-lane",
        /// It changed without a change in the inventory.
        Drifted = "drifted",
        /// Steps are left to apply.
        Pending = "pending",
        /// Not looked at yet, or not completely: whether it is as intended is not known.
        Unknown = "unknown",
        /// Looked at and planned, never written to.
        Observe = "observe",
        /// Looked at, nothing is planned.
        Locked = "locked",
        /// As the target intends it, by a look.
        Converged = "converged",
    }
}

words! {
    /// The urgency of a condition, most urgent first: the order of lists.
    ConditionSeverity {
        /// The device, or what runs on it, is at risk.
        Fault = "fault",
        /// gamctl cannot do what is intended until a person changes something.
        Blocked = "blocked",
        /// A person decides whether it goes on.
        Decision = "decision",
        /// The device is not as intended, or this is not known.
        Notice = "notice",
        /// It goes on by itself.
        Progress = "progress",
        /// Nothing is left to do.
        Quiet = "quiet",
    }
}

impl ConditionWord {
    /// Returns the word, as in documents and metrics.
    pub fn word(self) -> &'static str {
        self.as_str()
    }

    /// Returns the usual urgency; [`Condition::severity`] also knows the facts.
    pub fn severity(self) -> ConditionSeverity {
        match self {
            Self::WrongDevice | Self::Stuck | Self::Unsaved | Self::Unreachable => {
                ConditionSeverity::Fault
            }
            Self::Invalid | Self::Refused | Self::Contested | Self::DoesNotConverge => {
                ConditionSeverity::Blocked
            }
            Self::Held | Self::WaitingForApproval | Self::WaitingForLane => {
                ConditionSeverity::Decision
            }
            Self::Drifted | Self::Unknown => ConditionSeverity::Notice,
            Self::Applying
            | Self::Frozen
            | Self::WaitingForWindow
            | Self::WaitingForBudget
            | Self::WaitingForWave
            | Self::Pending => ConditionSeverity::Progress,
            Self::Observe | Self::Locked | Self::Converged => ConditionSeverity::Quiet,
        }
    }

    /// Returns whether a device stays in this condition until a person acts.
    ///
    /// [`Condition::needs_person`] also knows the facts: a paused rollout needs one, a wave that goes on does not.
    pub fn needs_person(self) -> bool {
        match self.severity() {
            // It is retried, and an alert reports it if that lasts.
            ConditionSeverity::Fault => self != Self::Unreachable,
            ConditionSeverity::Blocked | ConditionSeverity::Decision => true,
            ConditionSeverity::Notice | ConditionSeverity::Progress | ConditionSeverity::Quiet => {
                false
            }
        }
    }

    /// Returns whether nothing is left to do, so that lists of what is going on may leave it out.
    pub fn is_quiet(self) -> bool {
        self.severity() == ConditionSeverity::Quiet
    }
}

/// The condition of a device at one time. Its sentences name times relative to it: compute it again, do not store them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Condition {
    pub word: ConditionWord,
    /// Complete without the word; lower case, without a full stop.
    pub sentence: String,
    /// One sentence about what happens by itself, and the command for a person.
    pub next: String,
    /// The urgency, for the order of lists; at least `decision` if it needs a person.
    pub severity: ConditionSeverity,
    /// Whether it stays like this until a person acts.
    pub needs_person: bool,
    /// The start of this condition in seconds since 1970, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    pub evidence: ConditionEvidence,
}

/// The facts behind a condition, for links and for those who ask further.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConditionEvidence {
    /// The last look that succeeded; absent: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_look: Option<LookEvidence>,
    /// The condition as of the last look, of a device that cannot be looked at now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_known: Option<LastKnownCondition>,
    /// Further words that apply, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ConditionWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Lines that the sentence has no room for, such as each refused rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// The number of further lines that were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub details_left_out: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The time of a look, and whether it is so old that its results may no longer hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LookEvidence {
    /// Seconds since 1970.
    pub at: u64,
    pub is_stale: bool,
}

/// The condition that a device had when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastKnownCondition {
    pub word: ConditionWord,
    pub sentence: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order_of_precedence_and_none_is_missing() {
        let words: Vec<&str> = ConditionWord::ALL.iter().map(|one| one.word()).collect();
        assert_eq!(
            words.join(" "),
            "wrong-device stuck unsaved applying unreachable invalid refused contested does-not-converge frozen held \
             waiting-for-approval waiting-for-window waiting-for-budget waiting-for-wave waiting-for-lane drifted \
             pending unknown observe locked converged"
        );
        assert!(ConditionWord::ALL.is_sorted());
    }

    #[test]
    fn programs_read_the_same_words() {
        for word in ConditionWord::ALL {
            let json = serde_json::to_value(word).unwrap();
            assert_eq!(json, word.word());
            assert_eq!(
                serde_json::from_value::<ConditionWord>(json).unwrap(),
                *word
            );
        }
    }

    #[test]
    fn what_needs_a_person_is_never_quiet_and_comes_before_what_is_quiet() {
        for word in ConditionWord::ALL {
            assert!(!(word.needs_person() && word.is_quiet()), "{word}");
        }
        let quiet = ConditionWord::ALL.iter().filter(|word| word.is_quiet());
        let quiet: Vec<&str> = quiet.map(|word| word.word()).collect();
        assert_eq!(quiet, ["observe", "locked", "converged"]);
        assert!(ConditionSeverity::ALL.is_sorted());
    }

    #[test]
    fn a_condition_survives_json_and_empty_evidence_is_left_out() {
        let condition = Condition {
            word: ConditionWord::Frozen,
            sentence: "until 18:00 UTC".to_owned(),
            next: "writes continue afterwards".to_owned(),
            severity: ConditionSeverity::Progress,
            needs_person: false,
            since: None,
            evidence: ConditionEvidence::default(),
        };
        let json = serde_json::to_value(&condition).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "word": "frozen", "sentence": "until 18:00 UTC", "next": "writes continue afterwards",
                "severity": "progress", "needs_person": false, "evidence": {},
            })
        );
        assert_eq!(
            serde_json::from_value::<Condition>(json).unwrap(),
            condition
        );
    }
}
