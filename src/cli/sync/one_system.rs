//! Syncs one billing system: reads it, proposes, and commits under the lease of the system.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use uuid::Uuid;

use super::commit::base;
use super::{SyncArguments, systems};
use crate::authoring::commit::CommitError;
use crate::authoring::edit::FileChange;
use crate::authoring::{Base, CarryOutError, Written};
use crate::cli::clock;
use crate::cli::commit_target::change_sentence;
use crate::cli::invocation::Selected;
use crate::cli::store_client::StoreClient;
use crate::cli::terminal::Terminal;
use crate::model::billing::{BillingName, Snapshot};
use crate::reconcile::sync::{
    ReadScope, RunEnd, SyncLease, SyncMemory, SyncRequest, heard_endpoints, prepare,
};
use crate::report::sync::SyncReport;
use crate::report::{counted, difference};

/// The sync of one system, with its difference as text.
pub(super) struct Synced {
    pub(super) report: SyncReport,
    pub(super) difference: String,
    /// The commit in one sentence.
    pub(super) committed: Option<String>,
}

/// Proposals of one run: another commit may come between reading the inventory and the commit.
const TRIES: u32 = 5;

/// Syncs one system. The inventory is read for each: the commit of one is the base of the next.
pub(super) fn sync_one(
    arguments: &SyncArguments,
    selected: &Selected<'_>,
    store: &StoreClient<'_>,
    name: &BillingName,
    scope: &ReadScope,
) -> anyhow::Result<Synced> {
    let began = clock::seconds();
    let is_in_lane = arguments.commit && arguments.branch.is_none();
    let lease = match is_in_lane {
        false => None,
        true => {
            let lease = store.wait(SyncLease::take(store.store(), name, SyncLease::WHOLE_RUN))?;
            Some(lease.with_context(|| {
                format!("another process syncs {name}; run the command again in a few minutes")
            })?)
        }
    };
    let run = Run {
        arguments,
        selected,
        store,
        name,
        lease: lease.as_ref(),
        began,
    };
    let result = run.carry_out(scope);
    if let Some(lease) = lease {
        // It ends by itself as well.
        let _released = store.wait(lease.release(store.store()));
    }
    result
}

/// A run of one system.
struct Run<'a> {
    arguments: &'a SyncArguments,
    selected: &'a Selected<'a>,
    store: &'a StoreClient<'a>,
    name: &'a BillingName,
    /// Only for a commit in the lane.
    lease: Option<&'a SyncLease>,
    /// Seconds since 1970.
    began: u64,
}

impl Run<'_> {
    fn carry_out(&self, scope: &ReadScope) -> anyhow::Result<Synced> {
        let (first, _) = base(self.arguments, self.selected)?;
        let snapshot = self.read(&first, scope)?;
        drop(first);
        for _ in 1..TRIES {
            match self.propose(&snapshot) {
                Err(error) if has_moved(&error) => {}
                result => return result,
            }
        }
        self.propose(&snapshot)
    }

    /// Reads the billing system.
    fn read(&self, base: &Base, scope: &ReadScope) -> anyhow::Result<Snapshot> {
        let name = self.name.to_string();
        let system = systems::only(&base.reading.inventory, Some(&name))?;
        let client = systems::client(&system, self.selected, self.store)?;
        let note = format!("Reading {name} at {} …", system.address.origin());
        self.selected.terminal().detail(&note);
        let read = client.read(scope, clock::seconds());
        Ok(self.selected.invocation.wait(read)??)
    }

    /// Proposes changes of the inventory as it is now, and commits them if asked.
    fn propose(&self, snapshot: &Snapshot) -> anyhow::Result<Synced> {
        let Self {
            arguments,
            selected,
            store,
            name,
            ..
        } = *self;
        let (base, committer) = base(arguments, selected)?;
        let inventory = &base.reading.inventory;
        let looks = store.wait(heard_endpoints(store.store(), inventory))?;
        let memory = store.wait(SyncMemory::of(store.store(), name))?;
        let system = systems::only(inventory, Some(&name.to_string()))?;
        let approved = BTreeSet::new();
        let mut prepared = prepare(SyncRequest {
            base: &base,
            system: &system,
            snapshot,
            looks: &looks,
            memory: memory.base(),
            used: memory.used,
            approved: &approved,
            now: clock::seconds(),
        })?;
        let mut synced = Synced {
            difference: shown(&prepared.files.changes, selected.terminal()),
            report: prepared.report.clone(),
            committed: None,
        };
        let mut commit = None;
        if arguments.commit && prepared.has_changes() {
            let run = self.lease.map_or_else(Uuid::now_v7, |lease| lease.run);
            let text = prepared.commit_text(&run.to_string())?;
            let authorship = committer.authorship(text, prepared.lane.as_ref())?;
            if let Some(lease) = self.lease {
                let is_counted = store.wait(lease.reserve(store.store(), &prepared))?;
                anyhow::ensure!(is_counted, "an approval is over; run the command again");
            }
            let written = prepared.commit(authorship);
            if let (Err(error), Some(lease)) = (&written, self.lease)
                && !is_made(error)
            {
                // The changes do not count to the limits of the hour.
                store.wait(lease.take_back(store.store(), name))?;
            }
            let written = written?;
            let what = counted(synced.report.changes.len(), "change");
            synced.committed = Some(change_sentence(&written, &format!("{what} of {name}")));
            if let Written::Commit { id, .. } = &written {
                commit = Some(id.to_string());
            }
        }
        if let Some(lease) = self.lease {
            let end = RunEnd {
                commit: commit.as_deref(),
                began: self.began,
                who: &selected.settings.who,
            };
            let finished = lease.finish(store.store(), &prepared, &memory, end);
            let is_kept = store.wait(finished)?;
            anyhow::ensure!(
                is_kept,
                "another run stored its result meanwhile; run the command again"
            );
        }
        synced.report.commit = commit;
        Ok(synced)
    }
}

/// Returns whether the commit was made although something failed afterwards.
fn is_made(error: &CarryOutError) -> bool {
    matches!(
        error,
        CarryOutError::Commit(CommitError::WorkTreeBehind { .. })
    )
}

/// Returns whether the branch moved between reading the inventory and the commit.
fn has_moved(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(CarryOutError::Commit(CommitError::BaseMoved { .. }))
    )
}

fn shown(changes: &[FileChange], terminal: &Terminal) -> String {
    let text = |side: Option<&Arc<str>>| side.map_or(String::new(), ToString::to_string);
    let shown = changes.iter().map(|change| {
        let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
        difference(&change.path, &before, &after, terminal.paint)
    });
    shown.collect()
}
