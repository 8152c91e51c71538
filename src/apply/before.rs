//! Checks that a device may be written to before any line is sent.

use crate::model::{DeviceConfig, Fingerprint, Observation};
use crate::plan::{self, DevicePlan, Request};
use crate::render::lines;

use super::Ended;
use super::cause::{NotReached, Outdated, Refusal};
use super::changed::differences;

/// Checks that the inventory lets the device be written to.
pub(super) fn is_writable(request: &Request<'_>) -> Result<(), Ended> {
    let state = request.state;
    match state.is_written() {
        true => Ok(()),
        false => Err(refused(Refusal::NotManaged { state })),
    }
}

/// Checks that a plan may be carried out, whatever the present configuration of the device is.
pub(super) fn is_fit(plan: &DevicePlan, request: &Request<'_>) -> Result<(), Ended> {
    if plan.device != *request.device {
        return Err(refused(Refusal::OtherDevice {
            plan_for: plan.device.clone(),
        }));
    }
    if let Some(refusal) = plan.refusals.first() {
        return Err(by_plan(refusal));
    }
    for (number, step) in (1..).zip(&plan.steps) {
        match lines(&step.change) {
            Ok(lines) if lines == step.lines && !lines.is_empty() => {}
            Ok(_) => {
                return Err(refused(Refusal::LinesDiffer {
                    step: number,
                    object: step.change.object().to_string(),
                }));
            }
            Err(error) => {
                return Err(refused(Refusal::CannotBeSent {
                    step: number,
                    error: error.to_string(),
                }));
            }
        }
    }
    Ok(())
}

/// Rule ids for a wrong identity; they are more precise than "changed since the plan".
const IDENTITY: [&str; 3] = ["wrong-device", "identity-not-read", "unknown-model"];

/// Checks a fresh look: the right device answers, it is as it was when the plan was made, and planning again gives the
/// same steps.
///
/// A device that changed is reported object by object, even if the plan is refused for another reason too.
pub(super) fn may_begin(
    plan: &DevicePlan,
    again: &Result<DevicePlan, String>,
    then: Option<&Observation>,
    now: &Observation,
    fingerprint: &Fingerprint,
    intended: &DeviceConfig,
) -> Result<(), Ended> {
    let refusals = again.iter().flat_map(|again| &again.refusals);
    let first = refusals.clone().next();
    let mut identity = refusals.filter(|refusal| IDENTITY.contains(&refusal.rule.as_str()));
    if let Some(refusal) = identity.next() {
        return Err(by_plan(refusal));
    }
    let Some(observed) = &plan.observed else {
        return outdated(Outdated::NoLook);
    };
    if observed.fingerprint != *fingerprint {
        if let Some(cause) = then.and_then(|then| newly_unread(then, now)) {
            return Err(Ended::Unreachable {
                cause: Box::new(cause),
            });
        }
        return Err(Ended::Stale {
            differences: differences(then, plan, now, intended),
        });
    }
    if let Some(refusal) = first {
        return Err(by_plan(refusal));
    }
    let again = match again {
        Ok(again) => again,
        Err(error) => {
            let error = error.clone();
            return outdated(Outdated::CannotPlan { error });
        }
    };
    let steps = |plan: &DevicePlan| -> Vec<_> {
        let steps = plan.steps.iter();
        steps
            .map(|step| (step.change.clone(), step.lines.clone()))
            .collect()
    };
    if steps(plan) == steps(again) {
        return Ok(());
    }
    outdated(Outdated::OtherSteps {
        now: again.steps.len(),
        approved: plan.steps.len(),
    })
}

/// Returns a part that could be read then and cannot be read now: an unread part does not count as changed.
fn newly_unread(then: &Observation, now: &Observation) -> Option<NotReached> {
    let known: Vec<_> = then
        .unread
        .iter()
        .map(|unread| (unread.part, unread.number, &unread.field))
        .collect();
    let mut new = now
        .unread
        .iter()
        .filter(|unread| !known.contains(&(unread.part, unread.number, &unread.field)));
    let first = new.next()?;
    Some(NotReached::PartlyUnread {
        part: first.part,
        number: first.number,
        reason: first.reason.clone(),
        more: new.count(),
    })
}

/// Returns the plan of a device that only needs saving.
pub(super) fn may_save(again: Result<DevicePlan, String>) -> Result<DevicePlan, Ended> {
    let again = again.map_err(|error| {
        refused(Refusal::PlanOutdated {
            why: Outdated::CannotPlan { error },
        })
    })?;
    if let Some(refusal) = again.refusals.first() {
        return Err(by_plan(refusal));
    }
    if !again.steps.is_empty() {
        outdated(Outdated::MoreThanSaving {
            steps: again.steps.len(),
        })?;
    }
    Ok(again)
}

fn by_plan(refusal: &plan::Refusal) -> Ended {
    refused(Refusal::PlanRefused {
        refusal: refusal.clone(),
    })
}

fn outdated(why: Outdated) -> Result<(), Ended> {
    Err(refused(Refusal::PlanOutdated { why }))
}

fn refused(refusal: Refusal) -> Ended {
    Ended::Refused { refusal }
}
