//! Reads from past rollouts what they mean for a device: restored fields, and attempts that left it different.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Rollout, RolloutId, RolloutKind, RolloutState};
use crate::model::DeviceName;
use crate::reconcile::rollout::condition::{
    AbandonedRollout, ConditionFacts, RemainingDifferences,
};
use crate::reconcile::rollout::{DriftEvent, DriftEventKind};

/// After so many rollouts of the same target that were applied to a device and left it different, no further one begins: it
/// does not converge.
const MOST_ATTEMPTS: usize = 2;

/// The same for rollouts that ended before an apply of the device did, as when a process is killed: these end by
/// themselves, and must not follow each other for ever either.
const MOST_UNDONE: usize = 10;

/// The rollouts that are searched.
pub(in crate::service) const MOST_ROLLOUTS: u32 = 500;

/// What past rollouts mean for one device.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct PastOfDevice {
    /// In the order of time.
    pub(in crate::service) restores: Vec<DriftEvent>,
    /// The rollouts of the present target that were applied to it.
    attempts: usize,
    /// The others that are over.
    undone: usize,
    pub(in crate::service) is_in_open_rollout: bool,
    /// The last rollout of each kind of the present target that a person ended.
    abandoned: BTreeMap<RolloutKind, AbandonedRollout>,
    last_attempt: Option<(uuid::Uuid, u64)>,
}

/// The devices that each rollout was applied to, as far as that was asked for.
pub(in crate::service) type AppliedTo = BTreeMap<RolloutId, BTreeSet<DeviceName>>;

/// Returns the rollouts whose outcomes decide whether a device does not converge: none as long as no device is in several.
pub(in crate::service) fn attempts<'a>(
    rollouts: &'a [Rollout],
    commit: &'a str,
) -> impl Iterator<Item = &'a Rollout> {
    let all = || rollouts.iter().filter(|one| is_attempt(one, commit));
    let mut seen = BTreeSet::new();
    let mut devices = all().flat_map(|one| one.plan.waves.iter().flatten());
    let is_repeated = devices.any(|device| !seen.insert(device));
    all().filter(move |_| is_repeated)
}

/// Collects the past of every device. `rollouts` are newest first. One that is not in `applied` counts for all of its devices.
pub(in crate::service) fn past(
    rollouts: &[Rollout],
    commit: &str,
    applied: &AppliedTo,
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
                let known = applied.get(&rollout.id);
                match known.is_none_or(|devices| devices.contains(device)) {
                    true => of_device.attempts += 1,
                    false => of_device.undone += 1,
                }
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
    /// Returns whether a further rollout of the target may begin.
    pub(in crate::service) fn may_begin(&self) -> bool {
        !self.is_in_open_rollout && !self.is_exhausted()
    }

    fn is_exhausted(&self) -> bool {
        self.attempts >= MOST_ATTEMPTS || self.undone >= MOST_UNDONE
    }

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
        let stays = pending > 0 && self.is_exhausted() && !self.is_in_open_rollout;
        stays.then(|| RemainingDifferences {
            applies: self.attempts + self.undone,
            run,
            since,
            differences: vec![crate::report::counted(pending, "step")],
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::history::{RolloutPlan, RolloutStep, RolloutStepContent};

    const COMMIT: &str = "3d539dc5f013";

    fn device() -> DeviceName {
        DeviceName::new("maple-b").unwrap()
    }

    /// Returns so many rollouts that are over, newest first.
    fn rollouts(count: u128) -> Vec<Rollout> {
        let rollout = |number| Rollout {
            id: RolloutId(Uuid::from_u128(number)),
            plan_id: "p".to_owned(),
            commit: COMMIT.to_owned(),
            at: 0,
            plan: RolloutPlan {
                kind: RolloutKind::Commit,
                policy: "q".to_owned(),
                waves: vec![vec![device()]],
                settle: 0,
                authors: Vec::new(),
                approvals: 0,
                because: None,
                waits_for_hour: false,
                steps: 31,
                restores: BTreeMap::new(),
                effects: BTreeMap::new(),
            },
            last: RolloutStep {
                number: 3,
                state: RolloutState::Done,
                who: "gamctl@noc".to_owned(),
                at: 0,
                content: RolloutStepContent::default(),
            },
        };
        (1..=count).rev().map(rollout).collect()
    }

    /// Returns what the past means if only these rollouts were applied to the device.
    fn past_with(rollouts: &[Rollout], applied: &[u128]) -> PastOfDevice {
        let applied = rollouts.iter().map(|one| {
            let is_applied = applied.iter().any(|id| one.id.0 == Uuid::from_u128(*id));
            (one.id, is_applied.then(device).into_iter().collect())
        });
        past(rollouts, COMMIT, &applied.collect())
            .remove(&device())
            .unwrap()
    }

    #[test]
    fn a_device_does_not_converge_once_two_rollouts_were_applied_to_it() {
        let two = rollouts(2);
        assert_eq!(past_with(&two, &[1, 2]).remaining(31).unwrap().applies, 2);
        assert_eq!(past_with(&two, &[1, 2]).remaining(0), None);
        assert!(!past_with(&two, &[1, 2]).may_begin());
    }

    #[test]
    fn a_rollout_that_ended_before_it_reached_the_device_is_no_attempt() {
        // Its process was killed, and a person resumed it.
        let two = rollouts(2);
        assert_eq!(past_with(&two, &[]).remaining(31), None);
        assert!(past_with(&two, &[2]).may_begin());
        assert!(!past_with(&rollouts(10), &[]).may_begin(), "not for ever");
    }

    #[test]
    fn outcomes_are_read_only_if_a_device_is_in_several_rollouts() {
        assert_eq!(attempts(&rollouts(1), COMMIT).count(), 0);
        assert_eq!(attempts(&rollouts(2), COMMIT).count(), 2);
        assert_eq!(attempts(&rollouts(2), "another").count(), 0);
    }
}
