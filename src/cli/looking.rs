//! Reads recorded looks from files, lists the devices in scope, and draws a progress bar.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::scope::Scope;
use super::terminal::Terminal;
use crate::inventory::Inventory;
use crate::model::{DeviceName, DeviceState, Observation};
use crate::observe::record;
use crate::report::visible;

/// The time before a bar is drawn: one that disappears at once only flickers.
const UNTIL_SHOWN: Duration = Duration::from_secs(1);

/// Returns the devices in scope that are installed.
pub(super) fn installed(inventory: &Inventory, scope: &Scope) -> Vec<DeviceName> {
    let devices = inventory
        .devices()
        .filter(|device| device.text.state != Some(DeviceState::Preprovision) && scope.has(device));
    let mut names: Vec<DeviceName> = devices.map(|device| device.id.clone()).collect();
    names.sort();
    names
}

/// Reads all looks in files.
pub(super) fn all_from_files(files: &[PathBuf]) -> anyhow::Result<Vec<Observation>> {
    let mut looks = Vec::new();
    for file in files_of(files)? {
        let shown = file.display().to_string();
        let bytes = read_look(&file)?;
        let look = record::from_bytes(&bytes);
        let look = look.with_context(|| format!("cannot use {shown}"))?;
        ensure!(
            !looks
                .iter()
                .any(|known: &Observation| known.device == look.device),
            "there are two looks at `{}`: {shown} is the second",
            visible(look.device.as_str())
        );
        looks.push(look);
    }
    ensure!(
        !looks.is_empty(),
        "the files of `--offline` contain no look at a device"
    );
    Ok(looks)
}

fn read_look(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| {
        format!(
            "failed to read {}; `--offline` accepts files of `gamctl observe --save`",
            file.display()
        )
    })
}

/// Returns the files among the paths, and the files in those that are folders.
fn files_of(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let shown = path.display();
        let entries = std::fs::read_dir(path)
            .with_context(|| format!("failed to read the folder {shown}"))?;
        for entry in entries {
            let file = entry
                .with_context(|| format!("failed to read the folder {shown}"))?
                .path();
            let is_look = file
                .extension()
                .is_some_and(|extension| extension == "toml" || extension == "json");
            if is_look && file.is_file() {
                files.push(file);
            }
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// A progress bar on a terminal, drawn after a second; nothing elsewhere.
pub(super) struct Bar {
    bar: ProgressBar,
    is_wanted: bool,
    began: Instant,
}

impl Bar {
    /// Creates a bar; `doing` is its template, such as `Looking {wide_bar} {pos}/{len} devices`.
    pub(super) fn new(total: usize, doing: &str, terminal: &Terminal) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(doing) {
            bar.set_style(style);
        }
        Self {
            bar,
            is_wanted: std::io::stderr().is_terminal() && !terminal.is_quiet,
            began: Instant::now(),
        }
    }

    pub(super) fn step(&self) {
        self.bar.inc(1);
        if self.is_wanted && self.bar.is_hidden() && self.began.elapsed() > UNTIL_SHOWN {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
