//! Finds device, port, VLAN and state with which the services of a billing system were last verified.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::device_trouble::Troubles;
use crate::history::{Store, StoreError, StoredLedger};
use crate::inventory::{Inventory, complete_subscriber, resolve, resolve_device};
use crate::model::billing::{AccountId, BillingName, ServiceId};
use crate::model::{
    DeviceConfig, DeviceName, PortAssignment, PortNumber, RateLimit, Subscriber, SubscriberConfig,
    SubscriberState, VlanId,
};
use crate::plan::Ledger;
use crate::sync::{ServiceKey, VerifiedService, VerifiedState};

/// A subscriber of the inventory with its service.
struct Linked {
    key: ServiceKey,
    subscriber: Subscriber,
}

/// The devices of an inventory as intended, and the profile of throttled subscribers.
struct Intended {
    configs: BTreeMap<DeviceName, DeviceConfig>,
    throttle: Option<CompactString>,
}

/// Returns the services of a billing system as their devices were last verified; with `accounts`, only those of these.
///
/// The ledger of a device is what counts: it changes only after a look, either the one that followed an apply, or one that
/// found the device as the inventory intends it. A look alone also shows what engineers changed by hand, and the inventory
/// shows what is intended, so neither is used. A service that no ledger has is left out: it was never verified.
///
/// - The place is that of the endpoint, and the VLAN the one on the device: a captive subscriber is in VLAN 4094 there.
/// - The state is read from the same configuration, by the way in which the network suspends.
/// - A pending subscriber is on no device. Its device was verified without it if that has a ledger; the place and the VLAN are
///   those that are reserved for it.
/// - Where the inventory intends something else and the last attempt on the device failed, the state is `failed`, and place and
///   VLAN stay those that were verified. A change that no one tried to apply yet is not a failure.
pub async fn verified_services(
    store: &Store,
    inventory: &Inventory,
    system: &BillingName,
    accounts: Option<&BTreeSet<AccountId>>,
) -> Result<BTreeMap<ServiceKey, VerifiedService>, StoreError> {
    let linked = linked(inventory, system, accounts);
    let devices: BTreeSet<&DeviceName> = linked.iter().map(|one| &one.subscriber.device).collect();
    let ledgers = ledgers(store, &devices, accounts.is_none()).await?;
    let intended = Intended::of(inventory, &devices, accounts.is_none());
    let mut troubles = Troubles::of(store);
    let mut verified = BTreeMap::new();
    for Linked { key, subscriber } in linked {
        let device = &subscriber.device;
        let Some(stored) = ledgers.get(device) else {
            continue;
        };
        let ledger = &stored.ledger;
        let Some(config) = ledger.verified.subscribers.get(&subscriber.name) else {
            if subscriber.state == SubscriberState::Pending {
                verified.insert(key, reserved(&subscriber));
            }
            continue;
        };
        let mut service = intended.service(&subscriber, config, ledger);
        if !intended.is_reached(&subscriber, config, ledger)
            && let Some(rule) = troubles.of_device(device).await?
        {
            service.state = VerifiedState::Failed(rule);
        }
        verified.insert(key, service);
    }
    Ok(verified)
}

/// Returns the subscribers with a service of the system. A link without a service is completed by the next sync.
fn linked(
    inventory: &Inventory,
    system: &BillingName,
    accounts: Option<&BTreeSet<AccountId>>,
) -> Vec<Linked> {
    let subscribers = inventory.subscribers().filter_map(complete_subscriber);
    let linked = subscribers.filter_map(|subscriber| {
        let external = subscriber.external.as_ref()?;
        let key = ServiceKey {
            account: AccountId::new(external.account.as_str()).ok()?,
            service: ServiceId::new(external.service.as_ref()?.as_str()).ok()?,
        };
        let is_of_system = external.system.as_str() == system.as_str();
        let is_wanted = accounts.is_none_or(|accounts| accounts.contains(&key.account));
        (is_of_system && is_wanted).then_some(Linked { key, subscriber })
    });
    linked.collect()
}

/// Returns the ledgers of these devices. Some accounts have few devices, and all ledgers are megabytes.
async fn ledgers(
    store: &Store,
    devices: &BTreeSet<&DeviceName>,
    is_everything: bool,
) -> Result<BTreeMap<DeviceName, StoredLedger>, StoreError> {
    if is_everything {
        return store.ledgers().await;
    }
    let mut ledgers = BTreeMap::new();
    for device in devices {
        if let Some(ledger) = store.ledger(device).await? {
            ledgers.insert((*device).clone(), ledger);
        }
    }
    Ok(ledgers)
}

/// Returns a pending subscriber: nothing of it is on the device.
fn reserved(subscriber: &Subscriber) -> VerifiedService {
    VerifiedService {
        device: subscriber.device.clone(),
        port: number(subscriber.port),
        vlan: subscriber.vlan,
        state: VerifiedState::Pending,
        endpoint: subscriber.endpoint,
    }
}

fn number(port: PortAssignment) -> Option<PortNumber> {
    match port {
        PortAssignment::Port(number) => Some(number),
        PortAssignment::Auto | PortAssignment::Unassigned => None,
    }
}

impl Intended {
    fn of(inventory: &Inventory, devices: &BTreeSet<&DeviceName>, is_everything: bool) -> Self {
        let resolved = match is_everything {
            true => resolve(inventory),
            false => devices
                .iter()
                .filter_map(|device| resolve_device(inventory, device.as_str()))
                .collect(),
        };
        let configs = resolved.into_iter().map(|one| (one.name, one.config));
        Self {
            configs: configs.collect(),
            throttle: throttle_profile(inventory),
        }
    }

    /// Returns a subscriber that its device was verified with.
    fn service(
        &self,
        subscriber: &Subscriber,
        config: &SubscriberConfig,
        ledger: &Ledger,
    ) -> VerifiedService {
        // A detached subscriber has no endpoint; the endpoint itself stays.
        let endpoint = config.endpoint.or(subscriber.endpoint);
        let endpoint = endpoint.filter(|mac| ledger.verified.endpoints.contains_key(mac));
        let place = endpoint.and_then(|mac| ledger.verified.endpoints.get(&mac));
        let is_throttled = match &config.rate {
            RateLimit::Profile(profile) => self.throttle.as_deref() == Some(profile.as_str()),
            _ => false,
        };
        let is_detached = config.endpoint.is_none() && endpoint.is_some();
        let is_suspended = config.vlan == VlanId::UNSERVED || is_throttled || is_detached;
        VerifiedService {
            device: subscriber.device.clone(),
            port: place.and_then(|endpoint| number(endpoint.port)),
            vlan: config.vlan,
            state: match is_suspended {
                true => VerifiedState::Suspended,
                false => VerifiedState::Served,
            },
            endpoint,
        }
    }

    /// Returns whether the device was verified as the inventory intends this subscriber.
    fn is_reached(
        &self,
        subscriber: &Subscriber,
        config: &SubscriberConfig,
        ledger: &Ledger,
    ) -> bool {
        let Some(intended) = self.configs.get(&subscriber.device) else {
            return true;
        };
        let endpoints = |config: &DeviceConfig| {
            let mac = subscriber.endpoint?;
            config.endpoints.get(&mac).map(|endpoint| endpoint.port)
        };
        intended.subscribers.get(&subscriber.name) == Some(config)
            && endpoints(intended) == endpoints(&ledger.verified)
    }
}

/// Returns the profile of the service plan for suspended subscribers.
fn throttle_profile(inventory: &Inventory) -> Option<CompactString> {
    let plan = inventory.defaults().suspension_plan?;
    let plans = crate::inventory::complete_service_plans(inventory);
    let plan = plans.get(plan.as_str())?;
    Some(plan.profile_name.as_str().into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, Reading, read_texts};

    /// An inventory with one subscriber in this state, where the network suspends like this.
    fn reading(suspension: &str, state: &str) -> Reading {
        let network = format!("schema = 1\n\n[suspension]\n{suspension}\n");
        let plans = "[service_plan.home-100]\ndown = 100\nup = 50\n\n[service_plan.slow]\ndown = 1\nup = 1\n";
        let subscriber = format!(
            "[subscriber.ann]\ndevice = \"maple-a\"\nport = 7\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nstate = \"{state}\"\nexternal = {{ system = \"splynx\", account = \"1042\", service = \"7001\" }}\n"
        );
        let device = "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n";
        let credentials = GOOD_INVENTORY
            .iter()
            .filter(|(path, _)| path.contains("credentials"))
            .map(|(path, text)| ((*path).into(), (*text).into()));
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = credentials.collect();
        texts.insert("network.toml".into(), network.into());
        texts.insert("service-plans.toml".into(), plans.into());
        texts.insert("devices/maple.toml".into(), device.into());
        texts.insert("subscribers/maple.toml".into(), subscriber.into());
        read_texts(&texts, &Limits::default())
    }

    /// Returns the subscriber of one inventory on a device that was verified as another one intends.
    fn verified(intended: &Reading, applied: &Reading) -> (VerifiedService, bool) {
        let system = BillingName::new("splynx").unwrap();
        let linked = linked(&intended.inventory, &system, None);
        assert_eq!(linked.len(), 1, "{:?}", intended.findings);
        let subscriber = &linked[0].subscriber;
        let device = resolve_device(&applied.inventory, "maple-a").unwrap();
        let ledger = Ledger::of(device.config);
        let devices = BTreeSet::from([&subscriber.device]);
        let intended = Intended::of(&intended.inventory, &devices, false);
        let config = &ledger.verified.subscribers[&subscriber.name];
        (
            intended.service(subscriber, config, &ledger),
            intended.is_reached(subscriber, config, &ledger),
        )
    }

    #[test]
    fn a_suspension_is_seen_on_the_device_in_each_way_of_suspending() {
        for (how, vlan) in [
            ("how = \"captive\"\nservice_plan = \"slow\"", 4094),
            ("how = \"throttle\"\nservice_plan = \"slow\"", 101),
            ("how = \"detach\"", 101),
        ] {
            let (active, suspended) = (reading(how, "active"), reading(how, "suspended"));
            let (served, is_reached) = verified(&active, &active);
            assert_eq!((served.state, is_reached), (VerifiedState::Served, true));
            let (stopped, is_reached) = verified(&suspended, &suspended);
            assert_eq!(stopped.state, VerifiedState::Suspended, "{how}");
            assert_eq!(stopped.vlan.get(), vlan, "{how}");
            assert_eq!(stopped.port, served.port, "{how}: the place stays");
            assert!(is_reached && served.port.is_some(), "{how}");
            // Suspended in the inventory, and not yet on the device.
            let (before, is_reached) = verified(&suspended, &active);
            assert_eq!((before.state, is_reached), (VerifiedState::Served, false));
        }
    }

    #[test]
    fn a_link_to_another_system_or_account_is_not_of_this_one() {
        let reading = reading("how = \"detach\"", "active");
        let linked = |system: &str, accounts: Option<&BTreeSet<AccountId>>| {
            let system = BillingName::new(system).unwrap();
            linked(&reading.inventory, &system, accounts).len()
        };
        let account = |id: &str| BTreeSet::from([AccountId::new(id).unwrap()]);
        assert_eq!(linked("splynx", Some(&account("1042"))), 1);
        assert_eq!(linked("splynx", Some(&account("1043"))), 0);
        assert_eq!(linked("sonar", None), 0);
    }
}
