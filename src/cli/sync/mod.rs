//! `gamctl sync`: shows what billing changes in the inventory, and commits it if asked.

mod adopt;
mod approve;
mod audited;
mod check;
mod commit;
mod hold;
mod one_system;
mod opened;
mod pause;
mod resolve;
mod run;
mod systems;
mod view;
mod write_back;

use std::collections::BTreeSet;

use anyhow::Context;
use clap::Subcommand;

#[cfg(test)]
pub(in crate::cli) use check::CheckDocument;
#[cfg(test)]
pub(in crate::cli) use run::SyncDocument;
#[cfg(test)]
pub(in crate::cli) use view::ListDocument;

use self::commit::CommitGoal;
use super::format::OutputFormat;
use super::invocation::Invocation;
use super::source::InventoryArguments;
use crate::model::billing::AccountId;
use crate::reconcile::sync::ReadScope;
use crate::report::{Exit, visible};
use crate::sync::Classification;

/// Compare billing with the inventory: show what would change, or commit it
///
/// Reads every billing system of the inventory, or those that are named, and writes to none of them. Without --commit
/// nothing is written anywhere. What follows from many records at once is held back until a person decides.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  gamctl sync                          all billing systems: what would be committed, and what needs a person
  gamctl sync splynx --account 1042    one account of one system
  gamctl sync splynx --commit          commit it in the lane of the sync
  gamctl sync splynx --commit --branch review/monday   commit it in your name, for a pull request
  gamctl sync check splynx             check the login and its permissions
  gamctl sync map splynx               lines to paste for tariffs, statuses and locations
  gamctl sync splynx --approve 3f2a9c1d77e0 --reason 'dunning run of May'   commit what is held back
  gamctl sync list waiting             the services that wait, each with its reason
  gamctl sync explain 1042             both sides of one account, and what is decided
  gamctl sync resolve acct-1042 --take billing       decide for one side of a contested subscriber
  gamctl sync pause splynx --for 2h --reason 'migration'   commit nothing until then
  gamctl sync write-back --dry-run     what would be written into billing

Exit codes: 0 nothing to commit, 2 something to commit, 4 something is held back, 6 a system was not read completely.
The commit changes no device: `gamctl plan` and `gamctl apply` do that, or the service.")]
pub(super) struct SyncArguments {
    #[command(subcommand)]
    action: Option<SyncAction>,

    /// Sync these billing systems, by their names in the inventory [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Read only this account of the billing system; may be repeated [default: all]
    #[arg(long, value_name = "ID")]
    account: Vec<String>,

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

    /// Approve exactly the held changes of this digest, and commit
    ///
    /// Billing is read again. If the reading does not give exactly these changes any more, nothing is approved, and the
    /// difference is shown. An approval is used once, within an hour. It needs one NAME and a reason.
    #[arg(long, value_name = "DIGEST", requires = "reason", conflicts_with_all = ["rev", "account"])]
    approve: Option<String>,

    /// State the reason, for the audit log and for other operators
    #[arg(long, value_name = "TEXT", requires = "approve")]
    reason: Option<String>,

    /// Do not prompt; limits, freezes and refusals still apply
    #[arg(long, short = 'y', requires = "approve")]
    yes: bool,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    format: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum SyncAction {
    Check(check::CheckArguments),
    /// Print the lines for tariffs, statuses and locations without a mapping
    ///
    /// They go into `billing.toml`. Only services in scope count.
    Map(OneSystem),
    /// List the services of one class, each with its reason and the next step
    List(ListArguments),
    /// Show both sides of an account: billing, inventory, what is heard, and the decision
    Explain {
        /// The account in billing, or a subscriber of the inventory
        #[arg(value_name = "ACCOUNT|SUBSCRIBER")]
        subject: String,
        #[command(flatten)]
        system: OneSystem,
    },
    Resolve(resolve::ResolveArguments),
    Adopt(adopt::AdoptArguments),
    Pause(pause::PauseArguments),
    Resume(pause::ResumeArguments),
    /// Write place, VLAN and state as last verified into billing
    ///
    /// Also notes, tickets and health, as far as `write_back` of the billing system allows. Billing is read first, and only
    /// what differs is written and read back. Exit codes: 0 billing has everything, 2 something is to be written, 4 a person
    /// must look at something, 6 billing did not answer.
    WriteBack(write_back::WriteBackArguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// The class: in-sync, change, new, waiting, held, contested, quarantined, gone or out-of-scope
    #[arg(value_name = "CLASS", value_parser = view::class)]
    class: Classification,

    #[command(flatten)]
    system: OneSystem,
}

#[derive(Debug, clap::Args)]
struct OneSystem {
    /// The billing system, by its name in the inventory [default: the only one]
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(arguments: &SyncArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    match &arguments.action {
        None => run::run(arguments, invocation),
        Some(SyncAction::Check(check)) => check::run(arguments, check, invocation),
        Some(SyncAction::Map(system)) => view::map(arguments, system, invocation),
        Some(SyncAction::List(list)) => view::list(arguments, list, invocation),
        Some(SyncAction::Explain { subject, system }) => {
            view::explain(arguments, subject, system, invocation)
        }
        Some(SyncAction::Resolve(resolve)) => resolve::run(arguments, resolve, invocation),
        Some(SyncAction::Adopt(adopt)) => {
            let ended = adopt::run(arguments, adopt, invocation);
            pause::refused(ended, &invocation.terminal)
        }
        Some(SyncAction::Pause(pause)) => pause::pause(arguments, pause, invocation),
        Some(SyncAction::Resume(resume)) => pause::resume(arguments, resume, invocation),
        Some(SyncAction::WriteBack(write_back)) => {
            write_back::run(arguments, write_back, invocation)
        }
    }
}

impl SyncArguments {
    /// Returns whether a commit is asked for; an approval is one.
    fn is_committing(&self) -> bool {
        self.commit || self.approve.is_some()
    }

    fn goal(&self) -> CommitGoal<'_> {
        CommitGoal {
            commits: self.is_committing(),
            branch: self.branch.as_deref(),
            author: self.author.as_deref(),
            revision: self.inventory.revision(),
        }
    }

    /// Returns the part of billing to read.
    fn scope(&self) -> anyhow::Result<ReadScope> {
        if self.account.is_empty() {
            return Ok(ReadScope::Everything);
        }
        let accounts = self.account.iter().map(|text| {
            AccountId::new(text)
                .with_context(|| format!("`{}` is not an account id", visible(text)))
        });
        let accounts: BTreeSet<AccountId> = accounts.collect::<anyhow::Result<_>>()?;
        Ok(ReadScope::Accounts(accounts))
    }
}
