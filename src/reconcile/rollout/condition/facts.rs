//! Defines the facts about one device that its condition is computed from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{DeviceName, DeviceState, NotObserved};
use crate::plan::Refusal;

/// Everything that the condition of one device depends on. Times are seconds since 1970, by the store's clock.
///
/// A fact is absent where it is not the case or not known, so a device without facts is `unknown`, never `converged`.
/// `approval`, `window`, `budget`, `wave` and `lane` are facts of a device only if something for this device waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionFacts {
    pub device: DeviceName,
    /// As the target has it.
    pub state: DeviceState,
    /// The last look that succeeded, since gamctl knows the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<LastLook>,
    /// The time of the next look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_look: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityProblem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<FailedApply>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsaved: Option<FailedApply>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applying: Option<ApplyInProgress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Unreachable>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<InvalidInventory>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contested: Vec<ContestedField>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<RemainingDifferences>,
    /// Those over the device; one that has ended does not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freezes: Vec<FreezeInForce>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<RollbackHold>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandoned: Option<AbandonedRollout>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<AwaitedApproval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<ClosedWindow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<UsedBudget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<AwaitedWave>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<OutsideLane>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftFound>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingSteps>,
    /// The last look, compared with the current target, shows no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<MatchedTarget>,
}

impl ConditionFacts {
    /// Returns the facts about a device of which only the inventory is known.
    pub fn new(device: DeviceName, state: DeviceState) -> Self {
        Self {
            device,
            state,
            look: None,
            next_look: None,
            identity: None,
            stuck: None,
            unsaved: None,
            applying: None,
            unreachable: None,
            invalid: None,
            refused: Vec::new(),
            contested: Vec::new(),
            remaining: None,
            freezes: Vec::new(),
            hold: None,
            abandoned: None,
            approval: None,
            window: None,
            budget: None,
            wave: None,
            lane: None,
            drift: None,
            pending: None,
            matched: None,
        }
    }
}

/// A look that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLook {
    pub at: u64,
    /// The seconds between two looks at this device now.
    pub interval: u64,
    /// Managed parts that could not be read or understood.
    pub unread: Vec<String>,
    /// The target that it was compared with.
    #[serde(default)]
    pub commit: Option<String>,
}

/// A value by which a device is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pin {
    Serial,
    Mac,
    Model,
    HostKey,
}

/// A pin that the device at this address does not present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProblem {
    pub pin: Pin,
    pub expected: String,
    pub found: String,
    pub since: u64,
}

/// An apply that ended stuck or unsaved, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedApply {
    pub run: Uuid,
    pub at: u64,
    pub cause: String,
    /// Each difference that is left, in a few words; of an unsaved apply none.
    pub left: Vec<String>,
}

/// A run that works on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyInProgress {
    pub run: Uuid,
    pub who: String,
    pub since: u64,
    /// The number of the step that is sent; 0 before the first.
    pub step: usize,
    pub steps: usize,
}

/// A device that cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreachable {
    /// The first failed try since the last answer.
    pub since: u64,
    /// The number of tries since then.
    pub tries: usize,
    pub next_try: u64,
    pub reason: NotObserved,
}

/// Errors of the inventory that concern the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidInventory {
    pub commit: String,
    pub since: u64,
    /// Each finding in a few words, at least one.
    pub findings: Vec<String>,
}

/// A field that is changed back each time that gamctl restores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContestedField {
    /// The field and the object: `VLAN of acct-1042`.
    pub field: String,
    /// The number of times that gamctl restored it in the last 24 hours.
    pub restored: usize,
    pub since: u64,
}

/// Differences that stayed after several applies in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemainingDifferences {
    pub applies: usize,
    /// The last of these runs.
    pub run: Uuid,
    pub since: u64,
    /// Each difference in a few words, at least one.
    pub differences: Vec<String>,
}

/// A freeze over the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeInForce {
    pub id: Uuid,
    pub reason: String,
    pub who: String,
    pub since: u64,
    pub until: u64,
}

/// A hold that a rollback set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackHold {
    /// The rollback.
    pub run: Uuid,
    pub who: String,
    pub reason: String,
    pub since: u64,
}

/// A rollout of the present target that a person ended, with differences that are left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbandonedRollout {
    pub rollout: Uuid,
    pub who: String,
    pub reason: String,
    pub since: u64,
}

/// A plan that a person must approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedApproval {
    pub plan: String,
    /// The reason for which it needs an approval: `it removes 3 subscribers`.
    pub because: String,
    pub given: usize,
    /// At least 1.
    pub needed: usize,
    /// Those whose approval does not count, such as the author.
    pub excluded: Vec<String>,
    pub since: u64,
    /// The plan expires then.
    pub expires: u64,
}

/// Windows that are all closed for the device, or too short for its wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedWindow {
    /// The next one; absent: none opens within the time that was searched.
    pub opens: Option<u64>,
    /// One is open now, but the wave would not end in it.
    pub is_too_short: bool,
    /// The plan that `gamctl approve --now` would start.
    pub plan: Option<String>,
    pub since: Option<u64>,
}

/// A limit for an hour that the plan of the device exceeds together with the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedBudget {
    /// The key of the limit in `policy.toml`.
    pub rule: String,
    /// Left out: the limit is for all devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceName>,
    pub used: usize,
    /// By the plan, which other devices may be part of.
    #[serde(default)]
    pub planned: usize,
    pub limit: usize,
    /// Enough of it is free again then.
    pub free_at: Option<u64>,
    /// The plan that would have to be approved.
    pub plan: Option<String>,
    /// The persons that must approve it to exceed the limit.
    #[serde(default)]
    pub persons: usize,
    pub since: Option<u64>,
}

/// The wave that the device is in, before its gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedWave {
    pub rollout: Uuid,
    /// Counted from 1.
    pub wave: usize,
    pub waves: usize,
    /// The sentence of the gate before this wave.
    pub gate: String,
    pub paused: Option<PausedRollout>,
    pub since: u64,
}

/// The reason that a rollout goes on only if a person resumes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedRollout {
    pub reason: String,
    /// Absent: gamctl itself, at a gate that did not open.
    pub who: Option<String>,
    pub since: u64,
}

/// A commit that changes more than its author may, before the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideLane {
    pub lane: String,
    pub author: String,
    pub commit: String,
    /// Each change that the lane does not allow, at least one.
    pub outside: Vec<String>,
    pub since: u64,
}

/// The answer of the policy to drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDrift {
    Report,
    Ask,
    Restore,
}

/// Differences that came without a change in the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftFound {
    /// Each difference in a few words, at least one.
    pub differences: Vec<String>,
    pub policy: OnDrift,
    /// The look that found it first.
    pub since: u64,
}

/// Steps between the device and the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSteps {
    pub steps: usize,
    pub commit: String,
    pub since: Option<u64>,
}

/// The proof that a device is as intended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedTarget {
    pub commit: String,
    /// The look that was compared.
    pub verified: u64,
    pub since: Option<u64>,
}
