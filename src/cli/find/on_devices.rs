//! Finds objects that the store knows: owned ones that left the inventory, and those of the last looks.

use std::collections::BTreeSet;

use super::matched;
use crate::cli::store_client::StoreClient;
use crate::history::{DeviceSummary, PastSubscriber};
use crate::inventory::{
    Closeness, FieldMatch, Inventory, SearchWord, complete_subscriber, endpoint_matches,
    subscriber_matches,
};
use crate::model::{
    DeviceConfig, DeviceName, EndpointState, MacAddress, Observation, SubscriberId, SubscriberName,
};
use crate::report::{FoundLine, HeardElsewhere, moment, short_id};

/// Returns the matching objects that the inventory does not have, or has elsewhere.
///
/// The configuration of the last looks is searched only if nothing matches as a whole: that reads every look.
pub(super) fn find(
    store: &StoreClient<'_>,
    inventory: &Inventory,
    word: &SearchWord,
    text: &str,
    is_exact: bool,
) -> anyhow::Result<Vec<FoundLine>> {
    let known = Known::of(inventory);
    let mut found = Vec::new();
    let mut owned = BTreeSet::new();
    for (device, kept) in store.wait(store.store().ledgers())? {
        for (name, config) in &kept.ledger.verified.subscribers {
            let matches = subscriber_matches(name.as_str(), config, word);
            if matches.is_empty() || known.has_subscriber(&device, name) {
                continue;
            }
            owned.insert((device.clone(), name.clone()));
            found.push(subscriber(
                &device,
                name,
                &matches,
                "owned, no longer in the inventory",
            ));
        }
    }
    if !is_exact && !found.iter().any(FoundLine::is_whole) {
        found.extend(removed(store, &known, text)?);
    }
    for summary in summaries(store)? {
        found.extend(heard(&summary, &known, word));
        if is_exact || found.iter().any(FoundLine::is_whole) || summary.look.is_none() {
            continue;
        }
        if let Some(look) = store.wait(store.store().last_look(&summary.device))? {
            found.extend(unmanaged(&look, &known, &owned, word));
        }
    }
    Ok(found)
}

/// Returns the subscribers that neither the inventory nor a ledger has any more, and that an earlier run changed.
fn removed(store: &StoreClient<'_>, known: &Known, text: &str) -> anyhow::Result<Vec<FoundLine>> {
    let past = store.wait(store.store().past_subscribers(text))?;
    let past = past
        .into_iter()
        .filter(|one| !known.has_subscriber(&one.device, &one.name));
    let lines = past.map(|one| {
        let id = one.id.as_ref().map(SubscriberId::as_str);
        let (field, value) = match one.endpoint {
            Some(mac) if text.parse() == Ok(mac) => ("endpoint", mac.to_string()),
            _ if id == Some(text) => ("id", text.to_owned()),
            _ if id.is_some() => ("name", one.name.to_string()),
            _ => ("id", one.name.to_string()),
        };
        let value = FieldMatch {
            field,
            value,
            closeness: Closeness::Whole,
        };
        let line = subscriber(&one.device, &one.name, &[value], &past_words(&one));
        match id {
            Some(id) => FoundLine {
                id: id.to_owned(),
                name: (id != one.name.as_str()).then(|| one.name.to_string()),
                ..line
            },
            None => line,
        }
    });
    Ok(lines.collect())
}

/// Describes a subscriber of the past by the run that changed it last.
fn past_words(one: &PastSubscriber) -> String {
    let verb = match one.is_removed {
        true => "removed",
        false => "last changed",
    };
    format!(
        "{verb} by run {} of {}, {}",
        short_id(one.run.0),
        one.who,
        moment(one.at)
    )
}

/// The subscribers of the inventory by name, and its endpoints, each with the device.
struct Known {
    subscribers: BTreeSet<(DeviceName, SubscriberName)>,
    endpoints: BTreeSet<(DeviceName, MacAddress)>,
}

impl Known {
    fn of(inventory: &Inventory) -> Self {
        let mut known = Self {
            subscribers: BTreeSet::new(),
            endpoints: BTreeSet::new(),
        };
        for one in inventory.subscribers().filter_map(complete_subscriber) {
            if let Some(mac) = one.endpoint {
                known.endpoints.insert((one.device.clone(), mac));
            }
            known.subscribers.insert((one.device, one.name));
        }
        known
    }

    fn has_subscriber(&self, device: &DeviceName, name: &SubscriberName) -> bool {
        self.subscribers.contains(&(device.clone(), name.clone()))
    }

    fn has_endpoint(&self, device: &DeviceName, mac: MacAddress) -> bool {
        self.endpoints.contains(&(device.clone(), mac))
    }
}

/// Returns the device, other than this one, that heard an endpoint last, at its last stored look.
pub(in crate::cli) fn heard_elsewhere(
    store: &StoreClient<'_>,
    mac: MacAddress,
    device: &DeviceName,
) -> anyhow::Result<Option<HeardElsewhere>> {
    let others = summaries(store)?
        .into_iter()
        .filter(|one| one.device != *device);
    let heard = others.filter_map(|summary| {
        let status = summary.look?.status?;
        let line = status.health.endpoints.get(&mac)?;
        let port = line.port?;
        (line.state != Some(EndpointState::NotDetected)).then(|| HeardElsewhere {
            device: summary.device,
            port,
            at: status.taken_at,
        })
    });
    Ok(heard.max_by_key(|one| one.at))
}

fn summaries(store: &StoreClient<'_>) -> anyhow::Result<Vec<DeviceSummary>> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.walk(async { Ok(store.store().device_page(after.as_ref()).await?) })?;
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

fn subscriber(
    device: &DeviceName,
    name: &SubscriberName,
    matches: &[FieldMatch],
    state: &str,
) -> FoundLine {
    FoundLine {
        device: Some(device.to_string()),
        state: format!("{device}, {state}"),
        matches: matches.iter().map(matched).collect(),
        command: Some(format!("gamctl explain {name} --device {device}")),
        ..FoundLine::of("subscriber", name.to_string())
    }
}

fn endpoint(
    device: &DeviceName,
    mac: MacAddress,
    closeness: Closeness,
    state: String,
) -> FoundLine {
    let value = FieldMatch {
        field: "id",
        value: mac.to_string(),
        closeness,
    };
    FoundLine {
        device: Some(device.to_string()),
        state,
        matches: vec![matched(&value)],
        command: Some(format!("gamctl observe {device}")),
        ..FoundLine::of("endpoint", mac.to_string())
    }
}

/// Returns the endpoints that a device hears where the inventory does not expect them.
fn heard(summary: &DeviceSummary, known: &Known, word: &SearchWord) -> Vec<FoundLine> {
    let Some(status) = summary.look.as_ref().and_then(|look| look.status.as_ref()) else {
        return Vec::new();
    };
    let device = &summary.device;
    let matching = endpoint_matches(&DeviceConfig::default(), &status.health, word);
    let lines = matching.into_iter().filter_map(|(mac, closeness)| {
        let line = status.health.endpoints.get(&mac)?;
        let port = line.port?;
        let is_expected = known.has_endpoint(device, mac);
        if line.state == Some(EndpointState::NotDetected)
            || (is_expected && line.state != Some(EndpointState::WrongPort))
        {
            return None;
        }
        let remark = match is_expected {
            true => "the wrong port",
            false => "not in the inventory there",
        };
        let state = format!(
            "heard on {device} port {port} at the last look, {}; {remark}",
            moment(status.taken_at)
        );
        Some(endpoint(device, mac, closeness, state))
    });
    lines.collect()
}

/// Returns the objects that a device had at the last look, and that neither the inventory nor the ledger has.
fn unmanaged(
    look: &Observation,
    known: &Known,
    owned: &BTreeSet<(DeviceName, SubscriberName)>,
    word: &SearchWord,
) -> Vec<FoundLine> {
    let device = &look.device;
    let state = format!("unmanaged, at the last look, {}", moment(look.taken_at));
    let mut lines = Vec::new();
    for (name, config) in &look.config.subscribers {
        let matches = subscriber_matches(name.as_str(), config, word);
        let is_known =
            known.has_subscriber(device, name) || owned.contains(&(device.clone(), name.clone()));
        if !matches.is_empty() && !is_known {
            let mut line = subscriber(device, name, &matches, &state);
            line.command = Some(format!("gamctl observe {device}"));
            lines.push(line);
        }
    }
    let used: BTreeSet<MacAddress> = look
        .config
        .subscribers
        .values()
        .filter_map(|one| one.endpoint)
        .collect();
    for (mac, closeness) in endpoint_matches(&look.config, &look.health, word) {
        let is_unused = look.config.endpoints.contains_key(&mac) && !used.contains(&mac);
        if is_unused && !known.has_endpoint(device, mac) {
            lines.push(endpoint(
                device,
                mac,
                closeness,
                format!("{device}, {state}"),
            ));
        }
    }
    lines
}
