//! Parses the G.hn lines of a running-config: ports, profiles, endpoints, subscribers.

use std::collections::BTreeMap;
use std::slice::Iter;

use super::words::{Word, number, shown, words};
use crate::model::{GamModel, MacAddress, Medium, Poe, PortMode, VlanId, VlanSet};
use crate::observe::rows::{
    EndpointRow, ExpectedPort, Known, PortRow, ProfileRow, Rows, SubscriberRow, Table,
};

/// The built-in profile, which a new subscriber gets (docs/gam.md).
const DELIVERED_PROFILE: u32 = 1;

/// Words that occur only in G.hn lines.
const TELLING: [&str; 12] = [
    "ghn",
    "subscriber",
    "endpoint",
    "bw-profile",
    "mac-address",
    "rate-downstream",
    "rate-upstream",
    "vid",
    "remapped-vid",
    "port2-vid",
    "allowed-vlan",
    "poe",
];

/// Remainders of `ghn` if a log message breaks a line within it.
const PIECES: [&str; 4] = ["g", "gh", "hn", "n"];

/// Returns whether a message of the device begins behind the beginning of a line: `%FACILITY-SEVERITY-WHAT:` or
/// `*** Message from` (docs/gam.md). In an indented line it begins behind a space that was the line's.
pub(super) fn is_interrupted(line: &str, is_inside: bool) -> bool {
    let is_message = |(at, _): (usize, &str)| {
        let Some(behind) = line.get(at + 1..) else {
            return false;
        };
        let head = behind.split_once(':').map(|(head, _)| head);
        let mut parts = head.unwrap_or_default().split('-');
        let is_word = |part: Option<&str>| {
            part.is_some_and(|part| {
                let is_known =
                    |one: char| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_';
                !part.is_empty() && part.chars().all(is_known)
            })
        };
        (at > 0 || is_inside)
            && is_word(parts.next())
            && is_word(parts.next())
            && is_word(parts.next())
    };
    line.match_indices('%').any(is_message)
        || line
            .find("*** Message from ")
            .is_some_and(|at| at > 0 || is_inside)
}

/// Returns whether a word is an option of a G.hn line.
pub(super) fn is_option(word: &str) -> bool {
    let all = [&PORT[..], &PROFILE[..], &ENDPOINT[..], &SUBSCRIBER[..]];
    all.iter()
        .any(|options| options.iter().any(|(name, _)| *name == word))
}

/// Returns whether a line of another kind is probably a fragment of a broken G.hn line.
pub(super) fn is_piece(line: &str, is_inside: bool) -> bool {
    if line.starts_with('!') || line == "Building configuration..." {
        return false;
    }
    // The following line would be read without its `no`, with the opposite meaning.
    if line == "no" {
        return true;
    }
    let begins_well = is_inside || line.starts_with(|first: char| first.is_ascii_lowercase());
    let mut words = line.split(' ');
    let is_end = words
        .next()
        .is_some_and(|first| PIECES.contains(&first) || is_option(first));
    !begins_well || (is_end && !is_inside) || line.split(' ').any(|word| TELLING.contains(&word))
}

/// The options of one object, and those that were not understood.
#[derive(Debug, Default)]
struct ObjectOptions {
    options: BTreeMap<&'static str, Known<String>>,
    unknown: Vec<String>,
}

/// The objects of one kind.
#[derive(Debug, Default)]
struct Kind {
    objects: BTreeMap<u32, ObjectOptions>,
    lost: Vec<String>,
}

/// All objects of the G.hn part.
#[derive(Debug, Default)]
pub(super) struct Ghn {
    ports: Kind,
    profiles: Kind,
    endpoints: Kind,
    subscribers: Kind,
}

/// An option with a value, or one without.
enum Shape {
    Value,
    Alone,
}

const PORT: [(&str, Shape); 3] = [
    ("mode", Shape::Value),
    ("name", Shape::Value),
    ("shutdown", Shape::Alone),
];
/// The last option is not managed; a change by gamctl keeps it.
const PROFILE: [(&str, Shape); 5] = [
    ("name", Shape::Value),
    ("description", Shape::Value),
    ("rate-downstream", Shape::Value),
    ("rate-upstream", Shape::Value),
    ("service-limit-level", Shape::Value),
];
/// Description and management access are not managed, as for a profile.
const ENDPOINT: [(&str, Shape); 5] = [
    ("name", Shape::Value),
    ("mac-address", Shape::Value),
    ("port", Shape::Value),
    ("description", Shape::Value),
    ("allow-management-access", Shape::Alone),
];
const SUBSCRIBER: [(&str, Shape); 11] = [
    ("name", Shape::Value),
    ("description", Shape::Value),
    ("endpoint", Shape::Value),
    ("vid", Shape::Value),
    ("tagged", Shape::Alone),
    ("untagged", Shape::Alone),
    ("remapped-vid", Shape::Value),
    ("bw-profile", Shape::Value),
    ("allowed-vlan", Shape::Value),
    ("port2-vid", Shape::Value),
    ("poe", Shape::Value),
];

impl Ghn {
    /// Parses a line without its `ghn`.
    pub(super) fn take(&mut self, rest: &str) {
        let kind = rest.split(' ').next().unwrap_or_default();
        let (kind, options): (_, &[(&'static str, Shape)]) = match kind {
            "port" => (&mut self.ports, &PORT),
            "bw-profile" => (&mut self.profiles, &PROFILE),
            "endpoint" => (&mut self.endpoints, &ENDPOINT),
            "subscriber" => (&mut self.subscribers, &SUBSCRIBER),
            _ => return self.lose_all(&format!("unknown `ghn` line: {}", shown(rest))),
        };
        kind.take(rest, options);
    }

    /// Parses a line without its `no`.
    pub(super) fn take_no(&mut self, rest: &str) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match words.as_slice() {
            ["ghn", "port", id, "shutdown"] if number(id).is_some() => {
                let id = number(id).unwrap_or_default();
                let said = self.ports.objects.entry(id).or_default();
                said.set("shutdown", Ok("no".to_owned()));
            }
            _ => self.lose_all(&format!("unknown `no ghn` line: {}", shown(rest))),
        }
    }

    /// Marks every object as unknown: the line could have been about any of them.
    pub(super) fn lose_all(&mut self, reason: &str) {
        for kind in [
            &mut self.ports,
            &mut self.profiles,
            &mut self.endpoints,
            &mut self.subscribers,
        ] {
            kind.lost.push(reason.to_owned());
        }
    }

    pub(super) fn put_into(mut self, rows: &mut Rows, model: GamModel) {
        for port in 1..=u32::from(model.port_count()) {
            self.ports.objects.entry(port).or_default();
        }
        rows.ports = self.ports.table(|said| port(&said, model.medium()));
        // The built-in profile exists even if it is not printed.
        let delivered = self.profiles.objects.entry(DELIVERED_PROFILE).or_default();
        if delivered.options.is_empty() {
            let reason = "the built-in profile is not in the running-config".to_owned();
            delivered.unknown.push(reason);
        }
        rows.profiles = self.profiles.table(profile);
        rows.endpoints = self.endpoints.table(endpoint);
        rows.subscribers = self.subscribers.table(subscriber);
    }
}

impl Kind {
    /// Parses `KIND NUMBER OPTION…`; several lines may be about one object.
    fn take(&mut self, line: &str, options: &[(&'static str, Shape)]) {
        let cut = match words(line) {
            Ok(cut) => cut,
            Err(reason) => {
                // The number comes before every quote.
                let id = line.split(' ').nth(1).and_then(number);
                match id {
                    Some(id) => self.objects.entry(id).or_default().unknown.push(reason),
                    None => self.lost.push(reason),
                }
                return;
            }
        };
        let mut cut = cut.iter();
        let _kind = cut.next();
        let id = cut.next().filter(|word| !word.is_quoted);
        match id.and_then(|word| number(&word.text)) {
            Some(id) => self.objects.entry(id).or_default().take(cut, options),
            None => self.lost.push(format!("it has no number: {}", shown(line))),
        }
    }

    fn table<R>(self, row: impl Fn(ObjectOptions) -> R) -> Table<R> {
        let rows = self.objects.into_iter();
        Table {
            rows: rows.map(|(id, said)| (id, row(said))).collect(),
            lost: self.lost,
        }
    }
}

impl ObjectOptions {
    fn take(&mut self, mut words: Iter<'_, Word>, options: &[(&'static str, Shape)]) {
        while let Some(word) = words.next() {
            let known = options.iter().find(|(name, _)| *name == word.text);
            match known.filter(|_| !word.is_quoted) {
                Some((name, Shape::Alone)) => self.set(name, Ok(String::new())),
                Some((name, Shape::Value)) => {
                    let value = words.next().map(|value| value.text.clone());
                    self.set(name, value.ok_or_else(|| format!("`{name}` has no value")));
                }
                // Parse on: later options may name the objects that this one uses.
                None => self
                    .unknown
                    .push(format!("unknown option {}", shown(&word.text))),
            }
        }
    }

    fn set(&mut self, name: &'static str, value: Known<String>) {
        if self.options.insert(name, value).is_some() {
            self.unknown.push(format!("`{name}` is present twice"));
        }
    }

    /// Returns an option's value, or the default if the option is left out.
    fn get<T>(&self, name: &str, left_out: Known<T>, read: impl Fn(&str) -> Option<T>) -> Known<T> {
        match self.options.get(name) {
            None => left_out,
            Some(Err(reason)) => Err(reason.clone()),
            Some(Ok(text)) => {
                read(text).ok_or_else(|| format!("`{name}` has the value {}", shown(text)))
            }
        }
    }

    fn text(&self, name: &str, left_out: Known<String>) -> Known<String> {
        self.get(name, left_out, |text| Some(text.to_owned()))
    }

    fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }
}

/// Returns the reason for an option that a device never leaves out.
fn missing<T>(name: &str) -> Known<T> {
    Err(format!("the running-config leaves `{name}` out"))
}

fn port(said: &ObjectOptions, medium: Medium) -> PortRow {
    if let Some(reason) = said.unknown.first() {
        return PortRow {
            name: Err(reason.clone()),
            enabled: Err(reason.clone()),
            mode: Err(reason.clone()),
        };
    }
    let delivered = match medium {
        Medium::Coax => PortMode::Coax,
        Medium::Copper => PortMode::Mimo,
    };
    PortRow {
        name: said.text("name", Ok(String::new())),
        enabled: said.get("shutdown", Ok(true), |text| Some(text == "no")),
        mode: said.get("mode", Ok(delivered), |text| {
            let mut all = PortMode::ALL.into_iter();
            all.find(|mode| mode.as_str() == text && medium.allows(*mode))
        }),
    }
}

fn profile(said: ObjectOptions) -> ProfileRow {
    ProfileRow {
        name: said.text("name", missing("name")),
        description: said.text("description", Ok(String::new())),
        down: said.get("rate-downstream", missing("rate-downstream"), number),
        up: said.get("rate-upstream", missing("rate-upstream"), number),
        unheld: said.unknown,
    }
}

fn endpoint(said: ObjectOptions) -> EndpointRow {
    EndpointRow {
        name: said.text("name", missing("name")),
        mac: said.get("mac-address", missing("mac-address"), |text| {
            text.parse().ok().map(MacAddress::octets)
        }),
        port: said.get("port", Ok(ExpectedPort::Unassigned), |text| match text {
            "auto" => Some(ExpectedPort::Auto),
            "unassigned" => Some(ExpectedPort::Unassigned),
            text => number(text).map(ExpectedPort::Port),
        }),
        unheld: said.unknown,
    }
}

fn subscriber(mut said: ObjectOptions) -> SubscriberRow {
    let is_tagged = said.has("tagged");
    if is_tagged && said.has("untagged") {
        let reason = "it is `tagged` and `untagged`".to_owned();
        said.unknown.push(reason);
    }
    let vlan_or_none = |text: &str| match text {
        "none" => Some(None),
        text => number(text).map(Some),
    };
    SubscriberRow {
        name: said.text("name", missing("name")),
        description: said.text("description", Ok(String::new())),
        endpoint: said.get("endpoint", Ok(None), |text| number(text).map(Some)),
        profile: said.get(
            "bw-profile",
            Ok(Some(DELIVERED_PROFILE)),
            |text| match text {
                "unthrottled" => Some(None),
                text => number(text).map(Some),
            },
        ),
        vlan: said.get("vid", Ok(u32::from(VlanId::UNSERVED.get())), number),
        tagged: Ok(is_tagged),
        remapped_vlan: said.get("remapped-vid", Ok(None), vlan_or_none),
        allowed_vlans: said.get("allowed-vlan", Ok(VlanSet::default()), |text| match text {
            "none" => Some(VlanSet::default()),
            text => text.parse().ok(),
        }),
        port2_vlan: said.get("port2-vid", Ok(None), vlan_or_none),
        poe: said.get("poe", Ok(Poe::Disable), |text| {
            let mut all = Poe::ALL.iter().copied();
            all.find(|poe| poe.as_str() == text)
        }),
        unheld: said.unknown,
    }
}
