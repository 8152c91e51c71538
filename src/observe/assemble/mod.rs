//! Assembles a device's configuration from rows, and decides which objects are unclear or unread.
//!
//! `object` has profiles and endpoints, `subscriber` the subscribers, `switch` the system settings, ports and uplinks.
//!
//! *Guarantees*: every row ends up in the configuration, in `unclear` or in `unread`. A field without a known value is
//! in `unread` and has a stand-in.

mod object;
mod subscriber;
mod switch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::rows::{Known, Rows};
use crate::model::{
    DeviceConfig, GamModel, HeldText, MacAddress, Observation, Part, ProfileName, Slot, Unclear,
    Unread, UplinkFacts, UplinkNumber, VlanId,
};

/// The highest documented slots; objects in higher ones are unclear.
const HIGHEST_PROFILE: u16 = 15;
const HIGHEST_SLOT: u16 = 384;

/// The number of characters quoted of a text that is too long.
const SHOWN: usize = 40;

/// The result of assembling: the parts of an observation about the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assembled {
    pub config: DeviceConfig,
    pub uplink_facts: BTreeMap<UplinkNumber, UplinkFacts>,
    pub unread: Vec<Unread>,
    pub unclear: Vec<Unclear>,
}

/// Assembles the rows of one device.
pub fn assemble(rows: &Rows, model: GamModel) -> Assembled {
    let mut assembled = Assembled::default();
    switch::add_system(&rows.system, &mut assembled);
    switch::add_uplinks(&rows.uplinks, &mut assembled);
    switch::add_ports(&rows.ports, model, &mut assembled);
    let profiles = object::add_profiles(&rows.profiles, &mut assembled);
    let endpoints = object::add_endpoints(&rows.endpoints, model, &mut assembled);
    let held = Held {
        profiles,
        all_profiles_known: rows.profiles.lost.is_empty(),
        endpoints,
        all_endpoints_known: rows.endpoints.lost.is_empty(),
    };
    subscriber::add_subscribers(&rows.subscribers, &held, &mut assembled);
    assembled.sort();
    assembled
}

impl Assembled {
    /// Puts the assembled configuration into an observation.
    pub fn put_into(self, observation: &mut Observation) {
        let Self {
            config,
            uplink_facts,
            unread,
            unclear,
        } = self;
        observation.config = config;
        observation.uplink_facts = uplink_facts;
        observation.unread = unread;
        observation.unclear = unclear;
    }

    /// Records that a whole part, a whole object or a field of it is unread.
    fn unread(&mut self, part: Part, number: Option<u16>, field: Option<&str>, reason: String) {
        self.unread.push(Unread {
            part,
            number,
            field: field.map(str::to_owned),
            reason,
        });
    }

    fn lost(&mut self, part: Part, reasons: &[String]) {
        for reason in reasons {
            self.unread(part, None, None, reason.clone());
        }
    }

    /// Returns the value of a field, or records that it is unread.
    fn known<T: Clone>(
        &mut self,
        part: Part,
        number: u16,
        field: &str,
        value: &Known<T>,
    ) -> Option<T> {
        match value {
            Ok(value) => Some(value.clone()),
            Err(reason) => {
                self.unread(part, Some(number), Some(field), reason.clone());
                None
            }
        }
    }

    /// Returns a text as stored on the device, whether gamctl could write it or not; an empty one is `None`.
    fn text(
        &mut self,
        part: Part,
        number: u16,
        field: &str,
        text: &Known<String>,
    ) -> Option<HeldText> {
        let text = self.known(part, number, field, text)?;
        if text.is_empty() {
            return None;
        }
        let held = HeldText::new(&text).map_err(|error| {
            let start: String = text.chars().take(SHOWN).collect();
            format!("{field} {start:?}… is longer than any that a device keeps: {error}")
        });
        self.known(part, number, field, &held)
    }

    fn sort(&mut self) {
        self.unread
            .sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.reason.cmp(&b.reason)));
        self.unclear
            .sort_by_key(|unclear| (unclear.part, unclear.slot));
    }
}

fn key(unread: &Unread) -> (Part, Option<u16>, Option<&str>) {
    (unread.part, unread.number, unread.field.as_deref())
}

/// The objects that subscribers refer to, by number; `None` for an unclear object.
struct Held {
    profiles: BTreeMap<u32, Option<ProfileName>>,
    all_profiles_known: bool,
    endpoints: BTreeMap<u32, Option<MacAddress>>,
    all_endpoints_known: bool,
}

/// Returns an unclear object with only its number.
fn unclear(part: Part, slot: Slot) -> Unclear {
    Unclear {
        part,
        slot,
        name: None,
        mac: None,
        port: None,
        uses_endpoint: None,
        uses_profile: None,
        vlans: crate::model::VlanSet::default(),
        reason: String::new(),
    }
}

/// Counts each value, to find those that must be unique.
fn counted<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    counts
}

fn is_shared<T: Ord>(counts: &BTreeMap<T, usize>, value: &T) -> bool {
    counts.get(value).is_some_and(|count| *count > 1)
}

/// Returns the reason why a slot is invalid, if it is.
fn beyond(slot: Slot, highest: u16) -> Option<String> {
    let is_documented = (1..=highest).contains(&slot.0);
    (!is_documented).then(|| format!("its number {slot} is outside of 1–{highest}", slot = slot.0))
}

fn vlan_of(number: u32) -> Option<VlanId> {
    VlanId::new(u16::try_from(number).ok()?).ok()
}
