//! `gamctl disown`: releases objects that left the inventory, so that they stay on their devices, unmanaged.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, ensure};
use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::owned::has;
use super::scope::{DeviceArguments, DevicePatterns};
use super::source::{FolderArguments, refuse};
use super::store_client::StoreClient;
use super::subject::{Known, ResolvedSubject};
use crate::history::{Audit, StoredLedger};
use crate::inventory::{Inventory, resolve_device};
use crate::model::{DeviceConfig, DeviceName};
use crate::plan::Object;
use crate::report::{DocumentKind, Exit, counted, listed, visible};

/// The longest reason, in characters; the audit shows it in a line or two.
const MAX_REASON: usize = 500;

/// Release owned objects, so that they stay on the device, unmanaged
///
/// Writes to no device. For objects that left the inventory and must not be removed. A subscriber brings its endpoint and
/// its profile if nothing else needs them. The reason is recorded in the audit log: see `gamctl history --audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl disown acct-1042 --reason 'served by the landlord from now on'
  gamctl disown apt-101 apt-102 --device maple-court-a --reason 'handed over'
  gamctl disown --all --device maple-court-a --reason 'the device was sold'

An object that the inventory has is refused: the next apply would own it again.
Exit codes: 0 released, 4 not confirmed.")]
pub(super) struct DisownArguments {
    /// Release these: a subscriber, endpoint (MAC address) or profile
    #[arg(value_name = "OBJECT", required_unless_present = "all")]
    objects: Vec<String>,

    #[command(flatten)]
    device: DeviceArguments,

    /// Release every object of `--device` that the inventory does not have
    #[arg(long, requires = "device", conflicts_with = "objects")]
    all: bool,

    /// State the reason, for the audit log and for other operators
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Do not prompt; limits, freezes and refusals still apply
    #[arg(long, short = 'y')]
    yes: bool,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DisownDocument<'a> {
    /// `done` or `not-confirmed`.
    result: &'static str,
    reason: &'a str,
    devices: Vec<DisownedDevice<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DisownedDevice<'a> {
    device: &'a DeviceName,
    objects: &'a BTreeSet<Object>,
}

/// The objects to release, by device.
type Released = BTreeMap<DeviceName, BTreeSet<Object>>;

/// The owned and the intended objects.
struct Ownership<'a> {
    inventory: &'a Inventory,
    ledgers: &'a BTreeMap<DeviceName, StoredLedger>,
    store: &'a StoreClient<'a>,
    intended: BTreeMap<&'a DeviceName, Option<DeviceConfig>>,
}

pub(super) fn run(arguments: &DisownArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let reason = arguments.reason.trim();
    ensure!(
        !reason.is_empty() && reason.chars().count() <= MAX_REASON,
        "a reason has 1 to {MAX_REASON} characters"
    );
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let reading = selected.read(None)?;
    if reading.has_errors() {
        let why = "Nothing released: the inventory has errors, so it is unknown what it needs.";
        return refuse(reading, why, terminal);
    }
    let Some(store) = StoreClient::if_there(&selected)? else {
        bail!("nothing is owned: there is no store yet");
    };
    let ledgers = store.wait(store.store().ledgers())?;
    let ownership = Ownership::of(&reading.inventory, &ledgers, &store);
    let released = ownership.released(arguments)?;
    let document = |result| DisownDocument {
        result,
        reason,
        devices: released
            .iter()
            .map(|(device, objects)| DisownedDevice { device, objects })
            .collect(),
    };
    let count: usize = released.values().map(BTreeSet::len).sum();
    let text = text(&released);
    let question = format!("Release {}?", counted(count, "object"));
    if !arguments.yes {
        terminal.say(text.trim_end());
    }
    if !arguments.yes && !terminal.confirms(&question) {
        let document = document("not-confirmed");
        terminal.document(|| DocumentKind::Disown.document(&document))?;
        terminal.say_always("Nothing released: not confirmed.");
        terminal.hint("`--yes` releases without asking");
        return Ok(Exit::Refused);
    }
    for (device, objects) in &released {
        let Some(kept) = ledgers.get(device) else {
            continue;
        };
        let audit = Audit {
            who: selected.settings.who.clone(),
            verb: "disown".to_owned(),
            subject: Some(device.to_string()),
            is_refused: false,
            what: format!("released {} on {device}: {reason}", phrase(objects)),
            run: None,
            objects: None,
        };
        let releasing = store.store().release_objects(device, kept, objects, &audit);
        ensure!(
            store.wait(releasing)?,
            "the ownership of {device} changed during the command, and it was not touched; run it again"
        );
    }
    let document = document("done");
    terminal.print(
        arguments.format,
        || DocumentKind::Disown.document(&document),
        || match arguments.yes {
            true => text,
            false => String::new(),
        },
    )?;
    terminal.say(&format!(
        "Released {}: they stay on the device, unmanaged. No device was contacted.",
        counted(count, "object")
    ));
    Ok(Exit::Done)
}

/// Returns the objects as one phrase.
fn phrase(objects: &BTreeSet<Object>) -> String {
    let objects: Vec<String> = objects.iter().rev().map(ToString::to_string).collect();
    listed(&objects)
}

fn text(released: &Released) -> String {
    let lines = released.iter().flat_map(|(device, objects)| {
        // Subscribers come before the parts that they bring.
        let lines = objects
            .iter()
            .rev()
            .map(move |object| format!("{device}: {object}\n"));
        lines.collect::<Vec<_>>()
    });
    lines.collect()
}

impl<'a> Ownership<'a> {
    fn of(
        inventory: &'a Inventory,
        ledgers: &'a BTreeMap<DeviceName, StoredLedger>,
        store: &'a StoreClient<'a>,
    ) -> Self {
        let intended = ledgers.keys().map(|device| {
            let intended = resolve_device(inventory, device.as_str());
            (device, intended.map(|device| device.config))
        });
        Self {
            inventory,
            ledgers,
            store,
            intended: intended.collect(),
        }
    }

    fn is_intended(&self, device: &DeviceName, object: &Object) -> bool {
        let intended = self.intended.get(device).and_then(Option::as_ref);
        intended.is_some_and(|config| has(config, object))
    }

    /// Returns what the arguments name, with the parts that nothing else needs.
    fn released(&self, arguments: &DisownArguments) -> anyhow::Result<Released> {
        let only = arguments.device.patterns()?;
        let only = only.as_ref();
        let mut released = Released::new();
        if let Some(only) = only {
            self.check_owned(only)?;
        }
        if arguments.all {
            let is_in_scope = |device: &DeviceName| only.is_some_and(|only| only.has(device));
            for (device, kept) in self
                .ledgers
                .iter()
                .filter(|(device, _)| is_in_scope(device))
            {
                let objects = kept.ledger.owned();
                let objects: BTreeSet<Object> = objects
                    .filter(|object| !self.is_intended(device, object))
                    .collect();
                if !objects.is_empty() {
                    released.insert(device.clone(), objects);
                }
            }
            let devices = only.map(ToString::to_string).unwrap_or_default();
            ensure!(
                !released.is_empty(),
                "every owned object of {devices} is in the inventory; nothing to release"
            );
            return Ok(released);
        }
        for word in &arguments.objects {
            let (device, object) = self.object(word, only)?;
            if self.is_intended(device, &object) {
                bail!(
                    "{object} on {device} is in the inventory, so the next apply would own it again; remove it from the inventory first"
                );
            }
            let Some(kept) = self.ledgers.get(device) else {
                continue;
            };
            let parts = kept
                .ledger
                .with_own_parts(&object, |part| self.is_intended(device, part));
            released.entry(device.clone()).or_default().extend(parts);
        }
        Ok(released)
    }

    fn one_device(&self, name: &str) -> anyhow::Result<(&'a DeviceName, &'a StoredLedger)> {
        let mut ledgers = self.ledgers.iter();
        match ledgers.find(|(device, _)| device.as_str() == name) {
            Some(found) => Ok(found),
            None => bail!(
                "nothing is owned on `{}`; `gamctl owned` lists the devices",
                visible(name)
            ),
        }
    }

    /// Fails if nothing is owned on any of the devices.
    fn check_owned(&self, only: &DevicePatterns) -> anyhow::Result<()> {
        ensure!(
            self.ledgers.keys().any(|device| only.has(device)),
            "nothing is owned on `{only}`; `gamctl owned` lists the devices"
        );
        Ok(())
    }

    /// Returns the owned object that a word names: its name on a device, else the subscriber that the word means.
    fn object(
        &self,
        word: &str,
        only: Option<&DevicePatterns>,
    ) -> anyhow::Result<(&'a DeviceName, Object)> {
        let mac = word.parse().ok().map(Object::Endpoint);
        let is_meant = |object: &Object| match object {
            Object::Endpoint(_) => Some(object) == mac.as_ref(),
            Object::Profile(name) => name.as_str() == word,
            Object::Subscriber(name) => name.as_str() == word,
            Object::System | Object::Uplink(_) | Object::Port(_) => false,
        };
        let mut found: Vec<(&DeviceName, Object)> = Vec::new();
        for (device, kept) in self.ledgers {
            let is_in_scope = only.is_none_or(|only| only.has(device));
            let objects = kept.ledger.owned().filter(is_meant);
            found.extend(
                objects
                    .filter(|_| is_in_scope)
                    .map(|object| (device, object)),
            );
        }
        match found.as_slice() {
            [] => self.subscriber(word, only),
            [(device, object)] => Ok((device, object.clone())),
            several => {
                let several = several
                    .iter()
                    .map(|(device, object)| format!("{object} on {device}"));
                let several: Vec<String> = several.collect();
                bail!(
                    "`{}` is {}; say which with `--device NAME`, or give another name of it",
                    visible(word),
                    listed(&several)
                )
            }
        }
    }

    fn subscriber(
        &self,
        word: &str,
        only: Option<&DevicePatterns>,
    ) -> anyhow::Result<(&'a DeviceName, Object)> {
        let known = Known {
            inventory: self.inventory,
            ledgers: self.ledgers,
            store: Some(self.store),
            unasked: None,
        };
        let ResolvedSubject::Subscriber(served) = known.meant(word, only)? else {
            bail!(
                "`{}` is a device; `gamctl disown --all --device {0}` releases what the inventory does not have",
                visible(word)
            );
        };
        let (device, kept) = self.one_device(served.device.as_str())?;
        if !kept.ledger.owns_subscriber(&served.name) {
            bail!(
                "subscriber {0} on {device} is not owned; nothing to release: `gamctl explain {0} --device {device}` shows its runs",
                served.name
            );
        }
        Ok((device, Object::Subscriber(served.name)))
    }
}
