//! `gamctl discover`: which devices answer on the network, and which of them the inventory does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;

use super::exposed_secrets::warn_of_exposed;
use super::looking::Bar;
use super::source::InventoryArguments;
use super::terminal::Terminal;
use crate::config::Settings;
use crate::discovery::{
    Asked, KnownDevice, Seen, Sweep, Verdict, addresses, compare, patch, sweep,
};
use crate::inventory::{CredentialsObject, Inventory, nearest};
use crate::model::{Address, CredentialsName, DeviceState};
use crate::reconcile::access_of;
use crate::report::{Exit, discovered, discovery_exit, discovery_verdict, json_document, visible};
use crate::secrets::Secrets;
use crate::transport::snmp::{Access, Tuning};

/// Ask a range of addresses who is there, and compare with the inventory
///
/// One SNMP request an address and credentials: what it is, its name, serial number and MAC address. Says which devices are known, new, moved, missing or another than the inventory has, and prints what to add to it. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl discover 10.20.0.0/24                        a network
  gamctl discover 10.20.0.10-10.20.0.40 10.20.1.4     a range, and one address more
  gamctl discover 10.20.0.0/16 --rate 500 --credentials outdoor
  gamctl discover 127.20.0.0/28:2222/1161             a test bed with other ports for SSH and SNMP

Exit codes: 2 the inventory and the network differ, 6 a device of the inventory did not answer.")]
pub(super) struct DiscoverArguments {
    /// Networks, ranges and addresses
    #[arg(value_name = "RANGE", required = true)]
    ranges: Vec<String>,

    #[command(flatten)]
    inventory: InventoryArguments,

    /// How many addresses are asked in a second, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2000))]
    rate: u32,

    /// Credentials of the inventory that are tried, in this order [default: all]
    #[arg(long, value_name = "NAME")]
    credentials: Vec<String>,

    /// How long an address may take, in milliseconds; it is asked twice
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=20_000))]
    timeout: u64,

    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(
    arguments: &DiscoverArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let addresses = addresses(arguments.ranges.iter().map(String::as_str))?;
    ensure!(!addresses.is_empty(), "there is no address in that");
    let settings = &arguments.inventory.settings(settings)?;
    let reading = arguments.inventory.read(settings, terminal)?;
    if reading.has_errors() {
        terminal.complain("The inventory has errors, so a device may be taken for new that stands in it; `gamctl validate` shows them.");
    }
    let inventory = &reading.inventory;
    let devices = devices(inventory);
    let credentials = credentials(arguments, inventory, settings, terminal)?;
    let asked = asked(&addresses, inventory, &credentials);
    let how = Sweep {
        credentials,
        per_second: arguments.rate,
        tuning: Tuning {
            timeout: Duration::from_millis(arguments.timeout),
            retries: 1,
            ..Tuning::default()
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the threads that ask")?;
    let doing = "Asking {wide_bar} {pos}/{len} addresses";
    let bar = Bar::new(addresses.len(), doing, terminal);
    let heard = runtime.block_on(sweep(asked, how, || bar.step()));
    bar.end();
    let count = addresses.len();
    let comparison = compare(
        &devices,
        &addresses.into_iter().collect::<BTreeSet<_>>(),
        heard,
    );
    let patch = patch(&devices, &comparison);
    terminal.json(&comparison)?;
    match arguments.format {
        Format::Json => terminal.result(&json_document(&comparison))?,
        Format::Text => {
            terminal.result(&discovered(&comparison, terminal.paint))?;
            if !patch.is_empty() {
                terminal.result(&format!(
                    "\n# For the inventory, below `devices/`:\n{patch}"
                ))?;
            }
        }
    }
    terminal.say(&discovery_verdict(&comparison, count));
    let has_wrong = |seen: &Seen| matches!(seen.verdict, Verdict::Wrong { .. });
    if comparison.seen.iter().any(has_wrong) {
        terminal.hint("a box that is another than the pinned one is never written to: see what was swapped, then correct its pins or its place");
    }
    if !patch.is_empty() {
        terminal.hint("new devices begin in state `observe`; `gamctl trust` pins their host keys");
    }
    Ok(discovery_exit(&comparison))
}

fn devices(inventory: &Inventory) -> Vec<KnownDevice> {
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

/// Returns the credentials that are tried; where nobody named them, those whose secrets are here.
fn credentials(
    arguments: &DiscoverArguments,
    inventory: &Inventory,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Vec<(CredentialsName, Access)>> {
    let secrets = Secrets::of(settings.secrets.clone());
    warn_of_exposed(inventory, &secrets, terminal);
    let all: Vec<&CredentialsObject> = inventory.credentials().collect();
    let mut wanted = Vec::new();
    for name in &arguments.credentials {
        let found = all.iter().find(|known| known.id.as_str() == name);
        let Some(found) = found else {
            let near = nearest(name, all.iter().map(|known| known.id.as_str()));
            let hint = near.map(|near| format!("; did you mean `{near}`?"));
            bail!(
                "there are no credentials `{}` in the inventory{}",
                visible(name),
                hint.unwrap_or_default()
            );
        };
        let access = access_of(found, &secrets)
            .with_context(|| format!("the credentials `{name}` cannot be used"))?;
        wanted.push((found.id.clone(), access));
    }
    if !arguments.credentials.is_empty() {
        return Ok(wanted);
    }
    for known in all {
        match access_of(known, &secrets) {
            Ok(access) => wanted.push((known.id.clone(), access)),
            Err(error) => terminal.complain(&format!(
                "Not tried: the credentials `{}`: {error}.",
                known.id
            )),
        }
    }
    ensure!(
        !wanted.is_empty(),
        "there are no credentials to ask with; add some to `credentials.toml`, and their secrets"
    );
    Ok(wanted)
}

/// Returns who is asked with what: a device that is known with its own credentials first.
fn asked(
    addresses: &[Address],
    inventory: &Inventory,
    credentials: &[(CredentialsName, Access)],
) -> Vec<Asked> {
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
        Asked {
            address: *address,
            credentials: own.into_iter().chain(others).collect(),
        }
    });
    asked.collect()
}
