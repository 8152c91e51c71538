//! `gamctl backup`: keeps the running-config of each device in a git repository, a commit only where it changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use super::clock;
use super::format::OutputFormat;
use super::invocation::{Invocation, Selected, StoreUse};
use super::looking::installed;
use super::observe::known;
use super::progress::Bar;
use super::scope::ScopeArguments;
use super::source::{FolderArguments, refuse};
use super::timeout::TimeoutArguments;
use crate::authoring::commit::{Person, identity};
use crate::authoring::{BackupAuthor, BackupRepository, KeptBackup};
use crate::inventory::Inventory;
use crate::model::DeviceName;
use crate::reconcile::run::Watcher;
use crate::reconcile::{LoginProblem, NoBackup, read_backups};
use crate::report::{
    BackupLine, BackupResult, DocumentKind, Exit, backup_table, backup_verdict, changed_lines,
    text_difference,
};

/// Keep the running-config of devices in a git repository, without secrets
///
/// A file per device below its site, and a commit only where something changed. Passwords, communities and keys are
/// written as `***`, so the backups tell what a device had and are no file to restore from. A device that cannot be read
/// whole keeps its latest backup. Changes nothing on devices.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl backup                                  every device of the inventory
  gamctl backup --site maple-court --repository /srv/gam-backups
  gamctl backup maple-court-a --diff             show what changed since the latest backup, commit nothing

Exits with 6 where a device could not be read, and with 1 if none could.")]
pub(super) struct BackupArguments {
    /// Back up these devices [default: all in scope]
    #[arg(value_name = "DEVICE")]
    devices: Vec<String>,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Keep the backups in this repository, created if missing
    ///
    /// Without it, `repository` under `[backup]` in gamctl.toml is used, else `backups` in the state directory.
    #[arg(long, value_name = "PATH")]
    repository: Option<PathBuf>,

    /// Show the difference to the latest backups, and commit nothing
    #[arg(long)]
    diff: bool,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct BackupDocument<'a> {
    repository: String,
    devices: &'a [BackupLine],
}

pub(super) fn run(arguments: &BackupArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.timeout);
    let terminal = &invocation.terminal;
    let watcher = selected.watcher();
    let reconciler = selected.reconciler(StoreUse::None, &Watcher::silent())?;
    let reading = reconciler.read_as_it_is(&watcher)?;
    if reading.has_errors() {
        let why = "No device was contacted: the inventory has errors, so the devices are unknown.";
        return refuse(reading, why, terminal);
    }
    let inventory = &reading.inventory;
    let mut names = installed(inventory, &arguments.scope.scope()?);
    if !arguments.devices.is_empty() {
        for name in &arguments.devices {
            known(inventory, name)?;
        }
        names.retain(|device| arguments.devices.iter().any(|name| name == device.as_str()));
    }
    let folder = folder(arguments, &selected)?;
    // A folder that cannot be used is told before any device is asked.
    let kept = BackupRepository::open(&folder)?;

    let serials = names.iter().filter_map(|name| {
        let serial = inventory.device(name.as_str())?.text.serial.clone()?;
        Some((name.clone(), serial))
    });
    let serials: BTreeMap<_, _> = serials.collect();
    let accesses = reconciler.accesses(inventory, &names, &watcher);
    let bar = Bar::new(
        names.iter().map(ToString::to_string),
        "Reading",
        "devices",
        terminal,
    );
    let reading = read_backups(accesses, &serials, |device| bar.step(device.as_str()));
    let backups = invocation.wait(reading)?;
    bar.end();

    let author = author(&selected);
    let mut kept = match kept {
        None if !arguments.diff && backups.values().any(Result::is_ok) => {
            Some(BackupRepository::open_or_create(&folder, &author)?)
        }
        kept => kept,
    };
    let mut lines = Vec::new();
    let mut differences = String::new();
    for (device, backup) in &backups {
        let path = path(inventory, device);
        let latest = match &kept {
            Some(kept) => kept.latest(device.as_str())?,
            None => None,
        };
        let result = match backup {
            Err(why) => BackupResult::NotRead {
                why: sentence(device, why),
            },
            Ok(backup) if is_same(latest.as_ref(), &path, backup.as_str()) => {
                BackupResult::Unchanged
            }
            Ok(backup) => {
                let before = latest.as_ref().map_or("", |latest| latest.text.as_str());
                let (added, removed) = changed_lines(before, backup.as_str());
                match &mut kept {
                    Some(kept) if !arguments.diff => {
                        let text = backup.as_str();
                        let id =
                            kept.record(device.as_str(), &path, text, latest.as_ref(), &author);
                        BackupResult::Committed {
                            commit: id?.as_str().to_owned(),
                            added,
                            removed,
                        }
                    }
                    _ => {
                        let paint = terminal.paint;
                        let shown = text_difference(&path, before, backup.as_str(), paint);
                        differences.push_str(&shown);
                        BackupResult::Differs { added, removed }
                    }
                }
            }
        };
        lines.push(BackupLine {
            device: device.to_string(),
            path,
            result,
        });
    }
    let repository = folder.display().to_string();
    let document = BackupDocument {
        repository: repository.clone(),
        devices: &lines,
    };
    let text = || match differences.is_empty() {
        true => backup_table(&lines, terminal.paint),
        false => format!("{differences}\n{}", backup_table(&lines, terminal.paint)),
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Backup.document(&document),
        text,
    )?;
    match lines.is_empty() {
        true => terminal.say("No device of the inventory is in scope."),
        false => terminal.say(&backup_verdict(&lines, &repository)),
    }
    let read = backups.values().filter(|backup| backup.is_ok()).count();
    Ok(Exit::of_looks(read, backups.len() - read))
}

fn is_same(latest: Option<&KeptBackup>, path: &str, text: &str) -> bool {
    latest.is_some_and(|latest| latest.path == path && latest.text == text)
}

/// Returns the repository: from the argument, else from the settings, else beside the store.
fn folder(arguments: &BackupArguments, selected: &Selected<'_>) -> anyhow::Result<PathBuf> {
    if let Some(folder) = &arguments.repository {
        return Ok(folder.clone());
    }
    if let Some(folder) = &selected.settings.backup.repository {
        return Ok(folder.clone());
    }
    let location = selected.store_location();
    let location = location.context("nowhere to keep the backups; give `--repository PATH`")?;
    Ok(location.state.join("backups"))
}

/// Returns the file of a device: below its site, if it has one.
fn path(inventory: &Inventory, device: &DeviceName) -> String {
    let site = inventory
        .device(device.as_str())
        .and_then(|device| device.text.site.as_ref());
    match site {
        Some(site) => format!("{site}/{device}"),
        None => device.to_string(),
    }
}

/// Returns the person of the commits: from the settings, else from git, else whoever runs gamctl.
fn author(selected: &Selected<'_>) -> BackupAuthor {
    let given = &selected.settings.git_author;
    let (name, email) = (given.name.as_deref(), given.email.as_deref());
    let person = identity(&selected.folder, name, email).unwrap_or_else(|| {
        let who = selected.settings.who.replace(['<', '>'], "");
        let name = who.split('@').next().unwrap_or_default();
        Person {
            name: if name.is_empty() { "gamctl" } else { name }.to_owned(),
            email: who,
        }
    });
    BackupAuthor {
        person,
        time: clock::commit_time(),
    }
}

/// Says why there is no backup of a device, and what to do.
fn sentence(device: &DeviceName, why: &NoBackup) -> String {
    match why {
        NoBackup::NoAccess(why) => why.to_string(),
        NoBackup::Login(LoginProblem::NoLogin { why }) => why.clone(),
        NoBackup::Login(LoginProblem::NotPinned) => format!(
            "no SSH host key is pinned, so no login is tried; compare the key that `gamctl trust {device}` shows, then \
             `gamctl trust {device} --pin`"
        ),
        NoBackup::Login(LoginProblem::HostKeyChanged { error }) => {
            format!("{error}; `gamctl trust {device}` shows both keys")
        }
        NoBackup::Login(LoginProblem::NotReached { error }) => error.clone(),
        NoBackup::Login(LoginProblem::Rejected { error }) => {
            format!("{error}; check user and password: `gamctl secret list` shows their source")
        }
        NoBackup::NotRead { error } => error.clone(),
        NoBackup::NotUsable(why) => why.to_string(),
    }
}
