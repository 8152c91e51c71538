//! Finds devices, subscribers and service plans by any value that identifies them, or by a part of it.

use super::assemble::{DeviceObject, Inventory, ServicePlanObject, SubscriberObject};
use crate::model::{
    DeviceConfig, DeviceName, Health, MacAddress, ServicePlanId, SubscriberConfig, SubscriberId,
    VlanId, natural_order,
};

/// The fewest hexadecimal digits that are searched for inside of MAC addresses.
const MIN_MAC_DIGITS: usize = 4;

/// A word that values are compared with: case does not matter, and MAC addresses match in any notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchWord {
    text: String,
    number: Option<u16>,
    /// The digits of a MAC address, or of a part of one.
    mac_digits: Option<String>,
}

/// The extent to which a value matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Closeness {
    /// The value is the word.
    Whole,
    /// The value contains the word.
    Part,
}

/// A value that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMatch {
    /// The key, such as `endpoint` or `external.account`.
    pub field: &'static str,
    pub value: String,
    pub closeness: Closeness,
}

/// An object of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundObject {
    Device(DeviceName),
    Subscriber(SubscriberId),
    ServicePlan(ServicePlanId),
}

/// An object with at least one matching value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub object: FoundObject,
    /// The closest first.
    pub matches: Vec<FieldMatch>,
}

impl SearchWord {
    /// Returns the word, or `None` if it is empty.
    pub fn new(word: &str) -> Option<Self> {
        let text = word.trim().to_lowercase();
        if text.is_empty() {
            return None;
        }
        let is_separator = |c: char| matches!(c, ':' | '-' | '.');
        let digits: String = text.chars().filter(|c| !is_separator(*c)).collect();
        let is_mac = (MIN_MAC_DIGITS..=12).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self {
            number: text.parse().ok(),
            mac_digits: is_mac.then_some(digits),
            text,
        })
    }

    /// Compares a text.
    pub fn text(&self, value: &str) -> Option<Closeness> {
        let value = value.to_lowercase();
        if value == self.text {
            return Some(Closeness::Whole);
        }
        value.contains(&self.text).then_some(Closeness::Part)
    }

    /// Compares a MAC address in any notation.
    pub fn mac(&self, address: MacAddress) -> Option<Closeness> {
        let wanted = self.mac_digits.as_ref()?;
        let digits: String = address.to_string().split(':').collect();
        match digits.contains(wanted.as_str()) {
            true if digits.len() == wanted.len() => Some(Closeness::Whole),
            true => Some(Closeness::Part),
            false => None,
        }
    }

    /// Compares a VLAN: `10` is not a part of VLAN 101.
    pub fn vlan(&self, vlan: VlanId) -> Option<Closeness> {
        (self.number == Some(vlan.get())).then_some(Closeness::Whole)
    }
}

/// Collects the matching values of one object.
struct Matches<'a> {
    word: &'a SearchWord,
    found: Vec<FieldMatch>,
}

impl<'a> Matches<'a> {
    fn of(word: &'a SearchWord) -> Self {
        let found = Vec::new();
        Self { word, found }
    }

    fn push(&mut self, field: &'static str, closeness: Option<Closeness>, value: &dyn ToString) {
        if let Some(closeness) = closeness {
            let value = value.to_string();
            self.found.push(FieldMatch {
                field,
                value,
                closeness,
            });
        }
    }

    fn text(&mut self, field: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.push(field, self.word.text(value), &value);
        }
    }

    fn mac(&mut self, field: &'static str, value: Option<MacAddress>) {
        if let Some(value) = value {
            self.push(field, self.word.mac(value), &value);
        }
    }

    fn vlan(&mut self, field: &'static str, value: Option<VlanId>) {
        if let Some(value) = value {
            self.push(field, self.word.vlan(value), &value);
        }
    }

    fn closest_first(mut self) -> Vec<FieldMatch> {
        // A stable sort: fields stay in the order of their importance.
        self.found.sort_by_key(|one| one.closeness);
        self.found
    }
}

/// Returns every object with a matching value: those that match as a whole first, then by name.
pub fn find(inventory: &Inventory, word: &SearchWord) -> Vec<Found> {
    let devices = inventory.devices().map(|one| device(one, word));
    let subscribers = inventory.subscribers().map(|one| subscriber(one, word));
    let plans = inventory.service_plans().map(|one| service_plan(one, word));
    let mut found: Vec<Found> = devices
        .chain(subscribers)
        .chain(plans)
        .filter(|found| !found.matches.is_empty())
        .collect();
    found.sort_by(|one, other| {
        let rank = |found: &Found| (found.closeness(), found.object.rank());
        rank(one)
            .cmp(&rank(other))
            .then_with(|| natural_order(one.object.id(), other.object.id()))
    });
    found
}

/// Returns the matching values of a subscriber on a device.
pub fn subscriber_matches(
    name: &str,
    config: &SubscriberConfig,
    word: &SearchWord,
) -> Vec<FieldMatch> {
    let mut matches = Matches::of(word);
    matches.text("name", Some(name));
    matches.mac("endpoint", config.endpoint);
    matches.vlan("vlan", Some(config.vlan));
    matches.vlan("remapped_vlan", config.remapped_vlan);
    matches.vlan("port2_vlan", config.port2_vlan);
    let description = config.description.as_ref().map(|text| text.as_str());
    matches.text("description", description);
    matches.closest_first()
}

/// Returns the endpoints with a matching MAC address that a device has configured or hears.
pub fn endpoint_matches(
    config: &DeviceConfig,
    health: &Health,
    word: &SearchWord,
) -> Vec<(MacAddress, Closeness)> {
    let mut addresses: Vec<MacAddress> = config.endpoints.keys().copied().collect();
    addresses.extend(health.endpoints.keys());
    addresses.sort_unstable();
    addresses.dedup();
    let matching = |mac: MacAddress| Some((mac, word.mac(mac)?));
    addresses.into_iter().filter_map(matching).collect()
}

impl Found {
    /// Returns the closeness of its closest value.
    pub fn closeness(&self) -> Closeness {
        let closest = self.matches.first();
        closest.map_or(Closeness::Part, |one| one.closeness)
    }
}

impl FoundObject {
    /// Returns the id of the object.
    pub fn id(&self) -> &str {
        match self {
            Self::Device(name) => name.as_str(),
            Self::Subscriber(id) => id.as_str(),
            Self::ServicePlan(id) => id.as_str(),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Device(_) => 0,
            Self::Subscriber(_) => 1,
            Self::ServicePlan(_) => 2,
        }
    }
}

fn device(object: &DeviceObject, word: &SearchWord) -> Found {
    let mut matches = Matches::of(word);
    let text = &object.text;
    matches.text("name", Some(object.id.as_str()));
    if let Some(address) = text.address {
        let host = address.ip.to_string();
        // The address without the ports of a test bed counts as the whole.
        let closeness = word.text(&host).or_else(|| word.text(&address.to_string()));
        matches.push("address", closeness, &address);
    }
    matches.text("serial", text.serial.as_ref().map(|one| one.as_str()));
    matches.mac("mac", text.mac);
    matches.text("hostname", text.hostname.as_ref().map(|one| one.as_str()));
    matches.text("site", text.site.as_ref().map(|one| one.as_str()));
    matches.text("location", text.location.as_ref().map(|one| one.as_str()));
    matches.text("contact", text.contact.as_ref().map(|one| one.as_str()));
    matches.text("host_key", text.host_key.as_ref().map(|one| one.as_str()));
    for (_, value) in text.labels.iter().flat_map(|labels| labels.iter()) {
        matches.text("labels", Some(value.as_str()));
    }
    for (_, port) in text.port.iter().flat_map(|ports| &ports.0) {
        matches.text("port", port.name.as_ref().map(|one| one.as_str()));
    }
    matches.vlan("management_vlan", text.management_vlan);
    let external = text.external.as_ref();
    let external = external.and_then(|external| external.device.as_ref());
    matches.text("external.device", external.map(|one| one.as_str()));
    Found {
        object: FoundObject::Device(object.id.clone()),
        matches: matches.closest_first(),
    }
}

fn subscriber(object: &SubscriberObject, word: &SearchWord) -> Found {
    let mut matches = Matches::of(word);
    let text = &object.text;
    matches.text("id", Some(object.id.as_str()));
    matches.text("name", text.name.as_ref().map(|one| one.as_str()));
    matches.mac("endpoint", text.endpoint);
    if let Some(external) = &text.external {
        let plain = [
            ("external.account", &external.account),
            ("external.service", &external.service),
        ];
        for (field, value) in plain {
            matches.text(field, value.as_ref().map(|one| one.as_str()));
        }
    }
    matches.vlan("vlan", text.vlan);
    matches.vlan("remapped_vlan", text.remapped_vlan);
    matches.vlan("port2_vlan", text.port2_vlan);
    if let Some(allowed) = text.allowed_vlans.as_deref() {
        let number = word.number.and_then(|number| VlanId::new(number).ok());
        let is_in = number.is_some_and(|vlan| allowed.contains(vlan));
        matches.push("allowed_vlans", is_in.then_some(Closeness::Part), allowed);
    }
    let endpoint_name = text.endpoint_name.as_ref();
    matches.text("endpoint_name", endpoint_name.map(|one| one.as_str()));
    let description = text.description.as_ref();
    matches.text("description", description.map(|one| one.as_str()));
    matches.text(
        "moved_from",
        text.moved_from.as_ref().map(|one| one.as_str()),
    );
    Found {
        object: FoundObject::Subscriber(object.id.clone()),
        matches: matches.closest_first(),
    }
}

fn service_plan(object: &ServicePlanObject, word: &SearchWord) -> Found {
    let mut matches = Matches::of(word);
    let text = &object.text;
    matches.text("id", Some(object.id.as_str()));
    let profile = text.profile_name.as_ref();
    matches.text("profile_name", profile.map(|one| one.as_str()));
    let description = text.description.as_ref();
    matches.text("description", description.map(|one| one.as_str()));
    Found {
        object: FoundObject::ServicePlan(object.id.clone()),
        matches: matches.closest_first(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, read_texts};

    const MORE: &str = "[subscriber.acct-1042]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:1c:95:08\"\nservice_plan = \"home-100\"\nvlan = 142\nname = \"apt-12\"\ndescription = \"Miller, Garden House\"\nallowed_vlans = \"1000,2000-2002\"\nexternal = { system = \"sonar\", account = \"77-1042\" }\n";

    fn found(word: &str) -> Vec<(String, &'static str, Closeness)> {
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert("subscribers/more.toml".into(), MORE.into());
        let reading = read_texts(&texts, &Limits::default());
        assert!(!reading.has_errors(), "{:?}", reading.findings);
        let found = find(&reading.inventory, &SearchWord::new(word).unwrap());
        let line = |found: Found| {
            let closest = found.matches[0].clone();
            (
                found.object.id().to_owned(),
                closest.field,
                closest.closeness,
            )
        };
        found.into_iter().map(line).collect()
    }

    fn only(word: &str, field: &'static str, closeness: Closeness) {
        assert_eq!(
            found(word),
            [("acct-1042".to_owned(), field, closeness)],
            "{word}"
        );
    }

    #[test]
    fn a_subscriber_is_found_by_every_value_that_identifies_it() {
        only("ACCT-1042", "id", Closeness::Whole);
        only("apt-12", "name", Closeness::Whole);
        only("77-1042", "external.account", Closeness::Whole);
        only("142", "vlan", Closeness::Whole);
        only("2001", "allowed_vlans", Closeness::Part);
        only("GARDEN h", "description", Closeness::Part);
        assert_eq!(found("nothing-like-this"), []);
    }

    #[test]
    fn a_mac_address_is_found_in_any_notation_and_by_any_part_of_four_digits() {
        for word in ["00:0e:d8:1c:95:08", "000e.d81c.9508", "00-0E-D8-1C-95-08"] {
            only(word, "endpoint", Closeness::Whole);
        }
        for word in ["1c9508", "1C:95:08", "d81c.9508", "9508"] {
            only(word, "endpoint", Closeness::Part);
        }
        assert_eq!(found("c95"), [], "three digits are too few");
    }

    #[test]
    fn a_whole_value_comes_before_a_part_and_a_device_before_a_subscriber() {
        let all = found("maple");
        assert!(
            all.iter()
                .all(|(_, _, closeness)| *closeness == Closeness::Part),
            "{all:?}"
        );
        let all = found("maple-a");
        assert_eq!(all[0], ("maple-a".to_owned(), "name", Closeness::Whole));
        assert_eq!(SearchWord::new("  "), None);
    }
}
