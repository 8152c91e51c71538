//! Resolves a word to a device, or to a subscriber by id, name on the device, or MAC address.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;

use super::find::{Candidate, candidates, only};
use super::scope::DevicePatterns;
use super::store_client::StoreClient;
use crate::history::{StoredLedger, Subject};
use crate::inventory::{
    FieldMatch, FoundObject, Inventory, SearchWord, SubscriberObject, complete_subscriber, nearest,
    subscriber_matches,
};
use crate::model::{DeviceName, MacAddress, SubscriberName};
use crate::report::visible;

/// A device or subscriber that the store may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResolvedSubject {
    Device(DeviceName),
    Subscriber(ResolvedSubscriber),
}

/// A subscriber, with the fields that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResolvedSubscriber {
    /// Its id in the inventory; left out if only the store knows it.
    pub id: Option<String>,
    pub device: DeviceName,
    pub name: SubscriberName,
    pub endpoint: Option<MacAddress>,
}

impl ResolvedSubject {
    pub(super) fn device(&self) -> &DeviceName {
        match self {
            Self::Device(device) => device,
            Self::Subscriber(served) => &served.device,
        }
    }

    /// Returns the subject for queries to the store.
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Device(device) => Subject::Device(device.clone()),
            Self::Subscriber(served) => {
                let mut objects = vec![("subscriber".to_owned(), served.name.to_string())];
                let endpoint = served.endpoint.as_ref();
                objects.extend(endpoint.map(|mac| ("endpoint".to_owned(), mac.to_string())));
                Subject::Objects(served.device.clone(), objects)
            }
        }
    }
}

/// The sources that a word is looked up in.
pub(super) struct Known<'a> {
    pub inventory: &'a Inventory,
    /// The stored ledgers, for subscribers and devices that left the inventory.
    pub ledgers: &'a BTreeMap<DeviceName, StoredLedger>,
    /// The store, for subscribers that a run removed; left out if there is none.
    pub store: Option<&'a StoreClient<'a>>,
    /// The reason that the store could not be asked, if there is one.
    pub unasked: Option<&'a str>,
}

impl Known<'_> {
    /// Resolves a word: a device of the inventory, a subscriber by id, then a subscriber by name on a device, then
    /// the only object with a value that matches.
    pub(super) fn meant(
        &self,
        word: &str,
        only: Option<&DevicePatterns>,
    ) -> anyhow::Result<ResolvedSubject> {
        let inventory = self.inventory;
        if let Some(subscriber) = inventory.subscriber(word)
            && let Some(served) = served(subscriber)
        {
            if let Some(only) = only {
                return self.elsewhere(served, only);
            }
            if inventory.device(word).is_some() {
                bail!(
                    "`{}` is a device and a subscriber; say which with `--device NAME` for the subscriber, or rename one",
                    visible(word)
                );
            }
            return Ok(ResolvedSubject::Subscriber(served));
        }
        let was_called_so = |subscriber: &&SubscriberObject| {
            let before = subscriber.text.moved_from.as_ref();
            before.is_some_and(|before| before.as_str() == word)
        };
        if let Some(served) = inventory.subscribers().find(was_called_so).and_then(served) {
            return match only {
                Some(only) => self.elsewhere(served, only),
                None => Ok(ResolvedSubject::Subscriber(served)),
            };
        }
        if only.is_none()
            && let Some(device) = inventory.device(word)
        {
            return Ok(ResolvedSubject::Device(device.id.clone()));
        }
        if let Some(found) = self.by_name(word, only)? {
            return Ok(ResolvedSubject::Subscriber(found));
        }
        match DeviceName::new(word) {
            // A device that left the inventory, and that the store still knows.
            Ok(device) if only.is_none() && self.ledgers.contains_key(&device) => {
                Ok(ResolvedSubject::Device(device))
            }
            _ => match self.by_search(word, only)? {
                Some(found) => Ok(found),
                None => match self.removed(word, only)? {
                    Some(found) => Ok(ResolvedSubject::Subscriber(found)),
                    None => bail!("{}", self.unknown(word)),
                },
            },
        }
    }

    /// Returns the only object with a value that matches, in the inventory or in a ledger.
    fn by_search(
        &self,
        word: &str,
        device: Option<&DevicePatterns>,
    ) -> anyhow::Result<Option<ResolvedSubject>> {
        let mut found: Vec<Candidate<ResolvedSubject>> = candidates(self.inventory, word)
            .into_iter()
            .filter_map(|one| {
                let object = self.resolved(&one.object)?;
                Some(Candidate {
                    object,
                    label: one.label,
                    closest: one.closest,
                })
            })
            .collect();
        found.extend(self.remembered_candidates(word));
        found.retain(|one| match (device, &one.object) {
            (None, _) => true,
            (Some(device), ResolvedSubject::Subscriber(served)) => device.has(&served.device),
            (Some(_), ResolvedSubject::Device(_)) => false,
        });
        Ok(only(word, found)?.map(|one| one.object))
    }

    fn resolved(&self, object: &FoundObject) -> Option<ResolvedSubject> {
        match object {
            FoundObject::Device(name) => Some(ResolvedSubject::Device(name.clone())),
            FoundObject::Subscriber(id) => {
                let object = self.inventory.subscriber(id.as_str())?;
                served(object).map(ResolvedSubject::Subscriber)
            }
            FoundObject::ServicePlan(_) => None,
        }
    }

    /// Returns the owned subscribers that match, and that the inventory does not have any more.
    fn remembered_candidates(&self, word: &str) -> Vec<Candidate<ResolvedSubject>> {
        let Some(word) = SearchWord::new(word) else {
            return Vec::new();
        };
        let subscribers = self.inventory.subscribers();
        let present: BTreeSet<(DeviceName, SubscriberName)> = subscribers
            .filter_map(served)
            .map(|served| (served.device, served.name))
            .collect();
        let mut found = Vec::new();
        for (device, kept) in self.ledgers {
            for (name, config) in &kept.ledger.verified.subscribers {
                let matches = subscriber_matches(name.as_str(), config, &word);
                let closest: Option<FieldMatch> = matches.into_iter().next();
                let Some(closest) = closest else { continue };
                if present.contains(&(device.clone(), name.clone())) {
                    continue;
                }
                found.push(Candidate {
                    object: ResolvedSubject::Subscriber(ResolvedSubscriber {
                        id: None,
                        device: device.clone(),
                        name: name.clone(),
                        endpoint: config.endpoint,
                    }),
                    label: format!("subscriber {name} on {device}"),
                    closest,
                });
            }
        }
        found
    }

    /// Returns a subscriber on the device that the operator named: it may have been there before it moved.
    fn elsewhere(
        &self,
        served: ResolvedSubscriber,
        only: &DevicePatterns,
    ) -> anyhow::Result<ResolvedSubject> {
        let devices = self.inventory.devices().map(|device| &device.id);
        let named = only.among(devices.chain(self.ledgers.keys()))?;
        let device = match (named.first(), named.len()) {
            (Some(device), 1) => (*device).clone(),
            _ if named.contains(&served.device) => served.device.clone(),
            _ => {
                let named: Vec<&str> = named.iter().map(|name| name.as_str()).collect();
                bail!(
                    "`--device {only}` matches {}; name the device that the subscriber was on",
                    named.join(" and ")
                )
            }
        };
        Ok(ResolvedSubject::Subscriber(ResolvedSubscriber {
            device,
            ..served
        }))
    }

    /// Returns the subscriber with a name, or an endpoint, on some device.
    fn by_name(
        &self,
        word: &str,
        only: Option<&DevicePatterns>,
    ) -> anyhow::Result<Option<ResolvedSubscriber>> {
        let mac: Option<MacAddress> = word.parse().ok();
        let is_meant = |served: &ResolvedSubscriber| {
            let is_here = only.is_none_or(|only| only.has(&served.device));
            is_here && (served.name.as_str() == word || (mac.is_some() && served.endpoint == mac))
        };
        let subscribers = self.inventory.subscribers();
        let mut found: Vec<ResolvedSubscriber> =
            subscribers.filter_map(served).filter(is_meant).collect();
        if found.is_empty() {
            found = self.remembered().filter(is_meant).collect();
        }
        let devices: BTreeSet<&str> = found.iter().map(|one| one.device.as_str()).collect();
        match devices.len() {
            0 | 1 => Ok(found.into_iter().next()),
            _ => {
                let devices: Vec<&str> = devices.into_iter().collect();
                bail!(
                    "`{}` is on {}; say which with `--device NAME`",
                    visible(word),
                    devices.join(" and on ")
                )
            }
        }
    }

    /// Returns the subscriber of this name or MAC address that an earlier run changed, and no ledger has any more.
    fn removed(
        &self,
        word: &str,
        only: Option<&DevicePatterns>,
    ) -> anyhow::Result<Option<ResolvedSubscriber>> {
        let Some(store) = self.store else {
            return Ok(None);
        };
        let mut past = store.wait(store.store().past_subscribers(word))?;
        past.retain(|one| only.is_none_or(|only| only.has(&one.device)));
        // It was moved: the device that had it last.
        past.sort_by_key(|one| one.run);
        Ok(past.pop().map(|one| ResolvedSubscriber {
            id: one.id.map(|id| id.to_string()),
            device: one.device,
            name: one.name,
            endpoint: one.endpoint,
        }))
    }

    fn remembered(&self) -> impl Iterator<Item = ResolvedSubscriber> {
        self.ledgers.iter().flat_map(|(device, kept)| {
            let subscribers = kept.ledger.verified.subscribers.iter();
            subscribers.map(|(name, config)| ResolvedSubscriber {
                id: None,
                device: device.clone(),
                name: name.clone(),
                endpoint: config.endpoint,
            })
        })
    }

    fn unknown(&self, word: &str) -> String {
        let devices = self.inventory.devices().map(|device| device.id.as_str());
        let subscribers = self.inventory.subscribers();
        let subscribers = subscribers.map(|subscriber| subscriber.id.as_str());
        let near = nearest(word, devices.chain(subscribers));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let word = visible(word);
        match self.unasked {
            Some(error) => format!(
                "unknown device or subscriber `{word}`: the inventory has none of that name, and the store could not be asked: {}{near}",
                visible(error)
            ),
            None => format!(
                "unknown device or subscriber `{word}`: neither the inventory nor the store has one of that name{near}"
            ),
        }
    }
}

fn served(subscriber: &SubscriberObject) -> Option<ResolvedSubscriber> {
    let complete = complete_subscriber(subscriber)?;
    Some(ResolvedSubscriber {
        id: Some(subscriber.id.to_string()),
        device: complete.device,
        name: complete.name,
        endpoint: complete.endpoint,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, Reading, read_texts};
    use crate::model::{RateLimit, SubscriberConfig};
    use crate::plan::Ledger;

    fn reading(more: &str) -> Reading {
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert("subscribers/more.toml".into(), more.into());
        read_texts(&texts, &Limits::default())
    }

    fn kept(name: &str) -> StoredLedger {
        let mut ledger = Ledger::default();
        let config = SubscriberConfig {
            slot: None,
            description: None,
            endpoint: Some("00:0e:d8:00:00:99".parse().unwrap()),
            rate: RateLimit::Unthrottled,
            vlan: crate::model::VlanId::new(101).unwrap(),
            tagged: false,
            remapped_vlan: None,
            allowed_vlans: crate::model::VlanSet::default(),
            port2_vlan: None,
            poe: None,
        };
        let name = SubscriberName::new(name).unwrap();
        ledger.verified.subscribers.insert(name, config);
        StoredLedger {
            ledger,
            version: 1,
            commit: None,
            at: 0,
            is_unsaved: false,
        }
    }

    #[test]
    fn a_subscriber_is_known_by_id_name_endpoint_and_by_what_it_was_called() {
        let reading = reading(
            "[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nname = \"apt-2\"\nmoved_from = \"acct-9\"\n",
        );
        let ledgers = BTreeMap::new();
        let known = Known {
            inventory: &reading.inventory,
            ledgers: &ledgers,
            store: None,
            unasked: None,
        };
        for word in ["acct-2", "apt-2", "00:0e:d8:00:00:02", "acct-9"] {
            let ResolvedSubject::Subscriber(served) = known.meant(word, None).unwrap() else {
                panic!("{word}");
            };
            assert_eq!(served.id.as_deref(), Some("acct-2"), "{word}");
            let here = known.meant(word, Some(&patterns("maple-a"))).unwrap();
            assert_eq!(here, ResolvedSubject::Subscriber(served), "{word}");
            assert!(
                known.meant(word, Some(&patterns("maple-b"))).is_err(),
                "{word}"
            );
        }
        let device = known.meant("maple-a", None).unwrap();
        assert!(matches!(device, ResolvedSubject::Device(_)));
        let unknown = known.meant("acct-3", None).unwrap_err().to_string();
        assert!(unknown.contains("did you mean"), "{unknown}");
    }

    fn patterns(text: &str) -> DevicePatterns {
        DevicePatterns::of(&[text.to_owned()]).unwrap()
    }

    #[test]
    fn a_subscriber_that_left_the_inventory_is_remembered() {
        let reading = reading("");
        let device = |name: &str| DeviceName::new(name).unwrap();
        let mut ledgers = BTreeMap::from([(device("old-a"), kept("apt-9"))]);
        let meant = |ledgers: &BTreeMap<DeviceName, StoredLedger>,
                     only: Option<&DevicePatterns>| {
            let inventory = &reading.inventory;
            Known {
                inventory,
                ledgers,
                store: None,
                unasked: None,
            }
            .meant("apt-9", only)
        };
        let ResolvedSubject::Subscriber(served) = meant(&ledgers, None).unwrap() else {
            panic!("no subscriber");
        };
        assert_eq!((served.id, served.device), (None, device("old-a")));
        ledgers.insert(device("old-b"), kept("apt-9"));
        let both = meant(&ledgers, None).unwrap_err().to_string();
        assert!(both.contains("old-a and on old-b"), "{both}");
        for pattern in ["old-b", "*-b", "old-[b-z]"] {
            let one = meant(&ledgers, Some(&patterns(pattern))).unwrap();
            assert_eq!(one.device(), &device("old-b"), "{pattern}");
        }
        assert!(meant(&ledgers, Some(&patterns("old-*"))).is_err());
    }
}
