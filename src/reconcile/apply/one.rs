//! One device of a run: its lease, its errand, and what is ours there afterwards.

use std::time::Duration;

use tokio::sync::watch;

use super::keeper::{self, Asked};
use super::scribe::Scribe;
use super::{Archive, Errand};
use crate::apply::cause::{Refusal, Remark};
use crate::apply::{DeviceOutcome, Ended, Ending, Job, Pace, Progress, apply_device};
use crate::history::{NewLedger, RunId};
use crate::model::{DeviceConfig, DeviceState, Observation};
use crate::observe::{CommandLine, Target};
use crate::plan::{DevicePlan, Ledger};
use crate::reconcile::Wanted;
use crate::report::{NotBegun, Why};
use crate::transport::snmp::Tuning;
use crate::transport::ssh::Fence;

/// What all devices of a run have in common.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) archive: Archive,
    pub(super) run: RunId,
    pub(super) lease: Duration,
    pub(super) tuning: Tuning,
    pub(super) clock: fn() -> u64,
    pub(super) pace: Pace,
    pub(super) stop: watch::Receiver<bool>,
    /// The commit that is applied.
    pub(super) commit: Option<String>,
}

/// Takes a device, does its errand and gives it back.
pub(super) async fn one(
    errand: &Errand,
    common: &Common,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<DeviceOutcome, NotBegun> {
    let device = &errand.wanted.intended.name;
    let left = |why, because: String| NotBegun {
        device: device.clone(),
        why,
        because,
    };
    if !common.archive.is_back().await {
        return Err(left(
            Why::StoreAway,
            "the store is away, and nothing is begun without it".to_owned(),
        ));
    }
    let asked = keeper::keep(&common.archive, device, common.lease).await;
    let kept = match asked {
        Ok(Asked::Given(kept)) => kept,
        Ok(Asked::Held { until }) => return Err(left(Why::Held, keeper::held(until))),
        Err(error) => {
            if error.is_away() {
                common.archive.went_away();
            }
            return Err(left(Why::StoreAway, error.to_string()));
        }
    };
    let scribe = Scribe::new(&common.archive, common.run, &kept.lease, &kept.fence, 1);
    let ending = do_errand(errand, common, progress, &kept.fence, &scribe).await;
    let ledger = ledger_after(errand, common, &ending);
    let mut outcome = ending.outcome;
    if let Err(error) = scribe.finish(outcome.clone(), ledger).await {
        outcome.remarks.push(Remark::NotRecorded {
            error: error.to_string(),
        });
    }
    kept.release(&common.archive).await;
    Ok(outcome)
}

async fn do_errand(
    errand: &Errand,
    common: &Common,
    progress: &(dyn Fn(Progress) + Sync),
    fence: &Fence,
    scribe: &Scribe<'_>,
) -> Ending {
    let device = &errand.wanted.intended.name;
    let (login, patience) = match &errand.opening.command_line {
        CommandLine::Login(login, patience) => (login, *patience),
        CommandLine::None(why) => {
            return Ending {
                outcome: DeviceOutcome {
                    device: device.clone(),
                    ended: Ended::Refused {
                        refusal: Refusal::NoLogin { why: why.clone() },
                    },
                    steps: Vec::new(),
                    remarks: Vec::new(),
                    millis: 0,
                },
                seen: None,
            };
        }
    };
    let request = errand.wanted.request();
    let replan = |seen: &Observation| replan(&errand.wanted, seen);
    let job = Job {
        target: Target {
            device,
            address: errand.opening.snmp,
            access: &errand.opening.access,
            tuning: common.tuning,
            command_line: errand.opening.command_line.clone(),
            clock: common.clock,
        },
        login,
        patience,
        fence,
        plan: &errand.plan,
        request: &request,
        replan: &replan,
        then: errand.then.as_ref(),
        work: errand.work,
        stop: common.stop.clone(),
        pace: common.pace,
        progress,
    };
    apply_device(&job, scribe).await
}

fn replan(wanted: &Wanted<'_>, seen: &Observation) -> Result<DevicePlan, String> {
    let (plan, complaints) = wanted.plan(seen);
    match complaints.first() {
        None => Ok(plan),
        Some(complaint) => Err(complaint.complaint.to_string()),
    }
}

/// Returns what is ours from here on; nothing where that did not change, or is not known.
fn ledger_after(errand: &Errand, common: &Common, ending: &Ending) -> Option<NewLedger> {
    match &ending.outcome.ended {
        Ended::Applied | Ended::Unchanged | Ended::Unsaved { .. } => {}
        Ended::RolledBack { .. }
        | Ended::Stuck { .. }
        | Ended::Refused { .. }
        | Ended::Moved { .. }
        | Ended::Unreachable { .. }
        | Ended::Interrupted { .. } => return None,
    }
    let seen = ending.seen.as_ref()?;
    Some(NewLedger {
        ledger: verified(&errand.wanted, seen),
        commit: common.commit.clone(),
    })
}

/// Returns what is ours on a device that was seen to be as it shall.
pub fn verified(wanted: &Wanted<'_>, seen: &Observation) -> Ledger {
    let before = wanted.ledger.clone().unwrap_or_default();
    let intended = match wanted.intended.state {
        DeviceState::Retired => &DeviceConfig::default(),
        DeviceState::Managed
        | DeviceState::Observe
        | DeviceState::Locked
        | DeviceState::Preprovision => &wanted.intended.config,
    };
    let mut ledger = before.verified_by(intended, seen);
    ledger.protected = wanted.protected.clone();
    ledger
}
