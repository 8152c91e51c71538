//! Names the commands that the texts of a condition refer to, each in one place.

use uuid::Uuid;

use super::wording::short_hash;
use crate::model::DeviceName;
use crate::report::short_id;

pub(super) fn plan(device: &DeviceName) -> String {
    format!("`gamctl plan --device {device}`")
}

pub(super) fn apply(device: &DeviceName) -> String {
    format!("`gamctl apply --device {device}`")
}

pub(super) fn reapply(device: &DeviceName, run: Uuid) -> String {
    let run = short_id(run);
    format!("`gamctl apply --device {device} --reapply {run}`")
}

pub(super) fn doctor(device: &DeviceName) -> String {
    format!("`gamctl doctor --device {device}`")
}

pub(super) fn pin_host_key(device: &DeviceName) -> String {
    format!("`gamctl trust {device} --pin --replace`")
}

/// The run with every line sent.
pub(super) fn history(run: Uuid) -> String {
    format!("`gamctl history --run {}`", short_id(run))
}

pub(super) fn validate(commit: &str) -> String {
    format!("`gamctl validate --rev {}`", short_hash(commit))
}

pub(super) fn thaw(freeze: Uuid) -> String {
    format!("`gamctl thaw {}`", short_id(freeze))
}

pub(super) fn approve(plan: &str) -> String {
    format!("`gamctl approve {}`", short_hash(plan))
}

/// Overrides a window.
pub(super) fn approve_now(plan: &str) -> String {
    format!("`gamctl approve {} --now --reason TEXT`", short_hash(plan))
}

/// Proposes what the device has as a commit.
pub(super) fn adopt_drift(device: &DeviceName) -> String {
    format!("`gamctl adopt --drift --device {device} --branch BRANCH`")
}

pub(super) const WINDOWS: &str = "`gamctl windows`";
pub(super) const ROLLOUT: &str = "`gamctl rollout show`";
pub(super) const PAUSE: &str = "`gamctl rollout pause`";
pub(super) const RESUME: &str = "`gamctl rollout resume`";
pub(super) const ABANDON: &str = "`gamctl rollout abandon`";
