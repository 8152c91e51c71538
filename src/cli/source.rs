//! From the arguments of a command to the inventory it is about.

use std::path::{Path, PathBuf};

use crate::config::Settings;
pub(super) use crate::inventory::source::is_bare;
use crate::inventory::source::{Limits, Source, SourceError};
use crate::inventory::{Cache, Reading, read};
use crate::model::Severity;
use crate::report::{Exit, FindingFormat, FindingReport, Summary};

use super::terminal::Terminal;
use super::watch::read as read_note;

/// Which inventory a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct FolderArguments {
    /// The inventory's folder, or a git repository [default: the settings', else this folder]
    #[arg(long, short = 'i', value_name = "PATH", global = true)]
    inventory: Option<PathBuf>,
}

/// Which inventory a command is about, and as of which commit.
#[derive(Debug, clap::Args)]
pub(super) struct InventoryArguments {
    #[command(flatten)]
    folder: FolderArguments,

    /// Take the inventory as it was committed at this revision, instead of as it is on disk
    #[arg(long, value_name = "REV", global = true)]
    rev: Option<String>,
}

impl FolderArguments {
    /// Returns the folder as it was given.
    pub(super) fn given(&self) -> Option<&Path> {
        self.inventory.as_deref()
    }
}

impl InventoryArguments {
    /// Returns the folder as it was given.
    pub(super) fn given(&self) -> Option<&Path> {
        self.folder.given()
    }

    /// Returns the revision as it was given.
    pub(super) fn revision(&self) -> Option<&str> {
        self.rev.as_deref()
    }

    /// Returns whether the inventory is meant as it was committed, so that there are no files of it to write to.
    pub(super) fn is_of_a_revision(&self) -> bool {
        self.rev.is_some()
    }
}

/// Reads the inventory in a folder, at a revision or as it is on disk.
pub(super) fn read_at(
    path: &Path,
    revision: Option<&str>,
    terminal: &Terminal,
) -> anyhow::Result<Reading> {
    let source = source(path, revision)?;
    let reading = read(&source, &Limits::default(), &Cache::default())?;
    terminal.detail(&told(path, &reading));
    Ok(reading)
}

/// Returns what was read, for `--verbose`.
pub(super) fn told(path: &Path, reading: &Reading) -> String {
    let inventory = &reading.inventory;
    read_note(
        &path.to_string_lossy(),
        inventory.commit(),
        inventory.file_count(),
        reading.cached,
    )
}

/// Returns the inventory's path: the one given, else the settings', else here.
pub(super) fn path(given: Option<&Path>, settings: &Settings) -> PathBuf {
    given
        .map(Path::to_path_buf)
        .or_else(|| settings.inventory.clone())
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Returns where to read: from git where a revision is given or there is nothing else, else from the folder as it is.
pub(super) fn source(path: &Path, revision: Option<&str>) -> Result<Source, SourceError> {
    match revision {
        Some(revision) => Source::git(path, revision),
        None if is_bare(path) => Source::git(path, "HEAD"),
        None => Source::directory(path),
    }
}

/// Returns where the inventory stands in its repository, for tools that read paths from there.
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
    let text_of = |path: &str| reading.inventory.text_of(path);
    let report = FindingReport {
        findings: &reading.findings,
        summary: summary(reading),
        text_of: &text_of,
        path_prefix: prefix,
    };
    report.render(format, terminal.paint, terminal.width)
}

/// Shows the errors of a reading, and says what is not done because of them.
pub(super) fn refuse(mut reading: Reading, why: &str, terminal: &Terminal) -> anyhow::Result<Exit> {
    reading
        .findings
        .retain(|finding| finding.severity == Severity::Error);
    terminal.document(|| report(&reading, FindingFormat::Json, "", terminal))?;
    terminal.complain(&report(&reading, FindingFormat::Human, "", terminal));
    terminal.complain(why);
    Ok(Exit::InventoryInvalid)
}
