//! Holds the part of an inventory that the sync compares with billing.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::field::SyncKey;
use crate::inventory::text::{DeviceText, SubscriberText};
use crate::inventory::{Inventory, complete_service_plans};
use crate::model::billing::{AccountId, BillingName, ServiceId};
use crate::model::{
    DeviceName, DeviceState, MacAddress, Medium, PortAssignment, ServicePlanId, SiteName, Speed,
    SubscriberId, SubscriberModel, SubscriberState, VlanId, VlanSet,
};

/// The part of an inventory that the sync reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncInventory {
    /// The commit it was read from.
    pub commit: Option<CompactString>,
    /// Part of it could not be read: nothing is proposed.
    pub is_partial: bool,
    pub subscribers: BTreeMap<SubscriberId, SyncSubscriber>,
    pub devices: BTreeMap<DeviceName, SyncDevice>,
    pub service_plans: BTreeMap<ServicePlanId, Speed>,
    /// The VLANs from which new subscribers get theirs.
    pub pool: VlanSet,
    pub rest_days: u32,
}

/// A subscriber with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSubscriber {
    pub device: DeviceName,
    pub port: PortAssignment,
    pub endpoint: Option<MacAddress>,
    pub service_plan: ServicePlanId,
    pub vlan: VlanId,
    pub state: SubscriberState,
    /// VLANs that it uses beside `vlan`.
    pub other_vlans: Option<Box<BTreeSet<VlanId>>>,
    pub is_protected: bool,
    pub external: Option<Box<ExternalLink>>,
    /// It has a link that no billing system of gamctl can have: it is never overwritten.
    pub has_other_link: bool,
    pub hold: Option<Box<Hold>>,
}

/// The link of a subscriber to billing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalLink {
    pub system: BillingName,
    pub account: AccountId,
    pub service: Option<ServiceId>,
}

/// Keys that the sync leaves as they are for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub keys: BTreeSet<SyncKey>,
    /// Its end, in seconds since 1970.
    pub until: u64,
}

/// A device that subscribers are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncDevice {
    pub state: DeviceState,
    pub site: Option<SiteName>,
    pub medium: Medium,
    pub ports: u8,
    pub is_port_aware: bool,
    pub management_vlan: VlanId,
    /// VLANs that pass every uplink; absent if the inventory does not have them.
    pub uplink_vlans: Option<VlanSet>,
    pub new_vlan: NewVlan,
    /// Its id in the billing system of this sync.
    pub external: Option<CompactString>,
}

/// The VLAN of a new subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NewVlan {
    #[default]
    LowestFree,
    /// One that all share.
    Shared(VlanId),
}

impl SyncInventory {
    /// Returns the view of an inventory without holds and keys of billing, which the caller adds.
    ///
    /// `pool` is the default of `[vlans] subscribers`. A subscriber or a device that cannot be read whole makes the view partial.
    pub fn of(inventory: &Inventory, pool: &VlanSet) -> Self {
        let defaults = inventory.defaults();
        let mut view = Self {
            commit: inventory.commit().map(CompactString::new),
            pool: defaults.pool.clone().unwrap_or_else(|| pool.clone()),
            service_plans: complete_service_plans(inventory)
                .into_values()
                .map(|plan| (plan.id, plan.speed))
                .collect(),
            ..Self::default()
        };
        for object in inventory.devices() {
            match device(&object.text, defaults.management_vlan) {
                Some(device) => drop(view.devices.insert(object.id.clone(), device)),
                None => view.is_partial = true,
            }
        }
        for object in inventory.subscribers() {
            match subscriber(&object.text) {
                Some(subscriber) => drop(view.subscribers.insert(object.id.clone(), subscriber)),
                None => view.is_partial = true,
            }
        }
        view
    }

    /// Returns the subscribers on a device.
    pub fn subscribers_of<'a>(
        &'a self,
        device: &'a DeviceName,
    ) -> impl Iterator<Item = (&'a SubscriberId, &'a SyncSubscriber)> {
        let all = self.subscribers.iter();
        all.filter(move |(_, subscriber)| subscriber.device == *device)
    }

    pub fn site_of(&self, device: &DeviceName) -> Option<&SiteName> {
        self.devices.get(device)?.site.as_ref()
    }
}

impl SyncSubscriber {
    /// Returns whether a person holds a key at this time.
    pub fn is_held(&self, key: SyncKey, now: u64) -> bool {
        let hold = self.hold.as_ref();
        hold.is_some_and(|hold| now < hold.until && hold.keys.contains(&key))
    }

    /// Returns whether a person holds any key: then the subscriber is not removed either.
    pub fn has_hold(&self, now: u64) -> bool {
        self.hold.as_ref().is_some_and(|hold| now < hold.until)
    }

    /// Returns whether it has no link at all, so that one may be written.
    pub fn is_unlinked(&self) -> bool {
        self.external.is_none() && !self.has_other_link
    }

    /// Returns its link to a billing system.
    pub fn link_to(&self, system: &BillingName) -> Option<&ExternalLink> {
        self.external
            .as_deref()
            .filter(|link| link.system == *system)
    }
}

fn device(text: &DeviceText, management_vlan: VlanId) -> Option<SyncDevice> {
    let model = text.model?;
    Some(SyncDevice {
        state: text.state.unwrap_or(DeviceState::Managed),
        site: text.site.clone(),
        medium: model.medium(),
        ports: model.port_count(),
        is_port_aware: text.subscriber_model == Some(SubscriberModel::PortAware),
        management_vlan: text.management_vlan.unwrap_or(management_vlan),
        uplink_vlans: uplink_vlans(text),
        new_vlan: NewVlan::default(),
        external: None,
    })
}

/// Returns the VLANs that pass every uplink that the inventory describes.
fn uplink_vlans(text: &DeviceText) -> Option<VlanSet> {
    let uplinks = text.uplink.as_ref()?;
    let mut lists = Vec::new();
    for (_, uplink) in &uplinks.0 {
        // An uplink without a list keeps what it has, which only the device knows.
        lists.push(uplink.allowed_vlans.as_ref()?);
    }
    let (first, others) = lists.split_first()?;
    let passes = |vlan: &VlanId| others.iter().all(|list| list.contains(*vlan));
    Some(first.iter().filter(passes).collect())
}

fn subscriber(text: &SubscriberText) -> Option<SyncSubscriber> {
    let mut others: BTreeSet<VlanId> = text.port2_vlan.into_iter().collect();
    others.extend(text.remapped_vlan);
    others.extend(text.allowed_vlans.iter().flat_map(|set| set.iter()));
    let external = match &text.external {
        None => None,
        Some(external) => {
            let id = |text: &crate::model::PlainText| text.as_str().to_owned();
            let system = external.system.as_ref().map(id);
            let account = external.account.as_ref().map(id);
            let link = system.zip(account).and_then(|(system, account)| {
                let service = external.service.as_ref().map(id);
                Some(ExternalLink {
                    system: BillingName::new(&system).ok()?,
                    account: AccountId::new(&account).ok()?,
                    service: service
                        .map(|service| ServiceId::new(&service))
                        .transpose()
                        .ok()?,
                })
            });
            link.map(Box::new)
        }
    };
    Some(SyncSubscriber {
        device: text.device.clone()?,
        port: text.port?,
        endpoint: text.endpoint,
        service_plan: text.service_plan.clone()?,
        vlan: text.vlan?,
        state: text.state.unwrap_or(SubscriberState::Active),
        other_vlans: (!others.is_empty()).then(|| Box::new(others)),
        is_protected: text.protected.unwrap_or(false),
        has_other_link: text.external.is_some() && external.is_none(),
        external,
        hold: None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, read_texts};

    fn view(more: &[(&str, &str)]) -> SyncInventory {
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.extend(
            more.iter()
                .map(|(path, text)| ((*path).into(), (*text).into())),
        );
        let reading = read_texts(&texts, &Limits::default());
        SyncInventory::of(&reading.inventory, &"3-3799".parse().unwrap())
    }

    #[test]
    fn the_view_has_links_and_vlans_of_every_role() {
        let more = "[subscriber.acct-7]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:07\"\nservice_plan = \"home-100\"\nvlan = 107\nport2_vlan = 207\nallowed_vlans = \"300-301\"\n[subscriber.acct-7.external]\nsystem = \"splynx\"\naccount = \"7\"\nservice = \"70\"\n";
        let view = view(&[("subscribers/more.toml", more)]);
        assert!(!view.is_partial);
        let subscriber = &view.subscribers["acct-7"];
        let system = BillingName::new("splynx").unwrap();
        let link = subscriber.link_to(&system).unwrap();
        assert_eq!(link.account.as_str(), "7");
        let vlans = subscriber.other_vlans.iter().flat_map(|vlans| vlans.iter());
        assert_eq!(
            vlans.map(|vlan| vlan.get()).collect::<Vec<_>>(),
            [207, 300, 301]
        );
    }

    #[test]
    fn a_subscriber_that_cannot_be_read_makes_the_view_partial() {
        let broken = "[subscriber.acct-7]\ndevice = \"maple-a\"\nport = 2\nvlan = \"x\"\nservice_plan = \"home-100\"\n";
        assert!(view(&[("subscribers/more.toml", broken)]).is_partial);
    }

    #[test]
    fn a_vlan_passes_only_if_every_uplink_lets_it_pass() {
        let device = "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nuplink.1.allowed_vlans = \"100-110,4093\"\nuplink.2.allowed_vlans = \"105-120,4093\"\n";
        let view = view(&[("devices/maple.toml", device)]);
        let uplink = view.devices["maple-a"].uplink_vlans.clone().unwrap();
        assert_eq!(uplink.to_string(), "105-110,4093");
    }
}
