//! Reads from past rollouts what they mean for a device: restored fields, and attempts that left it different.

use std::collections::BTreeMap;

use crate::history::{Rollout, RolloutKind, RolloutState};
use crate::model::DeviceName;
use crate::reconcile::rollout::condition::{
    AbandonedRollout, ConditionFacts, RemainingDifferences,
};
use crate::reconcile::rollout::{DriftEvent, DriftEventKind};

/// After so many rollouts of the same target that left a device different, no further one begins: it does not converge.
pub(in crate::service) const MOST_ATTEMPTS: usize = 2;

/// The rollouts that are searched.
pub(in crate::service) const MOST_ROLLOUTS: u32 = 500;

/// What past rollouts mean for one device.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct PastOfDevice {
    /// In the order of time.
    pub(in crate::service) restores: Vec<DriftEvent>,
    /// The rollouts of the present target that are over.
    pub(in crate::service) attempts: usize,
    pub(in crate::service) is_in_open_rollout: bool,
    /// The last rollout of each kind of the present target that a person ended.
    abandoned: BTreeMap<RolloutKind, AbandonedRollout>,
    last_attempt: Option<(uuid::Uuid, u64)>,
}

/// Collects the past of every device. `rollouts` are newest first.
pub(in crate::service) fn past(
    rollouts: &[Rollout],
    commit: &str,
) -> BTreeMap<DeviceName, PastOfDevice> {
    let mut past: BTreeMap<DeviceName, PastOfDevice> = BTreeMap::new();
    for rollout in rollouts.iter().rev() {
        for device in rollout.plan.waves.iter().flatten() {
            let of_device = past.entry(device.clone()).or_default();
            of_device.is_in_open_rollout |= !rollout.last.state.is_over();
            if rollout.commit == commit && rollout.last.state == RolloutState::Abandoned {
                let because = rollout.last.content.because.clone();
                let abandoned = AbandonedRollout {
                    rollout: rollout.id.0,
                    who: rollout.last.who.clone(),
                    reason: because.unwrap_or_default(),
                    since: rollout.last.at,
                };
                of_device.abandoned.insert(rollout.plan.kind, abandoned);
            }
            if is_attempt(rollout, commit) {
                of_device.attempts += 1;
                let run = rollout.last.content.run.map_or(rollout.id.0, |run| run.0);
                of_device.last_attempt = Some((run, rollout.last.at));
            }
        }
        for (device, fields) in &rollout.plan.restores {
            let of_device = past.entry(device.clone()).or_default();
            for field in fields {
                let event = |at, kind| DriftEvent {
                    at,
                    object: field.object.clone(),
                    field: field.field,
                    kind,
                };
                // That it had to be restored says that an earlier restore was changed back.
                let restores = &mut of_device.restores;
                restores.push(event(rollout.at, DriftEventKind::ChangedBack));
                if rollout.last.state == RolloutState::Done {
                    restores.push(event(rollout.last.at, DriftEventKind::Restored));
                }
            }
        }
    }
    past
}

/// Returns whether a rollout has tried to bring its devices to a commit.
fn is_attempt(rollout: &Rollout, commit: &str) -> bool {
    rollout.commit == commit
        && rollout.plan.kind == RolloutKind::Commit
        && rollout.last.state == RolloutState::Done
}

impl PastOfDevice {
    /// Returns the rollout that a person ended, if the device differs in what that one would have changed: the same
    /// differences are not applied a moment later. Drift after an abandoned commit is restored all the same.
    pub(in crate::service) fn abandoned(
        &self,
        facts: &ConditionFacts,
    ) -> Option<&AbandonedRollout> {
        let kind = match (&facts.pending, &facts.drift) {
            (Some(_), _) => RolloutKind::Commit,
            (None, Some(_)) => RolloutKind::Drift,
            (None, None) => return None,
        };
        self.abandoned.get(&kind)
    }

    /// Returns the differences that stayed although the device was brought to the target several times.
    pub(in crate::service) fn remaining(&self, pending: usize) -> Option<RemainingDifferences> {
        let (run, since) = self.last_attempt?;
        let stays = pending > 0 && self.attempts >= MOST_ATTEMPTS && !self.is_in_open_rollout;
        stays.then(|| RemainingDifferences {
            applies: self.attempts,
            run,
            since,
            differences: vec![crate::report::counted(pending, "step")],
        })
    }
}
