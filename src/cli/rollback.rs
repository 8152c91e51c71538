//! `gamctl rollback`: restores an earlier commit on devices by an ordinary, confirmed plan.

use std::collections::BTreeSet;

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
/// itself does not change, so revert the commits as well. Until then, `gamctl plan` marks what would come back, `gamctl
/// apply` asks for it by name, and `gamctl apply --yes` leaves those devices alone.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  gamctl rollback 0199f3a2             the devices of this run, to the commit applied before it
  gamctl rollback --to v41             every device in scope, to this revision
  gamctl rollback --to v41 --device maple-court-a
  git revert HEAD                      then revert the commit too, or each apply asks about it")]
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
        reapply: BTreeSet::new(),
        in_waves: false,
    };
    let exit = carry_out(asked, &arguments.how, &selected)?;
    if exit == Exit::Done {
        terminal.hint(
            "the inventory itself is unchanged, so revert its commits (`git revert`); until then, `gamctl apply` asks before it brings them back",
        );
    }
    Ok(exit)
}
