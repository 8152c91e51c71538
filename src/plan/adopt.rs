//! Changes a ledger without a write: adopts objects, releases them, or joins two ledgers.

use std::collections::BTreeSet;

use super::{Ledger, Object};
use crate::model::{DeviceConfig, RateLimit};

impl Ledger {
    /// Returns the ledger with all objects that both the device and the inventory have, by name or MAC address. Adopted objects
    /// are recorded as they are on the device.
    #[must_use]
    pub fn adopting(&self, intended: &DeviceConfig, has: &DeviceConfig) -> Self {
        let mut ledger = self.clone();
        let owned = &mut ledger.verified;
        for (name, profile) in &has.profiles {
            if intended.profiles.contains_key(name) && !owned.profiles.contains_key(name) {
                let mut profile = profile.clone();
                profile.slot = None;
                owned.profiles.insert(name.clone(), profile);
            }
        }
        for (mac, endpoint) in &has.endpoints {
            if intended.endpoints.contains_key(mac) && !owned.endpoints.contains_key(mac) {
                let mut endpoint = endpoint.clone();
                endpoint.slot = None;
                owned.endpoints.insert(*mac, endpoint);
            }
        }
        for (name, subscriber) in &has.subscribers {
            if intended.subscribers.contains_key(name) && !owned.subscribers.contains_key(name) {
                let mut subscriber = subscriber.clone();
                subscriber.slot = None;
                owned.subscribers.insert(name.clone(), subscriber);
            }
        }
        ledger
    }

    /// Returns the objects of both ledgers. An object that both have is taken from this one.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        let owned = &mut self.verified;
        for (name, profile) in &other.verified.profiles {
            let entry = owned.profiles.entry(name.clone());
            entry.or_insert_with(|| profile.clone());
        }
        for (mac, endpoint) in &other.verified.endpoints {
            owned
                .endpoints
                .entry(*mac)
                .or_insert_with(|| endpoint.clone());
        }
        for (name, subscriber) in &other.verified.subscribers {
            let entry = owned.subscribers.entry(name.clone());
            entry.or_insert_with(|| subscriber.clone());
        }
        self.protected.extend(other.protected.iter().cloned());
        self
    }

    /// Lists the owned objects.
    pub fn owned(&self) -> impl Iterator<Item = Object> {
        let owned = &self.verified;
        let profiles = owned.profiles.keys().cloned().map(Object::Profile);
        let endpoints = owned.endpoints.keys().copied().map(Object::Endpoint);
        let subscribers = owned.subscribers.keys().cloned().map(Object::Subscriber);
        profiles.chain(endpoints).chain(subscribers)
    }

    /// Returns the ledger without some objects; they stay on the device, unmanaged.
    #[must_use]
    pub fn without(&self, released: &BTreeSet<Object>) -> Self {
        let mut ledger = self.clone();
        let owned = &mut ledger.verified;
        owned
            .profiles
            .retain(|name, _| !released.contains(&Object::Profile(name.clone())));
        owned
            .endpoints
            .retain(|mac, _| !released.contains(&Object::Endpoint(*mac)));
        owned
            .subscribers
            .retain(|name, _| !released.contains(&Object::Subscriber(name.clone())));
        ledger
            .protected
            .retain(|name| !released.contains(&Object::Subscriber(name.clone())));
        ledger
    }

    /// Returns an owned object with the objects that only it uses: a subscriber brings its endpoint and its profile, unless
    /// `is_intended` or another owned subscriber needs them.
    pub fn with_own_parts(
        &self,
        object: &Object,
        is_intended: impl Fn(&Object) -> bool,
    ) -> BTreeSet<Object> {
        let owned = &self.verified;
        let mut parts = BTreeSet::from([object.clone()]);
        let Object::Subscriber(name) = object else {
            return parts;
        };
        let Some(subscriber) = owned.subscribers.get(name) else {
            return parts;
        };
        let others = || {
            let subscribers = owned.subscribers.iter();
            subscribers.filter(|(other, _)| *other != name)
        };
        if let Some(mac) = subscriber.endpoint
            && owned.endpoints.contains_key(&mac)
            && !others().any(|(_, other)| other.endpoint == Some(mac))
        {
            parts.insert(Object::Endpoint(mac));
        }
        if let RateLimit::Profile(profile) = &subscriber.rate
            && owned.profiles.contains_key(profile)
            && !others().any(|(_, other)| other.rate == subscriber.rate)
        {
            parts.insert(Object::Profile(profile.clone()));
        }
        parts.retain(|part| part == object || !is_intended(part));
        parts
    }

    /// Returns the number of owned objects.
    pub fn objects(&self) -> usize {
        let owned = &self.verified;
        owned.profiles.len() + owned.endpoints.len() + owned.subscribers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        EndpointConfig, MacAddress, PortAssignment, ProfileConfig, ProfileName, SubscriberConfig,
        SubscriberName, VlanId, VlanSet,
    };

    fn mac(number: u8) -> MacAddress {
        MacAddress::new([0, 0x0e, 0xd8, 0, 0, number]).unwrap()
    }

    fn name(text: &str) -> SubscriberName {
        SubscriberName::new(text).unwrap()
    }

    /// Two subscribers with a profile each, `shared` and `own`; both endpoints are owned.
    fn ledger(profiles: [&str; 2]) -> Ledger {
        let mut ledger = Ledger::default();
        for (number, (subscriber, profile)) in
            (1..).zip(["apt-1", "apt-2"].into_iter().zip(profiles))
        {
            let profile = ProfileName::new(profile).unwrap();
            let rate = ProfileConfig {
                slot: None,
                description: None,
                down: crate::model::Mbps::new(100).unwrap(),
                up: crate::model::Mbps::new(100).unwrap(),
            };
            ledger.verified.profiles.insert(profile.clone(), rate);
            let endpoint = EndpointConfig {
                slot: None,
                name: crate::model::EndpointName::new(subscriber).unwrap(),
                port: PortAssignment::Auto,
            };
            ledger.verified.endpoints.insert(mac(number), endpoint);
            let config = SubscriberConfig {
                slot: None,
                description: None,
                endpoint: Some(mac(number)),
                rate: RateLimit::Profile(profile),
                vlan: VlanId::new(100 + u16::from(number)).unwrap(),
                tagged: false,
                remapped_vlan: None,
                allowed_vlans: VlanSet::default(),
                port2_vlan: None,
                poe: None,
            };
            ledger.verified.subscribers.insert(name(subscriber), config);
        }
        ledger
    }

    #[test]
    fn a_released_subscriber_brings_what_only_it_uses() {
        let object = Object::Subscriber(name("apt-1"));
        let parts = |ledger: &Ledger, intended: &[Object]| {
            let parts = ledger.with_own_parts(&object, |part| intended.contains(part));
            parts.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let own = ledger(["own", "other"]);
        let endpoint = format!("endpoint {}", mac(1));
        let all = ["profile own", endpoint.as_str(), "subscriber apt-1"];
        assert_eq!(parts(&own, &[]), all);
        assert_eq!(parts(&own, &[Object::Endpoint(mac(1))]), [all[0], all[2]]);
        assert_eq!(parts(&ledger(["shared", "shared"]), &[]), all[1..]);
    }

    #[test]
    fn a_released_object_is_not_owned_and_the_others_stay() {
        let mut before = ledger(["own", "other"]);
        before.protected.insert(name("apt-1"));
        let released = before.with_own_parts(&Object::Subscriber(name("apt-1")), |_| false);
        let after = before.without(&released);
        assert!(after.protected.is_empty());
        let owned: Vec<String> = after.owned().map(|object| object.to_string()).collect();
        let endpoint = format!("endpoint {}", mac(2));
        assert_eq!(
            owned,
            ["profile other", endpoint.as_str(), "subscriber apt-2"]
        );
        assert_eq!(before.objects(), after.objects() + 3);
    }
}
