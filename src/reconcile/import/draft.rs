//! Holds the new objects of an import, and writes them as TOML.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::LeftOut;
use crate::authoring::format;
use crate::authoring::new_files::schema_line;
use crate::authoring::new_id::{Ids, slug};
use crate::inventory::{FileKind, canonical_order};
use crate::model::{DeviceName, ServicePlanId, SubscriberId, SubscriberName};

/// Keys of a table with their values as TOML.
pub(super) type Keys = Vec<(&'static str, String)>;

/// A device as it is going to be written.
#[derive(Debug, Clone)]
pub(in crate::reconcile) struct DeviceDraft {
    pub(super) keys: Keys,
    pub(super) uplinks: BTreeMap<u8, Keys>,
    pub(super) ports: BTreeMap<u8, Keys>,
}

/// A subscriber as it is going to be written.
#[derive(Debug, Clone)]
pub(in crate::reconcile) struct SubscriberDraft {
    /// The index of its device in the list of found devices.
    pub(super) found: usize,
    pub(super) name: SubscriberName,
    /// It is in the VLAN of those without service.
    pub(super) is_suspended: bool,
    pub(super) keys: Keys,
}

/// Everything to write except service plans: these follow from the remaining subscribers.
#[derive(Debug, Clone, Default)]
pub(in crate::reconcile) struct Draft {
    /// By the index in the list of found devices.
    pub(super) names: BTreeMap<usize, DeviceName>,
    pub(super) devices: BTreeMap<usize, DeviceDraft>,
    pub(super) subscribers: BTreeMap<SubscriberId, SubscriberDraft>,
    /// Names of files, one for each device.
    pub(super) files: BTreeMap<usize, String>,
    pub(super) left_out: Vec<LeftOut>,
    /// The files name JSON Schemas, for editors: the inventory is new, or its files do so.
    pub(super) has_schemas: bool,
}

/// A speed tier as it is going to be written.
#[derive(Debug, Clone)]
pub(super) struct PlanDraft {
    pub(super) id: ServicePlanId,
    pub(super) keys: Keys,
}

/// The object of a line in a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    Device(usize),
    Uplinks(usize),
    Port(usize, u8),
    Subscriber(SubscriberId),
    ServicePlan(ServicePlanId),
    Network,
}

/// New files, and the object that starts at each of their lines.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) files: BTreeMap<String, String>,
    pub(super) objects: BTreeMap<(String, u32), Object>,
}

impl Draft {
    pub(super) fn leave_out(&mut self, device: &DeviceName, what: &str, why: &str) {
        self.left_out.push(LeftOut {
            device: device.clone(),
            what: what.to_owned(),
            why: why.to_owned(),
        });
    }

    pub(super) fn leave_out_subscriber(&mut self, id: &SubscriberId, why: &str) {
        let Some(one) = self.subscribers.remove(id) else {
            return;
        };
        if let Some(device) = self.names.get(&one.found).cloned() {
            self.leave_out(&device, &format!("subscriber `{}`", one.name), why);
        }
    }

    /// Returns whether two subscribers of a device have one VLAN.
    pub(super) fn shares_vlans(&self) -> bool {
        let mut seen = BTreeSet::new();
        let mut vlans = self.subscribers.values().flat_map(|one| {
            let keys = one.keys.iter();
            let vlans = keys.filter(|(key, _)| matches!(*key, "vlan" | "port2_vlan"));
            vlans.map(|(_, vlan)| (one.found, vlan.as_str()))
        });
        vlans.any(|vlan| !seen.insert(vlan))
    }

    /// Returns the files with devices and subscribers.
    pub(super) fn write(
        &self,
        plan_of: impl Fn(&SubscriberId) -> Option<ServicePlanId>,
    ) -> Written {
        let mut written = Written::default();
        let start = |written: &mut Written, path: &str, kind: FileKind| {
            if self.has_schemas && !written.files.contains_key(path) {
                written.start(path, &schema_line(path, kind));
            }
        };
        for (place, device) in &self.devices {
            let (Some(name), Some(file)) = (self.names.get(place), self.files.get(place)) else {
                continue;
            };
            let path = format!("devices/{file}.toml");
            start(&mut written, &path, FileKind::Devices);
            let head = format!("device.{}", quoted_key(name.as_str()));
            written.table(&path, &head, &device.keys, Object::Device(*place));
            for (number, keys) in &device.uplinks {
                let head = format!("{head}.uplink.{number}");
                written.table(&path, &head, keys, Object::Uplinks(*place));
            }
            for (number, keys) in &device.ports {
                let head = format!("{head}.port.{number}");
                written.table(&path, &head, keys, Object::Port(*place, *number));
            }
        }
        for (id, one) in &self.subscribers {
            let (Some(name), Some(file), Some(plan)) = (
                self.names.get(&one.found),
                self.files.get(&one.found),
                plan_of(id),
            ) else {
                continue;
            };
            let path = format!("subscribers/{file}.toml");
            start(&mut written, &path, FileKind::Subscribers);
            let head = format!("subscriber.{}", quoted_key(id.as_str()));
            let mut keys = vec![
                ("device", quoted(name.as_str())),
                ("service_plan", quoted(plan.as_str())),
            ];
            keys.extend(one.keys.iter().cloned());
            written.table(&path, &head, &keys, Object::Subscriber(id.clone()));
        }
        written
    }
}

impl Written {
    /// Puts a text in front of all tables of a new file.
    pub(super) fn start(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.to_owned());
    }

    pub(super) fn table(&mut self, path: &str, head: &str, keys: &Keys, object: Object) {
        let text = self.files.entry(path.to_owned()).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        let line = text.matches('\n').count() + 1;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.objects.insert((path.to_owned(), line), object);
        text.push_str(&format!("[{head}]\n"));
        for (key, value) in keys {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }

    /// Returns the object of a line.
    pub(super) fn object_at(&self, path: &str, line: u32) -> Option<&Object> {
        let from = (path.to_owned(), 0);
        let to = (path.to_owned(), line);
        self.objects
            .range(from..=to)
            .next_back()
            .map(|(_, object)| object)
    }

    /// Returns the files in the order and spacing that `gamctl fmt` gives them.
    pub(super) fn into_files(self) -> BTreeMap<String, String> {
        let files = self.files.into_iter().map(|(path, text)| {
            let kind = FileKind::ALL.into_iter().find(|kind| {
                path.strip_suffix(".toml") == Some(kind.stem())
                    || path.split_once('/').map(|(folder, _)| folder) == Some(kind.stem())
            });
            let ordered = kind
                .and_then(|kind| format(kind, &text, &|table| canonical_order(kind, table)).ok());
            (path, ordered.unwrap_or(text))
        });
        files.collect()
    }
}

/// Returns a text as a string of TOML. A device may hold any text; validation decides whether it is valid in an inventory.
pub(super) fn quoted(text: &str) -> String {
    if !text.contains(char::is_control) {
        return toml_edit::Value::from(text).to_string();
    }
    // On one line, since findings are traced back to keys by line: toml_edit would write several.
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => {
                let _written = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns an id as a key of TOML.
pub(super) fn quoted_key(id: &str) -> String {
    toml_edit::Key::new(id).display_repr().into_owned()
}

/// Returns a free id, made from the first wish that gives one.
pub(super) fn subscriber_id(wishes: &[String], ids: &mut Ids, slot: u16) -> Option<SubscriberId> {
    let otherwise = format!("subscriber-{slot}");
    let wishes: Vec<String> = wishes.iter().map(|wish| slug(wish, &otherwise)).collect();
    SubscriberId::new(&ids.free(&wishes)).ok()
}
