//! Sums up the sync of one billing system in a word and a sentence, the same for every reader.

use serde::Serialize;

use crate::report::document::time;
use crate::report::{counted, moment, visible};

/// The facts that the condition follows from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncFacts {
    pub system: String,
    pub pause: Option<PauseFacts>,
    /// The last run; absent: there was none.
    pub last: Option<LastRun>,
    /// Changes that wait for an approval.
    pub held: usize,
}

/// A pause in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseFacts {
    pub who: String,
    pub reason: String,
    /// Seconds since 1970.
    pub until: u64,
}

/// The last run, as far as the condition depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    pub outcome: LastOutcome,
    /// Seconds since 1970; the first run of a row of the same outcome.
    pub ended: u64,
    pub first_began: u64,
    pub runs: u64,
}

/// The outcome of the last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastOutcome {
    Synced,
    /// Nothing follows from what is absent.
    Incomplete,
    /// With the kind of the error.
    Failed(String),
}

/// The condition of the sync of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SyncCondition {
    pub system: String,
    /// `paused`, `failing`, `held-back`, `incomplete`, `synced` or `not-synced`.
    pub word: &'static str,
    pub sentence: String,
    /// A person has to do something.
    pub needs_person: bool,
    /// The end of the last run.
    #[serde(
        serialize_with = "time::maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub last: Option<u64>,
}

/// Returns the condition: a pause outranks a failure, a failure what is held back.
pub fn sync_condition(facts: &SyncFacts) -> SyncCondition {
    let (word, sentence, needs_person) = decide(facts);
    SyncCondition {
        system: facts.system.clone(),
        word,
        sentence,
        needs_person,
        last: facts.last.as_ref().map(|last| last.ended),
    }
}

fn decide(facts: &SyncFacts) -> (&'static str, String, bool) {
    let name = visible(&facts.system);
    if let Some(pause) = &facts.pause {
        let sentence = format!(
            "paused until {} by {}: {}; `gamctl sync resume {name}` ends it",
            moment(pause.until),
            visible(&pause.who),
            visible(&pause.reason)
        );
        return ("paused", sentence, false);
    }
    let Some(last) = &facts.last else {
        let sentence =
            "no run yet; set `[sync] run = true` for the service, or use `gamctl sync`".to_owned();
        return ("not-synced", sentence, false);
    };
    if let LastOutcome::Failed(kind) = &last.outcome {
        let runs = counted(usize::try_from(last.runs).unwrap_or(usize::MAX), "run");
        let sentence = format!(
            "{runs} failed since {}: {}",
            moment(last.first_began),
            failure(kind, &name)
        );
        return ("failing", sentence, true);
    }
    if facts.held > 0 {
        let sentence = format!(
            "{} held back until a person approves; `gamctl sync {name}` shows them",
            counted(facts.held, "change")
        );
        return ("held-back", sentence, true);
    }
    if last.outcome == LastOutcome::Incomplete {
        let sentence = format!(
            "the reading at {} was not complete, so nothing follows from what is absent",
            moment(last.ended)
        );
        return ("incomplete", sentence, false);
    }
    let sentence = format!("last synced at {}", moment(last.ended));
    ("synced", sentence, false)
}

/// Returns the error and the next step for the kind of a failure.
fn failure(kind: &str, name: &str) -> String {
    let (what, next) = match kind {
        "unreachable" => ("billing cannot be reached", "sync check"),
        "unauthorized" => ("billing does not accept the login", "sync check"),
        "forbidden" => ("the login lacks a permission", "sync check"),
        "module-off" => ("a module of billing is switched off", "sync check"),
        "limited" => ("billing's request limit is reached", "sync check"),
        "settings" => ("a secret or a setting cannot be used", "sync check"),
        "invalid-inventory" => ("the inventory has errors", "validate"),
        "no-lane" => ("the policy has no lane for the sync", "sync"),
        "lane-left" => ("the commit would leave the lane of the sync", "sync"),
        "not-pushed" => ("the repository did not take the commit", "doctor"),
        "branch" => ("the branch cannot be read", "doctor"),
        "signatures-wanted" => (
            "signed commits are required, and the sync cannot sign",
            "serve --check",
        ),
        _ => ("an error that the log of the service has", "sync"),
    };
    match next {
        "sync" | "sync check" => format!("{what}; see `gamctl {next} {name}`"),
        _ => format!("{what}; see `gamctl {next}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(outcome: LastOutcome) -> Option<LastRun> {
        Some(LastRun {
            outcome,
            ended: 1_700_000_000,
            first_began: 1_699_990_000,
            runs: 3,
        })
    }

    fn facts(change: impl FnOnce(&mut SyncFacts)) -> SyncFacts {
        let mut facts = SyncFacts {
            system: "splynx".to_owned(),
            last: last(LastOutcome::Synced),
            ..SyncFacts::default()
        };
        change(&mut facts);
        facts
    }

    #[test]
    fn each_word_outranks_those_after_it() {
        let pause = PauseFacts {
            who: "ada@noc".to_owned(),
            reason: "migration".to_owned(),
            until: 1_700_003_600,
        };
        let failed = || last(LastOutcome::Failed("unauthorized".to_owned()));
        let word = |facts: &SyncFacts| sync_condition(facts).word;
        let paused = facts(|one| {
            (one.pause, one.last, one.held) = (Some(pause), failed(), 4);
        });
        assert_eq!(word(&paused), "paused");
        let failing = facts(|one| (one.last, one.held) = (failed(), 4));
        assert_eq!(word(&failing), "failing");
        let held = facts(|one| (one.last, one.held) = (last(LastOutcome::Incomplete), 4));
        assert_eq!(word(&held), "held-back");
        let incomplete = facts(|one| one.last = last(LastOutcome::Incomplete));
        assert_eq!(word(&incomplete), "incomplete");
        assert_eq!(word(&facts(|_| {})), "synced");
        assert_eq!(word(&facts(|one| one.last = None)), "not-synced");
    }

    #[test]
    fn a_failure_names_its_number_and_the_next_step() {
        let failed = facts(|one| one.last = last(LastOutcome::Failed("unauthorized".to_owned())));
        let condition = sync_condition(&failed);
        assert!(condition.needs_person);
        let sentence = condition.sentence;
        assert!(sentence.starts_with("3 runs failed since "), "{sentence}");
        assert!(
            sentence.ends_with("see `gamctl sync check splynx`"),
            "{sentence}"
        );
    }
}
