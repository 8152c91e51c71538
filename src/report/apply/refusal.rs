//! Renders a decision not to write to a device, and the next step.

use crate::apply::cause::{Outdated, Refusal};
use crate::model::{DeviceName, MacAddress};

const OUTDATED: &str =
    "plan again: the inventory's policy or the ownership on the device changed since";

/// Renders the reason that a device was refused.
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
        Refusal::CannotBeSent { step, error } => format!("step {step} cannot be sent: {error}"),
        Refusal::WrongBoard { ssh, snmp } => other_device(*ssh, *snmp),
        Refusal::PlanOutdated { why } => outdated(device, why),
        Refusal::NoLogin { why } => format!("cannot send lines to it: {why}"),
        Refusal::Earlier { because, .. } => because.clone(),
    }
}

fn outdated(device: &DeviceName, why: &Outdated) -> String {
    match why {
        Outdated::NoLook => {
            format!("the plan does not name the look at {device} that it was made from")
        }
        Outdated::CannotPlan { error } => {
            format!("{device} can no longer be planned: {error}")
        }
        Outdated::OtherSteps { now, approved } => format!(
            "planning {device} again gives {now} steps that differ from the {approved} approved ones"
        ),
        Outdated::MoreThanSaving { steps: _ } => {
            format!("{device} needs more than saving the verified configuration")
        }
    }
}

/// Returns the next step after a refusal.
pub(super) fn hint(refusal: &Refusal) -> &str {
    match refusal {
        Refusal::NotManaged { .. } => "make it `managed` in the inventory first",
        Refusal::OtherDevice { .. } | Refusal::CannotBeSent { .. } => "plan again",
        Refusal::PlanRefused { refusal } => &refusal.hint,
        Refusal::LinesDiffer { .. } => {
            "plan again; the plan was changed by hand, or by another version of gamctl"
        }
        Refusal::WrongBoard { .. } => {
            "check which device the address and its ports reach; gamctl writes only to a device that it has looked at"
        }
        Refusal::PlanOutdated { .. } => OUTDATED,
        Refusal::NoLogin { .. } => "complete the device's `ssh` credentials",
        Refusal::Earlier { hint, .. } => hint,
    }
}

pub(super) fn other_device(ssh: MacAddress, snmp: MacAddress) -> String {
    format!("SSH reaches another device than SNMP: {ssh} instead of {snmp}")
}
