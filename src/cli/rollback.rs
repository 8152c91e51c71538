//! `gamctl rollback`: puts devices back to an earlier commit, with an ordinary plan that is shown, asked about and proved.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::apply::{HowArguments, Road, Start};
use super::memory::Memory;
use super::runs::run_named;
use super::scope::ScopeArguments;
use super::source::path;
use super::terminal::Terminal;
use crate::apply::RunResult;
use crate::config::{Settings, settings_of};
use crate::history::{Filter, Store};
use crate::model::DeviceName;
use crate::report::Exit;

/// Put devices back to what an earlier commit says, or to what was there before a run
///
/// Plans with the inventory of that commit, shows the plan, asks, applies and verifies, as `apply` does. The inventory itself
/// is not changed: what it says now is applied again by the next `gamctl apply`, so revert the commits as well.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  gamctl rollback 0199f3a2             the devices of this run, to the commit that was applied before it
  gamctl rollback --to v41             every device in scope, to this revision
  gamctl rollback --to v41 --device maple-court-a
  git revert HEAD                      then say so in the inventory, or the next apply does it again")]
pub(super) struct RollbackArguments {
    /// A run of `gamctl history`, or how its number begins
    #[arg(required_unless_present = "to", conflicts_with = "to")]
    run: Option<String>,

    /// The revision whose inventory is applied
    #[arg(long, value_name = "REV")]
    to: Option<String>,

    /// The inventory's folder, or a git repository [default: the settings', else this folder]
    #[arg(long, short = 'i', value_name = "PATH")]
    inventory: Option<PathBuf>,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    how: HowArguments,
}

pub(super) fn run(
    arguments: &RollbackArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let settings = match &arguments.inventory {
        Some(folder) => settings_of(settings, folder)?,
        None => settings.clone(),
    };
    let folder = path(None, &settings);
    let (revision, devices) = match (&arguments.run, &arguments.to) {
        (Some(run), _) => {
            let memory = Memory::open(&settings, &folder)?;
            let before = memory.walk(before(memory.store(), run))?;
            (before.commit, Some(before.devices))
        }
        (None, Some(revision)) => (revision.clone(), None),
        (None, None) => bail!("name a run of `gamctl history`, or a revision with `--to`"),
    };
    terminal.say(&format!(
        "Going back to the inventory at {}.\n",
        crate::report::visible(&revision)
    ));
    let start = Start {
        folder,
        revision: Some(revision),
        file: None,
        verb: "rollback",
        scope: arguments.scope.scope()?,
        devices,
    };
    let road = Road {
        how: &arguments.how,
        settings: &settings,
        terminal,
    };
    let exit = road.take(start)?;
    if exit == Exit::Done {
        terminal.hint(
            "the inventory still says what it said; revert it too (`git revert`), or the next `gamctl apply` brings it back",
        );
    }
    Ok(exit)
}

/// What there was before a run.
struct Before {
    commit: String,
    devices: BTreeSet<DeviceName>,
}

async fn before(store: &Store, named: &str) -> anyhow::Result<Before> {
    let run = run_named(store, named).await?;
    let id = run.run.id;
    let filter = Filter {
        run: Some(id),
        ..Filter::default()
    };
    let outcomes = store.outcomes(&filter).await?;
    let devices = outcomes.into_iter().map(|row| row.outcome.device).collect();
    // Everything up to the moment when it began, newest first.
    let earlier = Filter {
        until: Some(run.began),
        most: 1000,
        ..Filter::default()
    };
    let earlier = store.runs(&earlier).await?;
    let mut applied = earlier.into_iter().filter(|other| {
        // One that found nothing to do has no devices.
        let has_worked =
            other.result == Some(RunResult::Done) || other.devices.contains_key("applied");
        other.run.id < id
            && has_worked
            && other.run.inventory.commit.is_some()
            && other.run.inventory.commit != run.run.inventory.commit
    });
    let before = applied.next().and_then(|other| other.run.inventory.commit);
    let commit = before.with_context(|| {
        format!(
            "no other commit was applied before run {}; name the one to go back to with `--to REV`",
            id.0
        )
    })?;
    Ok(Before { commit, devices })
}
