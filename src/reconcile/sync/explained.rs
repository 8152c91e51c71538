//! Collects both sides of the services of one account: billing, inventory, memory and what is heard.

use super::prepared::PreparedSync;
use super::reported::reason_lines;
use crate::model::billing::{AccountId, BillingService, EquipmentPlace, ServiceStatus, WrittenMac};
use crate::model::{MacAddress, SubscriberId};
use crate::report::moment;
use crate::report::sync::{ExplainedReport, ExplainedService, classification};
use crate::sync::{ClassifiedService, FieldBase, HeardState, ServiceKey, change_lines};

impl PreparedSync<'_> {
    /// Returns both sides of the services of an account.
    pub fn explain(&self, account: &AccountId) -> ExplainedReport {
        let services = self.services.iter();
        let services = services.filter(|service| service.service.account == *account);
        ExplainedReport {
            system: self.system().to_string(),
            account: account.to_string(),
            services: services.map(|service| self.explained(service)).collect(),
        }
    }

    fn explained(&self, service: &ClassifiedService) -> ExplainedService {
        let key = &service.service;
        let listed = self.snapshot().services.iter();
        let mut listed = listed.filter(|one| ServiceKey::of(one) == *key);
        let billing = listed.next();
        let macs = self.macs(key, billing);
        let changes = self.accepted.iter().filter(|change| change.service == *key);
        ExplainedService {
            service: key.to_string(),
            subscriber: service.subscriber.as_ref().map(ToString::to_string),
            class: classification(service.classification),
            billing: billing.map_or_else(Vec::new, |billing| self.billing(billing, &macs)),
            inventory: service
                .subscriber
                .as_ref()
                .map_or_else(Vec::new, |id| self.subscriber(id)),
            remembered: self.remembered(key),
            heard: macs.iter().flat_map(|mac| self.heard(*mac)).collect(),
            changes: changes.flat_map(change_lines).collect(),
            reasons: reason_lines(service, service.reasons.iter()),
        }
    }

    /// Returns the addresses of a service, of its items, and of items of its account that name no service.
    fn macs(&self, key: &ServiceKey, billing: Option<&BillingService>) -> Vec<MacAddress> {
        let items = self.snapshot().equipment.iter();
        let items = items.filter(|item| match &item.place {
            EquipmentPlace::Account { account } => *account == key.account,
            EquipmentPlace::Service { account, service } => {
                (account, service) == (&key.account, &key.service)
            }
            EquipmentPlace::Stock | EquipmentPlace::Broken | EquipmentPlace::Elsewhere => false,
        });
        let of_items = items.flat_map(|item| &item.macs);
        let own = billing.into_iter().flat_map(|service| &service.macs);
        let mut macs: Vec<MacAddress> = of_items.chain(own).filter_map(WrittenMac::mac).collect();
        macs.sort_unstable();
        macs.dedup();
        macs
    }

    fn billing(&self, service: &BillingService, macs: &[MacAddress]) -> Vec<String> {
        let mut lines = vec![format!("status {}", status_words(&service.status))];
        if let Some(id) = &service.tariff {
            let tariff = self.snapshot().tariffs.get(id);
            let title = tariff.map(|tariff| format!(" `{}`", tariff.title));
            lines.push(format!("tariff {id}{}", title.unwrap_or_default()));
        }
        lines.extend(macs.iter().map(|mac| format!("endpoint or router {mac}")));
        if let Some(location) = &service.location {
            let site = self.ours.settings.sites.get(location);
            lines.push(match site {
                Some(site) => format!("location {location}, site {site}"),
                None => format!("location {location}, mapped to no site"),
            });
        }
        let written = &service.written_back;
        if let Some(hint) = &service.place_hint {
            let port = hint.port.as_deref().unwrap_or("unknown");
            // What gamctl wrote is not a plan.
            if written.place.as_deref() != Some(format!("{}/{port}", hint.device).as_str()) {
                lines.push(format!("planned on {} port {port}", hint.device));
            }
        }
        let vlan = written.vlan.as_ref().map(|vlan| format!("VLAN {vlan}"));
        let place = written.place.as_ref().map(ToString::to_string);
        let state = written.state.as_ref().map(ToString::to_string);
        let values: Vec<String> = [place, vlan, state].into_iter().flatten().collect();
        if !values.is_empty() {
            lines.push(format!("gamctl wrote back {}", values.join(", ")));
        }
        lines
    }

    fn subscriber(&self, id: &SubscriberId) -> Vec<String> {
        let Some(subscriber) = self.inventory().subscribers.get(id) else {
            return Vec::new();
        };
        let mut lines = vec![
            format!("{id} on {} port {}", subscriber.device, subscriber.port),
            format!(
                "{}, VLAN {}, {}",
                subscriber.service_plan,
                subscriber.vlan,
                subscriber.state.as_str()
            ),
        ];
        if let Some(endpoint) = subscriber.endpoint {
            lines.push(format!("endpoint {endpoint}"));
        }
        if let Some(hold) = &subscriber.hold {
            let keys: Vec<&str> = hold.keys.iter().map(|key| key.as_str()).collect();
            lines.push(format!(
                "{} held until {}",
                keys.join(", "),
                moment(hold.until)
            ));
        }
        lines
    }

    fn remembered(&self, key: &ServiceKey) -> Vec<String> {
        let Some(base) = self.memory().and_then(|base| base.services.get(key)) else {
            return Vec::new();
        };
        let fields = [
            ("service_plan", &base.service_plan),
            ("state", &base.state),
            ("endpoint", &base.endpoint),
            ("place", &base.place),
        ];
        let fields = fields.into_iter().filter_map(|(name, field)| {
            let FieldBase { accepted, left, .. } = field.as_ref()?;
            Some(match accepted == left {
                true => format!("{name} {accepted}"),
                false => format!("{name} {accepted} in billing, left at {left}"),
            })
        });
        fields.collect()
    }

    fn heard(&self, mac: MacAddress) -> Vec<String> {
        let endpoints = self.looks().endpoints.iter();
        let places = endpoints.filter(|heard| heard.mac == mac).map(|heard| {
            let port = heard
                .port
                .map_or_else(|| "unknown".to_owned(), |port| port.to_string());
            let state = match heard.state {
                HeardState::Unknown => "the device has no subscriber for it",
                HeardState::Configured => "configured there",
            };
            format!(
                "{mac} on {} port {port}, {state}, {}",
                heard.device,
                moment(heard.last)
            )
        });
        places.collect()
    }
}

/// Returns a status with its cause.
pub(super) fn status_words(status: &ServiceStatus) -> String {
    match status {
        ServiceStatus::Served => "served".to_owned(),
        ServiceStatus::Suspended { cause } => format!("suspended: {}", cause.as_str()),
        ServiceStatus::Pending { cause } => format!("pending: {}", cause.as_str()),
        ServiceStatus::Gone { cause } => format!("gone: {}", cause.as_str()),
        ServiceStatus::Unknown { word } => format!("`{word}`, which is not understood"),
    }
}
