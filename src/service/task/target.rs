//! Follows the target in the store: reads its inventory, and shares its devices among the live instances.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::TaskError;
use crate::history::{DeviceStatusRow, Target};
use crate::model::{DeviceName, SiteName};
use crate::reconcile::TargetReading;
use crate::reconcile::rollout::condition::InvalidInventory;
use crate::service::branch;
use crate::service::device_table::ServedDevice;
use crate::service::fetch::CommitId;
use crate::service::instance_state::{ServedTarget, Shared};
use crate::service::lane_hour;
use crate::service::older_store::{self, TargetAge};
use crate::service::schedule::{DueTimes, Outcome, Pace, Priority, ReadKind, spread_overdue};
use crate::service::task::fetch::{MOST_FINDINGS, finding_line};

pub(in crate::service) async fn follow(shared: Arc<Shared>) -> Result<(), TaskError> {
    serve(&shared).await?;
    lane_hour::read(&shared).await
}

/// Reads the target if it is another one, and shares its devices.
async fn serve(shared: &Arc<Shared>) -> Result<(), TaskError> {
    let store = &shared.store.store;
    let Some(target) = store.target().await? else {
        return Ok(());
    };
    let applied = store.applied_commit().await?.map(|applied| applied.commit);
    let known = shared.served_target();
    let is_new = known.as_ref().is_none_or(|known| known.target != target);
    let is_other_policy = known.as_ref().is_some_and(|known| known.applied != applied);
    if !is_new && !is_other_policy {
        return share(shared, None, BTreeSet::new(), false).await;
    }
    if known.is_some() {
        // Even if the new target cannot be read here: others may look at the devices of this instance by now.
        share(shared, None, BTreeSet::new(), false).await?;
    }
    let is_missing = !has_commit(shared, &target.commit);
    if is_missing {
        // Another instance moved the target: this one fetches the same branch.
        branch::fetch(shared).await?;
    }
    if is_new && !is_current(shared, &target, is_missing).await? {
        return Ok(());
    }
    let who = &shared.instance.who;
    match shared.reconciler.read_target(&target.commit, who).await? {
        TargetReading::Valid(inventory) => {
            let changed = match &known {
                Some(known) if is_new => known.inventory.changed_devices(&inventory),
                _ => BTreeSet::new(),
            };
            let before = known.map(|known| known.target.commit.clone());
            let served = ServedTarget::new(target, *inventory, applied);
            tracing::info!(commit = served.target.commit, "target read");
            if let Some(commit) = CommitId::parse(&served.target.commit) {
                branch::keep(shared, commit).await;
            }
            shared.target.send_replace(Some(Arc::new(served)));
            share(shared, before, changed, is_new).await
        }
        // It was judged valid before it became the target; a later gamctl may have other rules.
        TargetReading::Invalid(reading) => {
            let findings: Vec<String> = reading
                .findings
                .iter()
                .take(MOST_FINDINGS)
                .map(finding_line)
                .collect();
            let invalid = InvalidInventory {
                commit: target.commit.clone(),
                since: shared.seconds(),
                findings,
            };
            for known in shared.devices().own_mut() {
                known.facts.invalid = Some(invalid.clone());
            }
            Ok(())
        }
    }
}

/// Returns whether a target may be served now.
async fn is_current(
    shared: &Arc<Shared>,
    target: &Target,
    is_fetched: bool,
) -> Result<bool, TaskError> {
    match older_store::age(shared, target, is_fetched).await? {
        TargetAge::Current => Ok(true),
        TargetAge::NotJudged { newer } => {
            tracing::info!(commit = %newer, "the target waits until this later commit is judged");
            Ok(false)
        }
        TargetAge::Older { than } => {
            shared.triggers.fetch.notify_one();
            Err(TaskError::OlderStore {
                target: target.commit.clone(),
                than: than.to_string(),
            })
        }
    }
}

fn has_commit(shared: &Shared, commit: &str) -> bool {
    CommitId::parse(commit).is_some_and(|commit| shared.mirror.has(&commit))
}

/// Shares the devices of the target among the live instances, and schedules the reads of this one's.
///
/// `changed` are the devices that it intends differently than the one served `before`: they are looked at first.
async fn share(
    shared: &Shared,
    before: Option<String>,
    mut changed: BTreeSet<DeviceName>,
    is_new: bool,
) -> Result<(), TaskError> {
    let Some(target) = shared.served_target() else {
        return Ok(());
    };
    if !is_new && !shared.devices().is_shared_anew() {
        return Ok(());
    }
    let stored: BTreeMap<DeviceName, DeviceStatusRow> =
        shared.store.store.device_statuses().await?;
    let now = shared.now();
    let devices = target.devices.clone();
    let change = shared.devices().set_devices(devices, &stored, is_new, now);
    let commit = &target.target.commit;
    let mut due = Vec::new();
    {
        let mut table = shared.devices();
        for known in table.own_mut() {
            known.facts.invalid = None;
            let Some(look) = &mut known.facts.look else {
                continue;
            };
            if look.commit.as_ref() == Some(commit) {
                continue;
            }
            // What was compared with the target before need not be compared again, unless this one intends it differently.
            if look.commit == before && before.is_some() && !changed.contains(&known.device.name) {
                look.commit = Some(commit.clone());
                if let Some(matched) = &mut known.facts.matched {
                    matched.commit.clone_from(commit);
                }
                if let Some(pending) = &mut known.facts.pending {
                    pending.commit.clone_from(commit);
                }
            } else {
                known.facts.matched = None;
                changed.insert(known.device.name.clone());
            }
        }
        for device in &change.taken {
            due.extend(
                table
                    .get(device)
                    .map(|known| first_reads(shared, known, now)),
            );
        }
    }
    let mut times: Vec<_> = due
        .iter()
        .map(|(device, _, times)| (device.clone(), *times))
        .collect();
    spread_overdue(&mut times, &shared.settings.intervals, now);
    {
        let mut queue = shared.queue();
        for ((device, (site, last), _), (_, times)) in due.into_iter().zip(times) {
            queue.insert(device, site, last, times);
        }
        for device in change.left.iter().chain(&change.gone) {
            queue.remove(device);
        }
        for device in &changed {
            queue.push(device, ReadKind::Look, Priority::Commit, now);
        }
    }
    shared.triggers.queue.notify_one();
    shared.triggers.status.notify_one();
    let gone: Vec<DeviceName> = stored
        .keys()
        .filter(|name| !shared.devices().has(name))
        .cloned()
        .collect();
    if !gone.is_empty() {
        shared.store.store.forget_devices(&gone).await?;
    }
    Ok(())
}

/// A device to read, with its site and the outcome of its last read, and when each kind of read is due.
type FirstReads = (DeviceName, (Option<SiteName>, Outcome), DueTimes);

/// Returns when the reads of a device that this instance took over are due: the schedule continues.
fn first_reads(shared: &Shared, known: &ServedDevice, now: u64) -> FirstReads {
    let pace = Pace {
        intervals: &shared.settings.intervals,
        activity: known.activity,
        stretch: shared.requests.stretch(known.device.site.as_ref()),
    };
    let device = &known.device;
    let last = match known.reads.silent_since {
        Some(_) => Outcome::Failed,
        None => Outcome::Completed,
    };
    let times = pace.due(&device.name, &known.reads.last, now);
    (device.name.clone(), (device.site.clone(), last), times)
}
