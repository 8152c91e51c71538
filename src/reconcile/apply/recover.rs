//! What an earlier process left behind: looked at, never continued at a line; the plan that follows does what remains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Archive;
use super::keeper::{self, Asked};
use super::one::verified;
use super::scribe::Scribe;
use crate::apply::cause::FoundByRecovery;
use crate::apply::{DeviceOutcome, Ended, Entry, Moment, Purpose, Witness};
use crate::history::{NewLedger, RunId, Unfinished};
use crate::model::{DeviceConfig, DeviceName, Observation};
use crate::plan::{Step, after};
use crate::reconcile::{Looks, Opening, Sighting, Wanted, look_at};

/// What was found of a device that an earlier process was writing to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    pub device: DeviceName,
    pub run: RunId,
    pub found: Found,
}

/// How far the earlier process got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Everything is there; it is not known to be saved.
    Whole,
    /// So many of so many steps had their effect.
    Partial { steps: usize, of: usize },
    /// Nothing had an effect, or all of it was taken back.
    Untouched,
    /// The device is neither before, behind nor between: somebody else was there, or it restarted.
    Other,
    /// Another process is still at it.
    Held(String),
    /// It cannot be looked at now; the next start tries again.
    NotSeen(String),
}

impl Found {
    /// Returns what is said of it.
    pub fn sentence(&self) -> String {
        match self {
            Self::Whole => {
                "everything that was to be written is there; it still has to be saved".to_owned()
            }
            Self::Partial { steps, of } => {
                format!("{steps} of {of} steps had their effect; what remains is planned anew")
            }
            Self::Untouched => "it is as it was before".to_owned(),
            Self::Other => {
                "it is neither as before nor as it was to be; what differs is planned anew"
                    .to_owned()
            }
            Self::Held(by) => format!("still being written to: {by}"),
            Self::NotSeen(why) => format!("not known yet, the next start looks again: {why}"),
        }
    }
}

/// How recovery goes about it.
#[derive(Debug, Clone, Copy)]
pub struct Looking {
    pub looks: Looks,
    pub lease: Duration,
}

/// Looks at every device that an earlier process left behind, and writes down what was found.
pub async fn recover(
    left: Vec<Unfinished>,
    mut openings: BTreeMap<DeviceName, Result<Opening, String>>,
    mut wanted: BTreeMap<DeviceName, Wanted<'static>>,
    archive: &Archive,
    looking: Looking,
) -> Vec<Recovered> {
    let places = Arc::new(Semaphore::new(looking.looks.at_once.max(1)));
    let mut tasks = JoinSet::new();
    for left in left {
        let opening = openings.remove(&left.device);
        let wanted = wanted.remove(&left.device);
        let (places, archive) = (Arc::clone(&places), archive.clone());
        tasks.spawn(async move {
            let _place = places.acquire().await.ok();
            let opening = opening.unwrap_or_else(|| {
                Err(
                    "it is not in the inventory any more; there is no address to look at"
                        .to_owned(),
                )
            });
            let found = match opening {
                Ok(opening) => one(&left, &opening, wanted, &archive, looking).await,
                Err(why) => Found::NotSeen(why),
            };
            Recovered {
                device: left.device,
                run: left.run,
                found,
            }
        });
    }
    let mut recovered = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        recovered.extend(ended);
    }
    recovered.sort_by(|one, other| (&one.device, one.run).cmp(&(&other.device, other.run)));
    recovered
}

async fn one(
    left: &Unfinished,
    opening: &Opening,
    wanted: Option<Wanted<'static>>,
    archive: &Archive,
    looking: Looking,
) -> Found {
    let kept = match keeper::keep(archive, &left.device, looking.lease).await {
        Ok(Asked::Given(kept)) => kept,
        Ok(Asked::Held { until }) => return Found::Held(keeper::held(until)),
        Err(error) => return Found::NotSeen(error.to_string()),
    };
    let found = match look_at(&left.device, opening, looking.looks).await {
        Err(why) => Found::NotSeen(why),
        Ok(sighting) => {
            let before = match &left.before {
                Some(fingerprint) => archive.store.look_of(&left.device, fingerprint).await,
                None => Ok(None),
            };
            let before = before.ok().flatten();
            let found = found(left, before.as_ref(), sighting.observation());
            let scribe = Scribe::new(archive, left.run, &kept.lease, &kept.fence, left.next_entry);
            match write_down(&scribe, left, &found, &sighting, wanted).await {
                Ok(()) => found,
                Err(error) => Found::NotSeen(error.to_string()),
            }
        }
    };
    kept.release(archive).await;
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
    Some(after(&before.config, steps.get(..count)?))
}

async fn write_down(
    scribe: &Scribe<'_>,
    left: &Unfinished,
    found: &Found,
    sighting: &Sighting,
    wanted: Option<Wanted<'static>>,
) -> Result<(), crate::apply::NotCommitted> {
    let seen = sighting.observation();
    scribe
        .commit(Entry::Looked {
            moment: Moment::Recovery,
            fingerprint: sighting.fingerprint().clone(),
            observation: Box::new(seen.clone()),
        })
        .await?;
    let ended = Ended::found_by_recovery(match *found {
        Found::Whole => FoundByRecovery::Everything,
        Found::Untouched => FoundByRecovery::Nothing,
        Found::Partial { steps, of } => FoundByRecovery::Steps { steps, of },
        Found::Other | Found::Held(_) | Found::NotSeen(_) => FoundByRecovery::SomethingElse,
    });
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
        millis: 0,
    };
    scribe.finish(outcome, ledger).await
}
