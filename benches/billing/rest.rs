//! Checks a bed at rest: every service has its class, devices and written-back fields are as intended, nothing is doubled.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::authoring::Base;
use gamctl::inventory::{Inventory, billing_systems, complete_subscriber};
use gamctl::model::billing::{ServiceId, Snapshot};
use gamctl::model::{ConditionWord, PortAssignment, Subscriber, SubscriberState};
use gamctl::reconcile::sync::{
    BillingClient, PreparedSync, ReadScope, SyncMemory, SyncRequest, heard_endpoints, prepare,
    verified_services,
};
use gamctl::secrets::{SecretSources, Secrets};
use gamctl::sync::{Classification, ServiceKey, VerifiedService, place_text};

use crate::bed::{Bed, name, system};
use crate::customers::{Customer, Expected};
use crate::product::now;

/// The services of a system by class and rule.
pub(crate) type Classes = BTreeMap<(&'static str, &'static str), usize>;

/// A bed as it is now.
pub(crate) struct Rest {
    /// Everything that is not as it must be in the end.
    pub(crate) problems: Vec<String>,
    pub(crate) classes: Classes,
    pub(crate) subscribers: usize,
}

/// Reads billing once more, and compares everything with what must be.
pub(crate) fn rest(bed: &Bed<'_>, customers: &[Customer]) -> Rest {
    bed.wait(read(bed, customers))
}

async fn read(bed: &Bed<'_>, customers: &[Customer]) -> Rest {
    let store = &bed.store;
    let base = Base::branch(&bed.forge(), "main").unwrap();
    let inventory = &base.reading.inventory;
    let isp = billing_systems(inventory).remove(&system()).unwrap();
    let secrets = Secrets::of(SecretSources {
        directory: Some(bed.secrets()),
        ..SecretSources::default()
    });
    let client = BillingClient::open(&isp, &secrets, store, now).unwrap();
    let snapshot = match client.read(&ReadScope::Everything, now()).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            return Rest {
                problems: vec![format!("billing was not read: {error}")],
                classes: Classes::new(),
                subscribers: 0,
            };
        }
    };
    let looks = heard_endpoints(store, inventory).await.unwrap();
    let memory = SyncMemory::of(store, &system()).await.unwrap();
    let prepared = prepare(SyncRequest {
        base: &base,
        system: &isp,
        snapshot: &snapshot,
        looks: &looks,
        memory: memory.base(),
        used: memory.used,
        approved: &memory.approved,
        now: now(),
    })
    .unwrap();
    let mut problems = Vec::new();
    check_settled(&prepared, &mut problems);
    let subscribers = subscribers(inventory, &mut problems);
    for customer in customers {
        check_customer(customer, &prepared, &subscribers, &mut problems);
    }
    let verified = verified_services(store, inventory, &system(), None).await;
    check_written(customers, &snapshot, &verified.unwrap(), &mut problems);
    let statuses = store.device_statuses().await.unwrap();
    for (device, row) in &statuses {
        if row.status.word != ConditionWord::Converged {
            problems.push(format!("{device} is {}", row.status.word.word()));
        }
    }
    let mut classes = Classes::new();
    for service in prepared.services() {
        let rule = service.reasons.first().map_or("", |reason| reason.rule());
        *classes
            .entry((service.classification.as_str(), rule))
            .or_default() += 1;
    }
    Rest {
        problems,
        classes,
        subscribers: subscribers.len(),
    }
}

/// Checks that nothing would be committed or is held back.
fn check_settled(prepared: &PreparedSync<'_>, problems: &mut Vec<String>) {
    for change in &prepared.report.changes {
        problems.push(format!("not committed: {}", change.lines.join(", ")));
    }
    for held in &prepared.report.held_back {
        problems.push(format!("held back: {}", held.because));
    }
    if !prepared.report.reading.is_complete {
        problems.push("the reading is not complete".to_owned());
    }
}

/// Returns the subscribers of accounts; no account may have two.
fn subscribers(inventory: &Inventory, problems: &mut Vec<String>) -> BTreeMap<u64, Subscriber> {
    let mut subscribers = BTreeMap::new();
    for subscriber in inventory.subscribers().filter_map(complete_subscriber) {
        let external = subscriber.external.as_ref();
        let account = external.map(|external| external.account.as_str().parse());
        let Some(Ok(account)) = account else {
            problems.push(format!("{} belongs to no account", subscriber.id));
            continue;
        };
        if let Some(other) = subscribers.insert(account, subscriber) {
            problems.push(format!("{account} has {} and another one", other.id));
        }
    }
    subscribers
}

fn check_customer(
    customer: &Customer,
    prepared: &PreparedSync<'_>,
    subscribers: &BTreeMap<u64, Subscriber>,
    problems: &mut Vec<String>,
) {
    let line = &customer.line;
    let key = key(customer);
    let found = prepared.services().iter().find(|one| one.service == key);
    let class = found.map(|one| one.classification);
    let rules: Vec<&str> = found
        .into_iter()
        .flat_map(|one| &one.reasons)
        .map(|reason| reason.rule())
        .collect();
    let subscriber = subscribers.get(&line.account);
    let is_right = match customer.expected {
        Expected::InSync => class == Some(Classification::InSync),
        Expected::Waiting(rule) => {
            class == Some(Classification::Waiting) && rules.contains(&rule) && subscriber.is_none()
        }
        Expected::Quarantined(rule) => {
            class == Some(Classification::Quarantined) && rules.contains(&rule)
        }
        Expected::Held => class == Some(Classification::Held),
        Expected::Contested => class == Some(Classification::Contested),
        Expected::Gone => {
            class == Some(Classification::Gone)
                && subscriber.is_some_and(|one| one.state == SubscriberState::Suspended)
        }
        Expected::Removed => subscriber.is_none(),
    };
    if !is_right {
        problems.push(format!(
            "{key} must be {:?}, and is {class:?} {rules:?}{}",
            customer.expected,
            if subscriber.is_some() {
                ""
            } else {
                ", without a subscriber"
            }
        ));
        return;
    }
    if customer.expected == Expected::InSync {
        match subscriber {
            Some(subscriber) => check_subscriber(customer, subscriber, problems),
            None => problems.push(format!("{key} has no subscriber")),
        }
    }
}

/// Checks the keys that follow from billing and from where the endpoint is plugged in.
fn check_subscriber(customer: &Customer, subscriber: &Subscriber, problems: &mut Vec<String>) {
    let line = &customer.line;
    let state = match customer.is_paid {
        true => SubscriberState::Active,
        false => SubscriberState::Suspended,
    };
    let port = match subscriber.port {
        PortAssignment::Port(number) => Some(number.get()),
        _ => None,
    };
    let found = (
        subscriber.device.as_str(),
        port,
        subscriber.endpoint.map(|mac| mac.to_string()),
        subscriber.service_plan.as_str(),
        subscriber.state,
    );
    let device = name(line.device);
    let wanted = (
        device.as_str(),
        Some(line.port),
        Some(line.mac.clone()),
        line.plan.name(),
        state,
    );
    if found != wanted {
        problems.push(format!(
            "{} is {found:?}, and must be {wanted:?}",
            subscriber.id
        ));
    }
}

/// Checks that the fields in billing have what the devices were verified with.
fn check_written(
    customers: &[Customer],
    snapshot: &Snapshot,
    verified: &BTreeMap<ServiceKey, VerifiedService>,
    problems: &mut Vec<String>,
) {
    let written: BTreeMap<ServiceKey, _> = snapshot
        .services
        .iter()
        .map(|service| (ServiceKey::of(service), &service.written_back))
        .collect();
    let in_sync = customers.iter();
    let in_sync = in_sync.filter(|customer| customer.expected == Expected::InSync);
    for key in in_sync.map(key) {
        let (Some(verified), Some(written)) = (verified.get(&key), written.get(&key)) else {
            problems.push(format!("{key} was not verified"));
            continue;
        };
        let place = verified.port.map(|port| place_text(&verified.device, port));
        let vlan = verified.vlan.to_string();
        let fields = [
            (written.place.as_deref(), place.as_deref()),
            (written.vlan.as_deref(), Some(vlan.as_str())),
            (written.state.as_deref(), Some(&*verified.state.text())),
        ];
        let differs = fields.iter().any(|(written, verified)| written != verified);
        let is_failed = verified.state.text().starts_with("failed");
        if differs || is_failed {
            problems.push(format!(
                "{key} has the fields {fields:?} (written, verified)"
            ));
        }
    }
}

fn key(customer: &Customer) -> ServiceKey {
    ServiceKey {
        account: customer.line.account.to_string().parse().unwrap(),
        service: ServiceId::new(&customer.line.service.to_string()).unwrap(),
    }
}

/// Returns subscribers that more than one commit added: each service is added once.
pub(crate) fn added_twice(bed: &Bed<'_>) -> Vec<String> {
    let messages = bed.git(&["log", "--format=%b", "forge/main"]);
    let mut added = BTreeSet::new();
    let lines = messages.lines();
    let ids = lines.filter_map(|line| line.split_once(" added on ").map(|(id, _)| id));
    let twice = ids.filter(|id| !added.insert(*id));
    twice.map(str::to_owned).collect()
}
