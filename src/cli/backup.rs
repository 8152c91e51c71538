//! `gamctl backup`: keeps the running-config of each device in a git repository, a commit only where it changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde::Serialize;

use super::clock;
use super::format::OutputFormat;
use super::invocation::{Invocation, Selected, StoreUse};
use super::looking::named;
use super::progress::Bar;
use super::scope::ScopeArguments;
use super::source::{FolderArguments, refuse};
use super::terminal::Terminal;
use super::timeout::TimeoutArguments;
use crate::authoring::commit::{Person, identity};
use crate::authoring::{BackupAuthor, BackupRepository, KeptBackup};
use crate::inventory::Inventory;
use crate::model::DeviceName;
use crate::reconcile::run::{Reconciler, Watcher};
use crate::reconcile::{Backup, Backups, LoginProblem, NoBackup, read_backups};
use crate::report::{
    BackupLine, BackupResult, DocumentKind, Exit, Paint, backup_table, backup_verdict,
    changed_lines, text_difference,
};

/// Keep the running-config of devices in a git repository, without secrets
///
/// A file per device below its site, and a commit only where something changed. Passwords, communities and keys are
/// written as `***`, so the backups show what a device had, and are not for restoring. A device that cannot be read
/// whole keeps its latest backup. Changes nothing on devices.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl backup                                  every device of the inventory
  gamctl backup --site maple-court --repository /srv/gam-backups
  gamctl backup maple-court-a --diff             show what changed since the latest backup, commit nothing

With `--quiet` nothing is printed for a device whose backup is unchanged, so that a nightly job is silent.
Exit codes: 0 all were read, also where `--diff` shows differences; 6 a device could not be read; 1 none could.")]
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
    let names = named(inventory, &arguments.devices, &arguments.scope)?;
    // A job that is quiet must not back up nothing unnoticed.
    let is_all = arguments.devices.is_empty() && arguments.scope.is_everything();
    ensure!(
        is_all || !names.is_empty(),
        "no installed device is in scope; nothing is backed up"
    );
    let folder = folder(arguments, &selected)?;
    // A folder that cannot be used is reported before any device is asked.
    let kept = BackupRepository::open(&folder)?;
    let backups = read(&names, inventory, &reconciler, &selected, &watcher)?;
    let author = author(&selected);
    let kept = match kept {
        None if !arguments.diff && backups.values().any(Result::is_ok) => {
            Some(BackupRepository::open_or_create(&folder, &author)?)
        }
        kept => kept,
    };
    let mut keeper = Keeper {
        kept,
        author,
        commits: !arguments.diff,
        paint: terminal.paint,
        differences: String::new(),
    };
    let mut lines = Vec::new();
    for (device, backup) in &backups {
        let path = path(inventory, device);
        // One file that cannot be committed holds up no other.
        let result = keeper.keep(device, &path, backup);
        let result = result.unwrap_or_else(|error| BackupResult::NotKept {
            why: format!("{error:#}"),
        });
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
    let text = || shown(&lines, &keeper.differences, terminal);
    terminal.print(
        arguments.format,
        || DocumentKind::Backup.document(&document),
        text,
    )?;
    match lines.is_empty() {
        true => terminal.say("No device of the inventory is in scope."),
        false => terminal.say(&backup_verdict(&lines, &repository)),
    }
    let done = lines.iter().filter(|line| line.is_done()).count();
    Ok(Exit::of_looks(done, lines.len() - done))
}

/// Reads the devices, many at once.
fn read(
    names: &[DeviceName],
    inventory: &Inventory,
    reconciler: &Reconciler,
    selected: &Selected<'_>,
    watcher: &Watcher,
) -> anyhow::Result<Backups> {
    let serials = names.iter().filter_map(|name| {
        let serial = inventory.device(name.as_str())?.text.serial.clone()?;
        Some((name.clone(), serial))
    });
    let serials: BTreeMap<_, _> = serials.collect();
    let accesses = reconciler.accesses(inventory, names, watcher);
    let things = names.iter().map(ToString::to_string);
    let bar = Bar::new(things, "Reading", "devices", selected.terminal());
    let reading = read_backups(accesses, &serials, |device| bar.step(device.as_str()));
    let backups = selected.invocation.wait(reading)?;
    bar.end();
    Ok(backups)
}

/// Compares backups with the latest ones, and commits or shows what differs.
struct Keeper {
    kept: Option<BackupRepository>,
    author: BackupAuthor,
    commits: bool,
    paint: Paint,
    differences: String,
}

impl Keeper {
    fn keep(
        &mut self,
        device: &DeviceName,
        path: &str,
        backup: &Result<Backup, NoBackup>,
    ) -> anyhow::Result<BackupResult> {
        let text = match backup {
            Ok(backup) => backup.as_str(),
            Err(why) => {
                let why = sentence(device, why);
                return Ok(BackupResult::NotRead { why });
            }
        };
        let latest = match &self.kept {
            Some(kept) => kept.latest(device.as_str())?,
            None => None,
        };
        if is_same(latest.as_ref(), path, text) {
            return Ok(BackupResult::Unchanged);
        }
        let before = latest.as_ref().map_or("", |latest| latest.text.as_str());
        let (added, removed) = changed_lines(before, text);
        match &mut self.kept {
            Some(kept) if self.commits => {
                let id = kept.record(device.as_str(), path, text, latest.as_ref(), &self.author)?;
                Ok(BackupResult::Committed {
                    commit: id.as_str().to_owned(),
                    added,
                    removed,
                })
            }
            _ => {
                let shown = text_difference(path, before, text, self.paint);
                self.differences.push_str(&shown);
                Ok(BackupResult::Differs { added, removed })
            }
        }
    }
}

/// Renders what became of the backups. With `--quiet` only what is news: a job that prints nothing sends no mail.
fn shown(lines: &[BackupLine], differences: &str, terminal: &Terminal) -> String {
    let is_news = |line: &&BackupLine| !terminal.is_quiet || line.result != BackupResult::Unchanged;
    let news: Vec<BackupLine> = lines.iter().filter(is_news).cloned().collect();
    let table = match news.is_empty() && terminal.is_quiet {
        true => String::new(),
        false => backup_table(&news, terminal.paint),
    };
    match differences.is_empty() {
        true => table,
        false => format!("{differences}\n{table}"),
    }
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
            format!(
                "{error}; `gamctl trust {device}` shows both, and `gamctl trust {device} --pin --replace` pins it"
            )
        }
        NoBackup::Login(LoginProblem::NotReached { error }) => error.clone(),
        NoBackup::Login(LoginProblem::Rejected { error }) => {
            format!("{error}; check user and password: `gamctl secret list` shows their source")
        }
        NoBackup::NotRead { error } => error.clone(),
        NoBackup::NotUsable(why) => why.to_string(),
    }
}
