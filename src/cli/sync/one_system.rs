//! Syncs one billing system: reads it, proposes, and commits under the lease of the system.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use uuid::Uuid;

use super::approve::Approval;
use super::commit::{Committer, base};
use super::pause::{in_force, refuse_if_paused};
use super::{SyncArguments, systems};
use crate::authoring::edit::FileChange;
use crate::authoring::{Base, CarryOutError, Written};
use crate::cli::clock;
use crate::cli::commit_target::change_sentence;
use crate::cli::invocation::Selected;
use crate::cli::store_client::StoreClient;
use crate::cli::terminal::Terminal;
use crate::model::billing::{BillingName, Snapshot};
use crate::reconcile::sync::{
    CountedChanges, CountedCommitError, PreparedSync, ReadScope, RunEnd, SyncLease, SyncMemory,
    SyncRequest, counted_commit, heard_endpoints, prepare,
};
use crate::report::sync::{ApprovalReport, ApprovalResult, SyncReport};
use crate::report::{counted, difference};
use crate::sync::Digest;

/// The sync of one system, with its difference as text.
pub(super) struct Synced {
    pub(super) report: SyncReport,
    pub(super) difference: String,
    /// The commit, or who makes it later, in one sentence.
    pub(super) committed: Option<String>,
    /// The outcome of the approval that was asked for.
    pub(super) approval: Option<ApprovalReport>,
}

/// The purpose of a run.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// As the arguments say: to show, or to commit.
    AsAsked,
    /// To show what an approval is about.
    Preview(&'a Approval),
    /// To approve and to commit.
    Approve(&'a Approval),
}

/// Proposals of one run: another commit may come between reading the inventory and the commit.
const TRIES: u32 = 5;

/// Syncs one system. The inventory is read for each: the commit of one is the base of the next.
pub(super) fn sync_one(
    arguments: &SyncArguments,
    selected: &Selected<'_>,
    store: &StoreClient<'_>,
    (name, scope): (&BillingName, &ReadScope),
    purpose: Purpose<'_>,
) -> anyhow::Result<Synced> {
    let mut commits = arguments.is_committing() && !matches!(purpose, Purpose::Preview(_));
    let lease = match commits && arguments.branch.is_none() {
        false => None,
        true => store.wait(SyncLease::take(store.store(), name, SyncLease::WHOLE_RUN))?,
    };
    if commits && arguments.branch.is_none() && lease.is_none() {
        anyhow::ensure!(
            matches!(purpose, Purpose::Approve(_)),
            "another process syncs {name}; run the command again in a few minutes"
        );
        // The next run of that process uses the approval.
        commits = false;
    }
    let run = Run {
        arguments,
        selected,
        store,
        name,
        purpose,
        commits,
        lease: lease.as_ref(),
        began: clock::seconds(),
    };
    let mut result = run.carry_out(scope);
    if let Some(lease) = lease {
        // It ends by itself as well.
        let _released = store.wait(lease.release(store.store()));
    } else if let (Purpose::Approve(_), Ok(synced)) = (purpose, &mut result)
        && arguments.branch.is_none()
    {
        synced.committed = Some(format!(
            "Another process syncs {name} now; the next run commits what is approved."
        ));
    }
    result
}

/// A run of one system.
struct Run<'a> {
    arguments: &'a SyncArguments,
    selected: &'a Selected<'a>,
    store: &'a StoreClient<'a>,
    name: &'a BillingName,
    purpose: Purpose<'a>,
    commits: bool,
    /// Only for a commit in the lane.
    lease: Option<&'a SyncLease>,
    /// Seconds since 1970.
    began: u64,
}

impl Run<'_> {
    fn carry_out(&self, scope: &ReadScope) -> anyhow::Result<Synced> {
        self.check_pause()?;
        let (first, _) = base(self.arguments.goal(), self.selected)?;
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

    /// Refuses a commit of a paused system, and an approval, which is one.
    fn check_pause(&self) -> anyhow::Result<()> {
        match self.arguments.is_committing() {
            true => refuse_if_paused(self.store, self.name),
            false => Ok(()),
        }
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
            selected, store, ..
        } = *self;
        let (base, committer) = base(self.arguments.goal(), selected)?;
        let inventory = &base.reading.inventory;
        let looks = store.wait(heard_endpoints(store.store(), inventory))?;
        let memory = store.wait(SyncMemory::of(store.store(), self.name))?;
        let system = systems::only(inventory, Some(&self.name.to_string()))?;
        // An approval that others may use is for the lane alone: a person's branch has a review of its own.
        let nothing = BTreeSet::new();
        let usable = match &committer {
            Committer::Person(_) => &nothing,
            Committer::Lane | Committer::None => &memory.approved,
        };
        let request = SyncRequest {
            base: &base,
            system: &system,
            snapshot,
            looks: &looks,
            memory: memory.base(),
            used: memory.used,
            approved: usable,
            now: clock::seconds(),
        };
        let mut approved = usable.clone();
        let mut approval = None;
        if let Purpose::Preview(wish) | Purpose::Approve(wish) = self.purpose {
            let prepared = prepare(request)?;
            let mut report = wish.compared(&prepared, store, selected)?;
            let is_final = matches!(self.purpose, Purpose::Preview(_))
                || report.result != ApprovalResult::Approved;
            if is_final {
                return Ok(Synced {
                    difference: String::new(),
                    report: self.with_pause(&prepared)?,
                    committed: None,
                    approval: Some(report),
                });
            }
            let digest = Digest::parse(&report.digest).context("the digest is not one")?;
            let is_known = usable.contains(&digest);
            if !matches!(committer, Committer::Person(_)) {
                wish.store(&mut report, self.name, is_known, (store, selected))?;
            }
            approved.insert(digest);
            approval = Some(report);
        }
        let request = SyncRequest {
            approved: &approved,
            ..request
        };
        let prepared = prepare(request)?;
        let synced = Synced {
            difference: shown(&prepared.files.changes, selected.terminal()),
            report: self.with_pause(&prepared)?,
            committed: None,
            approval,
        };
        self.commit(prepared, committer, &memory, synced)
    }

    /// Commits what is prepared if asked, and stores what the run leaves.
    fn commit(
        &self,
        mut prepared: PreparedSync<'_>,
        committer: Committer,
        memory: &SyncMemory,
        mut synced: Synced,
    ) -> anyhow::Result<Synced> {
        let Self {
            selected,
            store,
            name,
            ..
        } = *self;
        let mut commit = None;
        if self.commits && prepared.has_changes() {
            // Reading may have taken minutes.
            self.check_pause()?;
            let run = self.lease.map_or_else(Uuid::now_v7, |lease| lease.run);
            let text = prepared.commit_text(&run.to_string())?;
            let authorship = committer.authorship(text, "sync", prepared.lane())?;
            let changes = CountedChanges {
                system: name,
                used: prepared.lane_use(),
                approvals: &prepared.approvals(),
            };
            let make = || prepared.commit(authorship);
            let made = counted_commit(store.store(), self.lease, changes, make);
            let written = store.walk(async { Ok(made.await?) })?;
            let what = counted(synced.report.changes.len(), "change");
            synced.committed = Some(change_sentence(&written, &format!("{what} of {name}")));
            if let Written::Commit { id, .. } = &written {
                commit = Some(id.to_string());
            }
            if let Some(approval) = &mut synced.approval {
                approval.until = None;
            }
        }
        if let Some(lease) = self.lease {
            let end = RunEnd {
                commit: commit.as_deref(),
                began: self.began,
                who: &selected.settings.who,
            };
            let finished = lease.finish(store.store(), &prepared, memory, end);
            let is_kept = store.wait(finished)?;
            anyhow::ensure!(
                is_kept,
                "another run stored its result meanwhile; run the command again"
            );
        }
        synced.report.commit = commit;
        Ok(synced)
    }

    /// Returns the report, with the pause of the system.
    fn with_pause(&self, prepared: &PreparedSync<'_>) -> anyhow::Result<SyncReport> {
        Ok(SyncReport {
            paused: in_force(self.store, self.name)?,
            ..prepared.report.clone()
        })
    }
}

/// Returns whether the branch moved between reading the inventory and the commit.
pub(super) fn has_moved(error: &anyhow::Error) -> bool {
    let failed = error.downcast_ref::<CountedCommitError<CarryOutError>>();
    failed.is_some_and(CountedCommitError::has_moved)
}

pub(super) fn shown(changes: &[FileChange], terminal: &Terminal) -> String {
    let text = |side: Option<&Arc<str>>| side.map_or(String::new(), ToString::to_string);
    let shown = changes.iter().map(|change| {
        let (before, after) = (text(change.before.as_ref()), text(change.after.as_ref()));
        difference(&change.path, &before, &after, terminal.paint)
    });
    shown.collect()
}
