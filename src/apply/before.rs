//! What must hold before anything is written to a device.

use crate::model::{DeviceConfig, DeviceState, Fingerprint, Observation};
use crate::plan::{self, DevicePlan, Request};
use crate::render::lines;

use super::Ended;
use super::cause::{NotReached, Outdated, Refusal};
use super::moved::differences;

/// Checks that the device is one that may be written to.
pub(super) fn is_ours(request: &Request<'_>) -> Result<(), Ended> {
    match request.state {
        DeviceState::Managed | DeviceState::Retired => Ok(()),
        state @ (DeviceState::Observe | DeviceState::Locked | DeviceState::Preprovision) => {
            Err(refused(Refusal::NotManaged { state }))
        }
    }
}

/// Checks that a plan may be carried out, whatever the device looks like.
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

/// What a device's identity is refused for; these say more than that it moved.
const IDENTITY: [&str; 3] = ["wrong-device", "identity-not-read", "unknown-model"];

/// Checks a fresh look: that the right device answers, that it is as it was when the plan was made, and that planning again
/// leads to the same steps.
///
/// A device that moved is told object by object, whatever else is the matter with the plan.
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
        return Err(Ended::Moved {
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

/// Returns what could be read once and cannot now: of a device that is not known it is not known that it moved.
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

/// Returns the plan of a device where nothing is left to do but to save.
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
