//! Turns looks at devices into an inventory; the plan right after is empty.
//!
//! `find` looks at devices · `draft` the new objects and their text · `device` and `subscriber` the keys of
//! each · `service_plan` speed tiers from profiles · `drop_unsupported` drops what the inventory cannot express.
//!
//! *Guarantees*: with what was there before, the result reads without errors, and resolves to what was seen of every object it names.

mod device;
mod draft;
mod drop_unsupported;
mod find;
mod service_plan;
mod subscriber;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::authoring::new_id::Ids;
use crate::inventory::source::Limits;
use crate::inventory::{Reading, read_texts};
use crate::model::{Address, CredentialsName, DeviceName, Finding, HostKey, Observation, SiteName};

use draft::Draft;
pub use find::{
    FoundDevices, ImportAccess, ImportTarget, ImportTargetError, UnobservedTarget, find,
};

/// The files of an inventory by their paths.
pub type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// A look at a device, with its address and credentials.
#[derive(Debug, Clone)]
pub struct FoundDevice {
    pub observation: Observation,
    /// Its name in the inventory, where it is described there already: then only its subscribers are written.
    pub known: Option<DeviceName>,
    /// Left out: the device is described as one that is not installed yet.
    pub address: Option<Address>,
    pub credentials: Option<CredentialsName>,
    pub host_key: Option<HostKey>,
    /// The site that its address belongs to, if the operator gave one.
    pub site: Option<SiteName>,
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// New files only, by their paths.
    pub files: BTreeMap<String, String>,
    pub devices: usize,
    pub subscribers: usize,
    pub service_plans: usize,
    pub left_out: Vec<LeftOut>,
    /// Written values that are guesses.
    pub guesses: Vec<String>,
}

/// An object on a device that the inventory does not express.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    pub device: DeviceName,
    /// Such as `subscriber "apt 7"`.
    pub what: String,
    pub why: String,
}

/// Why nothing can be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the inventory has errors; see `gamctl validate`")]
    Invalid,
    #[error("what was seen makes no inventory without errors: {0}")]
    Stuck(String),
}

/// Returns the files to add to an inventory, so that it describes the devices.
///
/// # Errors
///
/// Fails where the inventory as it is has errors.
pub fn import(found: &[FoundDevice], existing: &Texts) -> Result<Imported, ImportError> {
    let before = before(existing);
    if before.has_errors() {
        return Err(ImportError::Invalid);
    }
    let draft = Draft::of(found, &before, existing);
    drop_unsupported::drop_unsupported(draft, found, &before, existing)
}

impl Draft {
    /// Drafts every object that was found.
    fn of(found: &[FoundDevice], before: &Reading, existing: &Texts) -> Self {
        let names_schema = |text: &Arc<str>| text.starts_with("#:schema");
        let mut draft = Self {
            has_schemas: !existing.contains_key("network.toml")
                || existing.values().any(names_schema),
            ..Self::default()
        };
        let inventory = &before.inventory;
        let mut devices = Ids::default();
        devices.take(inventory.devices().map(|device| device.id.as_str()));
        let mut subscribers = Ids::default();
        subscribers.take(inventory.subscribers().map(|one| one.id.as_str()));
        for (place, one) in found.iter().enumerate() {
            let name = match &one.known {
                Some(name) => name.clone(),
                None => device::name(one, &mut devices),
            };
            let file = (1_u32..).map(|number| match number {
                1 => name.to_string(),
                number => format!("{name}-{number}"),
            });
            let mut file = file.filter(|file| {
                let taken = |folder: &str| {
                    let path = format!("{folder}/{file}.toml");
                    existing.contains_key(path.as_str())
                };
                !taken("devices") && !taken("subscribers")
            });
            draft.files.insert(place, file.next().unwrap_or_default());
            if let Some(twin) = device::already_there(one, inventory) {
                draft.leave_out(
                    &name,
                    "the device",
                    &format!("it is `{twin}` of the inventory"),
                );
                continue;
            }
            draft.names.insert(place, name);
            if one.known.is_none() {
                let defaults = inventory.defaults();
                draft.devices.insert(place, device::draft(one, &defaults));
            }
        }
        subscriber::add(found, before, &mut subscribers, &mut draft);
        draft
    }
}

/// Rules that a new inventory breaks before the import has written its files.
const RULES_OF_NEW: [&str; 2] = ["no-network-file", "empty-inventory"];

/// Returns the inventory that is added to.
pub fn before(existing: &Texts) -> Reading {
    let mut reading = read_texts(existing, &Limits::default());
    reading
        .findings
        .retain(|finding| !RULES_OF_NEW.contains(&finding.rule.id));
    reading
}

/// Returns one finding as a sentence.
fn said(finding: &Finding) -> String {
    match &finding.hint {
        Some(hint) => format!("{} ({hint})", finding.message),
        None => finding.message.clone(),
    }
}

/// Returns the reading of old and new files together.
fn together(existing: &Texts, new: &BTreeMap<String, String>) -> Reading {
    let mut texts = existing.clone();
    for (path, text) in new {
        texts.insert(Arc::from(path.as_str()), Arc::from(text.as_str()));
    }
    read_texts(&texts, &Limits::default())
}
