//! Recovers runs of a dead process: looks at each device, records how far it got, resends nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::StoreWithJournal;
use super::device::verified;
use super::lease::{LeaseReply, lease};
use super::store_log::StoreLog;
use crate::apply::cause::FoundByRecovery;
use crate::apply::{DeviceOutcome, Ended, Entry, Found, Moment, Purpose, Recovered, Witness};
use crate::history::{NewLedger, Unfinished};
use crate::model::{DeviceConfig, DeviceName, NotObserved, Observation};
use crate::plan::{Step, after};
use crate::reconcile::{Accesses, Looks, Opening, Panicked, Sighting, Wanted, ask_many, look_at};

/// How recovery looks at devices.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconcile) struct RecoveryOptions {
    pub(in crate::reconcile) looks: Looks,
    pub(in crate::reconcile) lease: Duration,
}

/// Looks at every device that a dead process was writing to, and records what was found.
pub(in crate::reconcile) async fn recover(
    left: Vec<Unfinished>,
    mut accesses: Accesses,
    mut wanted: BTreeMap<DeviceName, Wanted<'static>>,
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
        let store = store.clone();
        async move {
            match access.unwrap_or(Err(NotObserved::NotInInventory)) {
                Ok(access) => one(&left, &access, wanted, &store, options).await,
                Err(why) => not_seen(&why),
            }
        }
    };
    let found = ask_many(questions, options.looks.at_once, recover, |_, _| {}).await;
    let recovered = found.into_iter().map(|((device, run), found)| Recovered {
        device,
        run,
        // A device whose recovery failed inside gamctl is not known to be free.
        found: found.unwrap_or_else(|Panicked(error)| Found::NotSeen { error }),
    });
    recovered.collect()
}

async fn one(
    left: &Unfinished,
    access: &Opening,
    wanted: Option<Wanted<'static>>,
    store: &StoreWithJournal,
    options: RecoveryOptions,
) -> Found {
    let held = match lease(store, &left.device, options.lease).await {
        Ok(LeaseReply::Granted(held)) => held,
        Ok(LeaseReply::Held { until }) => return Found::Held { until },
        Err(error) => return not_seen(&error),
    };
    let found = match look_at(&left.device, access, options.looks).await {
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
    };
    held.release(store).await;
    found
}

/// Returns how far it got, from what was there before and what is there now.
fn found(left: &Unfinished, before: Option<&Observation>, now: &Observation) -> Found {
    let Some(before) = before else {
        return Found::Other;
    };
    let apply = left
        .intents
        .iter()
        .find(|(purpose, _)| *purpose == Purpose::Apply);
    let Some((_, plan)) = apply else {
        // Nothing was to be written yet.
        return Found::Untouched;
    };
    let steps = plan.steps.len();
    // The latest picture that fits: two may be alike, where steps undo each other.
    let reached = (0..=steps)
        .rev()
        .find(|count| picture(before, &plan.steps, *count).as_ref() == Some(&now.config));
    match reached {
        Some(0) => Found::Untouched,
        Some(count) if count == steps => Found::Whole,
        Some(count) => Found::Partial {
            steps: count,
            of: steps,
        },
        None => Found::Other,
    }
}

fn picture(before: &Observation, steps: &[Step], count: usize) -> Option<DeviceConfig> {
    let done = steps.get(..count)?.iter();
    Some(after(&before.config, done.map(|step| &step.change)))
}

async fn record(
    log: &StoreLog<'_>,
    left: &Unfinished,
    found: &Found,
    sighting: &Sighting,
    wanted: Option<Wanted<'static>>,
) -> Result<(), crate::apply::NotCommitted> {
    let seen = sighting.observation();
    log.commit(Entry::Looked {
        moment: Moment::Recovery,
        fingerprint: sighting.fingerprint().clone(),
        observation: Box::new(seen.clone()),
    })
    .await?;
    let known = found.known().unwrap_or(FoundByRecovery::SomethingElse);
    let ended = Ended::found_by_recovery(known);
    let ledger = match (found, wanted) {
        // What was created by then is ours, or nobody could take it away again.
        (Found::Whole | Found::Partial { .. } | Found::Other, Some(wanted)) => Some(NewLedger {
            // What stands under a name for the way is nobody's by its name; nothing that was ours is let go.
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
        millis: 0,
    };
    log.finish(outcome, ledger).await
}

fn not_seen(error: &dyn std::error::Error) -> Found {
    Found::NotSeen {
        error: crate::model::chain(error),
    }
}
