//! Turns what was named on the command line, or recorded in files, into what was found.

use std::path::PathBuf;

use super::ImportArguments;
use super::range::{Meant, meant};
use crate::cli::clock;
use crate::cli::invocation::Selected;
use crate::cli::looking::all_from_files;
use crate::cli::observe::known;
use crate::inventory::Inventory;
use crate::model::{CredentialsName, DeviceName};
use crate::reconcile::import::{Finds, Found, ImportAccess, ImportTarget, find};
use crate::secrets::Secrets;

/// Returns the looks in files.
pub(super) fn recorded(files: &[PathBuf], inventory: &Inventory) -> anyhow::Result<Finds> {
    let looks = all_from_files(files)?;
    let found = looks.into_iter().map(|observation| {
        let device = inventory.device(observation.device.as_str());
        Found {
            known: device.map(|device| device.id.clone()),
            address: None,
            credentials: None,
            host_key: None,
            observation,
        }
    });
    Ok(Finds {
        found: found.collect(),
        ..Finds::default()
    })
}

/// Looks at everything that was named.
pub(super) fn look(
    arguments: &ImportArguments,
    inventory: &Inventory,
    selected: &Selected<'_>,
) -> anyhow::Result<Finds> {
    let access = ImportAccess {
        credentials: CredentialsName::new(&arguments.credentials)?,
        accepts_host_keys: arguments.accept_host_keys,
        clock: clock::seconds,
    };
    let mut targets = Vec::new();
    for text in &arguments.devices {
        match meant(text)? {
            Meant::One(address) => targets.push(ImportTarget::Address(address)),
            Meant::Range(addresses) => {
                targets.extend(addresses.into_iter().map(ImportTarget::InRange));
            }
            Meant::Name(name) => {
                known(inventory, &name)?;
                targets.push(ImportTarget::Device(DeviceName::new(&name)?));
            }
        }
    }
    let count = targets.len();
    let detail = format!("Looking at {count} addresses.");
    selected.terminal().detail(&detail);
    let secrets = Secrets::of(selected.settings.secrets.clone());
    let looking = find(targets, inventory, &secrets, &access);
    Ok(selected.invocation.wait(looking)??)
}
