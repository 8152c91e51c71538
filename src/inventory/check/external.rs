//! Checks references into billing systems, and holds: known systems, valid ids, each service once.

use foldhash::{HashMap, HashMapExt};

use crate::inventory::FileKind;
use crate::inventory::assemble::{Inventory, ObjectPosition, SubscriberObject};
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::record::{BAD_NAME, MISSING_KEY, TextProblem};
use crate::inventory::rules::rules;
use crate::inventory::suggest;
use crate::inventory::text::ExternalText;
use crate::model::NameError;
use crate::model::billing::{AccountId, BillingName, BillingRecordId, ServiceId};

rules! {
    /// Once there is a billing system, `external` says which account of it a subscriber is. A name that no billing system has
    /// leaves the subscriber out of every sync.
    UNKNOWN_BILLING_SYSTEM = "unknown-billing-system", Error, "a reference to a billing system that does not exist",
    wrong: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nexternal = { system = \"sonra\", account = \"1042\" }\n")],
    right: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nexternal = { system = \"sonar\", account = \"1042\" }\n")];

    /// A service in billing is one subscriber. If two subscribers are the same service, a payment or a new tariff could reach
    /// the wrong one, so neither is changed.
    EXTERNAL_TWICE = "external-twice", Error, "two subscribers are the same service of a billing system",
    wrong: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nexternal = { system = \"sonar\", account = \"1042\", service = \"77\" }\n[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nexternal = { system = \"sonar\", account = \"1042\", service = \"77\" }\n")],
    right: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nexternal = { system = \"sonar\", account = \"1042\", service = \"77\" }\n[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nexternal = { system = \"sonar\", account = \"1042\", service = \"78\" }\n")];

    /// An `external` without a service means the only service of its account. With a second subscriber of the account, no one
    /// can decide which service is which.
    EXTERNAL_INCOMPLETE = "external-incomplete", Warning, "an `external` without a service, in an account with two subscribers",
    wrong: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nexternal = { system = \"sonar\", account = \"1042\" }\n[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nexternal = { system = \"sonar\", account = \"1042\", service = \"78\" }\n")],
    right: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nexternal = { system = \"sonar\", account = \"1042\", service = \"77\" }\n[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nexternal = { system = \"sonar\", account = \"1042\", service = \"78\" }\n")];

    /// The place of a service in billing is a device and a port. If two devices are the same device of billing, a place there
    /// could mean either of them.
    DEVICE_EXTERNAL_TWICE = "device-external-twice", Error, "two devices are the same device of a billing system",
    wrong: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.12\"\nexternal = { system = \"sonar\", device = \"12\" }\n[device.oak-b]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.13\"\nexternal = { system = \"sonar\", device = \"12\" }\n")],
    right: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n"), ("devices/oak.toml", "[device.oak-a]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.12\"\nexternal = { system = \"sonar\", device = \"12\" }\n[device.oak-b]\nmodel = \"GAM-12-C\"\naddress = \"10.20.0.13\"\nexternal = { system = \"sonar\", device = \"13\" }\n")];
}

pub(super) fn check(inventory: &Inventory, pending: &mut Vec<Pending>) {
    holds(inventory, pending);
    devices(inventory, pending);
    // Without a billing system, `external` is a note in any form.
    if !inventory.billing.is_empty() {
        subscribers(inventory, pending);
    }
}

fn holds(inventory: &Inventory, pending: &mut Vec<Pending>) {
    for position in &inventory.subscribers {
        let Some(object) = inventory.subscriber_at(*position) else {
            continue;
        };
        let keys = object
            .text
            .hold
            .as_ref()
            .and_then(|hold| hold.keys.as_ref());
        if keys.is_some_and(Vec::is_empty) {
            let at = inventory.point_at_subscriber(*position).key("hold");
            let message = format!(
                "the hold of `{}` names no key, so it keeps nothing",
                object.id
            );
            pending.push(
                Pending::new(&MISSING_KEY, at.value("keys"), message)
                    .hint("name the keys, such as `keys = [\"state\"]`, or remove the hold"),
            );
        }
    }
}

/// Returns a finding if no billing system has the name.
fn unknown_system(inventory: &Inventory, name: &str, of: &str, at: Pointer) -> Option<Pending> {
    if inventory.is_partial(FileKind::Billing) || inventory.billing_position(name).is_some() {
        return None;
    }
    let known = inventory.billing().map(|object| object.id.as_str());
    let hint = match suggest::nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "add it to `billing.toml`, or correct the name".to_owned(),
    };
    let message = format!("there is no billing system `{name}` for {of}");
    Some(Pending::new(&UNKNOWN_BILLING_SYSTEM, at, message).hint(hint))
}

/// The position of a device that was seen first with a reference.
type FirstDevice<'a> = HashMap<(&'a BillingName, &'a BillingRecordId), ObjectPosition>;

fn devices(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let mut first = FirstDevice::new();
    for position in &inventory.devices {
        let Some(object) = inventory.device_at(*position) else {
            continue;
        };
        let Some(external) = &object.text.external else {
            continue;
        };
        let at = inventory.point_at_device(*position).key("external");
        if let Some(system) = &external.system {
            let of = format!("device `{}`", object.id);
            let at = at.clone().value("system");
            pending.extend(unknown_system(inventory, system.as_str(), &of, at));
        }
        let (Some(system), Some(device)) = (&external.system, &external.device) else {
            continue;
        };
        let Some(earlier) = first.insert((system, device), *position) else {
            continue;
        };
        let other = inventory.device_at(earlier).map(|other| &other.id);
        let Some(other) = other.filter(|other| **other != object.id) else {
            // A duplicate object, which another rule reports.
            continue;
        };
        let id = &object.id;
        let message =
            format!("devices `{other}` and `{id}` are both device {device} of `{system}`");
        let there = inventory.point_at_device(earlier).key("external");
        pending.push(
            Pending::new(&DEVICE_EXTERNAL_TWICE, at.value("device"), message)
                .hint("look up the id of each device in the billing system")
                .related(there.value("device"), "the other one"),
        );
    }
}

/// The subscribers of one account: the one without a service, and those with one.
type Account<'a> = Vec<(Option<&'a str>, ObjectPosition)>;

fn subscribers(inventory: &Inventory, pending: &mut Vec<Pending>) {
    let mut accounts: HashMap<(&str, &str), Account<'_>> = HashMap::new();
    for position in &inventory.subscribers {
        let Some(object) = inventory.subscriber_at(*position) else {
            continue;
        };
        let Some(external) = object.text.external.as_deref() else {
            continue;
        };
        let at = inventory.point_at_subscriber(*position).key("external");
        check_ids(inventory, object, external, &at, pending);
        if let (Some(system), Some(account)) = (&external.system, &external.account) {
            let service = external.service.as_ref().map(|service| service.as_str());
            let key = (system.as_str(), account.as_str());
            accounts.entry(key).or_default().push((service, *position));
        }
    }
    for ((system, account), subscribers) in &accounts {
        check_account(inventory, (system, account), subscribers, pending);
    }
}

/// Checks that the references of a subscriber can be found in billing.
fn check_ids(
    inventory: &Inventory,
    object: &SubscriberObject,
    external: &ExternalText,
    at: &Pointer,
    pending: &mut Vec<Pending>,
) {
    let id = &object.id;
    if let Some(system) = &external.system {
        let of = format!("subscriber `{id}`");
        let at = at.clone().value("system");
        pending.extend(unknown_system(inventory, system.as_str(), &of, at));
    }
    let account = external.account.as_ref().map(|text| text.as_str());
    let service = external.service.as_ref().map(|text| text.as_str());
    let ids: [(&str, Option<NameError>); 2] = [
        (
            "account",
            account.and_then(|text| AccountId::new(text).err()),
        ),
        (
            "service",
            service.and_then(|text| ServiceId::new(text).err()),
        ),
    ];
    for (key, error) in ids {
        let Some(error) = error else { continue };
        let message = format!("`external.{key}` of `{id}` cannot be used: {}", error.why());
        pending.push(
            Pending::new(&BAD_NAME, at.clone().value(key), message)
                .hint("copy the id from the billing system; names of customers do not belong here"),
        );
    }
}

fn check_account(
    inventory: &Inventory,
    (system, account): (&str, &str),
    subscribers: &Account<'_>,
    pending: &mut Vec<Pending>,
) {
    if subscribers.len() < 2 {
        return;
    }
    let at = |position| inventory.point_at_subscriber(position).key("external");
    let id = |position| {
        let object = inventory.subscriber_at(position);
        object.map_or("", |object| object.id.as_str())
    };
    let mut first: HashMap<Option<&str>, ObjectPosition> = HashMap::new();
    for (service, position) in subscribers {
        match first.get(service) {
            // A duplicate object, which another rule reports.
            Some(earlier) if id(*earlier) == id(*position) => {}
            Some(earlier) => {
                let shown = match service {
                    Some(service) => format!("service {service} of account {account}"),
                    None => format!("account {account}"),
                };
                let (here, there) = (id(*position), id(*earlier));
                let message = format!("`{there}` and `{here}` are both {shown} of `{system}`");
                pending.push(
                    Pending::new(&EXTERNAL_TWICE, at(*position), message)
                        .hint("give each its own `service`, or take `external` out of one")
                        .related(at(*earlier), "the other one"),
                );
            }
            None => {
                first.insert(*service, *position);
            }
        }
    }
    let with_service = subscribers.iter().find(|(service, _)| service.is_some());
    if let (Some(without), Some((_, other))) = (first.get(&None), with_service)
        && id(*without) != id(*other)
    {
        let (here, there) = (id(*without), id(*other));
        let message = format!(
            "`{here}` is account {account} of `{system}` without a service, and `{there}` is in the account as well"
        );
        pending.push(
            Pending::new(&EXTERNAL_INCOMPLETE, at(*without), message)
                .hint("add `service = \"…\"` to `external`")
                .related(at(*other), "the other one"),
        );
    }
}
