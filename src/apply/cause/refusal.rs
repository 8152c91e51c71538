//! Names the decisions not to write to a device, each with its stable rule id.

use serde::{Deserialize, Serialize};

use crate::model::{DeviceName, DeviceState, MacAddress};
use crate::plan;

/// A decision not to write to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Refusal {
    /// The inventory does not let this device be written to.
    NotManaged { state: DeviceState },
    /// The plan is for another device.
    OtherDevice { plan_for: DeviceName },
    /// The plan itself, or the plan made again, refuses it.
    PlanRefused { refusal: plan::Refusal },
    /// The lines of a step are not those that its change needs.
    LinesDiffer { step: usize, object: String },
    /// A step has a line that must not be sent.
    CannotBeSent { step: usize, error: String },
    /// SSH reaches another device than SNMP.
    WrongBoard { ssh: MacAddress, snmp: MacAddress },
    /// Planning again does not lead to the plan that was approved.
    PlanOutdated { why: Outdated },
    /// There are no credentials that lines could be sent with.
    NoLogin { why: String },
    /// As an earlier version stored it.
    Earlier {
        rule: String,
        because: String,
        hint: String,
    },
}

/// The reason that a plan is outdated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outdated {
    /// The plan does not name the look that it was made from.
    NoLook,
    CannotPlan {
        error: String,
    },
    /// Planning again leads to other steps.
    OtherSteps {
        now: usize,
        approved: usize,
    },
    /// More is needed than saving the verified configuration.
    MoreThanSaving {
        steps: usize,
    },
}

impl Refusal {
    /// Returns its stable id, such as `wrong-device`.
    pub fn rule(&self) -> &str {
        match self {
            Self::NotManaged { .. } => "not-managed",
            Self::OtherDevice { .. } => "other-device",
            Self::PlanRefused { refusal } => &refusal.rule,
            Self::LinesDiffer { .. } => "lines-differ",
            Self::CannotBeSent { .. } => "cannot-be-typed",
            Self::WrongBoard { .. } => "wrong-device",
            Self::PlanOutdated { .. } => "plan-outdated",
            Self::NoLogin { .. } => "no-login",
            Self::Earlier { rule, .. } => rule,
        }
    }

    /// Returns whether another run can help with nothing changed before it: it plans again.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::OtherDevice { .. } | Self::LinesDiffer { .. } => true,
            Self::PlanOutdated { why } => why.retry_helps(),
            Self::NotManaged { .. }
            | Self::PlanRefused { .. }
            | Self::CannotBeSent { .. }
            | Self::WrongBoard { .. }
            | Self::NoLogin { .. }
            | Self::Earlier { .. } => false,
        }
    }
}

impl Outdated {
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::NoLook | Self::OtherSteps { .. } | Self::MoreThanSaving { .. } => true,
            Self::CannotPlan { .. } => false,
        }
    }
}
