//! Moves one rollout on: approved, started, through its waves and gates, to its end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::carry::carry_out;
use super::consent::consent;
use super::{past_of, step};
use crate::apply::Ended;
use crate::history::{Filter, Leader, Rollout, RolloutState, RolloutStepContent, RunId};
use crate::model::{DeviceName, SiteName};
use crate::reconcile::gate_facts;
use crate::reconcile::rollout::{ApprovalState, Gate, WindowState, gate};
use crate::reconcile::run::{PLAN_HOURS, PlanFile};
use crate::report::{listed, moment, some_names};
use crate::service::instance_state::{ServedTarget, Shared};
use crate::service::task::TaskError;

/// The time that a wave is expected to take: a window must be open for so long. Most devices are done within it.
const EXPECTED_WAVE: u64 = 180;

pub(super) async fn drive(
    shared: &Arc<Shared>,
    leader: &Leader,
    target: &ServedTarget,
    mut rollout: Rollout,
) -> Result<(), TaskError> {
    let content = rollout.last.content.clone();
    if let Some(because) = superseded(&rollout, target) {
        let content = RolloutStepContent {
            because: Some(because),
            ..content
        };
        step(
            shared,
            leader,
            &mut rollout,
            RolloutState::Superseded,
            content,
        )
        .await?;
        return Ok(());
    }
    match rollout.last.state {
        RolloutState::WaitingForApproval => approve(shared, leader, target, &mut rollout).await,
        RolloutState::Ready => start(shared, leader, target, &mut rollout).await,
        RolloutState::Wave => take_over(shared, leader, &mut rollout).await,
        RolloutState::Gate => decide(shared, leader, &mut rollout).await,
        RolloutState::Paused
        | RolloutState::Done
        | RolloutState::Abandoned
        | RolloutState::Superseded => Ok(()),
    }
}

/// Returns why a rollout is void. A wave in progress ends first.
fn superseded(rollout: &Rollout, target: &ServedTarget) -> Option<String> {
    if rollout.last.state == RolloutState::Wave {
        return None;
    }
    if rollout.commit != target.target.commit {
        return Some("a newer target replaced it".to_owned());
    }
    // After its first wave the commit itself is the one last applied, so that its own policy comes into force.
    let is_before_first_wave = matches!(
        rollout.last.state,
        RolloutState::WaitingForApproval | RolloutState::Ready
    ) && rollout.last.content.wave == 0;
    (is_before_first_wave && rollout.plan.policy != target.inventory.policy_digest())
        .then(|| "the policy changed".to_owned())
}

/// Starts a rollout that was approved, or that waited only for limits of an hour which allow it again.
async fn approve(
    shared: &Shared,
    leader: &Leader,
    target: &ServedTarget,
    rollout: &mut Rollout,
) -> Result<(), TaskError> {
    let store = &shared.store.store;
    let approvals = store.approvals(&rollout.plan_id).await?;
    let now = store.clock().await?;
    if now.saturating_sub(rollout.at) > u64::from(PLAN_HOURS) * 3600 {
        let content = RolloutStepContent {
            because: Some(format!("nobody approved it within {PLAN_HOURS} hours")),
            ..rollout.last.content.clone()
        };
        step(shared, leader, rollout, RolloutState::Superseded, content).await?;
        return Ok(());
    }
    if let ApprovalState::Approved { by } = consent(rollout, &approvals, now, PLAN_HOURS) {
        let content = RolloutStepContent {
            because: Some(format!("approved by {}", listed(&by))),
            ..RolloutStepContent::default()
        };
        step(shared, leader, rollout, RolloutState::Ready, content).await?;
        shared.triggers.rollout.notify_one();
    } else if rollout.plan.waits_for_hour {
        // Others that waited may have started in this round: their effects count already.
        let past = past_of(shared, &target.target.commit).await?;
        let effects = &rollout.plan.effects;
        if past.hour.over_limit(&target.hour, effects, now).is_empty() {
            let content = RolloutStepContent {
                because: Some("the limits for an hour allow it now".to_owned()),
                ..RolloutStepContent::default()
            };
            step(shared, leader, rollout, RolloutState::Ready, content).await?;
            shared.triggers.rollout.notify_one();
        }
    }
    Ok(())
}

/// Starts the wave that is due, if its windows are open.
async fn start(
    shared: &Arc<Shared>,
    leader: &Leader,
    target: &ServedTarget,
    rollout: &mut Rollout,
) -> Result<(), TaskError> {
    let content = rollout.last.content.clone();
    let index = usize::try_from(content.wave).unwrap_or(usize::MAX);
    let Some(wave) = rollout.plan.waves.get(index) else {
        step(shared, leader, rollout, RolloutState::Done, content).await?;
        return Ok(());
    };
    let store = &shared.store.store;
    let now = store.clock().await?;
    let approvals = store.approvals(&rollout.plan_id).await?;
    // However it became ready: nothing is written without the approvals that it needs. They do not expire while a window is
    // closed. One that only waited for a limit of the hour needs none when the hour is over.
    if content.wave == 0
        && !rollout.plan.waits_for_hour
        && let ApprovalState::Missing { .. } = consent(rollout, &approvals, now, u16::MAX)
    {
        let content = RolloutStepContent {
            because: rollout.plan.because.clone(),
            ..content
        };
        step(
            shared,
            leader,
            rollout,
            RolloutState::WaitingForApproval,
            content,
        )
        .await?;
        return Ok(());
    }
    let ignores_windows = approvals.iter().any(|approval| approval.now);
    let devices: BTreeSet<DeviceName> = wave.iter().cloned().collect();
    if !ignores_windows && let Some(because) = closed(shared, target, &devices, now) {
        let content = RolloutStepContent {
            because: Some(because),
            ..content
        };
        step(shared, leader, rollout, RolloutState::Ready, content).await?;
        return Ok(());
    }
    let devices = left_to_do(shared, rollout, devices).await?;
    let (devices, frozen) = without_frozen(shared, target, devices).await?;
    if devices.is_empty() && !frozen.is_empty() {
        // The others of the wave are done: it goes on when the freeze ends.
        let because = format!(
            "{} frozen",
            some_names(frozen.iter().map(|one| one.as_str().into()))
        );
        let content = RolloutStepContent {
            because: Some(because),
            ..content
        };
        step(shared, leader, rollout, RolloutState::Ready, content).await?;
        return Ok(());
    }
    if devices.is_empty() {
        let content = RolloutStepContent {
            wave: content.wave.saturating_add(1),
            ..RolloutStepContent::default()
        };
        step(shared, leader, rollout, RolloutState::Ready, content).await?;
        shared.triggers.rollout.notify_one();
        return Ok(());
    }
    carry_out(shared, leader, target, rollout, devices).await
}

/// Divides the devices of a wave into those that may be written to, and those that are frozen. A frozen one that is left
/// behind is planned again after its freeze.
async fn without_frozen(
    shared: &Shared,
    target: &ServedTarget,
    devices: BTreeSet<DeviceName>,
) -> Result<(BTreeSet<DeviceName>, BTreeSet<DeviceName>), TaskError> {
    let freezes = shared.store.store.freezes().await?;
    let known = target.devices.iter();
    let frozen: BTreeSet<DeviceName> = known
        .filter(|device| devices.contains(&device.name) && !device.freezes(&freezes).is_empty())
        .map(|device| device.name.clone())
        .collect();
    let rest = devices.difference(&frozen).cloned().collect();
    Ok((rest, frozen))
}

/// Leaves out the devices that an earlier attempt of this rollout finished: its leader may have ended in a wave.
async fn left_to_do(
    shared: &Shared,
    rollout: &Rollout,
    mut devices: BTreeSet<DeviceName>,
) -> Result<BTreeSet<DeviceName>, TaskError> {
    let filter = Filter {
        devices: devices.iter().cloned().collect(),
        since: Some(rollout.at),
        most: u32::MAX,
        ..Filter::default()
    };
    // By the commit too: a run of another target may have ended in the second in which this rollout began.
    let since = Filter {
        devices: Vec::new(),
        ..filter.clone()
    };
    let runs = shared.store.store.runs(&since).await?.into_iter();
    let runs = runs.filter(|run| run.run.inventory.commit.as_deref() == Some(&*rollout.commit));
    let runs: BTreeSet<RunId> = runs.map(|run| run.run.id).collect();
    for row in shared.store.store.outcomes(&filter).await? {
        let is_done = matches!(row.outcome.ended, Ended::Applied | Ended::Unchanged);
        if is_done && runs.contains(&row.run) {
            devices.remove(&row.outcome.device);
        }
    }
    Ok(devices)
}

/// Returns why a wave must not start now: a window of one of its devices is closed.
fn closed(
    shared: &Shared,
    target: &ServedTarget,
    devices: &BTreeSet<DeviceName>,
    now: u64,
) -> Option<String> {
    let policy = &target.policy;
    let table = shared.devices();
    let mut devices = devices.iter();
    devices.find_map(|device| {
        let site = table
            .get(device)
            .and_then(|known| known.device.site.clone());
        let site = site.as_ref().map(SiteName::as_str);
        if policy.would_end_inside(site, now, EXPECTED_WAVE) {
            return None;
        }
        Some(match policy.window(site, now) {
            WindowState::Closed { opens: Some(opens) } => {
                format!("the window for {device} opens at {}", moment(opens))
            }
            WindowState::Closed { opens: None } => format!("no window for {device} ever opens"),
            WindowState::Open { .. } => {
                format!("the window for {device} closes before the wave would end")
            }
        })
    })
}

/// Ends a wave whose leader is gone: what became of its devices is in the store.
async fn take_over(
    shared: &Shared,
    leader: &Leader,
    rollout: &mut Rollout,
) -> Result<(), TaskError> {
    let store = &shared.store.store;
    let leases = store.leases().await?;
    let before = &rollout.last.content.before;
    if before.keys().any(|device| leases.contains_key(device)) {
        // The run goes on, or its leases expire soon.
        return Ok(());
    }
    let content = RolloutStepContent {
        because: Some(format!(
            "{} ended in the middle of the wave",
            rollout.last.who
        )),
        ..rollout.last.content.clone()
    };
    // Devices that were finished are left alone by the next wave; the others are compared with the plan again.
    let done = RolloutStepContent {
        before: std::collections::BTreeMap::new(),
        // So that the changes count for an hour if nothing follows.
        wave_ended: Some(store.clock().await?),
        ..content
    };
    step(shared, leader, rollout, RolloutState::Ready, done).await?;
    Ok(())
}

/// Decides the gate after a wave.
async fn decide(shared: &Shared, leader: &Leader, rollout: &mut Rollout) -> Result<(), TaskError> {
    let store = &shared.store.store;
    let stored = store.plan(&rollout.plan_id).await?;
    let text = stored
        .map(|(document, _)| document.to_string())
        .unwrap_or_default();
    let plan = PlanFile::read(text.into_bytes())?;
    let content = rollout.last.content.clone();
    let next = content.wave.saturating_add(1);
    let is_last = usize::try_from(next).is_ok_and(|next| next >= rollout.plan.waves.len());
    let settle = Duration::from_secs(rollout.plan.settle);
    let facts = gate_facts(store, &content, settle, &plan).await?;
    let now = store.clock().await?;
    match gate(&facts, now) {
        Gate::Open if is_last => {
            let content = RolloutStepContent {
                because: None,
                ..content
            };
            step(shared, leader, rollout, RolloutState::Done, content).await?;
        }
        Gate::Open => {
            let content = RolloutStepContent {
                wave: next,
                because: Some(format!("wave {next} is verified")),
                ..RolloutStepContent::default()
            };
            step(shared, leader, rollout, RolloutState::Ready, content).await?;
            shared.triggers.rollout.notify_one();
        }
        Gate::NotYet { reason, .. } => {
            let content = RolloutStepContent {
                because: Some(reason.to_string()),
                ..content
            };
            step(shared, leader, rollout, RolloutState::Gate, content).await?;
        }
        Gate::Paused { reason } => {
            let content = RolloutStepContent {
                because: Some(reason.to_string()),
                ..content
            };
            step(shared, leader, rollout, RolloutState::Paused, content).await?;
        }
    }
    Ok(())
}
