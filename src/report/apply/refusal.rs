//! Renders why nothing was written by decision, and what to do about it.

use crate::apply::cause::{Outdated, Refusal};
use crate::model::{DeviceName, MacAddress};

const OUTDATED: &str =
    "plan again: the inventory's policy, or what is ours on the device, changed meanwhile";

/// Returns why a device was refused.
pub(super) fn refusal(device: &DeviceName, refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotManaged { state } => {
            format!("{device} is `{}`, which is not written to", state.as_str())
        }
        Refusal::OtherDevice { plan_for } => {
            format!("the plan is for {plan_for} and not for {device}")
        }
        Refusal::PlanRefused { refusal } => refusal.message.clone(),
        Refusal::LinesDiffer { step, object } => {
            format!("the lines of step {step} are not those that {object} needs")
        }
        Refusal::CannotBeSent { step, error } => format!("step {step} cannot be typed: {error}"),
        Refusal::WrongBoard { ssh, snmp } => other_device(*ssh, *snmp),
        Refusal::PlanOutdated { why } => outdated(device, why),
        Refusal::NoLogin { why } => format!("nothing can be typed there: {why}"),
        Refusal::Earlier { because, .. } => because.clone(),
    }
}

fn outdated(device: &DeviceName, why: &Outdated) -> String {
    match why {
        Outdated::NoLook => {
            format!("the plan does not say which look at {device} it was made from")
        }
        Outdated::CannotPlan { error } => {
            format!("{device} cannot be planned any more: {error}")
        }
        Outdated::OtherSteps { now, approved } => format!(
            "planning {device} again leads to {now} steps that are not the {approved} that were approved"
        ),
        Outdated::MoreThanSaving { steps: _ } => {
            format!("there is more to do on {device} than to save what was verified")
        }
    }
}

/// Returns what to do about a refusal.
pub(super) fn hint(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::NotManaged { .. } => "make it `managed` in the inventory first",
        Refusal::OtherDevice { .. } | Refusal::CannotBeSent { .. } => "plan again",
        Refusal::PlanRefused { refusal } => &refusal.hint,
        Refusal::LinesDiffer { .. } => {
            "plan again; the plan was changed by hand, or by another version of gamctl"
        }
        Refusal::WrongBoard { .. } => {
            "look where the address and its ports lead; nothing is written to a box that was not looked at"
        }
        Refusal::PlanOutdated { .. } => OUTDATED,
        Refusal::NoLogin { .. } => "complete the device's `ssh` credentials",
        Refusal::Earlier { hint, .. } => hint,
    }
}

pub(super) fn other_device(ssh: MacAddress, snmp: MacAddress) -> String {
    format!("SSH leads to another device than SNMP: {ssh} and not {snmp}")
}
