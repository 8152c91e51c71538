//! Reads one device once: a probe, a poll or a look; the result becomes facts about its condition.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::instance_state::{ServedTarget, Shared};
use super::metrics::{LookKind, LookResult};
use super::requests::cost;
use super::schedule::{Outcome, Pace, Priority, ReadKind};
use super::task;
use crate::model::{
    DeviceName, EndpointState, MacAddress, NotObserved, Observation, Poll, PollDepth, Probe,
};
use crate::plan::DevicePlan;
use crate::reconcile::rollout::condition::{ConditionFacts, Unreachable};
use crate::reconcile::rollout::{ComparedLook, looked, not_looked};
use crate::reconcile::run::Watcher;
use crate::reconcile::{
    Accesses, DeviceAccess, FingerprintedObservation, PollScope, poll_one, probe_one,
};

/// A sold endpoint is activated once two looks heard it, half a minute apart: the second one does not wait for the interval.
/// In milliseconds.
const HEARD_AGAIN: u64 = 31_000;

/// An answer of a device.
#[derive(Debug)]
enum Answer {
    Probe(Box<Probe>),
    Poll(Box<Poll>),
    Look(Box<Look>),
}

/// A look, with its plan at the target.
#[derive(Debug)]
struct Look {
    seen: FingerprintedObservation,
    plan: Option<DevicePlan>,
    /// The target of the plan; another one may have come meanwhile.
    target: Arc<ServedTarget>,
}

/// Reads a device and records the result; a failure inside gamctl counts as a failed read of this device alone.
pub(super) async fn read(
    shared: Arc<Shared>,
    device: DeviceName,
    kind: ReadKind,
    priority: Priority,
) {
    let wish = shared
        .devices()
        .get(&device)
        .map(|known| (known.device.site.clone(), cost(kind, known)));
    if let Some((site, requests)) = wish {
        let now = || shared.now();
        let waiting = shared.requests.wait(site.as_ref(), requests, priority, now);
        waiting.await;
    }
    let began = Instant::now();
    let (within, name) = (shared.clone(), device.clone());
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let reading = task::once(async move {
        let _gone = sender.send(answer(&within, &name, kind).await);
    });
    let answer = match receiver.await {
        Ok(answer) => answer,
        Err(_) => Err(NotObserved::Panicked {
            error: match reading.await {
                Err(why) => why.to_string(),
                Ok(()) => "it ended without a result".to_owned(),
            },
        }),
    };
    let metric = shared.metrics.look_duration(look_kind(kind));
    metric.observe(began.elapsed().as_secs_f64());
    ended(&shared, &device, kind, answer);
}

async fn answer(
    shared: &Shared,
    device: &DeviceName,
    kind: ReadKind,
) -> Result<Answer, NotObserved> {
    let target = shared.served_target().ok_or(NotObserved::NotInInventory)?;
    let access = access(shared, &target, device)?;
    match kind {
        ReadKind::Probe => {
            let probe = probe_one(device, &access).await?;
            Ok(Answer::Probe(Box::new(probe)))
        }
        ReadKind::Poll => {
            let scope = PollScope::Depth(PollDepth::FiveMinutes);
            let polled = poll_one(device, &access, &scope, shared.settings.clock).await?;
            Ok(Answer::Poll(Box::new(polled.poll)))
        }
        ReadKind::Look => look(shared, target, device, access).await,
    }
}

/// Returns the access to a device; it is resolved once for each target.
fn access(
    shared: &Shared,
    target: &ServedTarget,
    device: &DeviceName,
) -> Result<DeviceAccess, NotObserved> {
    let known = shared
        .devices()
        .get(device)
        .and_then(|known| known.access.clone());
    match known {
        // A secret that was missing may be there now.
        Some(Ok(access)) => Ok(access),
        _ => {
            let access = shared.reconciler.access_to(&target.inventory, device);
            if let Some(known) = shared.devices().get_mut(device) {
                known.access = Some(access.clone());
            }
            access
        }
    }
}

async fn look(
    shared: &Shared,
    target: Arc<ServedTarget>,
    device: &DeviceName,
    access: DeviceAccess,
) -> Result<Answer, NotObserved> {
    let accesses = Accesses::from([(device.clone(), Ok(access))]);
    let mut looks = shared
        .reconciler
        .look_at(accesses, &Watcher::silent())
        .await;
    let seen = looks
        .remove(device)
        .unwrap_or(Err(NotObserved::NotInInventory))?;
    let plan = shared.reconciler.plan_at(&target.inventory, device, &seen);
    match plan.await {
        Ok(plan) => Ok(Answer::Look(Box::new(Look { seen, plan, target }))),
        // Without the store, ownership is unknown: nothing can be said about the difference.
        Err(error) => Err(NotObserved::Unspecified {
            error: crate::model::chain(&error),
        }),
    }
}

/// Records the result of a read, and sets when the device is read next.
fn ended(
    shared: &Shared,
    device: &DeviceName,
    kind: ReadKind,
    answer: Result<Answer, NotObserved>,
) {
    let now = shared.now();
    let outcome = match &answer {
        Ok(_) => Outcome::Completed,
        Err(_) => Outcome::Failed,
    };
    let result = match &answer {
        Ok(_) => LookResult::Complete,
        Err(NotObserved::NoAnswer { .. }) => LookResult::Unreachable,
        Err(NotObserved::AccessDenied { .. }) => LookResult::Denied,
        Err(_) => LookResult::Failed,
    };
    shared.metrics.looks(look_kind(kind), result).inc();
    let intervals = shared.settings.intervals;
    let mut follow_up = None;
    let mut due = super::schedule::DueTimes::default();
    {
        let mut devices = shared.devices();
        if let Some(known) = devices.get_mut(device) {
            known.reads.tried = Some(now);
            known.reads.last.record(kind, outcome, now);
            let activity = known.activity;
            let site = known.device.site.clone();
            let pace = |activity| Pace {
                intervals: &intervals,
                activity,
                stretch: shared.requests.stretch(site.as_ref()),
            };
            let interval = |activity| {
                let look = *known.reads.last.get(ReadKind::Look);
                pace(activity).interval(ReadKind::Look, look, now).length / 1000
            };
            let interval = interval(activity);
            match answer {
                Ok(answer) => follow_up = answered(known, shared, answer, interval, now),
                Err(why) => failed(known, why, now),
            }
            due = pace(known.activity).due(device, &known.reads.last, now);
            known.facts.next_look = due.look.map(|at| at / 1000);
            if let Some(unreachable) = &mut known.facts.unreachable {
                let next = [due.probe, due.poll, due.look].into_iter().flatten().min();
                unreachable.next_try = next.unwrap_or(now) / 1000;
            }
        }
    }
    let mut queue = shared.queue();
    queue.ended(device, outcome, due);
    if let Some((priority, at)) = follow_up {
        queue.push(device, ReadKind::Look, priority, at);
    }
    drop(queue);
    shared.triggers.status.notify_one();
    shared.triggers.queue.notify_one();
}

/// Takes an answer over; returns the priority and the time of a look that it calls for.
fn answered(
    known: &mut super::device_table::ServedDevice,
    shared: &Shared,
    answer: Answer,
    interval: u64,
    now: u64,
) -> Option<(Priority, u64)> {
    let was_silent = known.reads.silent_since.take().is_some();
    known.reads.error = None;
    let facts = match answer {
        Answer::Probe(probe) => (
            probe.uptime_seconds,
            probe.alarms.map(|alarms| u64::from(alarms.count)),
        ),
        Answer::Poll(poll) => {
            let alarms = poll
                .alarms
                .value()
                .and_then(|alarms| u64::try_from(alarms.len()).ok());
            (poll.identity.uptime_seconds, alarms)
        }
        Answer::Look(look) => {
            take_look(known, shared, &look, interval, now);
            let target = shared.served_target();
            let is_older = target.is_some_and(|target| target.target != look.target.target);
            // Its plan is for an older target: only another look tells the difference to this one.
            if is_older {
                return Some((Priority::Commit, now));
            }
            let hears_new = hears_new_endpoint(known, look.seen.observation());
            let is_wanted = hears_new && shared.settings.syncs;
            return is_wanted.then_some((Priority::Restarted, now.saturating_add(HEARD_AGAIN)));
        }
    };
    let (uptime, alarms) = facts;
    let restarted =
        matches!((known.reads.uptime_seconds, uptime), (Some(before), Some(now)) if now < before);
    let other_alarms =
        known.reads.alarms.is_some() && alarms.is_some() && known.reads.alarms != alarms;
    if uptime.is_some() {
        known.reads.uptime_seconds = uptime;
    }
    if alarms.is_some() {
        known.reads.alarms = alarms;
    }
    if restarted || other_alarms {
        known.activity = known.activity.with_event(now);
    }
    // A device that is back may have been changed, restarted or replaced meanwhile: only a look ends `unreachable`.
    (restarted || other_alarms || was_silent).then_some((Priority::Restarted, now))
}

/// Notes the endpoints that no subscriber has, and returns whether one was not heard before.
fn hears_new_endpoint(
    known: &mut super::device_table::ServedDevice,
    observation: &Observation,
) -> bool {
    let endpoints = observation.health.endpoints.iter();
    let unknown = endpoints.filter(|(_, line)| line.state == Some(EndpointState::Unknown));
    let unknown: BTreeSet<MacAddress> = unknown.map(|(mac, _)| *mac).collect();
    let hears_new = !unknown.is_subset(&known.reads.unknown);
    known.reads.unknown = unknown;
    hears_new
}

fn take_look(
    known: &mut super::device_table::ServedDevice,
    shared: &Shared,
    look: &Look,
    interval: u64,
    now: u64,
) {
    let observation = look.seen.observation();
    let fingerprint = look.seen.fingerprint().clone();
    let is_changed = known
        .reads
        .fingerprint
        .as_ref()
        .is_some_and(|before| *before != fingerprint);
    if is_changed {
        known.activity = known.activity.with_event(now);
    }
    known.reads.fingerprint = Some(fingerprint);
    known.reads.looked = Some(now);
    known.reads.look_began = Some(observation.taken_at.saturating_mul(1000));
    known.reads.uptime_seconds = observation.identity.uptime_seconds;
    let alarms = observation.health.known_alarms().ok();
    known.reads.alarms = alarms.and_then(|alarms| u64::try_from(alarms.len()).ok());
    (known.reads.lines_up, known.reads.lines) = lines(observation);
    let target = &look.target;
    let matches = |facts: &ConditionFacts| {
        let matched = facts.matched.as_ref();
        matched.is_some_and(|matched| matched.commit == target.target.commit)
    };
    let matched_before = matches(&known.facts);
    let differences = looked(
        &mut known.facts,
        ComparedLook {
            observation,
            pins: &target.inventory.pins(&known.device.name),
            plan: look.plan.as_ref(),
            commit: &target.target.commit,
            interval,
            drift: &target.policy.drift,
            restores: &known.restores,
            now: now / 1000,
        },
    );
    (known.steps, known.drifted) = (differences.steps, differences.drifted);
    if !matched_before && matches(&known.facts) {
        let lag = (now / 1000).saturating_sub(target.target.at);
        let lag = u32::try_from(lag).unwrap_or(u32::MAX);
        shared.metrics.convergence_lag().observe(f64::from(lag));
    }
    if differences.steps > 0 {
        shared.triggers.rollout.notify_one();
    }
}

/// Counts the configured endpoints, and those of them that are up.
fn lines(observation: &Observation) -> (Option<u64>, Option<u64>) {
    let configured = observation.health.endpoints.values();
    let configured = configured.filter(|endpoint| endpoint.is_configured);
    let states: Vec<Option<EndpointState>> = configured.map(|endpoint| endpoint.state).collect();
    let up = states
        .iter()
        .filter(|state| **state == Some(EndpointState::Fine))
        .count();
    (u64::try_from(up).ok(), u64::try_from(states.len()).ok())
}

fn failed(known: &mut super::device_table::ServedDevice, why: NotObserved, now: u64) {
    known.reads.silent_since = known.reads.silent_since.or(Some(now));
    known.reads.error = Some(why.clone());
    let failed = Unreachable {
        since: now / 1000,
        tries: 1,
        next_try: now / 1000,
        reason: why,
    };
    not_looked(&mut known.facts, failed);
}

fn look_kind(kind: ReadKind) -> LookKind {
    match kind {
        ReadKind::Probe => LookKind::Probe,
        ReadKind::Poll => LookKind::Poll,
        ReadKind::Look => LookKind::Look,
    }
}
