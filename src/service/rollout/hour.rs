//! Counts what rollouts did within the last hour: many small ones must not do what a single one may not.

use std::collections::BTreeMap;

use crate::history::{Rollout, RolloutState, RolloutStepContent};
use crate::model::DeviceName;
use crate::plan::LimitedEffects;
use crate::reconcile::TargetInventory;
use crate::reconcile::rollout::{
    BudgetLimits, BudgetSizes, BudgetUse, CountedEffect, EffectCount, ExecutedEffect, HOUR, budgets,
};

/// The limits for an hour, by the policy of the commit before, and the sizes that percentages are of.
#[derive(Debug)]
pub(in crate::service) struct HourLimits {
    pub(in crate::service) limits: BudgetLimits,
    sizes: BudgetSizes,
}

impl HourLimits {
    pub(in crate::service) fn of(target: &TargetInventory) -> Self {
        let (limits, sizes) = target.budget();
        Self { limits, sizes }
    }
}

/// The effects of rollouts that count now, as far as the stored rollouts tell.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct RecentEffects {
    /// Of open rollouts: they count as a whole, from now, because their waves come yet or are hardly over.
    open: Vec<EffectCount>,
    /// Of those that ended within an hour.
    ended: Vec<ExecutedEffect>,
}

impl RecentEffects {
    /// Collects the effects of rollouts, read at `now`.
    pub(super) fn of(rollouts: &[Rollout], now: u64) -> Self {
        let mut recent = Self::default();
        for rollout in rollouts {
            match counts(rollout) {
                Counts::No => {}
                Counts::FromNow => recent.open.extend(counted(&rollout.plan.effects)),
                Counts::From(at) if at.saturating_add(HOUR) <= now => {}
                Counts::From(at) => {
                    let effects = counted(&rollout.plan.effects).into_iter();
                    let ended = effects.map(|effect| ExecutedEffect { at, effect });
                    recent.ended.extend(ended);
                }
            }
        }
        recent
    }

    /// Returns the limits that a plan exceeds together with the rollouts of the last hour.
    pub(in crate::service) fn over_limit(
        &self,
        hour: &HourLimits,
        planned: &BTreeMap<DeviceName, LimitedEffects>,
        now: u64,
    ) -> Vec<BudgetUse> {
        let mut uses = self.uses(hour, &counted(planned), now);
        uses.retain(BudgetUse::is_exceeded);
        uses
    }

    /// Returns the use of each limit of the policy by the last hour.
    pub(in crate::service) fn used(&self, hour: &HourLimits, now: u64) -> Vec<BudgetUse> {
        self.uses(hour, &[], now)
    }

    fn uses(&self, hour: &HourLimits, planned: &[EffectCount], now: u64) -> Vec<BudgetUse> {
        let open = self.open.iter().map(|effect| ExecutedEffect {
            at: now,
            effect: effect.clone(),
        });
        let executed: Vec<ExecutedEffect> = open.chain(self.ended.iter().cloned()).collect();
        budgets(&executed, planned, &hour.limits, &hour.sizes, now)
    }
}

/// The time from which the changes of a rollout count for an hour.
enum Counts {
    No,
    FromNow,
    From(u64),
}

/// One that waits for a person or for the hour counts when it may start.
fn counts(rollout: &Rollout) -> Counts {
    match rollout.last.state {
        RolloutState::WaitingForApproval => Counts::No,
        RolloutState::Ready | RolloutState::Wave | RolloutState::Gate | RolloutState::Paused => {
            Counts::FromNow
        }
        RolloutState::Done | RolloutState::Abandoned | RolloutState::Superseded => {
            match has_started(&rollout.last.content) {
                true => Counts::From(rollout.last.at),
                false => Counts::No,
            }
        }
    }
}

/// Returns whether a wave was started before a rollout ended.
fn has_started(content: &RolloutStepContent) -> bool {
    content.wave > 0
        || content.run.is_some()
        || content.wave_ended.is_some()
        || !content.before.is_empty()
}

fn counted(effects: &BTreeMap<DeviceName, LimitedEffects>) -> Vec<EffectCount> {
    let each = effects.iter().flat_map(|(device, effects)| {
        let LimitedEffects {
            removals,
            interruptions,
            slower,
            suspensions,
            reassignments,
        } = *effects;
        let counts = [
            (CountedEffect::Removals, removals),
            (CountedEffect::Interruptions, interruptions),
            (CountedEffect::Slower, slower),
            (CountedEffect::Suspensions, suspensions),
            (CountedEffect::Reassignments, reassignments),
            (CountedEffect::Devices, 1),
        ];
        counts.map(|(effect, count)| EffectCount {
            device: device.clone(),
            lane: None,
            effect,
            count,
        })
    });
    each.filter(|one| one.count > 0).collect()
}
