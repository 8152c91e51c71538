//! What must hold before anything is written to a device.

use crate::model::{DeviceConfig, DeviceState, Fingerprint, Observation};
use crate::plan::{DevicePlan, Refusal, Request};
use crate::render::lines;
use crate::transport::ssh::ConfigLine;

use super::Ended;
use super::moved::differences;

/// Checks that the device is one that may be written to.
pub(super) fn is_ours(request: &Request<'_>) -> Result<(), Ended> {
    match request.state {
        DeviceState::Managed | DeviceState::Retired => Ok(()),
        state @ (DeviceState::Observe | DeviceState::Locked | DeviceState::Preprovision) => {
            Err(refused(
                "not-managed",
                format!(
                    "{} is `{}`, which is not written to",
                    request.device,
                    state.as_str()
                ),
                "make it `managed` in the inventory first",
            ))
        }
    }
}

/// Checks that a plan may be carried out, whatever the device looks like.
pub(super) fn is_fit(plan: &DevicePlan, request: &Request<'_>) -> Result<(), Ended> {
    let device = request.device;
    let refused = |rule, because, hint| Err(refused(rule, because, hint));
    if plan.device != *device {
        return refused(
            "other-device",
            format!("the plan is for {} and not for {device}", plan.device),
            "plan again",
        );
    }
    if let Some(refusal) = plan.refusals.first() {
        return Err(by_refusal(refusal));
    }
    for (number, step) in (1..).zip(&plan.steps) {
        match lines(&step.change) {
            Ok(lines) if lines == step.lines && !lines.is_empty() => {
                let bad = lines.iter().find_map(|line| ConfigLine::new(line).err());
                if let Some(error) = bad {
                    return refused(
                        "cannot-be-typed",
                        format!("step {number} cannot be typed: {error}"),
                        "plan again",
                    );
                }
            }
            Ok(_) => {
                return refused(
                    "lines-differ",
                    format!(
                        "the lines of step {number} are not those that {} needs",
                        step.change.object
                    ),
                    "plan again; the plan was changed by hand, or by another version of gamctl",
                );
            }
            Err(error) => {
                return refused(
                    "cannot-be-typed",
                    format!("step {number} cannot be typed: {error}"),
                    "plan again",
                );
            }
        }
    }
    Ok(())
}

/// What a device's identity is refused for; these say more than that it moved.
const IDENTITY: [&str; 3] = ["wrong-device", "identity-not-read", "unknown-model"];

const OUTDATED: &str =
    "plan again: the inventory's policy, or what is ours on the device, changed meanwhile";

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
        return Err(by_refusal(refusal));
    }
    let Some(observed) = &plan.observed else {
        return outdated(format!(
            "the plan does not say which look at {} it was made from",
            plan.device
        ));
    };
    if observed.fingerprint != *fingerprint {
        if let Some(unread) = then.and_then(|then| newly_unread(then, now)) {
            return Err(Ended::Unreachable {
                because: format!(
                    "{} could not be read whole, as it was when the plan was made: {unread}",
                    plan.device
                ),
            });
        }
        return Err(Ended::Moved {
            differences: differences(then, plan, now, intended),
        });
    }
    if let Some(refusal) = first {
        return Err(by_refusal(refusal));
    }
    let again = match again {
        Ok(again) => again,
        Err(error) => {
            return outdated(format!(
                "{} cannot be planned any more: {error}",
                plan.device
            ));
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
    outdated(format!(
        "planning {} again leads to {} steps that are not the {} that were approved",
        plan.device,
        again.steps.len(),
        plan.steps.len()
    ))
}

/// Returns what could be read once and cannot now: of a device that is not known it is not known that it moved.
fn newly_unread(then: &Observation, now: &Observation) -> Option<String> {
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
    let more = match new.count() {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    let number = first.number.map(|number| format!(" number {number}"));
    let part = first.part.as_str();
    Some(format!(
        "{part}{}: {}{more}",
        number.unwrap_or_default(),
        first.reason
    ))
}

/// Checks that nothing is left to do but to save.
pub(super) fn may_save(again: &Result<DevicePlan, String>) -> Result<(), Ended> {
    match again {
        Err(error) => outdated(format!("it cannot be planned any more: {error}")),
        Ok(again) => match again.refusals.first() {
            Some(refusal) => Err(by_refusal(refusal)),
            None if again.steps.is_empty() => Ok(()),
            None => outdated(format!(
                "there is more to do on {} than to save what was verified",
                again.device
            )),
        },
    }
}

fn by_refusal(refusal: &Refusal) -> Ended {
    Ended::Refused {
        rule: refusal.rule.clone(),
        because: refusal.message.clone(),
        hint: refusal.hint.clone(),
    }
}

fn outdated(because: String) -> Result<(), Ended> {
    Err(refused("plan-outdated", because, OUTDATED))
}

pub(super) fn refused(rule: &str, because: String, hint: &str) -> Ended {
    Ended::Refused {
        rule: rule.to_owned(),
        because,
        hint: hint.to_owned(),
    }
}
