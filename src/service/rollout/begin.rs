//! Begins rollouts: plans the devices that differ from the target, and decides what goes by itself and what needs consent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::known_status::{KnownStatuses, known_statuses};
use super::past::PastOfDevice;
use super::past_of;
use super::save::save;
use crate::history::{
    Leader, NewRollout, NewRolloutStep, RestoredField, RolloutId, RolloutKind, RolloutPlan,
    RolloutState, RolloutStepContent, Target,
};
use crate::model::{DeviceName, Observation};
use crate::plan::Planned;
use crate::reconcile::rollout::condition::{ConditionFacts, OnDrift};
use crate::reconcile::rollout::{
    ApprovalFacts, ApprovalReason, BudgetUse, NeededApprovals, PlanClass, needed_approvals,
    plan_class, plan_removals, split_drift, waves,
};
use crate::reconcile::run::{LookSource, PlanFile, Preparation, RunRequest, Verb, Watcher};
use crate::reconcile::wave_devices;
use crate::report::listed;
use crate::service::branch;
use crate::service::fetch::CommitId;
use crate::service::instance_state::{ServedTarget, Shared};
use crate::service::task::TaskError;

/// For so long after a new target, a rollout waits until all devices were compared with it, in seconds.
const MOST_WAIT: u64 = 60;

/// The applied commits among which the last one besides the target is searched.
const MOST_APPLIED: u32 = 100;

pub(super) async fn begin(
    shared: &Arc<Shared>,
    leader: &Leader,
    target: &ServedTarget,
) -> Result<(), TaskError> {
    let store = &shared.store.store;
    // Nothing more is applied while the branch is halted: a person decides first.
    if store.branch_state().await?.halted.is_some() {
        return Ok(());
    }
    let statuses = known_statuses(shared).await?;
    save(shared, target, &statuses).await?;
    let past = past_of(shared, &target.target.commit).await?;
    let candidates = candidates(shared, target, &statuses, &past.devices).await?;
    if candidates.is_empty() {
        return note_reached(shared, target, &statuses).await;
    }
    if !shared.is_new_question(&target.target, &candidates) {
        return Ok(());
    }
    let candidates: BTreeSet<DeviceName> = candidates.into_keys().collect();
    let mut looks: Vec<Observation> = Vec::new();
    for device in &candidates {
        looks.extend(store.last_look(device).await?);
    }
    let request = RunRequest {
        revision: Some(target.target.commit.clone()),
        only: Some(candidates),
        looks: LookSource::Recorded(looks),
        rehearses: true,
        ..RunRequest::of(Verb::Plan, &shared.instance.who)
    };
    let watcher = Watcher::silent();
    let preparing = shared.reconciler.prepare(request, &watcher);
    let planned = match preparing.await {
        Ok(Preparation::Ready(run)) => run.planned().clone(),
        Ok(Preparation::InventoryInvalid(_) | Preparation::Refused(_)) => return Ok(()),
        Err(error) => {
            // It has no answer yet: the next round asks again, not only the next look.
            shared.forget_question();
            return Err(error.into());
        }
    };
    note_refusals(shared, &planned);
    let mut classes: BTreeMap<PlanClass, BTreeSet<DeviceName>> = BTreeMap::new();
    let now = store.clock().await?;
    for plan in &planned.devices {
        let restores = past
            .devices
            .get(&plan.device)
            .map(|past| past.restores.as_slice());
        let restores = restores.unwrap_or_default();
        if let Some(class) = plan_class(plan, &target.policy, restores, now) {
            classes
                .entry(class)
                .or_default()
                .insert(plan.device.clone());
        }
    }
    // A refusal of all plans together needs an earlier commit or another policy: no part of it is applied.
    if !planned.refusals.is_empty() || !planned.lint_errors.is_empty() {
        return Ok(());
    }
    for (class, devices) in classes {
        begin_one(shared, leader, target, &planned, class, &devices).await?;
    }
    Ok(())
}

/// Records a target that every device matches without a change, such as one of `policy.toml` alone: from then on its own
/// policy applies.
async fn note_reached(
    shared: &Shared,
    target: &ServedTarget,
    statuses: &KnownStatuses,
) -> Result<(), TaskError> {
    let commit = &target.target.commit;
    if target.applied.as_ref() == Some(commit) {
        return Ok(());
    }
    let store = &shared.store.store;
    let devices = target.devices.iter();
    let is_reached = devices
        .filter(|device| device.state.is_written())
        .all(|device| {
            let facts = statuses.facts(&device.name);
            let matched = facts.and_then(|facts| facts.matched.as_ref());
            matched.is_some_and(|matched| matched.commit == *commit)
        });
    if is_reached {
        store.note_commit(commit, &shared.instance.who).await?;
        shared.triggers.target.notify_one();
    }
    Ok(())
}

/// Returns the devices that differ from the target, may be written to, and are in no open rollout; with their looks.
async fn candidates(
    shared: &Shared,
    target: &ServedTarget,
    statuses: &KnownStatuses,
    past: &BTreeMap<DeviceName, PastOfDevice>,
) -> Result<BTreeMap<DeviceName, Option<u64>>, TaskError> {
    let mut left = BTreeMap::new();
    let now = shared.store.store.clock().await?;
    let is_fresh = now.saturating_sub(target.target.at) < MOST_WAIT;
    for device in &target.devices {
        let facts = statuses.facts(&device.name);
        // One plan for all devices: a rollout of its own for each would have no waves.
        let is_compared = facts.is_some_and(|facts| is_compared(facts, &target.target));
        if is_fresh && !is_compared {
            return Ok(BTreeMap::new());
        }
        let of_device = past.get(&device.name);
        let may_begin = of_device.is_none_or(PastOfDevice::may_begin);
        if device.state.is_written()
            && may_begin
            && facts.is_some_and(|facts| {
                is_to_change(facts, &target.target.commit)
                    && of_device.is_none_or(|past| past.abandoned(facts).is_none())
            })
        {
            left.insert(device.name.clone(), statuses.looked(&device.name));
        }
    }
    Ok(left)
}

/// Returns whether the differences of a device are known: it was compared with the target, or cannot be now, and none of an
/// earlier target are being applied. The time of its last look says nothing: it may have begun before the target was read.
fn is_compared(facts: &ConditionFacts, target: &Target) -> bool {
    let looked = facts.look.as_ref().and_then(|look| look.commit.as_ref());
    let is_compared =
        looked == Some(&target.commit) || facts.unreachable.is_some() || facts.invalid.is_some();
    is_compared && facts.applying.is_none()
}

/// Returns whether a device has differences that may be planned now.
fn is_to_change(facts: &ConditionFacts, commit: &str) -> bool {
    let is_pending = facts
        .pending
        .as_ref()
        .is_some_and(|pending| pending.commit == commit);
    let is_drifted = facts
        .drift
        .as_ref()
        .is_some_and(|drift| drift.policy != OnDrift::Report);
    (is_pending || is_drifted)
        && facts.identity.is_none()
        && facts.stuck.is_none()
        && facts.applying.is_none()
        && facts.unreachable.is_none()
        && facts.invalid.is_none()
        && facts.freezes.is_empty()
        && facts.hold.is_none()
        && facts.remaining.is_none()
}

/// Returns the drifted fields that a plan restores.
fn restored(planned: &Planned, target: &ServedTarget) -> BTreeMap<DeviceName, Vec<RestoredField>> {
    let restored = planned.devices.iter().map(|plan| {
        let drifted = split_drift(plan, &target.policy.drift, &[]).drifted;
        let fields = drifted.into_iter().map(|field| RestoredField {
            object: field.object,
            field: field.field,
        });
        (plan.device.clone(), fields.collect::<Vec<_>>())
    });
    restored.filter(|(_, fields)| !fields.is_empty()).collect()
}

async fn begin_one(
    shared: &Arc<Shared>,
    leader: &Leader,
    target: &ServedTarget,
    planned: &Planned,
    class: PlanClass,
    devices: &BTreeSet<DeviceName>,
) -> Result<(), TaskError> {
    let whole = PlanFile::of(planned)?;
    let part = whole.part(devices)?;
    let authors = authors(shared, target, &part.planned).await?;
    let store = &shared.store.store;
    let effects = target.inventory.limited_effects(&part.planned.devices);
    // Read again: another class of the same target may have begun a moment ago.
    let past = past_of(shared, &target.target.commit).await?;
    let now = store.clock().await?;
    let over_limit = past.hour.over_limit(&target.hour, &effects, now);
    for limit in &over_limit {
        tracing::warn!(%limit, "a rollout exceeds a limit for an hour");
    }
    let facts = ApprovalFacts {
        is_automatic: !class.needs_person,
        removals: plan_removals(&part.planned.devices),
        over_limit: over_limit.iter().map(BudgetUse::key).collect(),
    };
    let needed = needed_approvals(&facts, &target.policy.approval, &authors);
    let waits_for_hour = facts.is_automatic && waits_for_hour(&needed, &over_limit);
    let because: Vec<String> = needed.because.iter().map(ToString::to_string).collect();
    let because = (needed.count > 0).then(|| match waits_for_hour {
        true => format!(
            "{}; it starts by itself when enough of the hour is over",
            listed(&because)
        ),
        false => listed(&because),
    });
    let steps: usize = part
        .planned
        .devices
        .iter()
        .map(|plan| plan.steps.len())
        .sum();
    let plan = RolloutPlan {
        kind: match class.is_drift {
            true => RolloutKind::Drift,
            false => RolloutKind::Commit,
        },
        policy: target.inventory.policy_digest(),
        waves: waves(
            &wave_devices(&target.inventory, &part.planned),
            &target.policy.waves,
        ),
        settle: target.policy.waves.settle.as_secs(),
        authors: needed.not_by.iter().cloned().collect(),
        approvals: u32::try_from(needed.count).unwrap_or(u32::MAX),
        because,
        waits_for_hour,
        steps: u64::try_from(steps).unwrap_or(u64::MAX),
        restores: restored(&part.planned, target),
        effects,
    };
    let state = match needed.count {
        0 => RolloutState::Ready,
        _ => RolloutState::WaitingForApproval,
    };
    let document = serde_json::from_str(&part.text).unwrap_or_default();
    store.keep_plan(&part.id, &document).await?;
    let new = NewRollout {
        id: RolloutId(Uuid::now_v7()),
        plan_id: part.id.clone(),
        commit: target.target.commit.clone(),
        plan,
    };
    let first = NewRolloutStep {
        number: 1,
        state,
        who: shared.instance.who.clone(),
        content: RolloutStepContent {
            because: new.plan.because.clone(),
            ..RolloutStepContent::default()
        },
    };
    store.begin_rollout(&new, &first, Some(leader)).await?;
    tracing::info!(rollout = %new.id.0, state = state.word(), "rollout begins");
    shared.triggers.status.notify_one();
    shared.triggers.rollout.notify_one();
    Ok(())
}

/// Returns whether a plan that goes by itself may start without a person as soon as enough of the last hour is over: only limits for an hour
/// block it, and it alone is within them.
fn waits_for_hour(needed: &NeededApprovals, over_limit: &[BudgetUse]) -> bool {
    let is_limit = |reason: &ApprovalReason| matches!(reason, ApprovalReason::OverLimit { .. });
    needed.count > 0
        && needed.because.iter().all(is_limit)
        && over_limit.iter().all(|one| one.enough_at.is_some())
}

/// Returns the e-mail addresses of everyone who may have asked for a plan: the authors of what came since another commit was
/// applied, and of the commits that the plan names.
async fn authors(
    shared: &Arc<Shared>,
    target: &ServedTarget,
    planned: &Planned,
) -> Result<Vec<String>, TaskError> {
    let store = &shared.store.store;
    let Some(commit) = CommitId::parse(&target.target.commit) else {
        return Ok(Vec::new());
    };
    // Once part of the target is applied, it is itself the commit last applied.
    let applied = store
        .applied_commits(store.clock().await?, MOST_APPLIED)
        .await?;
    let applied = applied
        .into_iter()
        .find(|applied| applied.commit != target.target.commit)
        .and_then(|applied| CommitId::parse(&applied.commit));
    let steps = planned.devices.iter().flat_map(|plan| &plan.steps);
    let origins = steps
        .flat_map(|step| &step.because)
        .filter_map(|because| because.origin.as_ref());
    let named: BTreeSet<&str> = origins
        .filter_map(|origin| origin.commit.as_ref())
        .map(|commit| commit.id.as_str())
        .collect();
    let named = named.into_iter().filter_map(CommitId::parse).collect();
    let authors = branch::authors(shared, applied, commit, named).await?;
    Ok(authors.into_iter().collect())
}

/// Shows refusals of all plans together on each of their devices: no single plan has them.
fn note_refusals(shared: &Shared, planned: &Planned) {
    if planned.refusals.is_empty() {
        return;
    }
    let mut table = shared.devices();
    for plan in planned.devices.iter().filter(|plan| !plan.steps.is_empty()) {
        if let Some(known) = table.get_mut(&plan.device) {
            known.facts.refused.clone_from(&planned.refusals);
        }
    }
    drop(table);
    shared.triggers.status.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceState;
    use crate::reconcile::rollout::condition::{ApplyInProgress, LastLook};

    #[test]
    fn a_device_that_an_earlier_target_is_applied_to_is_not_compared_yet() {
        let target = Target {
            number: 2,
            commit: "b".to_owned(),
            at: 0,
        };
        let device = DeviceName::new("maple-a").unwrap();
        let mut facts = ConditionFacts::new(device, DeviceState::Managed);
        assert!(!is_compared(&facts, &target));
        facts.look = Some(LastLook {
            at: 1,
            interval: 900,
            unread: Vec::new(),
            commit: Some("b".to_owned()),
        });
        assert!(is_compared(&facts, &target));
        // Otherwise the others would get a rollout of their own, and this one another.
        facts.applying = Some(ApplyInProgress {
            run: Uuid::nil(),
            who: "instance@noc".to_owned(),
            since: 1,
            step: 0,
            steps: 1,
        });
        assert!(!is_compared(&facts, &target));
    }
}
