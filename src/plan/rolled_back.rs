//! Finds the steps of a plan that would bring back what an operator rolled back.

use serde::{Deserialize, Serialize};

use super::{Because, Cause, Change, Step, Verb};

/// A rollback by an operator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolledBack {
    /// The id of the rollback's run.
    pub run: String,
    pub who: String,
    /// Seconds since 1970.
    pub at: u64,
}

/// Returns the reasons of a step that would bring back what a change of a rollback took away; none if it does not.
///
/// A step that corrects drift does not: after the rollback, its value was applied and verified again.
pub fn brings_back<'s>(step: &'s Step, undone: &Change) -> Vec<&'s Because> {
    if step.change.object() != undone.object_after() {
        return Vec::new();
    }
    let reasons = step.because.iter();
    let reasons = reasons.filter(|because| !matches!(because.cause, Cause::Drift { .. }));
    match (undone.verb(), step.change.verb()) {
        (Verb::Remove, Verb::Create) | (Verb::Create, Verb::Remove) => reasons.collect(),
        (Verb::Update, Verb::Update) => {
            let fields = step.change.fields().into_iter().filter_map(|view| {
                let earlier = undone.field(view.field)?;
                (earlier.from() == view.to()).then_some(view.field)
            });
            let fields: Vec<_> = fields.collect();
            reasons
                .filter(|because| because.fields.iter().any(|field| fields.contains(field)))
                .collect()
        }
        (Verb::Create | Verb::Update | Verb::Remove, _) => Vec::new(),
    }
}
