//! `gamctl owned`: shows the objects that gamctl owns on devices, and the run since which it does.

use std::collections::BTreeMap;

use anyhow::bail;
use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::scope::{ScopeArguments, did_you_mean};
use super::source::{FolderArguments, summary};
use super::store_client::StoreClient;
use crate::history::{OwnedSince, StoredLedger};
use crate::inventory::{Inventory, nearest, resolve_device};
use crate::model::{DeviceConfig, DeviceName};
use crate::plan::Object;
use crate::report::{
    DocumentKind, Exit, OwnedDevice, OwnedObject, SinceLine, counted, moment, owned_devices,
    owned_objects, rfc3339, visible,
};

/// Show the objects that gamctl owns, and since which run
///
/// gamctl removes only objects that it owns. Without names, devices are shown as a table; a named device is shown with
/// every object. Contacts no device.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl owned                              the number of owned objects on every device
  gamctl owned maple-court-a                every object of a device, with the run since which it is owned
  gamctl owned --site maple-court --format json

Objects that are `not in the inventory` are removed by the next apply; `gamctl disown` releases them instead.")]
pub(super) struct OwnedArguments {
    /// Show every object of these devices [default: a table of all]
    #[arg(value_name = "DEVICE")]
    devices: Vec<String>,

    #[command(flatten)]
    inventory: FolderArguments,

    #[command(flatten)]
    scope: ScopeArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct OwnedDocument<'a> {
    devices: &'a [OwnedDevice],
}

pub(super) fn run(arguments: &OwnedArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let reading = selected.read(None)?;
    if reading.has_errors() {
        let errors = counted(summary(&reading).errors, "error");
        terminal.say_always(&format!(
            "The inventory has {errors}, so an object that it has may be shown as missing; `gamctl validate` shows what is wrong."
        ));
    }
    let inventory = &reading.inventory;
    let scope = arguments.scope.scope()?;
    let store = StoreClient::if_there(&selected)?;
    let mut ledgers = match &store {
        Some(store) => store.wait(store.store().ledgers())?,
        None => BTreeMap::new(),
    };
    for name in &arguments.devices {
        is_known(inventory, &ledgers, name)?;
    }
    ledgers.retain(|device, _| {
        let is_in_scope = match inventory.device(device.as_str()) {
            Some(object) => scope.has(object),
            None => scope.has_name(device.as_str()),
        };
        let is_named = arguments.devices.iter().any(|name| name == device.as_str());
        is_in_scope && (arguments.devices.is_empty() || is_named)
    });
    let mut devices = Vec::new();
    for (device, kept) in &ledgers {
        let since = match &store {
            Some(store) if !arguments.devices.is_empty() => {
                Some(store.wait(store.store().owned_since(device))?)
            }
            _ => None,
        };
        devices.push(owned(inventory, device, kept, since.as_ref()));
    }
    let text = || match arguments.devices.is_empty() {
        true if devices.is_empty() => String::new(),
        true => owned_devices(&devices, terminal.paint),
        false => {
            let each = devices.iter().map(|one| owned_objects(one, terminal.paint));
            each.collect::<Vec<_>>().join("\n")
        }
    };
    let document = OwnedDocument { devices: &devices };
    terminal.print(
        arguments.format,
        || DocumentKind::Owned.document(&document),
        text,
    )?;
    if devices.is_empty() {
        terminal.say("Nothing is owned here: no apply or `gamctl adopt` recorded an object.");
    }
    Ok(Exit::Done)
}

fn is_known(
    inventory: &Inventory,
    ledgers: &BTreeMap<DeviceName, StoredLedger>,
    name: &str,
) -> anyhow::Result<()> {
    let known = || {
        let devices = inventory.devices().map(|device| device.id.as_str());
        devices.chain(ledgers.keys().map(DeviceName::as_str))
    };
    if known().any(|known| known == name) {
        return Ok(());
    }
    let near = did_you_mean(nearest(name, known()));
    bail!(
        "there is no device `{}`, neither in the inventory nor in the store{near}",
        visible(name)
    )
}

fn owned(
    inventory: &Inventory,
    device: &DeviceName,
    kept: &StoredLedger,
    since: Option<&BTreeMap<Object, OwnedSince>>,
) -> OwnedDevice {
    let intended = resolve_device(inventory, device.as_str());
    let config = intended.as_ref().map(|device| &device.config);
    let is_in_inventory = |object: &Object| config.is_some_and(|config| has(config, object));
    let verified = &kept.ledger.verified;
    let objects = since.map(|since| {
        let objects = kept.ledger.owned().map(|object| OwnedObject {
            is_in_inventory: is_in_inventory(&object),
            is_protected: match &object {
                Object::Subscriber(name) => kept.ledger.protected.contains(name),
                _ => false,
            },
            since: since.get(&object).map(since_line),
            object,
        });
        objects.collect()
    });
    OwnedDevice {
        device: device.to_string(),
        is_in_inventory: inventory.device(device.as_str()).is_some(),
        profiles: verified.profiles.len(),
        endpoints: verified.endpoints.len(),
        subscribers: verified.subscribers.len(),
        not_in_inventory: kept
            .ledger
            .owned()
            .filter(|object| !is_in_inventory(object))
            .count(),
        verified: rfc3339(kept.at),
        commit: kept.commit.clone(),
        objects,
        when: moment(kept.at),
    }
}

fn since_line(since: &OwnedSince) -> SinceLine {
    SinceLine {
        at: rfc3339(since.at),
        run: since.run.map(|run| run.0),
        commit: since.commit.clone(),
        when: moment(since.at),
    }
}

/// Returns whether a configuration has an object.
pub(super) fn has(config: &DeviceConfig, object: &Object) -> bool {
    match object {
        Object::Profile(name) => config.profiles.contains_key(name),
        Object::Endpoint(mac) => config.endpoints.contains_key(mac),
        Object::Subscriber(name) => config.subscribers.contains_key(name),
        Object::System | Object::Uplink(_) | Object::Port(_) => true,
    }
}
