//! Checks the rendered lines of a plan against its changes, from the documents alone.
//!
//! The lint has its own parser and its own rules, so that a mistake in `render` is not repeated here. It shares the fields of a
//! change and the limits of `model`.
//!
//! `words` splits a line, `command` parses the words, `setting` knows the fields. `state` tracks the object in each slot at a step. `agree` compares a
//! command with its change, `excuse` checks the reason of a step that cannot be undone.

mod agree;
mod command;
mod excuse;
mod setting;
mod state;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cause, Change, DevicePlan, Request, Step, Verb};
use crate::model::{Observation, Part, VlanId};
use agree::Side;
use state::State;

/// A mistake in a line of a plan: a fault of gamctl, never of the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "the plan of a device with a lint error is refused"]
pub struct LintError {
    /// Counted from 1.
    pub step: usize,
    /// It is about the lines that undo the step.
    pub is_inverse: bool,
    /// Left out if it is about the step as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    pub message: String,
}

impl fmt::Display for LintError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "step {}", self.step)?;
        if self.is_inverse {
            formatter.write_str(", undoing")?;
        }
        if let Some(line) = &self.line {
            write!(formatter, ", `{line}`")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// Returns all mistakes in the lines of a plan that was made from this observation.
///
/// The lines must be rendered: a step without lines is a mistake.
pub fn lint<L: AsRef<str>>(
    plan: &DevicePlan<Step<L>>,
    observation: &Observation,
    request: &Request<'_>,
) -> Vec<LintError> {
    let mut errors = incomplete(plan, observation, request);
    let mut state = State::of(observation, plan);
    // Such a plan is refused already. Its steps are only shown, so their lines are not a mistake.
    let is_refused = plan
        .refusals
        .iter()
        .any(|refusal| refusal.rule == "touches-management");
    let management: Vec<VlanId> = std::iter::once(request.management_vlan)
        .chain(observation.management_vlan)
        .filter(|_| !is_refused)
        .collect();
    for (index, step) in plan.steps.iter().enumerate() {
        let number = index + 1;
        let before = state.clone();
        errors.extend(one_step(number, step, &mut state, request, &management));
        if let Some(reason) = &step.cannot_undo {
            let objection = excuse::objection(step, reason, observation, request);
            errors.extend(objection.map(|message| LintError {
                step: number,
                is_inverse: true,
                line: None,
                message,
            }));
            continue;
        }
        // The inverse lines are checked from the state right after this step.
        let mut undone = state.clone();
        let inverse = step.change.inverse();
        let undo = Side {
            step: number,
            change: &inverse,
            lines: &step.inverse,
            is_inverse: true,
            request,
            management: &management,
        };
        let found = undo.check(&mut undone);
        let is_readable = found.is_empty();
        errors.extend(found);
        if is_readable && !undone.is_back_at(&before) {
            errors.push(undo.error(None, "undoing does not lead back to what was there before"));
        }
    }
    errors
}

/// Finds creations in a part that was not read completely, and removals of unmanaged objects that were not requested.
fn incomplete<L>(
    plan: &DevicePlan<Step<L>>,
    observation: &Observation,
    request: &Request<'_>,
) -> Vec<LintError> {
    let mut errors = Vec::new();
    let mut report = |step: usize, message: String| {
        errors.push(LintError {
            step,
            is_inverse: false,
            line: None,
            message,
        });
    };
    for (index, step) in plan.steps.iter().enumerate() {
        let part = match step.change {
            Change::Profile(..) => Part::Profiles,
            Change::Endpoint(..) => Part::Endpoints,
            Change::Subscriber(..) => Part::Subscribers,
            Change::System(_) | Change::Uplink(..) | Change::Port(..) => continue,
        };
        if step.change.verb() == Verb::Create && observation.incomplete(part).is_some() {
            report(
                index + 1,
                format!(
                    "not all {} were read, so no number is known to be free",
                    part.as_str()
                ),
            );
        }
        let is_unmanaged = step
            .because
            .iter()
            .any(|because| because.cause == Cause::Unmanaged);
        if is_unmanaged && !(request.authoritative && request.removes_unmanaged) {
            report(
                index + 1,
                "unmanaged objects must not be removed here".to_owned(),
            );
        }
    }
    errors
}

fn one_step<L: AsRef<str>>(
    number: usize,
    step: &Step<L>,
    state: &mut State,
    request: &Request<'_>,
    management: &[VlanId],
) -> Vec<LintError> {
    let forth = Side {
        step: number,
        change: &step.change,
        lines: &step.lines,
        is_inverse: false,
        request,
        management,
    };
    forth.check(state)
}
