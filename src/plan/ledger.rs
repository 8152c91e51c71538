//! Defines the ledger: the objects that gamctl owns on a device, as they were when last verified.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{
    DeviceConfig, MacAddress, Observation, Part, PortConfig, ProfileName, Slot, SubscriberName,
    SystemConfig, UplinkConfig,
};

use super::same_object::{same_endpoint, same_profile, same_subscriber};

/// The objects that gamctl owns on one device.
///
/// An empty ledger owns nothing, so a lost ledger does not lead to a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// The owned objects as last applied and verified, without slots.
    pub verified: DeviceConfig,
    /// Subscribers that must not be removed, even if the inventory does not have them any more.
    pub protected: BTreeSet<SubscriberName>,
}

impl Ledger {
    /// Returns a ledger that owns all objects of a configuration, as after applying it.
    pub fn of(verified: DeviceConfig) -> Self {
        Self {
            verified,
            protected: BTreeSet::new(),
        }
    }

    /// Returns the ledger after an apply, from the look that followed it. It has every object that is as intended, and every
    /// earlier object unless the look shows that it is gone.
    #[must_use]
    pub fn verified_by(&self, intended: &DeviceConfig, after: &Observation) -> Self {
        let has = &after.config;
        let mut verified = DeviceConfig::default();
        for (name, target) in &intended.profiles {
            if has
                .profiles
                .get(name)
                .is_some_and(|has| same_profile(target, has))
            {
                verified.profiles.insert(name.clone(), target.clone());
            }
        }
        for (mac, target) in &intended.endpoints {
            if has
                .endpoints
                .get(mac)
                .is_some_and(|has| same_endpoint(target, has))
            {
                verified.endpoints.insert(*mac, target.clone());
            }
        }
        for (name, target) in &intended.subscribers {
            if has
                .subscribers
                .get(name)
                .is_some_and(|has| same_subscriber(target, has))
            {
                verified.subscribers.insert(name.clone(), target.clone());
            }
        }
        self.still_there(after, &mut verified);
        self.settings(intended, has, &mut verified);
        without_slots(&mut verified);
        Self {
            verified,
            protected: self.protected.clone(),
        }
    }

    /// Returns the settings: as intended if the device has them so, else as last verified.
    fn settings(&self, intended: &DeviceConfig, has: &DeviceConfig, verified: &mut DeviceConfig) {
        fn pick<T: Clone + PartialEq>(
            target: Option<&T>,
            has: Option<&T>,
            known: Option<&T>,
        ) -> Option<T> {
            // The inventory does not set it.
            let target = target?;
            if has == Some(target) {
                Some(target.clone())
            } else {
                known.cloned()
            }
        }
        macro_rules! fields {
            ($target:expr, $has:expr, $known:expr, $($field:ident),*) => {{
                let (target, has, known) = ($target, $has, $known);
                ($(pick(
                    target.$field.as_ref(),
                    has.and_then(|has| has.$field.as_ref()),
                    known.and_then(|known| known.$field.as_ref()),
                )),*,)
            }};
        }
        let known = &self.verified;
        let (hostname, location, contact) = fields!(
            &intended.system,
            Some(&has.system),
            Some(&known.system),
            hostname,
            location,
            contact
        );
        verified.system = SystemConfig {
            hostname,
            location,
            contact,
        };
        for (number, target) in &intended.uplinks {
            let (has, known) = (has.uplinks.get(number), known.uplinks.get(number));
            let (allowed_vlans,) = fields!(target, has, known, allowed_vlans);
            let uplink = UplinkConfig { allowed_vlans };
            verified.uplinks.insert(*number, uplink);
        }
        for (number, target) in &intended.ports {
            let (has, known) = (has.ports.get(number), known.ports.get(number));
            let (name, enabled, mode) = fields!(target, has, known, name, enabled, mode);
            let port = PortConfig {
                name,
                enabled,
                mode,
            };
            verified.ports.insert(*number, port);
        }
    }

    /// Adds the objects that were owned, and that are or may be still on the device.
    fn still_there(&self, after: &Observation, verified: &mut DeviceConfig) {
        let has = &after.config;
        // An object that could not be read, or is unclear, may still be there.
        let may_hide = |part: Part, name: &str| {
            after.incomplete(part).is_some()
                || after.unclear.iter().any(|unclear| {
                    let mac = unclear.mac.map(|mac| mac.to_string());
                    unclear.part == part
                        && (unclear.name.as_deref() == Some(name) || mac.as_deref() == Some(name))
                })
        };
        for (name, profile) in &self.verified.profiles {
            if has.profiles.contains_key(name) || may_hide(Part::Profiles, name.as_str()) {
                let entry = verified.profiles.entry(name.clone());
                entry.or_insert_with(|| profile.clone());
            }
        }
        for (mac, endpoint) in &self.verified.endpoints {
            if has.endpoints.contains_key(mac) || may_hide(Part::Endpoints, &mac.to_string()) {
                let entry = verified.endpoints.entry(*mac);
                entry.or_insert_with(|| endpoint.clone());
            }
        }
        for (name, subscriber) in &self.verified.subscribers {
            if has.subscribers.contains_key(name) || may_hide(Part::Subscribers, name.as_str()) {
                let entry = verified.subscribers.entry(name.clone());
                entry.or_insert_with(|| subscriber.clone());
            }
        }
    }

    pub fn owns_profile(&self, name: &ProfileName) -> bool {
        self.verified.profiles.contains_key(name)
    }

    pub fn owns_endpoint(&self, mac: MacAddress) -> bool {
        self.verified.endpoints.contains_key(&mac)
    }

    pub fn owns_subscriber(&self, name: &SubscriberName) -> bool {
        self.verified.subscribers.contains_key(name)
    }
}

fn without_slots(config: &mut DeviceConfig) {
    let profiles = config.profiles.values_mut().map(|one| &mut one.slot);
    let endpoints = config.endpoints.values_mut().map(|one| &mut one.slot);
    let subscribers = config.subscribers.values_mut().map(|one| &mut one.slot);
    profiles
        .chain(endpoints)
        .chain(subscribers)
        .for_each(|slot: &mut Option<Slot>| *slot = None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceName, Mbps, ProfileConfig, Unread};

    fn profile(down: u32, slot: Option<u16>) -> ProfileConfig {
        ProfileConfig {
            slot: slot.map(Slot),
            description: None,
            down: Mbps::new(down).unwrap(),
            up: Mbps::new(10).unwrap(),
        }
    }

    fn config(profiles: &[(&str, ProfileConfig)]) -> DeviceConfig {
        let mut config = DeviceConfig::default();
        for (name, profile) in profiles {
            config
                .profiles
                .insert(ProfileName::new(name).unwrap(), profile.clone());
        }
        config
    }

    fn owned(ledger: &Ledger) -> Vec<(&str, u32)> {
        let profiles = ledger.verified.profiles.iter();
        profiles
            .map(|(name, profile)| (name.as_str(), profile.down.get()))
            .collect()
    }

    #[test]
    fn intended_objects_and_earlier_objects_are_owned() {
        let before = Ledger::of(config(&[
            ("gone", profile(1, None)),
            ("kept", profile(2, None)),
            ("slow", profile(3, None)),
        ]));
        let intended = config(&[
            ("new", profile(4, None)),
            ("slow", profile(5, None)),
            ("blocked", profile(6, None)),
        ]);
        let mut after = Observation::of(DeviceName::new("oak").unwrap());
        after.config = config(&[
            ("kept", profile(2, Some(2))),
            ("new", profile(4, Some(3))),
            // It is not as intended, so its last verified state stays recorded.
            ("slow", profile(7, Some(4))),
            ("blocked", profile(8, Some(5))),
            ("unmanaged", profile(9, Some(6))),
        ]);
        let ledger = before.verified_by(&intended, &after);
        assert_eq!(owned(&ledger), [("kept", 2), ("new", 4), ("slow", 3)]);
        assert!(
            ledger
                .verified
                .profiles
                .values()
                .all(|one| one.slot.is_none())
        );
    }

    #[test]
    fn an_object_that_could_not_be_read_stays_owned() {
        let before = Ledger::of(config(&[("hidden", profile(1, None))]));
        let mut after = Observation::of(DeviceName::new("oak").unwrap());
        assert_eq!(
            owned(&before.verified_by(&DeviceConfig::default(), &after)),
            []
        );
        after.unread.push(Unread {
            part: Part::Profiles,
            number: None,
            field: None,
            reason: "timed out".to_owned(),
        });
        let ledger = before.verified_by(&DeviceConfig::default(), &after);
        assert_eq!(owned(&ledger), [("hidden", 1)]);
    }
}
