//! Who is meant by a word: a device, or a subscriber by id, by name on the device, or by the MAC address of the endpoint.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;

use crate::history::{Kept, Subject};
use crate::inventory::{Inventory, SubscriberObject, complete_subscriber, nearest};
use crate::model::{DeviceName, MacAddress, SubscriberName};
use crate::report::visible;

/// Somebody or something that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    Device(DeviceName),
    Subscriber(Served),
}

/// A subscriber, as far as anything is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Served {
    /// In the inventory; left out where it is only remembered.
    pub id: Option<String>,
    pub device: DeviceName,
    pub name: SubscriberName,
    pub endpoint: Option<MacAddress>,
}

impl Meant {
    pub(super) fn device(&self) -> &DeviceName {
        match self {
            Self::Device(device) => device,
            Self::Subscriber(served) => &served.device,
        }
    }

    /// Returns what the store is asked about.
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

/// What words can mean.
pub(super) struct Known<'a> {
    pub inventory: &'a Inventory,
    /// What was verified on devices, for those who are not in the inventory any more.
    pub ledgers: &'a BTreeMap<DeviceName, Kept>,
}

impl Known<'_> {
    /// Returns who is meant: the inventory's device, its subscriber by id, then whoever has the name on a device.
    pub(super) fn meant(&self, word: &str, only: Option<&str>) -> anyhow::Result<Meant> {
        let inventory = self.inventory;
        if let Some(subscriber) = inventory.subscriber(word)
            && let Some(served) = served(subscriber)
            && only.is_none_or(|only| only == served.device.as_str())
        {
            if inventory.device(word).is_some() {
                bail!(
                    "`{}` is a device and a subscriber; say which with `--device NAME` for the subscriber, or rename one",
                    visible(word)
                );
            }
            return Ok(Meant::Subscriber(served));
        }
        if only.is_none()
            && let Some(device) = inventory.device(word)
        {
            return Ok(Meant::Device(device.id.clone()));
        }
        if let Some(found) = self.by_name(word, only)? {
            return Ok(Meant::Subscriber(found));
        }
        match DeviceName::new(word) {
            // Taken out of the inventory, and still remembered.
            Ok(device) if only.is_none() && self.ledgers.contains_key(&device) => {
                Ok(Meant::Device(device))
            }
            _ => bail!("{}", self.nobody(word)),
        }
    }

    /// Returns the subscriber with a name, or an endpoint, on some device.
    fn by_name(&self, word: &str, only: Option<&str>) -> anyhow::Result<Option<Served>> {
        let mac: Option<MacAddress> = word.parse().ok();
        let is_meant = |served: &Served| {
            let is_here = only.is_none_or(|only| only == served.device.as_str());
            is_here && (served.name.as_str() == word || (mac.is_some() && served.endpoint == mac))
        };
        let subscribers = self.inventory.subscribers();
        let mut found: Vec<Served> = subscribers.filter_map(served).filter(is_meant).collect();
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

    fn remembered(&self) -> impl Iterator<Item = Served> {
        self.ledgers.iter().flat_map(|(device, kept)| {
            let subscribers = kept.ledger.verified.subscribers.iter();
            subscribers.map(|(name, config)| Served {
                id: None,
                device: device.clone(),
                name: name.clone(),
                endpoint: config.endpoint,
            })
        })
    }

    fn nobody(&self, word: &str) -> String {
        let devices = self.inventory.devices().map(|device| device.id.as_str());
        let subscribers = self.inventory.subscribers();
        let subscribers = subscribers.map(|subscriber| subscriber.id.as_str());
        let near = nearest(word, devices.chain(subscribers));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        format!(
            "nothing is known of `{}`: no device and no subscriber of the inventory is called so, and none that was ever applied{near}",
            visible(word)
        )
    }
}

fn served(subscriber: &SubscriberObject) -> Option<Served> {
    let complete = complete_subscriber(subscriber)?;
    Some(Served {
        id: Some(subscriber.id.to_string()),
        device: complete.device,
        name: complete.name,
        endpoint: complete.endpoint,
    })
}
