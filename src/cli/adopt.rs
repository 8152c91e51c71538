//! `gamctl adopt`: writes down as ours what both a device and the inventory have, and changes nothing on any device.

use std::path::PathBuf;

use anyhow::Context;
use uuid::Uuid;

use super::looking::{look_through, openings};
use super::notebook::remembered;
use super::plan::in_scope;
use super::readings::Readings;
use super::scope::ScopeArguments;
use super::source::{path, refuse};
use super::store::place;
use super::terminal::Terminal;
use crate::config::{Settings, settings_of};
use crate::history::{Audit, NewLedger, NewRun, RunId};
use crate::plan::Ledger;
use crate::reconcile::{Fleet, Sightings};
use crate::report::{Exit, counted, visible};

/// Write down as ours what both the devices and the inventory have; nothing is written to any device
///
/// What is ours may be removed when it leaves the inventory; what is not is never touched. `apply` writes that down by
/// itself for what it verified: this is for devices that ran before gamctl came, so that what is theirs and in the inventory
/// counts as ours at once, whatever still differs.
#[derive(Debug, clap::Args)]
pub(super) struct AdoptArguments {
    /// The inventory's folder, or a git repository with --rev [default: the settings', else this folder]
    #[arg(long, short = 'i', value_name = "PATH")]
    inventory: Option<PathBuf>,

    /// Take the inventory as it was committed at this revision
    #[arg(long, value_name = "REV")]
    rev: Option<String>,

    #[command(flatten)]
    scope: ScopeArguments,
}

pub(super) fn run(
    arguments: &AdoptArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let settings = match &arguments.inventory {
        Some(folder) => settings_of(settings, folder)?,
        None => settings.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the threads that look at devices")?;
    runtime.block_on(adopt(arguments, &settings, terminal))
}

async fn adopt(
    arguments: &AdoptArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let folder = path(None, settings);
    let reading = Readings::intended(&folder, arguments.rev.as_deref(), terminal)?;
    if reading.has_errors() {
        let why = "Nothing is adopted: with errors there is no telling what is intended.";
        return refuse(reading, why, terminal);
    }
    let archive = place(settings, &folder)?
        .archive(&settings.who, terminal)
        .await?;
    let known = remembered(&archive.store).await?;
    let readings = Readings::of(folder, reading, None, Some(known))?;
    let fleet = readings.fleet();
    let names = in_scope(fleet.inventory, &arguments.scope.scope()?)?;
    let openings = openings(fleet.inventory, &names, settings, terminal);
    let sightings = look_through(openings, terminal).await;
    let mut text = String::new();
    let run = RunId(Uuid::now_v7());
    let new = NewRun {
        id: run,
        verb: "adopt".to_owned(),
        who: settings.who.clone(),
        inventory: fleet.version.clone(),
        is_uncommitted: fleet.version.commit.is_none(),
        plan: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    archive.store.begin_run(&new).await?;
    for (device, ledger, added) in ledgers(&fleet, &sightings) {
        if added == 0 {
            text.push_str(&format!("{device}: nothing new\n"));
            continue;
        }
        let what = format!("{} adopted", counted(added, "object"));
        text.push_str(&format!("{device}: {what}\n"));
        let audit = Audit {
            who: settings.who.clone(),
            verb: "adopt".to_owned(),
            subject: Some(device.to_string()),
            is_refused: false,
            what,
            run: Some(run),
        };
        let new = NewLedger {
            ledger,
            commit: fleet.version.commit.clone(),
        };
        archive.store.set_ledger(&device, &new, &audit).await?;
    }
    let mut exit = Exit::Done;
    for (device, why) in &sightings {
        if let Err(why) = why {
            exit = Exit::Unobservable;
            text.push_str(&format!("{device}: not seen: {}\n", visible(why)));
        }
    }
    archive.store.end_run(run, exit.into()).await?;
    archive.store.close().await;
    terminal.result(&text)?;
    Ok(exit)
}

/// Returns what is ours on each device that was seen from now on, and how many objects that is more than before.
fn ledgers(
    fleet: &Fleet<'_>,
    sightings: &Sightings,
) -> Vec<(crate::model::DeviceName, Ledger, usize)> {
    let seen = fleet.devices.iter().filter_map(|device| {
        let sighting = sightings.get(&device.name)?.as_ref().ok()?;
        let before = fleet.known(&device.name).unwrap_or_default();
        let ledger = before.adopting(&device.config, &sighting.observation().config);
        let added = ledger.objects() - before.objects();
        Some((device.name.clone(), ledger, added))
    });
    seen.collect()
}
