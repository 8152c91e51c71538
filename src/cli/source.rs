//! From the arguments of a command to the inventory it is about.

use std::path::{Path, PathBuf};

use crate::config::{Settings, SettingsError, settings_of};
use crate::inventory::source::{Limits, Source, SourceError};
use crate::inventory::{Cache, Reading, read};
use crate::model::Severity;
use crate::report::{Exit, FindingFormat, FindingReport, Summary, counted, visible};

use super::terminal::Terminal;

/// Which inventory a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct InventoryArguments {
    /// The inventory's folder, or a git repository with --rev [default: the settings', else this folder]
    #[arg(long, short = 'i', value_name = "PATH", global = true)]
    inventory: Option<PathBuf>,

    /// Take the inventory as it was committed at this revision, instead of as it is on disk
    #[arg(long, value_name = "REV", global = true)]
    rev: Option<String>,
}

impl InventoryArguments {
    /// Returns the inventory's folder.
    pub(super) fn folder(&self, settings: &Settings) -> PathBuf {
        path(self.inventory.as_deref(), settings)
    }

    /// Returns whether the inventory is meant as it was committed, so that there are no files of it to write to.
    pub(super) fn is_of_a_revision(&self) -> bool {
        self.rev.is_some()
    }

    /// Returns the settings that belong to the inventory, where one was named: its devices are opened with its secrets.
    pub(super) fn settings(&self, settings: &Settings) -> Result<Settings, SettingsError> {
        match &self.inventory {
            Some(folder) => settings_of(settings, folder),
            None => Ok(settings.clone()),
        }
    }

    pub(super) fn read(&self, settings: &Settings, terminal: &Terminal) -> anyhow::Result<Reading> {
        let path = path(self.inventory.as_deref(), settings);
        let source = source(&path, self.rev.as_deref())?;
        let reading = read(&source, &Limits::default(), &Cache::default())?;
        terminal.detail(&told(&path, &reading));
        Ok(reading)
    }
}

/// Returns what was read, for the curious.
pub(super) fn told(path: &Path, reading: &Reading) -> String {
    let files = counted(reading.inventory.file_count(), "file");
    let path = visible(&path.to_string_lossy()).into_owned();
    let known = match reading.cached {
        0 => String::new(),
        cached => format!(", {cached} of them known already"),
    };
    match reading.inventory.commit() {
        Some(commit) => format!("Read {files} from {path} at commit {commit}{known}."),
        None => format!("Read {files} from {path}, as they are on disk{known}."),
    }
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

/// Returns whether a folder is a git repository without a work tree.
pub(super) fn is_bare(path: &Path) -> bool {
    path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir()
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
    terminal.json_text(|| report(&reading, FindingFormat::Json, "", terminal))?;
    terminal.complain(&report(&reading, FindingFormat::Human, "", terminal));
    terminal.complain(why);
    Ok(Exit::InventoryInvalid)
}
