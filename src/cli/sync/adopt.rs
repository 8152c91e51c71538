//! `gamctl sync adopt`: links subscribers from before gamctl to billing, and writes nothing else.

use anyhow::Context;
use uuid::Uuid;

use super::commit::{CommitGoal, Committer, base};
use super::one_system::{has_moved, shown};
use super::pause::refuse_if_paused;
use super::{OneSystem, SyncArguments, systems};
use crate::authoring::Written;
use crate::cli::clock;
use crate::cli::commit_target::change_sentence;
use crate::cli::invocation::{Invocation, Selected};
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::model::billing::{BillingName, Snapshot};
use crate::reconcile::sync::{
    CountedChanges, ReadScope, SyncLease, SyncMemory, SyncRequest, counted_commit, heard_endpoints,
    prepare_adoption,
};
use crate::report::sync::{AdoptionReport, adoption_text, adoption_verdict};
use crate::report::{DocumentKind, Exit, counted};

/// Link subscribers from before gamctl to the services of billing
///
/// A subscriber without `external` is linked to the one service whose item has the MAC address of its endpoint. The commit writes
/// `external` and nothing else. Subscribers that stay without a link are listed with the reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl sync adopt splynx              what would be linked, and what would not
  gamctl sync adopt splynx --commit     commit it in the lane of the sync, within its limits
  gamctl sync adopt splynx --commit --branch review/adopt   commit it in your name, without limits

Exit codes: 0 nothing to link, 2 something to commit, 4 more links than the lane may commit, 6 not read completely.")]
pub(super) struct AdoptArguments {
    #[command(flatten)]
    system: OneSystem,

    /// Commit the change
    #[arg(long, conflicts_with = "rev")]
    commit: bool,

    /// Commit to this branch in your name, created if missing
    ///
    /// Without it, the sync commits to the branch of the settings, else to the current one, in the name of its lane.
    #[arg(long, requires = "commit")]
    branch: Option<String>,

    /// Name the author, as `Name <address>` [default: from git]
    #[arg(long, requires = "branch")]
    author: Option<String>,
}

/// Proposals of one run: another commit may come between reading the inventory and the commit.
const TRIES: u32 = 5;

pub(super) fn run(
    arguments: &SyncArguments,
    adopt: &AdoptArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let goal = CommitGoal {
        commits: adopt.commit,
        branch: adopt.branch.as_deref(),
        author: adopt.author.as_deref(),
        revision: arguments.inventory.revision(),
    };
    let (first, _) = base(goal, &selected)?;
    if first.reading.has_errors() {
        let why =
            "Nothing linked: the inventory has errors, so it is unknown whose an endpoint is.";
        return refuse(first.reading, why, terminal);
    }
    let system = systems::only(&first.reading.inventory, adopt.system.name.as_ref())?;
    drop(first);
    let store = StoreClient::open(&selected)?;
    let adoption = Adopting {
        selected: &selected,
        store: &store,
        name: &system.name,
        goal,
    };
    if goal.commits {
        refuse_if_paused(&store, &system.name)?;
    }
    let client = systems::client(&system, &selected, &store)?;
    let read = client.read(&ReadScope::Everything, clock::seconds());
    let snapshot = invocation.wait(read)??;
    let adopted = adoption.carry_out(&snapshot)?;
    terminal.print(
        arguments.format,
        || DocumentKind::SyncAdopt.document(&adopted.report),
        || {
            let text = adoption_text(&adopted.report, terminal.paint);
            match adopted.difference.is_empty() {
                true => text,
                false => format!("{text}\n{}", adopted.difference),
            }
        },
    )?;
    if let Some(sentence) = &adopted.committed {
        terminal.say(sentence);
    }
    terminal.say(&adoption_verdict(&adopted.report));
    let exit = adopted.report.exit();
    if exit == Exit::ChangesPending {
        terminal.hint("add `--commit` to commit it");
    }
    Ok(exit)
}

/// Links as they are printed.
struct Adopted {
    report: AdoptionReport,
    difference: String,
    committed: Option<String>,
}

/// An adoption of one system.
struct Adopting<'a> {
    selected: &'a Selected<'a>,
    store: &'a StoreClient<'a>,
    name: &'a BillingName,
    goal: CommitGoal<'a>,
}

impl Adopting<'_> {
    fn carry_out(&self, snapshot: &Snapshot) -> anyhow::Result<Adopted> {
        let (store, name) = (self.store, self.name);
        let lease = match self.goal.commits && self.goal.branch.is_none() {
            false => None,
            true => {
                let lease =
                    store.wait(SyncLease::take(store.store(), name, SyncLease::WHOLE_RUN))?;
                Some(lease.with_context(|| {
                    format!("another process syncs {name}; run the command again in a few minutes")
                })?)
            }
        };
        let mut result = self.propose(snapshot, lease.as_ref());
        for _ in 1..TRIES {
            if !result.as_ref().is_err_and(has_moved) {
                break;
            }
            result = self.propose(snapshot, lease.as_ref());
        }
        if let Some(lease) = lease {
            // It ends by itself as well.
            let _released = store.wait(lease.release(store.store()));
        }
        result
    }

    fn propose(&self, snapshot: &Snapshot, lease: Option<&SyncLease>) -> anyhow::Result<Adopted> {
        let Self {
            selected,
            store,
            name,
            goal,
        } = *self;
        let (base, committer) = base(goal, selected)?;
        let inventory = &base.reading.inventory;
        let looks = store.wait(heard_endpoints(store.store(), inventory))?;
        let memory = store.wait(SyncMemory::of(store.store(), name))?;
        let system = systems::only(inventory, Some(&name.to_string()))?;
        let request = SyncRequest {
            base: &base,
            system: &system,
            snapshot,
            looks: &looks,
            memory: memory.base(),
            used: memory.used,
            approved: &memory.approved,
            now: clock::seconds(),
        };
        let is_in_lane = !matches!(committer, Committer::Person(_));
        let mut prepared = prepare_adoption(request, is_in_lane)?;
        let mut adopted = Adopted {
            report: prepared.report.clone(),
            difference: shown(&prepared.files.changes, selected.terminal()),
            committed: None,
        };
        if !goal.commits || !prepared.has_links() {
            return Ok(adopted);
        }
        refuse_if_paused(store, name)?;
        let run = lease.map_or_else(Uuid::now_v7, |lease| lease.run);
        let text = prepared.commit_text(&run.to_string())?;
        let authorship = committer.authorship(text, "sync adopt", prepared.lane.as_ref())?;
        let changes = CountedChanges {
            system: name,
            used: prepared.lane_use(),
            approvals: &[],
        };
        let made = counted_commit(store.store(), lease, changes, || {
            prepared.commit(authorship)
        });
        let written = store.walk(async { Ok(made.await?) })?;
        let what = counted(adopted.report.links.len(), "link");
        adopted.committed = Some(change_sentence(&written, &format!("{what} of {name}")));
        if let Written::Commit { id, .. } = &written {
            adopted.report.commit = Some(id.to_string());
        }
        Ok(adopted)
    }
}
