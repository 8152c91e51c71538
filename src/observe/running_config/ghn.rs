//! Parses the G.hn lines of a running-config, and recognises pieces of broken ones.

use super::options::{ObjectOptions, Occurs, OptionSpec, Shape, Stated};
use super::words::{number, shown};
use crate::model::{GamModel, Medium, PortMode};
use crate::observe::kinds::{endpoint, profile, subscriber};
use crate::observe::rows::{PortRow, Rows};

/// The kinds whose name occurs only in G.hn lines.
const TELLING: [&str; 4] = ["ghn", "subscriber", "endpoint", "bw-profile"];

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

fn options() -> impl Iterator<Item = &'static OptionSpec> {
    let all = [
        PORT,
        profile::OPTIONS,
        endpoint::OPTIONS,
        subscriber::OPTIONS,
    ];
    all.into_iter().flatten()
}

/// Returns whether a word is an option of a G.hn line.
pub(super) fn is_option(word: &str) -> bool {
    options().any(|(name, ..)| *name == word)
}

/// Returns whether a word occurs only in G.hn lines.
fn is_telling(word: &str) -> bool {
    let is_it = |(name, _, occurs): &OptionSpec| *name == word && *occurs == Occurs::OnlyHere;
    TELLING.contains(&word) || options().any(is_it)
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
    !begins_well || (is_end && !is_inside) || line.split(' ').any(is_telling)
}

/// The objects of the G.hn part, by the word behind `ghn`.
const KINDS: [&str; 4] = ["port", "bw-profile", "endpoint", "subscriber"];

/// Returns whether a line is whole and about a kind that this version does not know, such as one of newer firmware. The
/// beginning of a known word, or a word that only the known kinds have, can be a broken line about any of their objects.
fn is_of_unknown_kind(rest: &str) -> bool {
    let kind = rest.split(' ').next().unwrap_or_default();
    let is_word = kind.len() > 1
        && kind.starts_with(|first: char| first.is_ascii_lowercase())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let is_beginning = KINDS.iter().any(|known| known.starts_with(kind));
    is_word && !is_beginning && !rest.split(' ').any(is_telling)
}

/// All objects of the G.hn part.
#[derive(Debug, Default)]
pub(super) struct Ghn {
    /// Lines about kinds of objects that this version does not know.
    pub(super) unknown: Vec<String>,
    ports: Stated,
    profiles: Stated,
    endpoints: Stated,
    subscribers: Stated,
}

const PORT: &[OptionSpec] = &[
    ("mode", Shape::Value, Occurs::Elsewhere),
    ("name", Shape::Value, Occurs::Elsewhere),
    ("shutdown", Shape::Alone, Occurs::Elsewhere),
];

impl Ghn {
    /// Parses a line without its `ghn`.
    pub(super) fn take(&mut self, rest: &str) {
        let kind = rest.split(' ').next().unwrap_or_default();
        let (kind, options) = match kind {
            "port" => (&mut self.ports, PORT),
            "bw-profile" => (&mut self.profiles, profile::OPTIONS),
            "endpoint" => (&mut self.endpoints, endpoint::OPTIONS),
            "subscriber" => (&mut self.subscribers, subscriber::OPTIONS),
            _ if is_of_unknown_kind(rest) => {
                return self.unknown.push(shown(&format!("ghn {rest}")));
            }
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
            ["ghn", ..]
                if is_of_unknown_kind(words.get(1..).unwrap_or_default().join(" ").as_str()) =>
            {
                self.unknown.push(shown(&format!("no {rest}")));
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
        let delivered = self.profiles.objects.entry(profile::DELIVERED).or_default();
        if delivered.options.is_empty() {
            let reason = "the built-in profile is not in the running-config".to_owned();
            delivered.unknown.push(reason);
        }
        rows.profiles = self.profiles.table(profile::from_options);
        rows.endpoints = self.endpoints.table(endpoint::from_options);
        rows.subscribers = self.subscribers.table(subscriber::from_options);
    }
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
