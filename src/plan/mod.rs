//! Plans the ordered changes from observed to intended, with their impact and their reasons.
//!
//! `change` defines the changes of a plan, `request` the input of the planner, `ledger` the owned objects of a device.
//! `planner` plans one device, with a file for each part of the work, in this order: `identity`, `unchanged`, `planner_state`,
//! `matching`, `goal`, `conflict`, `profile_reuse`, `settings`, `order`. `after_steps` computes a device after some steps,
//! `undo` finds steps that cannot be undone, `unplanned` makes plans without steps, `management` finds VLANs that must stay.
//! `effects` defines who gets slower, faster or served again, `authentication` finds who may be authenticated otherwise.
//! `note` defines what was not planned. `fleet` holds all plans of a run, `guard` checks limits over them, `touched` collects the objects they touch. `lint`
//! checks the rendered lines. `rollback_plan` plans back to an earlier configuration, and `cannot_restore` leaves out values
//! that no line can restore. `rolled_back` finds steps that would undo a rollback. `compare` lists the differences between two plans.

mod adopt;
mod after_steps;
mod authentication;
mod cannot_restore;
mod cause;
mod change;
mod compare;
mod conflict;
mod effects;
mod factory_new;
mod fleet;
mod goal;
mod guard;
mod identity;
mod item;
mod ledger;
pub mod lint;
mod management;
mod matching;
mod name_subscribers;
mod note;
mod order;
mod ownership;
mod planner;
mod planner_state;
mod profile_reuse;
mod request;
mod rollback_plan;
mod rolled_back;
mod same_object;
mod settings;
mod step;
mod stored;
mod touched;
mod unchanged;
mod undo;
mod unmanaged;
mod unplanned;
mod unread;

pub use after_steps::after;
pub use authentication::NAMES_NOTE;
pub use cause::field_values;
pub use change::{
    Change, Changed, Edit, Endpoint, EndpointFields, EndpointRef, EndpointUpdate, Field, FieldView,
    Kind, Numbered, Object, PortFields, PortUpdate, Profile, ProfileFields, ProfileUpdate, Rate,
    Shown, Subscriber, SubscriberFields, SubscriberUpdate, SystemFields, SystemUpdate,
    UplinkFields, UplinkUpdate, UplinkVlans, Verb,
};
pub use compare::{
    Absent, DeviceComparison, NumberedStep, PlanComparison, StepComparison, StepPart,
    different_parts,
};
pub use effects::{Effects, Limiter, SpeedChange};
pub use fleet::{
    DeviceLintError, InventoryVersion, LedgerCoverage, OutOfScope, Planned, PolicyVersion,
    ReadOverSsh, UNREAD_NOTES, Unobservable,
};
pub use guard::{InventoryFacts, LimitedEffects, guard, limited_effects};
pub use ledger::Ledger;
pub use note::{Note, NoteText, Sentence};
pub use planner::plan;
pub use request::{Limit, Limits, Request};
pub use rollback_plan::{RollbackPlan, plan_rollback};
pub use rolled_back::{RolledBack, brings_back};
pub use stored::{Frozen, HalfWritten, NotSaved, StoredState, WaitingChanges};
pub use touched::Touched;
pub use undo::CannotUndo;

use serde::{Deserialize, Serialize};

use crate::model::{
    ConfigLine, DeviceName, DeviceState, Fingerprint, PortAssignment, Slot, SubscriberIds,
    SubscriberName,
};

/// The plan of one device: its steps, and everything that was not planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "an unused plan has no effect"]
pub struct DevicePlan<S = Step> {
    pub device: DeviceName,
    pub state: DeviceState,
    /// The look that the plan was made from; left out if there is none. The planner leaves it empty, because a fingerprint is
    /// computed once for each look, not for each plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// The number of objects on the device, for limits in percent.
    #[serde(default)]
    pub census: Census,
    /// In the order in which they are applied.
    pub steps: Vec<S>,
    /// The reasons that nothing of this plan may be applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// Objects and settings that were not planned, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The unmanaged objects on the device, which no step changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmanaged: Vec<Unmanaged>,
}

/// The number of objects that a look found, owned or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Census {
    pub subscribers: usize,
    pub endpoints: usize,
}

/// The look that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    pub sequence: u64,
    pub fingerprint: Fingerprint,
}

/// One change as the planner makes it, without lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    pub change: Change,
    pub cannot_undo: Option<CannotUndo>,
    pub impact: Impact,
    pub effects: Effects,
    pub because: Vec<Because>,
}

/// One change as it is shown, stored and applied, with the lines from `render`. Tests of the lint use `Step<String>`, so that
/// a line can be invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step<L = ConfigLine> {
    pub change: Change,
    /// The exact lines in configuration mode; none in a plan that was refused because they could not be rendered.
    #[serde(default = "Vec::new")]
    pub lines: Vec<L>,
    /// The lines that undo this step right after it was applied; none if it cannot be undone.
    #[serde(default = "Vec::new")]
    pub inverse: Vec<L>,
    /// The reason that no line undoes the step; left out if `inverse` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot_undo: Option<CannotUndo>,
    pub impact: Impact,
    /// Subscribers that get slower or faster, or are served again.
    #[serde(default, skip_serializing_if = "Effects::is_empty")]
    pub effects: Effects,
    /// One reason for each cause among the fields, in the order of the fields.
    pub because: Vec<Because>,
    /// The ids of the subscribers that the step names, where the id is not the name.
    #[serde(default, skip_serializing_if = "SubscriberIds::is_empty")]
    pub subscriber_ids: SubscriberIds,
    /// The rollback whose result the step would undo; added after planning from the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RolledBack>,
}

/// The effect of a step on subscribers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Impact {
    None,
    /// These lose their service during the step, or until a later step of the same plan.
    Interrupts {
        subscribers: Vec<SubscriberName>,
    },
    /// These have no service after the plan, or may have none: it depends on a value that could not be read.
    Disconnects {
        subscribers: Vec<SubscriberName>,
        /// Others lose their service until a later step, by the same step.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        interrupts: Vec<SubscriberName>,
    },
    /// The step may cut off gamctl from the device.
    TouchesManagement,
}

/// The reason for a step, or for some of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    pub cause: Cause,
    /// The fields with this cause; empty for the whole object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// The line of the inventory and its commit, added after planning from git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The cause of a difference between device and inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cause {
    /// The inventory changed since it was last applied.
    Inventory,
    /// The device changed: it had the intended value when it was last verified.
    Drift {
        /// The value at that time, for people; left out for a whole object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
    },
    /// The inventory has it, and gamctl has never applied it.
    FirstAdoption,
    /// It is owned, and the device is not intended to have it any more.
    Gone {
        /// Why the inventory still has it, added after planning; left out if the inventory does not have it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        still: Option<StillInInventory>,
    },
    /// It is unmanaged, and the device is `authoritative` with `unmanaged.action = "remove"`.
    Unmanaged,
    /// It is a temporary state, so that two objects can exchange a value.
    Temporary,
}

/// How the inventory has an object that a device is to lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StillInInventory {
    /// The device is `retired`.
    Retired,
    /// Its subscriber is on another device.
    OnDevice { device: DeviceName },
    /// Its subscriber is `pending`, so nothing of it is on a device yet.
    Pending,
    /// Its subscriber is on this device with another name or endpoint.
    Replaced,
}

/// A line of the inventory and the commit that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub file: String,
    pub line: usize,
    /// Left out if the line is not committed, or the inventory is not in git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<OriginCommit>,
}

/// The commit that wrote a line, with author and date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginCommit {
    pub id: String,
    pub author: String,
    /// `2026-11-20`.
    pub date: String,
    pub subject: String,
}

/// The reason that nothing may be applied, with a stable id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Such as `too-many-removals`.
    pub rule: String,
    /// One sentence with the figures.
    pub message: String,
    /// The next step for the operator.
    pub hint: String,
}

/// An unmanaged or unclear object on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmanaged {
    /// `profile`, `endpoint` or `subscriber`.
    pub kind: String,
    pub slot: Slot,
    /// The name on the device; for an endpoint its MAC address and name.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortAssignment>,
}

impl<S> DevicePlan<S> {
    pub fn is_refused(&self) -> bool {
        !self.refusals.is_empty()
    }

    /// Returns the same plan with other steps.
    pub fn with_steps<T>(self, steps: Vec<T>) -> DevicePlan<T> {
        DevicePlan {
            device: self.device,
            state: self.state,
            observed: self.observed,
            census: self.census,
            steps,
            refusals: self.refusals,
            notes: self.notes,
            unmanaged: self.unmanaged,
        }
    }
}

impl DevicePlan {
    /// Returns the changes of the steps, in their order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().map(|step| &step.change)
    }
}

impl PlannedStep {
    /// Returns the step with its lines.
    #[must_use]
    pub fn with_lines<L>(self, lines: Vec<L>, inverse: Vec<L>) -> Step<L> {
        Step {
            change: self.change,
            lines,
            inverse,
            cannot_undo: self.cannot_undo,
            impact: self.impact,
            effects: self.effects,
            because: self.because,
            subscriber_ids: SubscriberIds::default(),
            rolled_back: None,
        }
    }
}

impl Impact {
    /// Returns the subscribers that lose their service, for a moment or for good; each once.
    pub fn subscribers(&self) -> impl Iterator<Item = &SubscriberName> {
        self.interrupted().iter().chain(self.disconnected())
    }

    /// Returns the subscribers that lose their service until a later step at most.
    pub fn interrupted(&self) -> &[SubscriberName] {
        match self {
            Self::Interrupts { subscribers } => subscribers,
            Self::Disconnects { interrupts, .. } => interrupts,
            Self::None | Self::TouchesManagement => &[],
        }
    }

    /// Returns the subscribers that have no service after the plan.
    pub fn disconnected(&self) -> &[SubscriberName] {
        match self {
            Self::Disconnects { subscribers, .. } => subscribers,
            Self::None | Self::Interrupts { .. } | Self::TouchesManagement => &[],
        }
    }
}
