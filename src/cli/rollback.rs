//! `gamctl rollback`: restores an earlier commit on devices by an ordinary, confirmed plan.

use anyhow::bail;

use super::apply::{HowArguments, RunArguments, carry_out};
use super::invocation::Invocation;
use super::scope::ScopeArguments;
use super::source::FolderArguments;
use super::store_client::StoreClient;
use crate::reconcile::run::{Verb, before_run};
use crate::report::Exit;

/// Restore devices to an earlier commit, or to the state before a run
///
/// Plans with the inventory of that commit, shows the plan, asks, applies and verifies, as `apply` does. The inventory
/// itself does not change, and the next `gamctl apply` applies it again. So revert the commits as well.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  gamctl rollback 0199f3a2             the devices of this run, to the commit applied before it
  gamctl rollback --to v41             every device in scope, to this revision
  gamctl rollback --to v41 --device maple-court-a
  git revert HEAD                      then revert the commit too, or the next apply applies it again")]
pub(super) struct RollbackArguments {
    /// Undo this run of `gamctl history` (its number, or the start of it)
    #[arg(required_unless_present = "to", conflicts_with = "to")]
    run: Option<String>,

    /// Apply the inventory of this revision
    #[arg(long, value_name = "REV")]
    to: Option<String>,

    #[command(flatten)]
    inventory: FolderArguments,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    how: HowArguments,
}

pub(super) fn run(arguments: &RollbackArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.how.timeout);
    let terminal = &invocation.terminal;
    let (revision, only) = match (&arguments.run, &arguments.to) {
        (Some(run), _) => {
            let client = StoreClient::open(&selected)?;
            let before = client.walk(async { Ok(before_run(client.store(), run).await?) })?;
            (before.commit, Some(before.devices))
        }
        (None, Some(revision)) => (revision.clone(), None),
        (None, None) => bail!("give a run of `gamctl history`, or a revision with `--to`"),
    };
    terminal.say(&format!(
        "Rolling back to the inventory at {}.\n",
        crate::report::visible(&revision)
    ));
    let asked = RunArguments {
        verb: Verb::Rollback,
        revision: Some(revision),
        file: None,
        scope: arguments.scope.patterns()?,
        only,
    };
    let exit = carry_out(asked, &arguments.how, &selected)?;
    if exit == Exit::Done {
        terminal.hint(
            "the inventory itself is unchanged; revert its commits (`git revert`), or the next `gamctl apply` applies them again",
        );
    }
    Ok(exit)
}
