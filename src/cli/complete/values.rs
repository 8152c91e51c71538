//! Lists the values that an argument may have: names of the inventory, runs of the store, rules, faults.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Arg;

use super::target::Target;
use crate::cli::invocation::wait_once;
use crate::cli::source::{path, source};
use crate::cli::twin::fault_names;
use crate::config::Settings;
use crate::history::{Filter, Store, Timeouts};
use crate::inventory::source::Limits;
use crate::inventory::{
    Cache, FileKind, Inventory, all_rules, canonical_order, complete_subscriber, is_acceptable,
    read,
};
use crate::model::billing::BillingAddress;
use crate::reconcile::StoreLocation;
use crate::report::sync::classification;
use crate::report::{counted, moment, scope_words, short_id};
use crate::simulator::gam::{AlarmCondition, Severity};
use crate::sync::Classification;

/// A store that does not answer within this time is left out: a person waits for the shell.
const PATIENCE: Timeouts = Timeouts {
    open: Duration::from_millis(300),
    operation: Duration::from_millis(300),
};

/// Runs that are offered; older ones are found with `gamctl history`.
const RUNS: u32 = 50;

/// A word that can be entered at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) text: String,
    /// A line that describes it; may be empty.
    pub(super) help: String,
}

impl Candidate {
    pub(super) fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: help.into(),
        }
    }

    fn plain(text: impl Into<String>) -> Self {
        Self::new(text, "")
    }
}

/// The kinds of values that are names of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Devices,
    Sites,
    Labels,
    Subscribers,
    /// Subscribers and devices.
    Subjects,
    /// Subscribers, or values of their keys.
    Changes,
    Conditions,
    Keys,
    Owned,
    Endpoints,
    Credentials,
    Secrets,
    /// Accounts are not offered: they are many, and those of customers.
    BillingSystems,
    /// Classes of services in billing.
    Classes,
    Runs,
    Freezes,
    Rules,
    AcceptedRules,
    Faults,
    AlarmConditions,
    Severities,
}

/// The arguments that have such values: the command, or nothing for all of them, the name in the parser, the kind.
const KINDS: [(&[&str], &str, Kind); 48] = [
    (&[], "device", Kind::Devices),
    (&[], "exclude", Kind::Devices),
    (&["observe"], "devices", Kind::Devices),
    (&["backup"], "devices", Kind::Devices),
    (&["owned"], "devices", Kind::Devices),
    (&["trust"], "devices", Kind::Devices),
    (&["import"], "devices", Kind::Devices),
    (&["show", "device"], "name", Kind::Devices),
    (&[], "site", Kind::Sites),
    (&[], "label", Kind::Labels),
    (&["show", "subscriber"], "id", Kind::Subscribers),
    (&["history"], "subscriber", Kind::Subscribers),
    (&["rename"], "pair", Kind::Subscribers),
    (&["sync", "resolve"], "subscriber", Kind::Subscribers),
    (&["sync", "explain"], "subject", Kind::Subscribers),
    (&["sync", "list"], "class", Kind::Classes),
    (&["sync"], "names", Kind::BillingSystems),
    (&["sync", "check"], "name", Kind::BillingSystems),
    (&["sync", "map"], "name", Kind::BillingSystems),
    (&["sync", "list"], "name", Kind::BillingSystems),
    (&["sync", "explain"], "name", Kind::BillingSystems),
    (&["sync", "adopt"], "name", Kind::BillingSystems),
    (&["sync", "pause"], "name", Kind::BillingSystems),
    (&["sync", "resume"], "name", Kind::BillingSystems),
    (&["sync", "write-back"], "name", Kind::BillingSystems),
    (&["explain"], "what", Kind::Subjects),
    (&["set"], "words", Kind::Changes),
    (&["set"], "conditions", Kind::Conditions),
    (&["set"], "unset", Kind::Keys),
    (&["disown"], "objects", Kind::Owned),
    (&["twin", "ctl", "plug"], "mac", Kind::Endpoints),
    (&["twin", "ctl", "unplug"], "mac", Kind::Endpoints),
    (&["twin", "ctl", "wire"], "mac", Kind::Endpoints),
    (&["discover"], "credentials", Kind::Credentials),
    (&["import"], "credentials", Kind::Credentials),
    (&["secret", "set"], "name", Kind::Secrets),
    (&["secret", "rotate"], "names", Kind::Secrets),
    (&["history"], "run", Kind::Runs),
    (&["rollback"], "run", Kind::Runs),
    (&["apply"], "reapply", Kind::Runs),
    (&["thaw"], "freeze", Kind::Freezes),
    (&["validate"], "explain", Kind::Rules),
    (&["validate"], "accept", Kind::AcceptedRules),
    (&["twin", "ctl", "fault", "set"], "name", Kind::Faults),
    (
        &["twin", "ctl", "alarm", "raise"],
        "condition",
        Kind::AlarmConditions,
    ),
    (
        &["twin", "ctl", "alarm", "clear"],
        "condition",
        Kind::AlarmConditions,
    ),
    (
        &["twin", "ctl", "alarm", "raise"],
        "severity",
        Kind::Severities,
    ),
    (&["find"], "word", Kind::Subjects),
];

/// Returns the values of an argument; none where nothing is known, or the inventory cannot be read.
pub(super) fn of(target: &Target<'_>, argument: &Arg, settings: &Settings) -> Vec<Candidate> {
    let is_meant = |(path, id, _): &&(&[&str], &str, Kind)| {
        argument.get_id() == *id && (path.is_empty() || target.path == *path)
    };
    let Some((.., kind)) = KINDS.iter().find(is_meant) else {
        return Vec::new();
    };
    let mut found = match kind {
        Kind::Rules => all_rules()
            .iter()
            .map(|rule| Candidate::new(rule.id, rule.summary))
            .collect(),
        Kind::AcceptedRules => all_rules()
            .iter()
            .filter(|rule| is_acceptable(rule.id))
            .map(|rule| Candidate::new(rule.id, rule.summary))
            .collect(),
        // In the order of the reference: faults of one kind are together.
        Kind::Faults => return fault_names().into_iter().map(Candidate::plain).collect(),
        Kind::AlarmConditions => AlarmCondition::ALL
            .iter()
            .map(|condition| Candidate::plain(condition.word()))
            .collect(),
        // In the order of their weight.
        Kind::Classes => {
            let classes = Classification::ALL.into_iter();
            return classes
                .map(|class| Candidate::new(class.as_str(), classification(class)))
                .collect();
        }
        Kind::Severities => Severity::ALL
            .iter()
            .map(|severity| Candidate::plain(severity.word()))
            .collect(),
        Kind::Keys => keys().into_iter().map(Candidate::plain).collect(),
        // Newest first.
        Kind::Runs => return runs(settings),
        Kind::Freezes => return freezes(settings),
        Kind::Owned => owned(settings),
        kind => match inventory(settings) {
            Some(inventory) => of_inventory(*kind, &inventory, target),
            None => Vec::new(),
        },
    };
    found.sort_by(|one, other| crate::model::natural_order(&one.text, &other.text));
    found
}

/// Reads the inventory as it is on disk; findings do not matter here.
fn inventory(settings: &Settings) -> Option<Inventory> {
    let source = source(&path(None, settings), None).ok()?;
    let reading = read(&source, &Limits::default(), &Cache::default()).ok()?;
    Some(reading.inventory)
}

fn of_inventory(kind: Kind, inventory: &Inventory, target: &Target<'_>) -> Vec<Candidate> {
    match kind {
        Kind::Devices => devices(inventory),
        Kind::Sites => {
            let sites = inventory.devices().filter_map(|one| one.text.site.as_ref());
            distinct(sites.map(ToString::to_string))
        }
        Kind::Labels => {
            let labels = inventory.devices().flat_map(|one| one.text.labels.iter());
            let pairs = labels.flat_map(|labels| labels.iter());
            distinct(pairs.map(|(key, value)| format!("{key}={value}")))
        }
        Kind::Subscribers => subscribers(inventory),
        Kind::Subjects => {
            let mut found = subscribers(inventory);
            found.extend(devices(inventory));
            found
        }
        Kind::Changes => changes(inventory, target),
        Kind::Conditions => keys()
            .into_iter()
            .map(|key| Candidate::plain(format!("{key}=")))
            .collect(),
        Kind::Endpoints => {
            let complete = inventory.subscribers().filter_map(complete_subscriber);
            let endpoints = complete.filter_map(|one| Some((one.endpoint?, one.id)));
            endpoints
                .map(|(endpoint, id)| Candidate::new(endpoint.to_string(), id.to_string()))
                .collect()
        }
        Kind::Credentials => inventory
            .credentials()
            .map(|one| Candidate::plain(one.id.to_string()))
            .collect(),
        Kind::BillingSystems => inventory
            .billing()
            .map(|one| {
                let address = one.text.address.as_ref().map(BillingAddress::as_str);
                Candidate::new(one.id.to_string(), address.unwrap_or_default())
            })
            .collect(),
        Kind::Secrets => {
            let names = inventory.secret_uses().map(|(name, _)| name.to_string());
            distinct(names)
        }
        _ => Vec::new(),
    }
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<Candidate> {
    let texts: BTreeSet<String> = texts.collect();
    texts.into_iter().map(Candidate::plain).collect()
}

fn devices(inventory: &Inventory) -> Vec<Candidate> {
    let devices = inventory.devices().map(|device| {
        let text = &device.text;
        let model = text.model.map(|model| model.to_string());
        let site = text.site.as_ref().map(ToString::to_string);
        let help: Vec<String> = [model, site].into_iter().flatten().collect();
        Candidate::new(device.id.to_string(), help.join(", "))
    });
    devices.collect()
}

fn subscribers(inventory: &Inventory) -> Vec<Candidate> {
    let subscribers = inventory.subscribers().map(|subscriber| {
        let device = subscriber.text.device.as_ref();
        let help = device.map(|device| format!("on {device}"));
        Candidate::new(subscriber.id.to_string(), help.unwrap_or_default())
    });
    subscribers.collect()
}

fn keys() -> Vec<&'static str> {
    canonical_order(FileKind::Subscribers, &["subscriber", ""]).unwrap_or_default()
}

/// Returns ids as long as none is given, then keys, and the service plans behind `service_plan=`.
fn changes(inventory: &Inventory, target: &Target<'_>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = keys()
        .into_iter()
        .map(|key| Candidate::plain(format!("{key}=")))
        .collect();
    if target.words.iter().all(|word| !word.contains('=')) {
        found.extend(subscribers(inventory));
    }
    let plans = inventory.service_plans();
    found.extend(plans.map(|plan| Candidate::plain(format!("service_plan={}", plan.id))));
    found
}

/// Asks the store, if it exists and answers at once. It is not changed: a store of an older gamctl is not asked.
fn asked<T>(settings: &Settings, query: impl AsyncFnOnce(&Store) -> Option<T>) -> Option<T> {
    let location = StoreLocation::of(&settings.store, &path(None, settings)).ok()?;
    if !location.is_there() {
        return None;
    }
    wait_once(async {
        let store = location.open_to_read(PATIENCE).await.ok()?;
        let found = query(&store).await;
        store.close().await;
        found
    })?
}

fn runs(settings: &Settings) -> Vec<Candidate> {
    let filter = Filter {
        most: RUNS,
        ..Filter::default()
    };
    let runs = asked(settings, async |store| store.runs(&filter).await.ok());
    let runs = runs.unwrap_or_default().into_iter().map(|summary| {
        let commit = summary.run.inventory.commit.unwrap_or_default();
        let commit = commit.get(..12).unwrap_or(&commit);
        let devices: u64 = summary.devices.values().sum();
        let devices = counted(usize::try_from(devices).unwrap_or(usize::MAX), "device");
        Candidate::new(
            short_id(summary.run.id.0),
            format!(
                "{} {} by {}, {devices} {commit}",
                moment(summary.began),
                summary.run.verb,
                summary.run.who
            ),
        )
    });
    runs.collect()
}

fn freezes(settings: &Settings) -> Vec<Candidate> {
    let freezes = asked(settings, async |store| store.freezes().await.ok());
    let freezes = freezes.unwrap_or_default().into_iter().map(|freeze| {
        let scope = scope_words(&freeze.scope).join(" ");
        Candidate::new(
            short_id(freeze.id),
            format!("until {}, {scope} {}", moment(freeze.until), freeze.reason),
        )
    });
    freezes.collect()
}

/// Returns the owned subscribers that `disown` can release: those that the inventory does not have.
fn owned(settings: &Settings) -> Vec<Candidate> {
    let ledgers = asked(settings, async |store| store.ledgers().await.ok());
    let Some(inventory) = inventory(settings) else {
        return Vec::new();
    };
    let known = inventory.subscribers().filter_map(complete_subscriber);
    let known: BTreeSet<(String, String)> = known
        .map(|one| (one.device.to_string(), one.name.to_string()))
        .collect();
    let mut found = Vec::new();
    for (device, kept) in ledgers.unwrap_or_default() {
        for name in kept.ledger.verified.subscribers.keys() {
            if !known.contains(&(device.to_string(), name.to_string())) {
                found.push(Candidate::new(name.to_string(), format!("on {device}")));
            }
        }
    }
    found
}
