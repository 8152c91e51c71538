//! Turns the arguments of `gamctl import` into looks at devices, or reads recorded looks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{bail, ensure};

use super::ImportArguments;
use crate::cli::clock;
use crate::cli::invocation::Selected;
use crate::cli::looking::{all_from_files, known};
use crate::discovery::{AddressRange, MOST_ADDRESSES, RangeError};
use crate::inventory::Inventory;
use crate::model::{Address, CredentialsName, DeviceName};
use crate::reconcile::SweepCredentials;
use crate::reconcile::import::{FoundDevice, FoundDevices, ImportAccess, ImportTarget, find};
use crate::report::visible;
use crate::secrets::Secrets;

/// Returns the looks in files.
pub(super) fn recorded(files: &[PathBuf], inventory: &Inventory) -> anyhow::Result<FoundDevices> {
    let looks = all_from_files(files)?;
    let found = looks.into_iter().map(|observation| {
        let device = inventory.device(observation.device.as_str());
        FoundDevice {
            known: device.map(|device| device.id.clone()),
            address: None,
            credentials: None,
            host_key: None,
            site: None,
            observation,
        }
    });
    Ok(FoundDevices {
        found: found.collect(),
        ..FoundDevices::default()
    })
}

/// Looks at everything that was named.
pub(super) fn look(
    arguments: &ImportArguments,
    inventory: &Inventory,
    selected: &Selected<'_>,
) -> anyhow::Result<FoundDevices> {
    let secrets = Secrets::of(selected.settings.secrets.clone());
    let access = ImportAccess {
        credentials: credentials(&arguments.credentials, inventory, &secrets)?,
        per_second: arguments.rate,
        accepts_host_keys: arguments.accept_host_keys,
        clock: clock::seconds,
        silence: selected.silence(),
    };
    let mut targets: Vec<ImportTarget> = Vec::new();
    for text in &arguments.devices {
        for target in targets_of(text)? {
            if let ImportTarget::Device(name) = &target {
                known(inventory, name.as_str())?;
            }
            targets.push(target);
        }
        ensure!(
            targets.len() <= MOST_ADDRESSES,
            "more than {MOST_ADDRESSES} addresses; import in parts"
        );
    }
    // An address of two ranges is looked at once.
    let mut seen = BTreeSet::new();
    targets.retain(|target| match target {
        ImportTarget::InRange(address) => seen.insert(*address),
        ImportTarget::Address(_) | ImportTarget::Device(_) => true,
    });
    let count = targets.len();
    let detail = format!("Looking at {count} addresses.");
    selected.terminal().detail(&detail);
    let looking = find(targets, inventory, &secrets, &access);
    Ok(selected.invocation.wait(looking)??)
}

/// Returns the credentials to try: the named ones, else all of the inventory whose secrets are available.
fn credentials(
    names: &[String],
    inventory: &Inventory,
    secrets: &Secrets,
) -> anyhow::Result<Vec<CredentialsName>> {
    if !names.is_empty() {
        let names = names.iter().map(|name| Ok(CredentialsName::new(name)?));
        return names.collect();
    }
    let usable = SweepCredentials::of(inventory, &[], secrets).into_names();
    match usable.is_empty() {
        false => Ok(usable),
        // The error then names the missing secret.
        true => Ok(vec![CredentialsName::new("default")?]),
    }
}

/// Returns the targets of one argument: an address, which must answer, a range, or a device by name.
fn targets_of(text: &str) -> anyhow::Result<Vec<ImportTarget>> {
    if let Ok(address) = text.parse::<Address>() {
        return Ok(vec![ImportTarget::Address(address)]);
    }
    match text.parse::<AddressRange>() {
        Ok(range) => {
            let (count, most) = (range.count(), u64::try_from(MOST_ADDRESSES)?);
            ensure!(
                count <= most,
                "`{text}` has {count} addresses, and {most} are the most; give smaller ranges"
            );
            Ok(range.addresses().map(ImportTarget::InRange).collect())
        }
        Err(RangeError::NotARange(_)) => {
            let name = DeviceName::new(text).ok();
            let is_name = !text.chars().all(|c| c.is_ascii_digit() || c == '.');
            match name.filter(|_| is_name) {
                Some(name) => Ok(vec![ImportTarget::Device(name)]),
                None => bail!(
                    "`{}` is neither an address, a range such as `10.20.0.0/24` or `10.20.0.11-10.20.0.40`, nor the name of a device",
                    visible(text)
                ),
            }
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_an_address_a_range_or_a_name() {
        for (text, count) in [
            ("10.20.0.0/24", 254),
            ("10.20.0.77/32", 1),
            ("10.20.0.11-10.20.0.40", 30),
            ("127.20.0.0/28:2222/1161", 14),
        ] {
            let targets = targets_of(text).unwrap();
            assert_eq!(targets.len(), count, "{text}");
            let is_in_range = |target: &ImportTarget| matches!(target, ImportTarget::InRange(_));
            assert!(targets.iter().all(is_in_range), "{text}");
        }
        for text in ["10.20.0.11", "127.0.0.1:2222/1161", "2001:db8::1"] {
            let targets = targets_of(text).unwrap();
            assert!(matches!(targets[..], [ImportTarget::Address(_)]), "{text}");
        }
        let targets = targets_of("maple-court-a").unwrap();
        assert!(matches!(targets[..], [ImportTarget::Device(_)]));
    }

    #[test]
    fn an_argument_that_is_none_of_them_is_refused() {
        for (text, problem) in [
            ("10.0.0.0/8", "smaller ranges"),
            ("10.0.0.0-10.9.0.0", "smaller ranges"),
            ("10.0.0.9-10.0.0.1", "backwards"),
            ("10.0.0.0/33", "neither an address"),
            ("10.0.0", "neither an address"),
            ("a b", "neither an address"),
        ] {
            let error = targets_of(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
