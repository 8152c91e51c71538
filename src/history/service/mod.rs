//! Stores what the service keeps: target, rollouts, approvals, states of devices, instances and leader tasks.
//!
//! `target` the commit that devices are brought to, and the newest commit of the branch · `rollout` rollouts with their steps ·
//! `approval` consents to plans · `device_status` what is known of each device · `instance` running services · `leader`
//! tasks that only one instance runs at a time.

mod approval;
mod device_status;
mod instance;
mod leader;
mod rollout;
mod target;

pub(super) use leader::still_leads;

pub use approval::{Approval, NewApproval};
pub use device_status::{DeviceStatus, DeviceStatusChanges, DeviceStatusRow, StatusMark};
pub use instance::{Instance, InstanceReport, NewInstance, TaskReport};
pub use leader::{Leader, LeaderRow};
pub use rollout::{
    DeviceBeforeWave, NewRollout, NewRolloutStep, RestoredField, Rollout, RolloutId, RolloutKind,
    RolloutPlan, RolloutState, RolloutStep, RolloutStepContent,
};
pub use target::{
    AcceptedHistory, BranchState, HeldCandidate, RewrittenHistory, Target, TargetChange,
};
