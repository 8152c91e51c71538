//! Renders the state of the service: what needs a person first, then rollouts, devices by condition, and instances.
//!
//! `text` the screen of `gamctl status` · `device` one device · `rollout` lists and steps of rollouts.

mod device;
mod rollout;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::document::time;
use super::sync::SyncCondition;
use crate::model::{Condition, ConditionSeverity, ConditionWord, DeviceName, SiteName};

pub use device::{device_status, device_statuses};
pub use rollout::{RolloutLine, RolloutStepLine, rollout_list, rollout_steps};
pub use text::fleet_status;

/// The state of the whole fleet.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FleetStatus {
    /// Left out: no commit has become the target yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetLine>,
    pub branch: BranchLine,
    pub instances: Vec<InstanceLine>,
    /// The number of devices by the word of their condition.
    pub conditions: BTreeMap<&'static str, usize>,
    /// The rollouts that are not over.
    pub rollouts: Vec<RolloutLine>,
    /// The billing systems that were synced or paused, by name.
    pub billing: Vec<SyncCondition>,
    /// Those that need a person first, then by urgency.
    pub devices: Vec<DeviceStatusLine>,
    /// The time of this answer, by the store's clock.
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
}

/// The commit that devices are brought to.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TargetLine {
    pub commit: String,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
}

/// The branch that the target comes from.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BranchLine {
    /// Its newest commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(
        serialize_with = "time::maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub fetched: Option<u64>,
    /// The error of the last fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The branch does not descend from the target: nothing is applied until a person accepts both commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub halted: Option<HaltedLine>,
    /// The newest commit is not the target, and this is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldLine>,
}

/// Both commits of a rewritten history.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HaltedLine {
    pub target: String,
    pub candidate: String,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
}

/// A commit that cannot become the target.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeldLine {
    pub commit: String,
    /// `unsigned`, `lane`, `invalid` or `incomplete`.
    pub word: String,
    pub sentence: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
}

/// Whether the service may write to the devices of a site now.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WindowLine {
    /// Left out: devices without a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    pub is_open: bool,
    /// When it closes, or opens; left out: not within the next two weeks.
    #[serde(
        serialize_with = "time::maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub until: Option<u64>,
}

/// A running instance of the service.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InstanceLine {
    pub id: Uuid,
    pub host: String,
    pub process: u32,
    pub version: String,
    /// The devices that it looks at.
    pub devices: u64,
    /// It takes part: its last heartbeat is recent.
    pub is_live: bool,
    /// The tasks that it leads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leads: Vec<String>,
    /// Tasks whose last run failed, with the error.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failing: BTreeMap<String, String>,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub seen: u64,
}

/// The condition of a device.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DeviceStatusLine {
    pub device: DeviceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    pub condition: ConditionLine,
    /// The last look that was answered.
    #[serde(
        serialize_with = "time::maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub looked: Option<u64>,
    /// Differences to the target.
    pub steps: u64,
    /// Those of them that no commit made.
    pub drifted: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<u64>,
    /// Lines that are up, and all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_up: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
}

/// A condition as programs read it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConditionLine {
    pub word: &'static str,
    pub sentence: String,
    /// What happens next, or what a person can do.
    pub next: String,
    pub needs_person: bool,
    #[serde(
        serialize_with = "time::maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub since: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    #[serde(skip)]
    pub rank: (bool, ConditionSeverity),
}

impl ConditionLine {
    /// Returns a condition whose facts a later gamctl wrote: only its word is known.
    pub fn unreadable(word: ConditionWord) -> Self {
        Self {
            word: word.word(),
            sentence: "its facts were written by another version of gamctl".to_owned(),
            next: "use the version of the service".to_owned(),
            needs_person: word.needs_person(),
            since: None,
            details: Vec::new(),
            rank: (!word.needs_person(), word.severity()),
        }
    }

    pub fn of(condition: &Condition) -> Self {
        Self {
            word: condition.word.word(),
            sentence: condition.sentence.clone(),
            next: condition.next.clone(),
            needs_person: condition.needs_person,
            since: condition.since,
            details: condition.evidence.details.clone(),
            rank: (!condition.needs_person, condition.severity),
        }
    }
}

/// Sorts devices for people: those that need one first, then the most urgent.
pub fn by_urgency(devices: &mut [DeviceStatusLine]) {
    devices.sort_by(|one, other| {
        (&one.condition.rank, &one.device).cmp(&(&other.condition.rank, &other.device))
    });
}
