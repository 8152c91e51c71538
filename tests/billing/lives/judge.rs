//! Compares the inventory, the devices and the fields in billing with the ends that the oracle permits.

use std::collections::BTreeSet;

use gamctl::simulator::gam::ExpectedPort;
use toml::Table;

use super::bed::{DEVICES, PLANS, SUSPENDED, speeds};
use super::carry_out::place;
use super::life::{Life, Subscriber};
use super::oracle::{ends, sentences};
use super::seen::Seen;

/// The VLAN of a subscriber without service.
const UNSERVED: u16 = 4094;

/// An end that the oracle does not permit.
pub(super) struct Complaint {
    /// None: it is about no life in particular.
    pub(super) life: Option<usize>,
    pub(super) text: String,
}

/// Judges everything; returns the end of each life that is there, or what is wrong.
pub(super) fn judge(lives: &[Life], seen: &Seen) -> Result<Vec<Vec<Subscriber>>, Vec<Complaint>> {
    let mut complaints = Vec::new();
    let mut found = Vec::new();
    for life in lives {
        let ends = ends(life);
        let mut wrong = Vec::new();
        let end = ends.iter().find(|end| {
            let differences = differences(life, end, seen);
            let fits = differences.is_empty();
            wrong.push(differences);
            fits
        });
        match end {
            Some(end) => found.push(end.clone()),
            None => {
                let permitted = ends.iter().zip(&wrong).map(|(end, wrong)| {
                    let (end, wrong) = (sentences(life, end), wrong.join("\n    but "));
                    format!("  expected {end}\n    but {wrong}")
                });
                complaints.push(Complaint {
                    life: Some(life.number),
                    text: permitted.collect::<Vec<_>>().join("\n  or"),
                });
            }
        }
    }
    if complaints.is_empty() {
        let all = found.iter().flatten().count();
        let unexplained = unexplained(seen, all).into_iter();
        complaints.extend(unexplained.map(|text| Complaint { life: None, text }));
    }
    match complaints.is_empty() {
        true => Ok(found),
        false => Err(complaints),
    }
}

/// Gives the models of the lives the ends that are there.
pub(super) fn adopt(lives: &mut [Life], found: Vec<Vec<Subscriber>>, seen: &Seen) {
    for (life, mut end) in lives.iter_mut().zip(found) {
        for one in &mut end {
            let id = format!("acct-{}", life.customers[one.customer].account);
            let vlan = seen.subscribers[&id]["vlan"].as_integer().unwrap();
            one.vlan = u16::try_from(vlan).ok();
        }
        life.subscribers = end;
        life.doubts.clear();
    }
}

/// Returns what differs between an end of a life and what is there.
fn differences(life: &Life, end: &[Subscriber], seen: &Seen) -> Vec<String> {
    let mut all = Vec::new();
    for (number, customer) in life.customers.iter().enumerate() {
        let id = format!("acct-{}", customer.account);
        let expected = end.iter().find(|one| one.customer == number);
        match (expected, seen.subscribers.get(&id)) {
            (None, None) => {
                let written = seen.written.get(&customer.service);
                let is_empty = written.is_none_or(|fields| fields.iter().all(String::is_empty));
                if !customer.has_left && !is_empty {
                    all.push(format!("billing has {written:?} of {id}"));
                }
            }
            (None, Some(there)) => all.push(format!("there is {id}: {there}")),
            (Some(_), None) => all.push(format!("there is no {id}")),
            (Some(one), Some(there)) => {
                let of_inventory = in_inventory(life, one, there);
                if of_inventory.is_empty() {
                    let vlan = there["vlan"]
                        .as_integer()
                        .and_then(|vlan| u16::try_from(vlan).ok());
                    all.extend(on_device(life, one, (&id, vlan.unwrap_or(0)), seen));
                }
                all.extend(of_inventory);
            }
        }
    }
    all
}

fn in_inventory(life: &Life, one: &Subscriber, there: &Table) -> Vec<String> {
    let customer = &life.customers[one.customer];
    let text = |key: &str| {
        there.get(key).map(|value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        })
    };
    let external = |key: &str| {
        let external = there.get("external").and_then(toml::Value::as_table);
        external.and_then(|table| table.get(key)?.as_str().map(str::to_owned))
    };
    let state = match one.is_suspended {
        true => "suspended",
        false => "active",
    };
    // What is not written is active.
    let is_state = text("state").unwrap_or_else(|| "active".to_owned());
    // The service of a customer who left may have ended under either id.
    let service = match customer.has_left {
        true => external("service"),
        false => Some(customer.service.to_string()),
    };
    let some = |text: &str| Some(text.to_owned());
    let mut pairs = vec![
        ("device", text("device"), some(DEVICES[one.spot.device].0)),
        ("port", text("port"), Some(one.spot.port.to_string())),
        ("endpoint", text("endpoint"), Some(life.mac(one.endpoint))),
        (
            "service_plan",
            text("service_plan"),
            some(PLANS[one.plan].0),
        ),
        ("state", Some(is_state), some(state)),
        (
            "account",
            external("account"),
            Some(customer.account.to_string()),
        ),
        ("service", external("service"), service),
        (
            "hold",
            there.get("hold").map(|_| String::new()),
            one.is_held.then(String::new),
        ),
        (
            "description",
            text("description"),
            one.is_described.then(|| format!("flat {}", life.number)),
        ),
    ];
    if let Some(vlan) = one.vlan {
        pairs.push(("vlan", text("vlan"), Some(vlan.to_string())));
    }
    let known: BTreeSet<&str> = pairs.iter().map(|(key, ..)| *key).collect();
    let others = there.keys().filter(|key| !known.contains(key.as_str()));
    let others = others.filter(|key| !["external", "vlan"].contains(&key.as_str()));
    let others = others.map(|key| format!("`{key}` was never written of {}", customer.account));
    let wrong = pairs.iter().filter(|(_, is, must)| is != must);
    let wrong = wrong.map(|(key, is, must)| {
        let account = customer.account;
        format!("{key} of {account} is {is:?} and must be {must:?}")
    });
    wrong.chain(others).collect()
}

fn on_device(life: &Life, one: &Subscriber, (id, vlan): (&str, u16), seen: &Seen) -> Vec<String> {
    let (running, _) = &seen.devices[one.spot.device];
    let mut found = running
        .subscribers
        .values()
        .filter(|there| there.name == id);
    let Some(there) = found.next() else {
        return vec![format!("{} does not have {id}", place(one.spot))];
    };
    let endpoint = there
        .endpoint
        .and_then(|number| running.endpoints.get(&number));
    let profile = there
        .profile
        .and_then(|number| running.profiles.get(&number));
    let (down, up) = match one.is_suspended {
        true => SUSPENDED,
        false => speeds(PLANS[one.plan], seen.product),
    };
    let vlan = match one.is_suspended {
        true => UNSERVED,
        false => vlan,
    };
    let is = (
        endpoint.map(|endpoint| (endpoint.mac.to_string(), endpoint.port)),
        profile.map(|profile| (profile.down, profile.up)),
        there.vlan,
    );
    let must = (
        Some((life.mac(one.endpoint), ExpectedPort::Port(one.spot.port))),
        Some((down, up)),
        vlan,
    );
    let mut all = Vec::new();
    if is != must {
        all.push(format!(
            "the device has {is:?} for {id} and must have {must:?}"
        ));
    }
    let customer = &life.customers[one.customer];
    let state = match one.is_suspended {
        true => "suspended",
        false => "served",
    };
    let must = [place(one.spot), vlan.to_string(), state.to_owned()];
    let is = seen.written.get(&customer.service);
    // The fields of a customer who left are of no use.
    if !customer.has_left && is != Some(&must) {
        all.push(format!("billing has {is:?} of {id} and must have {must:?}"));
    }
    all
}

/// Returns everything that no life explains.
fn unexplained(seen: &Seen, expected: usize) -> Vec<String> {
    let mut all = Vec::new();
    let subscribers = seen.subscribers.len();
    if subscribers != expected {
        all.push(format!("{subscribers} subscribers instead of {expected}"));
    }
    for ((running, saved), (name, ..)) in seen.devices.iter().zip(DEVICES) {
        let of_device = seen
            .subscribers
            .values()
            .filter(|one| one["device"].as_str() == Some(name));
        let vlans: Vec<i64> = of_device
            .filter_map(|one| one["vlan"].as_integer())
            .collect();
        let distinct: BTreeSet<i64> = vlans.iter().copied().collect();
        let counts = (
            running.subscribers.len(),
            running.endpoints.len(),
            distinct.len(),
        );
        if counts != (vlans.len(), vlans.len(), vlans.len()) {
            all.push(format!(
                "{name} has {counts:?} subscribers, endpoints and VLANs instead of {}",
                vlans.len()
            ));
        }
        if saved.as_ref() != Some(running) {
            all.push(format!("{name} is not saved"));
        }
    }
    let notes: BTreeSet<&(u64, String)> = seen.notes.iter().collect();
    let markers: BTreeSet<(u64, &str)> = notes
        .iter()
        .map(|(account, text)| (*account, marker(text)))
        .collect();
    if markers.len() != seen.notes.len() {
        all.push(format!(
            "{} notes with {} markers",
            seen.notes.len(),
            markers.len()
        ));
    }
    let activations = seen
        .notes
        .iter()
        .filter(|(_, text)| text.contains("activated"));
    let mut accounts = BTreeSet::new();
    for (account, _) in activations {
        if !accounts.insert(account) {
            all.push(format!(
                "account {account} was activated twice, by its notes"
            ));
        }
    }
    if seen.bills > 0 {
        all.push(format!("{} writes that bill", seen.bills));
    }
    all
}

fn marker(text: &str) -> &str {
    let after = text.split_once("[gamctl ").map_or("", |(_, after)| after);
    after.split(']').next().unwrap_or_default()
}
