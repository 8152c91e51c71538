//! Sweeps addresses with the credentials of an inventory, and compares the answers with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{DeviceAccessError, access_of};
use crate::discovery::{Comparison, KnownDevice, Sweep, SweepTarget, compare, patch, sweep};
use crate::inventory::{CredentialsObject, Inventory};
use crate::model::{Address, CredentialsName, DeviceState};
use crate::secrets::Secrets;
use crate::transport::snmp::{Access, SnmpOptions};

/// The credentials to try on addresses, in this order.
#[derive(Debug)]
pub struct SweepCredentials {
    usable: Vec<(CredentialsName, Access)>,
    /// Credentials that are incomplete or lack a secret.
    pub unusable: Vec<(CredentialsName, DeviceAccessError)>,
}

/// The speed of a sweep.
#[derive(Debug, Clone, Copy)]
pub struct SweepOptions {
    /// The most requests per second.
    pub per_second: u32,
    /// Time until an address is given up, for each set of credentials; it gets two requests.
    pub silence: Duration,
}

/// The result of a sweep.
#[derive(Debug)]
pub struct Discovered {
    pub comparison: Comparison,
    /// The text that the inventory lacks; empty if it is complete.
    pub patch: String,
}

impl SweepCredentials {
    /// Selects credentials of an inventory by name, in the order of the names; all if no name is given.
    pub fn of(inventory: &Inventory, names: &[String], secrets: &Secrets) -> Self {
        let all: Vec<&CredentialsObject> = inventory.credentials().collect();
        let named = names.iter().filter_map(|name| {
            let mut all = all.iter().copied();
            all.find(|known| known.id.as_str() == name)
        });
        let meant = match names.is_empty() {
            true => all.clone(),
            false => named.collect(),
        };
        let mut credentials = Self {
            usable: Vec::new(),
            unusable: Vec::new(),
        };
        for one in meant {
            match access_of(one, secrets) {
                Ok(access) => credentials.usable.push((one.id.clone(), access)),
                Err(error) => credentials.unusable.push((one.id.clone(), error)),
            }
        }
        credentials
    }

    /// Returns the names of the usable credentials.
    pub fn into_names(self) -> Vec<CredentialsName> {
        self.usable.into_iter().map(|(name, _)| name).collect()
    }

    /// Returns whether there are no credentials.
    pub fn is_empty(&self) -> bool {
        self.usable.is_empty()
    }
}

/// Probes the addresses; `seen` is called for each that is done.
pub async fn discover(
    inventory: &Inventory,
    addresses: Vec<Address>,
    credentials: SweepCredentials,
    options: SweepOptions,
    seen: impl FnMut(Address),
) -> Discovered {
    let devices = known_devices(inventory);
    let asked = asked(&addresses, inventory, &credentials.usable);
    let how = Sweep {
        credentials: credentials.usable,
        per_second: options.per_second,
        snmp_options: SnmpOptions {
            retries: 1,
            ..SnmpOptions::default()
        }
        .with_silence(options.silence),
    };
    let heard = sweep(asked, how, seen).await;
    let addresses: BTreeSet<Address> = addresses.into_iter().collect();
    let comparison = compare(&devices, &addresses, heard);
    let patch = patch(&devices, &comparison);
    Discovered { comparison, patch }
}

fn known_devices(inventory: &Inventory) -> Vec<KnownDevice> {
    let devices = inventory.devices().map(|device| KnownDevice {
        name: device.id.clone(),
        address: device
            .text
            .address
            .filter(|_| device.text.state != Some(DeviceState::Preprovision)),
        model: device.text.model,
        serial: device.text.serial.clone(),
        mac: device.text.mac,
    });
    devices.collect()
}

/// Returns the credentials to try on each address: those of a known device first.
fn asked(
    addresses: &[Address],
    inventory: &Inventory,
    credentials: &[(CredentialsName, Access)],
) -> Vec<SweepTarget> {
    let numbers: BTreeMap<&str, usize> = credentials
        .iter()
        .enumerate()
        .map(|(number, (name, _))| (name.as_str(), number))
        .collect();
    let own: BTreeMap<Address, usize> = inventory
        .devices()
        .filter_map(|device| {
            let name = device.text.credentials.as_ref();
            let name = name.map_or("default", |name| name.as_str());
            Some((device.text.address?, *numbers.get(name)?))
        })
        .collect();
    let all: Vec<usize> = (0..credentials.len()).collect();
    let asked = addresses.iter().map(|address| {
        let own = own.get(address).copied();
        let others = all.iter().copied().filter(|number| Some(*number) != own);
        SweepTarget {
            address: *address,
            credentials: own.into_iter().chain(others).collect(),
        }
    });
    asked.collect()
}
