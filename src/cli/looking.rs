//! Looks at devices for a command: from the scope to what was seen, with a progress bar for those who wait.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::clock;
use super::exposed_secrets::warn_of_exposed;
use super::scope::Scope;
use super::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::Inventory;
use crate::model::{DeviceName, DeviceState, Observation};
use crate::observe::record;
use crate::reconcile::{Looks, Opening, Sighting, Sightings, look_at_all, opening};
use crate::report::visible;
use crate::secrets::Secrets;

/// A bar that comes and goes at once only flickers.
const UNTIL_SHOWN: Duration = Duration::from_secs(1);

/// How devices are reached, or why they are not.
pub(super) type Openings = BTreeMap<DeviceName, Result<Opening, String>>;

/// Returns the devices in scope that are installed.
pub(super) fn installed(inventory: &Inventory, scope: &Scope) -> Vec<DeviceName> {
    let devices = inventory
        .devices()
        .filter(|device| device.text.state != Some(DeviceState::Preprovision) && scope.has(device));
    let mut names: Vec<DeviceName> = devices.map(|device| device.id.clone()).collect();
    names.sort();
    names
}

/// Looks at devices, many at a time.
pub(super) fn look(
    inventory: &Inventory,
    names: &[DeviceName],
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Sightings> {
    let openings = openings(inventory, names, settings, terminal);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the threads that look at devices")?;
    Ok(runtime.block_on(look_through(openings, terminal)))
}

/// Returns how each device is reached, or why it is not.
pub(super) fn openings(
    inventory: &Inventory,
    names: &[DeviceName],
    settings: &Settings,
    terminal: &Terminal,
) -> Openings {
    let secrets = Secrets::of(settings.secrets.clone());
    warn_of_exposed(inventory, &secrets, terminal);
    let devices = names.iter().filter_map(|name| {
        let device = inventory.device(name.as_str())?;
        let opening = opening(inventory, device, &secrets).map_err(|error| error.to_string());
        Some((name.clone(), opening))
    });
    devices.collect()
}

/// Looks at devices, with a bar for those who wait.
pub(super) async fn look_through(openings: Openings, terminal: &Terminal) -> Sightings {
    let bar = Bar::new(
        openings.len(),
        "Looking {wide_bar} {pos}/{len} devices",
        terminal,
    );
    let devices = openings.into_iter().collect();
    let sightings = look_at_all(devices, Looks::new(clock::seconds), |_| bar.step()).await;
    bar.end();
    sightings
}

/// Reads looks from files, for the devices in scope.
pub(super) fn from_files(files: &[PathBuf], names: &[DeviceName]) -> anyhow::Result<Sightings> {
    let mut sightings = Sightings::new();
    for name in names {
        let reason = "there is no look at it among the files of `--offline`".to_owned();
        sightings.insert(name.clone(), Err(reason));
    }
    let mut known = 0;
    for file in files_of(files)? {
        let shown = file.display().to_string();
        let bytes = read_look(&file)?;
        let look = record::from_bytes(&bytes).with_context(|| format!("{shown} cannot be used"))?;
        known += 1;
        if let Some(sighting) = sightings.get_mut(&look.device) {
            ensure!(
                sighting.is_err(),
                "there are two looks at `{}`: {shown} is the second",
                visible(look.device.as_str())
            );
            *sighting = Ok(Sighting::of(look));
        }
    }
    ensure!(
        known > 0,
        "there is no look at a device in what `--offline` names"
    );
    Ok(sightings)
}

/// Reads all looks in files.
pub(super) fn all_from_files(files: &[PathBuf]) -> anyhow::Result<Vec<Observation>> {
    let mut looks = Vec::new();
    for file in files_of(files)? {
        let shown = file.display().to_string();
        let bytes = read_look(&file)?;
        let look = record::from_bytes(&bytes);
        looks.push(look.with_context(|| format!("{shown} cannot be used"))?);
    }
    Ok(looks)
}

fn read_look(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| {
        format!(
            "failed to read {}; `--offline` takes what `gamctl observe --save` wrote",
            file.display()
        )
    })
}

/// Returns an error with everything that led to it, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(source) = inner {
        text.push_str(": ");
        text.push_str(&source.to_string());
        inner = source.source();
    }
    text
}

/// Returns the files, and those of folders.
fn files_of(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let shown = path.display();
        let entries =
            std::fs::read_dir(path).with_context(|| format!("failed to look into {shown}"))?;
        for entry in entries {
            let file = entry
                .with_context(|| format!("failed to look into {shown}"))?
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

/// A progress bar on a terminal, after a second; nothing elsewhere.
pub(super) struct Bar {
    bar: ProgressBar,
    is_wanted: bool,
    began: Instant,
}

impl Bar {
    /// `doing` is what is done with how many of what, as `Looking {wide_bar} {pos}/{len} devices`.
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
