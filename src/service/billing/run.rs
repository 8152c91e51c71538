//! Syncs one billing system once: reads it, and carries rounds out until one is on the branch.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::due::Work;
use super::outgoing::{Outgoing, OutgoingError};
use super::systems::{OneSystem, OpenSystem, SystemCounts};
use super::written::write_back;
use crate::billing::{BillingError, Priority};
use crate::history::{Hint, StoreError};
use crate::inventory::billing_systems;
use crate::model::billing::{AccountId, Snapshot};
use crate::reconcile::sync::{
    BillingClient, BillingClientError, Round, RoundEnd, RoundError, RunNote, SyncLease,
};
use crate::secrets::Secrets;
use crate::service::branch::{self, BranchError};
use crate::service::fetch::CommitId;
use crate::service::instance_state::Shared;
use crate::service::metrics::BillingResult;
use crate::service::task::heartbeat::FETCH;
use crate::sync::Looks;

/// Proposals of one run: another commit may come between reading the inventory and the commit.
const TRIES: u32 = 5;

/// A run that another process is in the way of, or that waits for the judgement of the branch, begins again after this, in
/// milliseconds.
const SOON: u64 = 2_000;

/// Accounts that are read one by one. More than this cost as much as everything.
const MOST_ACCOUNTS: usize = 2_000;

/// The reason that a run failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::service) enum SyncRunError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot use the billing system")]
    Client(#[from] BillingClientError),
    #[error(transparent)]
    Billing(#[from] BillingError),
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Base(OutgoingError),
    #[error(
        "the inventory at the tip of the branch has errors, so the effect of a change is unknown; `gamctl validate --rev {0}` lists them"
    )]
    Invalid(String),
    #[error(
        "`[git] signers` asks for signed commits, and the sync makes none; sync with `gamctl sync --commit --branch` and a pull request, or take `signers` out"
    )]
    SignaturesWanted,
    #[error(transparent)]
    Round(#[from] RoundError<OutgoingError>),
    #[error("gamctl failed inside of it: {0}")]
    Panicked(String),
}

/// The end of a run that did not fail.
enum Ended {
    Synced(Box<RoundEnd>),
    /// Billing has nothing new.
    NothingNew,
    /// Another process syncs the system, or the tip of the branch is not the target.
    Postponed(&'static str),
}

/// Syncs one system for a reason, and notes when it is read next.
pub(in crate::service) async fn sync(shared: Arc<Shared>, system: Arc<OneSystem>, work: Work) {
    let name = system.name().clone();
    // A run in progress is the only one: the task starts no other one meanwhile.
    let mut open = system.open.lock().await;
    let began = shared.now();
    let is_unannounced = system.due().is_unannounced();
    let ended = run(&shared, &system, &mut open, &work).await;
    let now = shared.now();
    let metrics = &shared.metrics;
    match ended {
        Ok(Ended::Postponed(why)) => {
            tracing::debug!(system = %name, why, "sync postponed");
            system.due().postponed(work, now.saturating_add(SOON));
        }
        Ok(Ended::NothingNew) => {
            metrics.billing_runs(BillingResult::Nothing).inc();
            system.due().succeeded(&work, began);
        }
        Ok(Ended::Synced(end)) => {
            let result = result(&end);
            metrics.billing_runs(result).inc();
            if is_unannounced && system.settings.hook.is_some() && end.commit.is_some() {
                let changes = u64::try_from(end.report.changes.len());
                metrics
                    .billing_missed_by_hooks()
                    .add(changes.unwrap_or(u64::MAX));
            }
            if !end.report.reading.is_of_accounts {
                system.set_counts(counts(&end));
            }
            tracing::info!(
                system = %name,
                commit = end.commit.as_deref().unwrap_or("none"),
                changes = end.report.changes.len(),
                held = end.report.held_back.len(),
                "synced"
            );
            system.due().succeeded(&work, began);
        }
        Err(error) => {
            if matches!(&error, SyncRunError::Billing(why) if why.is_refused_login()) {
                // The secret may have been replaced.
                open.client = None;
            }
            metrics.billing_runs(BillingResult::Failed).inc();
            let error = crate::model::chain(&error);
            tracing::warn!(system = %name, error, "sync failed");
            system.due().failed(work, now);
        }
    }
}

fn result(end: &RoundEnd) -> BillingResult {
    let report = &end.report;
    let is_whole = report.reading.is_complete || report.reading.is_of_accounts;
    match (&end.commit, report.held_back.is_empty(), is_whole) {
        (Some(_), ..) => BillingResult::Committed,
        (None, false, _) => BillingResult::HeldBack,
        (None, true, false) => BillingResult::Incomplete,
        (None, true, true) => BillingResult::Nothing,
    }
}

fn counts(end: &RoundEnd) -> SystemCounts {
    let report = &end.report;
    let classes = report.classes.iter();
    let held = report.held_back.iter().map(|held| held.changes.len());
    SystemCounts {
        classes: classes.map(|one| (one.class, one.services)).collect(),
        held: held.sum(),
    }
}

async fn run(
    shared: &Arc<Shared>,
    system: &Arc<OneSystem>,
    open: &mut OpenSystem,
    work: &Work,
) -> Result<Ended, SyncRunError> {
    if shared.remote.signers.is_some() {
        return Err(SyncRunError::SignaturesWanted);
    }
    let store = &shared.store.store;
    let Some(lease) = SyncLease::take(store, system.name(), SyncLease::EXTENDED).await? else {
        return Ok(Ended::Postponed("another process syncs it"));
    };
    let lease = Arc::new(lease);
    let began = shared.seconds();
    let mut stop = shared.stop.clone();
    let ended = tokio::select! {
        ended = leased(shared, system, open, work, &lease) => ended,
        lost = keep(shared, system, &lease) => Err(lost),
        // What is half done is found by the next run, as after a crash.
        _ = stop.wait_for(|is_stopping| *is_stopping) => Ok(Ended::Postponed("the service stops")),
    };
    let noted = match &ended {
        Err(error) => Some(Some(kind(error))),
        Ok(Ended::NothingNew) => Some(None),
        Ok(Ended::Synced(_) | Ended::Postponed(_)) => None,
    };
    if let Some(failure) = noted {
        let note = RunNote {
            failure,
            began,
            who: &shared.instance.who,
        };
        if let Err(error) = lease.note(store, system.name(), note).await {
            let error = crate::model::chain(&error);
            tracing::warn!(system = %system.name(), error, "the end of the sync is not stored");
        }
    }
    // It ends by itself as well.
    let _released = lease.release(store).await;
    ended
}

/// Extends the lease until it is lost: a reading of everything may take longer than it lasts.
async fn keep(shared: &Shared, system: &OneSystem, lease: &SyncLease) -> SyncRunError {
    loop {
        tokio::time::sleep(SyncLease::EXTENDED / 3).await;
        match lease.renew(&shared.store.store, system.name()).await {
            Ok(true) => {}
            Ok(false) => return RoundError::Superseded.into(),
            // The store is away for a moment, or the lease ends by itself: what the run stores is refused then.
            Err(error) => {
                let error = crate::model::chain(&error);
                tracing::warn!(system = %system.name(), error, "the lease of the sync was not extended");
            }
        }
    }
}

async fn leased(
    shared: &Arc<Shared>,
    system: &Arc<OneSystem>,
    open: &mut OpenSystem,
    work: &Work,
    lease: &Arc<SyncLease>,
) -> Result<Ended, SyncRunError> {
    let began = shared.seconds();
    let client = match open.client.take() {
        Some(client) => client,
        None => open_client(shared, system)?,
    };
    let client = open.client.insert(client);
    let snapshot = read(client, &mut open.cursor, &mut open.unread, work, began).await?;
    let Some(snapshot) = snapshot else {
        return Ok(Ended::NothingNew);
    };
    let snapshot = Arc::new(snapshot);
    for attempt in 1..=TRIES {
        let tip = branch::fetch(shared).await?.commit;
        let target = shared.store.store.target().await?;
        if target.is_none_or(|target| target.commit != tip.as_str()) {
            // A commit that was not judged may be one that the service refuses.
            shared.triggers.fetch.notify_one();
            return Ok(Ended::Postponed("the newest commit is not the target"));
        }
        let looks = shared.billing.looks.lock().await.looks();
        let inputs = RoundInputs {
            shared: shared.clone(),
            system: system.clone(),
            snapshot: snapshot.clone(),
            looks,
            lease: lease.clone(),
            began,
            tip,
        };
        let runtime = Handle::current();
        let done = tokio::task::spawn_blocking(move || inputs.carry_out(&runtime)).await;
        let done = done.map_err(|why| SyncRunError::Panicked(why.to_string()))?;
        match done {
            Err(SyncRunError::Round(error)) if error.has_moved() && attempt < TRIES => {}
            Err(SyncRunError::Base(OutgoingError::Moved)) if attempt < TRIES => {}
            Err(error) => return Err(error),
            Ok(end) => {
                open.unread.clear();
                if let Some(commit) = &end.commit {
                    shared.billing.made(commit);
                    // Devices do not wait for what is written back.
                    announce(shared).await;
                }
                write_back(shared, system, client, &snapshot, lease).await;
                return Ok(Ended::Synced(Box::new(end)));
            }
        }
    }
    Ok(Ended::Postponed("the branch moves all the time"))
}

fn open_client(shared: &Shared, system: &OneSystem) -> Result<BillingClient, BillingClientError> {
    let secrets = Secrets::of(shared.secrets.clone());
    let store = &shared.store.store;
    BillingClient::open(&system.settings, &secrets, store, shared.settings.seconds)
}

/// Reads what a run is about; `None` if nothing changed.
async fn read(
    client: &BillingClient,
    cursor: &mut Option<crate::reconcile::sync::SyncCursor>,
    unread: &mut BTreeSet<AccountId>,
    work: &Work,
    now: u64,
) -> Result<Option<Snapshot>, SyncRunError> {
    if let (Some(cursor), false) = (cursor.as_mut(), *work == Work::Everything) {
        let mut needs_everything = false;
        match work {
            Work::Hints(hints) => unread.extend(client.accounts_of_hints(hints, cursor).await?),
            Work::Changes | Work::Everything => {
                let changed = client.changed_accounts(cursor).await?;
                needs_everything = changed.needs_everything;
                unread.extend(changed.accounts);
            }
        }
        if !needs_everything && unread.len() <= MOST_ACCOUNTS {
            if unread.is_empty() {
                return Ok(None);
            }
            let priority = match work {
                Work::Hints(_) => Priority::Hint,
                Work::Changes | Work::Everything => Priority::Delta,
            };
            let snapshot = client.read_accounts(unread, cursor, priority, now).await?;
            return Ok(Some(snapshot));
        }
    }
    let reading = client.read_everything(now).await?;
    *cursor = Some(reading.cursor);
    Ok(Some(reading.snapshot))
}

/// Has the commit fetched at once, by the instance that fetches.
async fn announce(shared: &Shared) {
    shared.triggers.fetch.notify_one();
    if shared.leader(FETCH).is_none() {
        // Without the store, the timer of the other instance does it.
        let _by_timer = shared.store.store.hint(Hint::Branch).await;
    }
}

/// Everything that a round on a thread of its own needs.
struct RoundInputs {
    shared: Arc<Shared>,
    system: Arc<OneSystem>,
    snapshot: Arc<Snapshot>,
    looks: Arc<Looks>,
    lease: Arc<SyncLease>,
    began: u64,
    tip: CommitId,
}

impl RoundInputs {
    fn carry_out(self, runtime: &Handle) -> Result<RoundEnd, SyncRunError> {
        let shared = &self.shared;
        let outgoing = Outgoing::of(&shared.mirror, &shared.remote);
        let base = outgoing.base(&self.tip).map_err(SyncRunError::Base)?;
        if base.reading.has_errors() {
            return Err(SyncRunError::Invalid(self.tip.to_string()));
        }
        // As the tip has it: the target, which the system was taken from, has the same commit.
        let system = billing_systems(&base.reading.inventory).remove(self.system.name());
        let system = system.unwrap_or_else(|| self.system.settings.clone());
        let round = Round {
            store: &shared.store.store,
            runtime,
            lease: &self.lease,
            base: &base,
            system: &system,
            snapshot: &self.snapshot,
            looks: &self.looks,
            began: self.began,
            now: shared.seconds(),
            who: &shared.instance.who,
        };
        let end = round.carry_out(|prepared, authorship| outgoing.commit(prepared, authorship))?;
        Ok(end)
    }
}

/// Returns the kind of an error, for the store.
fn kind(error: &SyncRunError) -> &'static str {
    match error {
        SyncRunError::Store(_) => "store",
        SyncRunError::Client(_) => "settings",
        SyncRunError::Billing(error) => error.kind(),
        SyncRunError::Branch(_) | SyncRunError::Base(_) => "branch",
        SyncRunError::Invalid(_) => "invalid-inventory",
        SyncRunError::SignaturesWanted => "signatures-wanted",
        SyncRunError::Round(RoundError::NoLane) => "no-lane",
        SyncRunError::Round(RoundError::Lane(_)) => "lane-left",
        SyncRunError::Round(RoundError::Commit(_)) => "not-pushed",
        SyncRunError::Round(_) => "round",
        SyncRunError::Panicked(_) => "panicked",
    }
}
