//! Computes the condition of a device: the one answer to "why is this not applied?", for CLI, pages and API.
//!
//! `facts` the input · `reason` the words that apply, in order of precedence · `sentence` and `next_step` the texts of one
//! reason, `wording` their times and lists, `command` the commands that they name · `decide` puts a condition together ·
//! `meaning` explains each word, `example` has facts for each, `reference` renders both for docs/conditions.md.

mod command;
mod decide;
mod example;
mod facts;
mod meaning;
mod next_step;
mod reason;
mod reference;
mod sentence;
mod wording;

#[cfg(test)]
mod tests;

pub use decide::{condition, condition_word};
pub use facts::{
    AbandonedRollout, ApplyInProgress, AwaitedApproval, AwaitedWave, ClosedWindow, ConditionFacts,
    ContestedField, DriftFound, FailedApply, FreezeInForce, IdentityProblem, InvalidInventory,
    LastLook, MatchedTarget, OnDrift, OutsideLane, PausedRollout, PendingSteps, Pin,
    RemainingDifferences, RollbackHold, Unreachable, UsedBudget,
};
pub use meaning::{ConditionMeaning, meaning};
pub use reference::condition_reference;
