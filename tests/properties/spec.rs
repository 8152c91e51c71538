//! An inventory as data, before anybody decided how it is written.

use std::collections::BTreeSet;

use super::write;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
    Table(Table),
    /// As it stands in the file, whatever it means.
    Raw(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<Table> for Value {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

/// Keys and values in the order they were put in.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table(pub(super) Vec<(String, Value)>);

impl Table {
    /// Gives a key a value; a dotted key goes into tables, which are made.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        let (first, rest) = key
            .split_once('.')
            .map_or((key, None), |(a, b)| (a, Some(b)));
        let slot = match self.0.iter().position(|(name, _)| name == first) {
            Some(at) => at,
            None => {
                self.0.push((first.to_owned(), Self::default().into()));
                self.0.len() - 1
            }
        };
        match (&mut self.0[slot].1, rest) {
            (slot, None) => *slot = value.into(),
            (Value::Table(inner), Some(rest)) => inner.set(rest, value),
            (other, Some(_)) => panic!("{key} goes through {other:?}"),
        }
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        let (first, rest) = key
            .split_once('.')
            .map_or((key, None), |(a, b)| (a, Some(b)));
        let (_, value) = self.0.iter().find(|(name, _)| name == first)?;
        match (value, rest) {
            (value, None) => Some(value),
            (Value::Table(inner), Some(rest)) => inner.get(rest),
            (_, Some(_)) => None,
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        match self.get(key)? {
            Value::Number(number) => u32::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.get(key) == Some(&Value::Flag(true))
    }

    pub(super) fn remove(&mut self, key: &str) {
        let Some((first, rest)) = key.split_once('.') else {
            self.0.retain(|(name, _)| name != key);
            return;
        };
        for (name, value) in &mut self.0 {
            if let (true, Value::Table(inner)) = (name == first, value) {
                inner.remove(rest);
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object {
    pub(super) id: String,
    pub(super) table: Table,
}

/// An inventory.
#[derive(Clone, PartialEq)]
pub(super) struct Spec {
    pub(super) network: Table,
    pub(super) policy: Option<Table>,
    pub(super) plans: Vec<Object>,
    pub(super) credentials: Vec<Object>,
    pub(super) billing: Vec<Object>,
    pub(super) devices: Vec<Object>,
    pub(super) subscribers: Vec<Object>,
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&super::shown(&write::plain(self)))
    }
}

/// Returns the VLANs of a set that was written by the generator or by a fault.
pub(super) fn vlans_of(written: &str) -> BTreeSet<u16> {
    let mut vlans = BTreeSet::new();
    for entry in written.split(',').filter(|entry| !entry.is_empty()) {
        let (first, last) = entry.split_once('-').unwrap_or((entry, entry));
        vlans.extend(first.parse::<u16>().unwrap()..=last.parse::<u16>().unwrap());
    }
    vlans
}

/// Writes VLANs in the shortest way.
pub(super) fn written(vlans: &BTreeSet<u16>) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for vlan in vlans {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *vlan => *last = *vlan,
            _ => ranges.push((*vlan, *vlan)),
        }
    }
    let entries = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    entries.collect::<Vec<_>>().join(",")
}

impl Spec {
    pub(super) fn device(&self, name: &str) -> Option<&Table> {
        let found = self.devices.iter().find(|device| device.id == name);
        found.map(|device| &device.table)
    }

    pub(super) fn plan(&self, id: &str) -> Option<&Table> {
        let found = self.plans.iter().find(|plan| plan.id == id);
        found.map(|plan| &plan.table)
    }

    /// Returns the positions of a device's subscribers.
    pub(super) fn members(&self, device: &str) -> Vec<usize> {
        let all = self.subscribers.iter().enumerate();
        all.filter(|(_, subscriber)| subscriber.table.text("device") == Some(device))
            .map(|(index, _)| index)
            .collect()
    }

    pub(super) fn management_vlan(&self, device: &Table) -> u16 {
        let own = device.number("management_vlan");
        let vlan = own.or_else(|| self.network.number("vlans.management"));
        u16::try_from(vlan.unwrap_or(4093)).unwrap()
    }

    pub(super) fn is_unique(&self, device: &Table) -> bool {
        let own = device.text("vlan_mode");
        own.or_else(|| self.network.text("vlans.vlan_mode")) == Some("unique")
    }

    /// Returns how subscribers are suspended, and the service plan that they get then.
    pub(super) fn suspension(&self) -> (&str, Option<&str>) {
        let how = self.network.text("suspension.how").unwrap_or("captive");
        (how, self.network.text("suspension.service_plan"))
    }

    /// Returns the VLANs that subscribers have of their own, all devices together.
    pub(super) fn own_vlans(&self) -> impl Iterator<Item = u16> {
        let subscribers = self.subscribers.iter();
        subscribers.flat_map(|subscriber| {
            let vlans = ["vlan", "port2_vlan"].map(|key| subscriber.table.number(key));
            vlans
                .into_iter()
                .flatten()
                .map(|vlan| u16::try_from(vlan).unwrap())
        })
    }

    /// Returns every VLAN that a device's subscribers have toward the network.
    pub(super) fn used_vlans(&self, device: &str) -> BTreeSet<u16> {
        let mut used = BTreeSet::new();
        for index in self.members(device) {
            let table = &self.subscribers[index].table;
            for key in ["vlan", "port2_vlan"] {
                used.extend(table.number(key).map(|vlan| u16::try_from(vlan).unwrap()));
            }
            used.extend(
                table
                    .text("allowed_vlans")
                    .map(vlans_of)
                    .unwrap_or_default(),
            );
        }
        used
    }
}
