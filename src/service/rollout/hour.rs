//! Counts what rollouts did within the last hour: many small ones must not do what a single one may not.

use std::collections::BTreeMap;

use crate::history::{Rollout, RolloutState, RolloutStepContent};
use crate::model::DeviceName;
use crate::plan::LimitedEffects;
use crate::reconcile::TargetInventory;
use crate::reconcile::rollout::{BudgetUse, CountedEffect, EffectCount, ExecutedEffect, budgets};

/// Returns the limits that a plan exceeds together with the rollouts of the last hour.
pub(super) fn over_limit(
    target: &TargetInventory,
    rollouts: &[Rollout],
    effects: &BTreeMap<DeviceName, LimitedEffects>,
    now: u64,
) -> Vec<BudgetUse> {
    let executed: Vec<ExecutedEffect> = rollouts
        .iter()
        .filter_map(|rollout| Some((counts_at(rollout, now)?, &rollout.plan.effects)))
        .flat_map(|(at, effects)| {
            let counted = counted(effects).into_iter();
            counted.map(move |effect| ExecutedEffect { at, effect })
        })
        .collect();
    let (limits, sizes) = target.budget();
    let mut uses = budgets(&executed, &counted(effects), &limits, &sizes, now);
    uses.retain(BudgetUse::is_exceeded);
    uses
}

/// Returns the time from which the changes of a rollout count; `None` if it has none.
///
/// An open one counts as a whole, from now: its waves come yet, or are hardly over. One that waits for a person counts when it
/// was approved.
fn counts_at(rollout: &Rollout, now: u64) -> Option<u64> {
    match rollout.last.state {
        RolloutState::WaitingForApproval => None,
        RolloutState::Ready | RolloutState::Wave | RolloutState::Gate | RolloutState::Paused => {
            Some(now)
        }
        RolloutState::Done | RolloutState::Abandoned | RolloutState::Superseded => {
            has_started(&rollout.last.content).then_some(rollout.last.at)
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
