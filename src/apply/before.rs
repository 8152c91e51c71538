//! What must hold before anything is written to a device.

use crate::model::{DeviceState, Observation};
use crate::plan::{DevicePlan, Request};
use crate::render::lines;

use super::Ended;

/// Returns why a plan is not carried out whatever the device looks like; nothing where it may be.
pub(super) fn is_fit(plan: &DevicePlan, request: &Request<'_>) -> Result<(), Ended> {
    let refused = |rule: &str, because: String, hint: &str| {
        Err(Ended::Refused {
            rule: rule.to_owned(),
            because,
            hint: hint.to_owned(),
        })
    };
    let device = request.device;
    if plan.device != *device {
        return refused(
            "other-device",
            format!("the plan is for {} and not for {device}", plan.device),
            "plan again",
        );
    }
    match request.state {
        DeviceState::Managed | DeviceState::Retired => {}
        state @ (DeviceState::Observe | DeviceState::Locked | DeviceState::Preprovision) => {
            return refused(
                "not-managed",
                format!("{device} is `{}`, which is not written to", state.as_str()),
                "make it `managed` in the inventory first",
            );
        }
    }
    if let Some(refusal) = plan.refusals.first() {
        return refused(&refusal.rule, refusal.message.clone(), &refusal.hint);
    }
    for (number, step) in (1..).zip(&plan.steps) {
        match lines(&step.change) {
            Ok(lines) if lines == step.lines && !lines.is_empty() => {}
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

/// Checks that planning from a fresh look leads to the same steps as were approved.
pub(super) fn is_still_so(
    plan: &DevicePlan,
    again: Result<&DevicePlan, &str>,
    _now: &Observation,
) -> Result<(), Ended> {
    let outdated = |because: String| {
        Err(Ended::Refused {
            rule: "plan-outdated".to_owned(),
            because,
            hint:
                "plan again: the inventory's policy or what is ours on the device changed meanwhile"
                    .to_owned(),
        })
    };
    match again {
        Err(error) => outdated(format!(
            "{} cannot be planned any more: {error}",
            plan.device
        )),
        Ok(again) => {
            if let Some(refusal) = again.refusals.first() {
                return Err(Ended::Refused {
                    rule: refusal.rule.clone(),
                    because: refusal.message.clone(),
                    hint: refusal.hint.clone(),
                });
            }
            let steps = |plan: &DevicePlan| -> Vec<_> {
                let steps = plan.steps.iter();
                steps
                    .map(|step| (step.change.clone(), step.lines.clone()))
                    .collect()
            };
            if steps(plan) == steps(again) {
                Ok(())
            } else {
                outdated(format!(
                    "planning {} again leads to {} steps that are not the {} that were approved",
                    plan.device,
                    again.steps.len(),
                    plan.steps.len()
                ))
            }
        }
    }
}
