//! Turns the arguments of a command into the inventory that it reads.

use std::path::{Path, PathBuf};

use crate::config::Settings;
pub(super) use crate::inventory::source::is_bare;
use crate::inventory::source::{Limits, Source, SourceError};
use crate::inventory::{Cache, Reading, read};
use crate::model::Severity;
use crate::report::{Exit, FindingFormat, FindingReport, Summary};

use super::terminal::Terminal;
use super::watch::read as read_note;

/// The folder of the inventory that a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct FolderArguments {
    /// Use the inventory in this folder or git repository
    ///
    /// It may also be before the command. Without it: GAMCTL_INVENTORY, else `[inventory] path` of the settings, else the
    /// nearest inventory in this folder or one above it, up to the root of the repository.
    #[arg(long, short = 'i', value_name = "PATH", global = true)]
    inventory: Option<PathBuf>,
}

/// The folder, also as an argument without a name: the spelling of `plan`, `validate` and `fmt` before `-i`.
#[derive(Debug, clap::Args)]
pub(super) struct OldFolderArguments {
    #[arg(hide = true, conflicts_with = "inventory")]
    path: Option<PathBuf>,

    #[command(flatten)]
    inventory: FolderArguments,
}

/// As `OldFolderArguments`, at a revision or from disk.
#[derive(Debug, clap::Args)]
pub(super) struct OldInventoryArguments {
    #[command(flatten)]
    folder: OldFolderArguments,

    #[command(flatten)]
    revision: RevisionArguments,
}

/// The revision that an inventory is read from.
#[derive(Debug, clap::Args)]
pub(super) struct RevisionArguments {
    /// Read the inventory as committed at this revision, not from disk
    #[arg(long, value_name = "REV", global = true)]
    rev: Option<String>,
}

/// Recorded looks that replace looks at devices.
#[derive(Debug, clap::Args)]
pub(super) struct OfflineArguments {
    /// Use recorded looks from these files and folders; contact no device
    #[arg(long = "offline", id = "offline", value_name = "FILE", num_args = 1..)]
    pub(super) files: Vec<PathBuf>,
}

/// The inventory that a command is about, at a revision or from disk.
#[derive(Debug, clap::Args)]
pub(super) struct InventoryArguments {
    #[command(flatten)]
    folder: FolderArguments,

    #[command(flatten)]
    revision: RevisionArguments,
}

impl FolderArguments {
    /// Returns the folder as it was given.
    pub(super) fn given(&self) -> Option<&Path> {
        self.inventory.as_deref()
    }
}

impl OldFolderArguments {
    /// Returns the folder as it was given.
    pub(super) fn given(&self) -> Option<&Path> {
        self.path.as_deref().or(self.inventory.given())
    }
}

impl OldInventoryArguments {
    /// Returns the folder as it was given.
    pub(super) fn given(&self) -> Option<&Path> {
        self.folder.given()
    }

    /// Returns the revision as it was given.
    pub(super) fn revision(&self) -> Option<&str> {
        self.revision.given()
    }
}

impl RevisionArguments {
    /// Returns the revision as it was given.
    pub(super) fn given(&self) -> Option<&str> {
        self.rev.as_deref()
    }
}

impl InventoryArguments {
    /// Returns the folder as it was given.
    pub(super) fn given(&self) -> Option<&Path> {
        self.folder.given()
    }

    /// Returns the revision as it was given.
    pub(super) fn revision(&self) -> Option<&str> {
        self.revision.given()
    }

    /// Returns whether the inventory is read from a commit, so that it has no files to write to.
    pub(super) fn is_of_a_revision(&self) -> bool {
        self.revision().is_some()
    }
}

/// Reads the inventory in a folder, at a revision or from disk.
pub(super) fn read_at(
    path: &Path,
    revision: Option<&str>,
    terminal: &Terminal,
) -> anyhow::Result<Reading> {
    let source = source(path, revision)?;
    let reading = read(&source, &Limits::default(), &Cache::default())?;
    terminal.detail(&read_summary(path, &reading));
    Ok(reading)
}

/// Returns a line on the inventory that was read, for `--verbose`.
pub(super) fn read_summary(path: &Path, reading: &Reading) -> String {
    let inventory = &reading.inventory;
    read_note(
        &path.to_string_lossy(),
        inventory.commit(),
        inventory.file_count(),
        reading.cached,
    )
}

/// Returns the inventory's path: the argument, else the settings, else the current folder.
pub(super) fn path(given: Option<&Path>, settings: &Settings) -> PathBuf {
    given
        .map(Path::to_path_buf)
        .or_else(|| settings.inventory.clone())
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Returns the source to read: git if a revision is given or the repository is bare, else the folder.
pub(super) fn source(path: &Path, revision: Option<&str>) -> Result<Source, SourceError> {
    match revision {
        Some(revision) => Source::git(path, revision),
        None if is_bare(path) => Source::git(path, "HEAD"),
        None => Source::directory(path),
    }
}

/// Returns the inventory's path inside its repository, for tools that need paths relative to its root.
pub(super) fn prefix(path: &Path, reading: &Reading) -> String {
    if reading.inventory.commit().is_some() {
        return reading.prefix.clone();
    }
    match Source::git(path, "HEAD") {
        Ok(Source::Git(git)) => git.prefix().to_owned(),
        Ok(Source::Directory(_)) | Err(_) => String::new(),
    }
}

/// Returns the summary of a reading.
pub(super) fn summary(reading: &Reading) -> Summary {
    let count = |severity| {
        let with = reading
            .findings
            .iter()
            .filter(|finding| finding.severity == severity);
        with.count()
    };
    let inventory = &reading.inventory;
    Summary {
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        files: inventory.file_count(),
        devices: inventory.devices().count(),
        subscribers: inventory.subscribers().count(),
        service_plans: inventory.service_plans().count(),
        commit: inventory.commit().map(str::to_owned),
    }
}

/// Returns the findings of a reading in a format.
pub(super) fn report(
    reading: &Reading,
    format: FindingFormat,
    prefix: &str,
    terminal: &Terminal,
) -> String {
    let (paint, width) = (terminal.paint, terminal.width);
    with_report(reading, prefix, terminal, |report| {
        report.render(format, paint, width)
    })
}

/// Returns the findings of a reading for a comment on a pull request.
pub(super) fn markdown(
    reading: &Reading,
    max_bytes: u32,
    terminal: &Terminal,
) -> anyhow::Result<String> {
    let max_bytes = usize::try_from(max_bytes)?;
    Ok(with_report(reading, &reading.prefix, terminal, |report| {
        report.markdown(max_bytes)
    }))
}

fn with_report(
    reading: &Reading,
    prefix: &str,
    terminal: &Terminal,
    render: impl FnOnce(&FindingReport<'_>) -> String,
) -> String {
    let text_of = |path: &str| reading.inventory.text_of(path);
    render(&FindingReport {
        findings: &reading.findings,
        summary: summary(reading),
        text_of: &text_of,
        path_prefix: prefix,
        web: terminal.web(),
    })
}

/// Shows the errors of a reading and `why` the command does nothing.
pub(super) fn refuse(mut reading: Reading, why: &str, terminal: &Terminal) -> anyhow::Result<Exit> {
    reading
        .findings
        .retain(|finding| finding.severity == Severity::Error);
    terminal.document(|| report(&reading, FindingFormat::Json, "", terminal))?;
    terminal.say_always(&report(&reading, FindingFormat::Human, "", terminal));
    terminal.say_always(why);
    Ok(Exit::InventoryInvalid)
}
