//! Computes the condition of each device of this instance, and stores what changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::TaskError;
use crate::history::{
    DeviceStatus, Freeze, Hint, LeaseInForce, Rollout, RolloutKind, RolloutState, UnsavedDevice,
};
use crate::model::{DeviceName, SiteName};
use crate::reconcile::rollout::condition::{
    ApplyInProgress, AwaitedApproval, AwaitedWave, ClosedWindow, ConditionFacts, FailedApply,
    FreezeInForce, PausedRollout, UsedBudget, condition_word,
};
use crate::reconcile::rollout::{BudgetScope, BudgetUse, RolloutPolicy, WindowState};
use crate::report::cause_text;
use crate::service::device_table::ServedDevice;
use crate::service::instance_state::{Past, ServedTarget, Shared};
use crate::service::metrics::StoreOperation;
use crate::service::rollout::past_of;
use crate::service::schedule::{LastRead, Priority, ReadKind};
use crate::service::stored_status::{StatusChange, StoredStatus};

/// While a gate waits for the devices of its wave, they are looked at this often, in milliseconds.
const BETWEEN_LOOKS_AT_GATE: u64 = 10_000;

/// After a failed look at such a device, in milliseconds.
const BETWEEN_ATTEMPTS_AT_GATE: u64 = 1_000;

/// The state of everything besides looks that conditions depend on.
struct StoreFacts {
    freezes: Vec<Freeze>,
    leases: BTreeMap<DeviceName, LeaseInForce>,
    unsaved: BTreeMap<DeviceName, UnsavedDevice>,
    stuck: BTreeMap<DeviceName, FailedApply>,
    rollouts: Vec<RolloutFacts>,
    past: Past,
    commit: String,
    policy: RolloutPolicy,
}

/// An open rollout, with what its devices wait for.
struct RolloutFacts {
    rollout: Rollout,
    approvals: usize,
    /// The limits for an hour that it waits for.
    over_limit: Vec<BudgetUse>,
}

pub(in crate::service) async fn refresh(shared: Arc<Shared>) -> Result<(), TaskError> {
    let Some(target) = shared.served_target() else {
        return Ok(());
    };
    let commit = target.target.commit.clone();
    let began = Instant::now();
    let facts = StoreFacts::of(&shared, &target).await?;
    let took = shared.metrics.store_duration(StoreOperation::Read);
    took.observe(began.elapsed().as_secs_f64());
    let now = shared.seconds();
    let mut changed: Vec<(DeviceName, DeviceStatus)> = Vec::new();
    let mut to_look = Vec::new();
    let mut most = StatusChange::Same;
    for known in shared.devices().own_mut() {
        facts.put(known, now);
        let word = condition_word(&known.facts, now);
        if word != known.word {
            (known.word, known.since) = (word, now);
        }
        let change = known.change(&commit);
        if change > StatusChange::Same {
            changed.push((known.device.name.clone(), known.status(&commit)));
        }
        most = most.max(change);
        if facts.is_at_gate(known, shared.now()) {
            to_look.push(known.device.name.clone());
        }
    }
    {
        let (mut queue, now) = (shared.queue(), shared.now());
        for device in &to_look {
            queue.push(device, ReadKind::Look, Priority::Verify, now);
        }
    }
    if !to_look.is_empty() {
        shared.triggers.queue.notify_one();
    }
    if changed.is_empty() {
        return Ok(());
    }
    let began = Instant::now();
    shared.store.store.set_device_statuses(&changed).await?;
    let took = shared.metrics.store_duration(StoreOperation::Write);
    took.observe(began.elapsed().as_secs_f64());
    {
        let mut devices = shared.devices();
        for (device, status) in changed {
            if let Some(known) = devices.get_mut(&device) {
                known.stored = Some(StoredStatus::new(status));
            }
        }
    }
    // A gate waits for looks that find nothing. Otherwise such a look would start a round for each of ten thousand devices.
    if most == StatusChange::News || !facts.rollouts.is_empty() {
        shared.triggers.rollout.notify_one();
        shared.store.store.hint(Hint::Devices).await?;
    }
    Ok(())
}

impl StoreFacts {
    async fn of(shared: &Shared, target: &ServedTarget) -> Result<Self, TaskError> {
        let commit = &target.target.commit;
        let store = &shared.store.store;
        let past = past_of(shared, commit).await?;
        let now = shared.seconds();
        let mut rollouts = Vec::new();
        for rollout in store.open_rollouts().await? {
            let approvals = match rollout.last.state {
                RolloutState::WaitingForApproval => store.approvals(&rollout.plan_id).await?.len(),
                _ => 0,
            };
            let over_limit = match rollout.last.state {
                RolloutState::WaitingForApproval if rollout.plan.waits_for_hour => {
                    let effects = &rollout.plan.effects;
                    past.hour.over_limit(&target.hour, effects, now)
                }
                _ => Vec::new(),
            };
            rollouts.push(RolloutFacts {
                rollout,
                approvals,
                over_limit,
            });
        }
        let unsaved = store.unsaved().await?.into_iter();
        let stuck = store.stuck().await?.into_iter().map(|row| {
            let failed = FailedApply {
                run: row.run.0,
                at: row.at,
                cause: cause_text(&row.outcome.device, &row.outcome.ended).unwrap_or_default(),
                left: Vec::new(),
            };
            (row.outcome.device.clone(), failed)
        });
        Ok(Self {
            freezes: store.freezes().await?,
            leases: store.leases().await?,
            unsaved: unsaved.map(|one| (one.device.clone(), one)).collect(),
            stuck: stuck.collect(),
            rollouts,
            past,
            commit: commit.clone(),
            policy: target.policy.clone(),
        })
    }

    fn put(&self, known: &mut ServedDevice, now: u64) {
        let device = known.device.name.clone();
        let freezes = known.device.freezes(&self.freezes).into_iter();
        known.facts.freezes = freezes
            .map(|freeze| FreezeInForce {
                id: freeze.id,
                reason: freeze.reason.clone(),
                who: freeze.who.clone(),
                since: freeze.since,
                until: freeze.until,
            })
            .collect();
        let lease = self.leases.get(&device).and_then(|lease| lease.by.as_ref());
        known.facts.applying = lease.and_then(|by| {
            Some(ApplyInProgress {
                run: by.run?,
                who: by.who.clone(),
                since: by.since,
                step: 0,
                steps: usize::try_from(known.steps).unwrap_or(usize::MAX),
            })
        });
        known.facts.unsaved = self.unsaved.get(&device).map(|unsaved| FailedApply {
            run: unsaved.run.0,
            at: unsaved.at,
            cause: "verified, and not in the startup-config".to_owned(),
            left: Vec::new(),
        });
        known.facts.stuck = self.stuck.get(&device).cloned();
        let past = self.past.devices.get(&device);
        let pending = known.facts.pending.as_ref();
        let pending = pending.filter(|pending| pending.commit == self.commit);
        let steps = pending.map_or(0, |pending| pending.steps);
        known.facts.remaining = past.and_then(|past| past.remaining(steps));
        known.facts.abandoned = past.and_then(|past| past.abandoned(&known.facts)).cloned();
        known.restores = past.map_or_else(Vec::new, |past| past.restores.clone());
        (known.facts.approval, known.facts.wave) = (None, None);
        (known.facts.window, known.facts.budget) = (None, None);
        let site = known.device.site.as_ref().map(SiteName::as_str);
        let window = self.policy.window(site, now);
        for rollout in &self.rollouts {
            rollout.put(&mut known.facts, &device, window);
        }
    }

    /// Returns whether a device must be looked at for the gate of its wave.
    fn is_at_gate(&self, known: &ServedDevice, now: u64) -> bool {
        let mut rollouts = self.rollouts.iter();
        rollouts.any(|facts| {
            let last = &facts.rollout.last;
            let wave = facts.rollout.plan.waves.get(index(last.content.wave));
            let is_of_wave = wave.is_some_and(|wave| wave.contains(&known.device.name));
            // A probe or poll in between is no attempt.
            let attempt = *known.reads.last.get(ReadKind::Look);
            let ended = last.content.wave_ended.unwrap_or_default();
            let settled = ended
                .saturating_add(facts.rollout.plan.settle)
                .saturating_mul(1000);
            let is_due = is_due_at_gate(known.reads.look_began, attempt, settled, now);
            last.state == RolloutState::Gate && is_of_wave && is_due
        })
    }
}

/// Returns whether a device of a wave must be looked at for its gate. Only a look that began after the settle time counts.
fn is_due_at_gate(began: Option<u64>, attempt: LastRead, settled: u64, now: u64) -> bool {
    let began = began.unwrap_or_default();
    let may_try = attempt.failures == 0
        || now.saturating_sub(attempt.at.unwrap_or_default()) >= BETWEEN_ATTEMPTS_AT_GATE;
    let is_missing = began < settled || now.saturating_sub(began) >= BETWEEN_LOOKS_AT_GATE;
    now >= settled && is_missing && may_try
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl RolloutFacts {
    /// Returns whether the rollout paused after the wave of this device, and the device still differs: no other rollout may
    /// begin for it until a person resumes or abandons this one.
    fn is_left(&self, wave: usize, facts: &ConditionFacts) -> bool {
        let Rollout {
            plan, last, commit, ..
        } = &self.rollout;
        let pending = facts.pending.as_ref();
        let differs = match plan.kind {
            RolloutKind::Commit => pending.is_some_and(|pending| pending.commit == *commit),
            RolloutKind::Drift => facts.drift.is_some(),
        };
        last.state == RolloutState::Paused && wave <= index(last.content.wave) && differs
    }

    /// Returns the first wave whose devices wait: those of an earlier one are done, or being written to.
    fn first_waiting(&self) -> usize {
        let last = &self.rollout.last;
        let current = index(last.content.wave);
        let has_begun = match last.state {
            RolloutState::Wave | RolloutState::Gate => true,
            RolloutState::Paused => last.content.run.is_some(),
            _ => false,
        };
        current.saturating_add(usize::from(has_begun))
    }

    /// Returns the limit that keeps the rollout waiting for the longest time.
    fn used_budget(&self) -> Option<UsedBudget> {
        let last = self.over_limit.iter().max_by_key(|one| one.enough_at)?;
        let device = match &last.scope {
            BudgetScope::Device(device) => Some(device.clone()),
            BudgetScope::Lane(_) | BudgetScope::Fleet => None,
        };
        // To the next minute: while another rollout is open, this time moves on with every second.
        let free_at = last.enough_at.map(|at| at.div_ceil(60).saturating_mul(60));
        Some(UsedBudget {
            rule: last.key(),
            device,
            used: last.used,
            planned: last.planned,
            limit: last.limit,
            free_at,
            plan: Some(self.rollout.plan_id.clone()),
            persons: index(self.rollout.plan.approvals),
            since: Some(self.rollout.at),
        })
    }

    fn put(&self, facts: &mut ConditionFacts, device: &DeviceName, window: WindowState) {
        let Rollout { plan, last, .. } = &self.rollout;
        let Some(wave) = plan.waves.iter().position(|wave| wave.contains(device)) else {
            return;
        };
        match last.state {
            RolloutState::WaitingForApproval if !self.over_limit.is_empty() => {
                facts.budget = self.used_budget();
            }
            RolloutState::WaitingForApproval => {
                facts.approval = Some(AwaitedApproval {
                    plan: self.rollout.plan_id.clone(),
                    because: plan.because.clone().unwrap_or_default(),
                    given: self.approvals,
                    needed: index(plan.approvals).max(1),
                    excluded: plan.authors.clone(),
                    since: self.rollout.at,
                    expires: self
                        .rollout
                        .at
                        .saturating_add(crate::service::task::PLAN_SECONDS),
                });
            }
            state
                if !state.is_over()
                    && (wave >= self.first_waiting() || self.is_left(wave, facts)) =>
            {
                if let (RolloutState::Ready, WindowState::Closed { opens }) = (state, window) {
                    facts.window = Some(ClosedWindow {
                        opens,
                        is_too_short: false,
                        plan: Some(self.rollout.plan_id.clone()),
                        since: Some(last.at),
                    });
                }
                let because = || last.content.because.clone().unwrap_or_default();
                facts.wave = Some(AwaitedWave {
                    rollout: self.rollout.id.0,
                    wave: wave.saturating_add(1),
                    waves: plan.waves.len(),
                    gate: because(),
                    paused: (state == RolloutState::Paused).then(|| PausedRollout {
                        reason: because(),
                        who: Some(last.who.clone()),
                        since: last.at,
                    }),
                    since: last.at,
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLED: u64 = 100_000;

    #[test]
    fn only_a_look_that_began_after_the_settle_time_counts_at_a_gate() {
        let is_due = |began, now| {
            let attempt = LastRead {
                at: began,
                failures: 0,
            };
            is_due_at_gate(began, attempt, SETTLED, now)
        };
        assert!(!is_due(None, SETTLED - 1), "the settle time is not over");
        assert!(is_due(None, SETTLED));
        assert!(
            is_due(Some(SETTLED - 1), SETTLED + 1),
            "it may have ended after it"
        );
        assert!(!is_due(Some(SETTLED), SETTLED + 9_999));
        assert!(
            is_due(Some(SETTLED), SETTLED + 10_000),
            "lines may come up later"
        );
    }

    #[test]
    fn at_a_gate_only_a_failed_look_delays_the_next_one() {
        let is_due = |failures| {
            let attempt = LastRead {
                at: Some(SETTLED - 100),
                failures,
            };
            is_due_at_gate(Some(SETTLED - 200), attempt, SETTLED, SETTLED + 100)
        };
        assert!(is_due(0));
        assert!(!is_due(1));
    }
}
