//! Reads recorded looks from files, and lists the devices in scope.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use super::scope::{Scope, ScopeArguments};
use crate::inventory::{Inventory, nearest};
use crate::model::{DeviceName, DeviceState, Observation};
use crate::observe::record;
use crate::report::visible;

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
            "failed to read {}; `--offline` accepts files of `gamctl observe --out`",
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

/// Returns the devices in scope that are installed; with names, only those.
pub(super) fn named(
    inventory: &Inventory,
    names: &[String],
    scope: &ScopeArguments,
) -> anyhow::Result<Vec<DeviceName>> {
    let mut devices = installed(inventory, &scope.scope()?);
    for name in names {
        known(inventory, name)?;
    }
    if !names.is_empty() {
        devices.retain(|device| names.iter().any(|name| name == device.as_str()));
    }
    Ok(devices)
}

/// Refuses a name that no device has, and a device that is not installed yet.
pub(super) fn known(inventory: &Inventory, name: &str) -> anyhow::Result<()> {
    match inventory.device(name) {
        None => {
            let near = nearest(name, inventory.devices().map(|device| device.id.as_str()));
            let near = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_else(|| "; `gamctl show` lists them".to_owned());
            bail!("there is no device `{}`{near}", visible(name))
        }
        Some(device) if device.text.state == Some(DeviceState::Preprovision) => {
            bail!("`{name}` is not installed yet: its state is `preprovision`")
        }
        Some(_) => Ok(()),
    }
}
