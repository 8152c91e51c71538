//! Recovers runs of a dead process: looks at each device, records how far it got, resends nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::StoreWithJournal;
use super::device::verified;
use super::lease::{HeldLease, LeaseReply, LeaseWait, lease};
use super::store_log::StoreLog;
use crate::apply::cause::FoundByRecovery;
use crate::apply::{
    ApplyLog, DeviceOutcome, Ended, Entry, LookReason, Purpose, Recovered, RecoveryResult,
};
use crate::history::{NewLedger, Unfinished};
use crate::model::{DeviceConfig, DeviceName, NotObserved, Observation, SubscriberIds};
use crate::plan::{Step, after};
use crate::reconcile::{
    Accesses, DeviceAccess, DevicePlanInputs, FingerprintedObservation, Looks, Panicked, ask_many,
    look_at,
};

/// Options of the looks during recovery.
#[derive(Debug, Clone)]
pub(in crate::reconcile) struct RecoveryOptions {
    pub(in crate::reconcile) looks: Looks,
    pub(in crate::reconcile) lease: Duration,
    pub(in crate::reconcile) wait: LeaseWait,
}

/// Looks at every device that a dead process was writing to, and records its state.
pub(in crate::reconcile) async fn recover(
    left: Vec<Unfinished>,
    mut accesses: Accesses,
    mut wanted: BTreeMap<DeviceName, DevicePlanInputs<'static>>,
    store: &StoreWithJournal,
    options: RecoveryOptions,
) -> Vec<Recovered> {
    let questions: Vec<_> = left
        .into_iter()
        .map(|left| {
            let access = accesses.remove(&left.device);
            let wanted = wanted.remove(&left.device);
            ((left.device.clone(), left.run.0), (left, access, wanted))
        })
        .collect();
    let recover = |_, (left, access, wanted): (Unfinished, Option<_>, Option<_>)| {
        let (store, options) = (store.clone(), options.clone());
        async move {
            match access.unwrap_or(Err(NotObserved::NotInInventory)) {
                Ok(access) => one(&left, &access, wanted, &store, &options).await,
                Err(why) => Some(not_seen(&why)),
            }
        }
    };
    let found = ask_many(questions, options.looks.at_once, recover, |_, _| {}).await;
    let recovered = found.into_iter().filter_map(|((device, run), found)| {
        // After a failure inside gamctl the device may not be free.
        let failed = |Panicked(error)| Some(RecoveryResult::NotSeen { error });
        let found = found.unwrap_or_else(failed)?;
        Some(Recovered { device, run, found })
    });
    recovered.collect()
}

async fn one(
    left: &Unfinished,
    access: &DeviceAccess,
    wanted: Option<DevicePlanInputs<'static>>,
    store: &StoreWithJournal,
    options: &RecoveryOptions,
) -> Option<RecoveryResult> {
    // Recovery sends nothing, but it needs the lease: the look must not fall into the work of another process.
    let asked = lease(store, &left.device, options.lease, &options.wait, || {});
    let held = match asked.await {
        Ok(LeaseReply::Granted(held)) => held,
        Ok(LeaseReply::Held { until, by }) => return Some(RecoveryResult::Held { until, by }),
        Err(error) => return Some(not_seen(&error)),
    };
    // Another process may have recovered it, in whole or in part, between the list that `left` is from and this lease: what
    // it recorded decides, and a second entry of the same number is refused by the store.
    let found = match store.store.unfinished_of(left.run, &left.device).await {
        Ok(Some(left)) => Some(recover_held(&left, access, wanted, store, options, &held).await),
        Ok(None) => None,
        Err(error) => Some(not_seen(&error)),
    };
    held.release(store).await;
    found
}

async fn recover_held(
    left: &Unfinished,
    access: &DeviceAccess,
    wanted: Option<DevicePlanInputs<'static>>,
    store: &StoreWithJournal,
    options: &RecoveryOptions,
    held: &HeldLease,
) -> RecoveryResult {
    match look_at(&left.device, access, options.looks).await {
        Err(why) => not_seen(&why),
        Ok(sighting) => {
            let before = match &left.before {
                Some(fingerprint) => store.store.look_of(&left.device, fingerprint).await,
                None => Ok(None),
            };
            let before = before.ok().flatten();
            let found = found(left, before.as_ref(), sighting.observation());
            let log = StoreLog::new(store, left.run, &held.lease, &held.fence, left.next_entry);
            match record(&log, left, &found, &sighting, wanted).await {
                Ok(()) => found,
                Err(error) => not_seen(&error),
            }
        }
    }
}

/// Returns the progress of the dead process, from the configurations before and now.
fn found(left: &Unfinished, before: Option<&Observation>, now: &Observation) -> RecoveryResult {
    let Some(before) = before else {
        return RecoveryResult::Other;
    };
    let apply = left
        .intents
        .iter()
        .find(|(purpose, _)| *purpose == Purpose::Apply);
    let Some((_, plan)) = apply else {
        // No intent was recorded, so nothing was sent.
        return RecoveryResult::Untouched;
    };
    let steps = plan.steps.len();
    // Take the latest configuration that matches: two may be equal, if steps undo each other.
    let reached = (0..=steps)
        .rev()
        .find(|count| picture(before, &plan.steps, *count).as_ref() == Some(&now.config));
    match reached {
        Some(0) => RecoveryResult::Untouched,
        Some(count) if count == steps => RecoveryResult::Whole,
        Some(count) => RecoveryResult::Partial {
            steps: count,
            of: steps,
        },
        None => RecoveryResult::Other,
    }
}

fn picture(before: &Observation, steps: &[Step], count: usize) -> Option<DeviceConfig> {
    let done = steps.get(..count)?.iter();
    Some(after(&before.config, done.map(|step| &step.change)))
}

async fn record(
    log: &StoreLog<'_>,
    left: &Unfinished,
    found: &RecoveryResult,
    sighting: &FingerprintedObservation,
    wanted: Option<DevicePlanInputs<'static>>,
) -> Result<(), crate::apply::NotCommitted> {
    let seen = sighting.observation();
    log.commit(Entry::Looked {
        moment: LookReason::Recovery,
        fingerprint: sighting.fingerprint().clone(),
        observation: Box::new(seen.clone()),
    })
    .await?;
    let known = found.known().unwrap_or(FoundByRecovery::SomethingElse);
    let ended = Ended::found_by_recovery(known);
    let ledger = match (found, wanted) {
        // Created objects become owned; otherwise no later run could remove them.
        (
            RecoveryResult::Whole | RecoveryResult::Partial { .. } | RecoveryResult::Other,
            Some(wanted),
        ) => Some(NewLedger {
            // A temporary name from a broken cycle is not owned by that name; objects owned before stay owned.
            ledger: verified(&wanted, seen).joined(&wanted.ledger.clone().unwrap_or_default()),
            commit: left.inventory.commit.clone(),
        }),
        _ => None,
    };
    let outcome = DeviceOutcome {
        device: left.device.clone(),
        ended,
        steps: left.steps.clone(),
        remarks: Vec::new(),
        not_compared: Vec::new(),
        subscriber_ids: subscriber_ids(left),
        millis: 0,
    };
    log.finish(outcome, ledger).await
}

/// Returns the ids of the subscribers that the stored plans name.
fn subscriber_ids(left: &Unfinished) -> SubscriberIds {
    let mut ids = SubscriberIds::default();
    for (_, plan) in &left.intents {
        ids.extend(&plan.subscriber_ids());
    }
    ids
}

fn not_seen(error: &dyn std::error::Error) -> RecoveryResult {
    RecoveryResult::NotSeen {
        error: crate::model::chain(error),
    }
}
