//! Joins failures that differ only in name and address, with the names of their devices.

use std::net::{IpAddr, SocketAddr};

use super::{counted, visible};

/// More names than this are counted.
const MOST_NAMES: usize = 40;

/// A failure, with the devices that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alike {
    pub(super) devices: Vec<String>,
    /// The text as it is for one device; for several, `it` stands for each name and address.
    pub(super) reason: String,
}

/// Groups failures in the order in which each first occurs.
pub(super) fn alike(found: impl IntoIterator<Item = (String, String)>) -> Vec<Alike> {
    let mut groups: Vec<(String, Alike)> = Vec::new();
    for (device, reason) in found {
        let general = general(&device, &reason);
        match groups.iter_mut().find(|(known, _)| *known == general) {
            Some((_, group)) => {
                group.devices.push(device);
                group.reason = general;
            }
            None => groups.push((
                general,
                Alike {
                    devices: vec![device],
                    reason,
                },
            )),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl Alike {
    /// Returns the failure in a sentence: `maple-a: no answer …`, or `12 devices: no answer …`.
    pub(super) fn head(&self) -> String {
        let reason = visible(&self.reason);
        match self.devices.as_slice() {
            [one] if reason.starts_with(one.as_str()) => reason.into_owned(),
            [one] => format!("{one}: {reason}"),
            many => format!("{}: {reason}", counted(many.len(), "device")),
        }
    }

    /// Returns the names of several devices; nothing for one, which the sentence names.
    pub(super) fn names(&self) -> Option<String> {
        if self.devices.len() < 2 {
            return None;
        }
        let shown: Vec<&str> = self
            .devices
            .iter()
            .take(MOST_NAMES)
            .map(String::as_str)
            .collect();
        let more = match self.devices.len().saturating_sub(shown.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("{}{more}", shown.join(", ")))
    }
}

/// Returns a reason without the name and the addresses of its device: `each` at the start of a line, `it` in a sentence, and
/// `NAME` in a command.
fn general(device: &str, reason: &str) -> String {
    let lines = reason.split('\n').map(|line| general_line(device, line));
    lines.collect::<Vec<_>>().join("\n")
}

fn general_line(device: &str, line: &str) -> String {
    let mut is_in_command = false;
    let words = line.split(' ').enumerate().map(|(number, word)| {
        let ends = |sign: char| matches!(sign, ',' | ';' | '.' | ')' | '`' | '\'');
        let inner = word.trim_end_matches(|sign| ends(sign) || sign == ':');
        let inner = inner.trim_start_matches(['(', '`', '\'']);
        let is_address = inner.parse::<SocketAddr>().is_ok() || inner.parse::<IpAddr>().is_ok();
        let has_many_signs = word.matches('`').count() > 1;
        let general = match number {
            _ if is_in_command && !has_many_signs => "NAME",
            0 => "each",
            _ => "it",
        };
        if word.matches('`').count() == 1 {
            is_in_command = word.starts_with("`gamctl") || (is_in_command && !word.contains('`'));
        }
        match is_address || (inner == device && !device.is_empty()) {
            true => word.replacen(inner, general, 1),
            false => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(found: &[(&str, &str)]) -> Vec<Alike> {
        let found = found.iter();
        alike(found.map(|(device, reason)| ((*device).to_owned(), (*reason).to_owned())))
    }

    #[test]
    fn one_missing_secret_of_three_devices_is_one_failure_and_another_stays_beside_it() {
        let secret = "the secret `gam-snmp` has no value; set GAMCTL_SECRET_GAM_SNMP";
        let found = of(&[
            ("oak-1", secret),
            (
                "oak-2",
                "oak-2 is unreachable: no answer from 10.0.0.2:161 in 5 s",
            ),
            ("oak-3", secret),
            ("oak-4", secret),
        ]);
        let heads: Vec<String> = found.iter().map(Alike::head).collect();
        assert_eq!(
            heads,
            [
                &format!("3 devices: {secret}"),
                "oak-2 is unreachable: no answer from 10.0.0.2:161 in 5 s",
            ]
        );
        assert_eq!(found[0].names().unwrap(), "oak-1, oak-3, oak-4");
        assert_eq!(found[1].names(), None);
    }

    #[test]
    fn a_command_of_several_devices_has_a_placeholder_and_a_sentence_a_subject() {
        let refused = |name: &str, address: &str| {
            format!(
                "{address} refuses user `gamctl`; run `gamctl trust {name} --pin` or `gamctl trust {name}`, then ask {name}"
            )
        };
        let (one, other) = (
            refused("oak-1", "10.0.0.1:22"),
            refused("oak-2", "10.0.0.2:22"),
        );
        let found = of(&[("oak-1", &one), ("oak-2", &other)]);
        assert_eq!(
            found[0].head(),
            "2 devices: each refuses user `gamctl`; run `gamctl trust NAME --pin` or `gamctl trust NAME`, then ask it"
        );
    }

    #[test]
    fn silent_devices_differ_in_name_and_address_only() {
        let silent = |name: &str, address: &str| {
            format!("{name} is unreachable: no answer from {address} in 5 s; check that it is up")
        };
        let one = silent("oak-1", "10.0.0.1:161");
        let other = silent("oak-2", "[2001:db8::2]:161");
        let longer = silent("oak-3", "10.0.0.3:161").replace("5 s", "2 s");
        let found = of(&[("oak-1", &one), ("oak-2", &other), ("oak-3", &longer)]);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].head(),
            "2 devices: each is unreachable: no answer from it in 5 s; check that it is up"
        );
        assert_eq!(found[1].head(), longer);
    }

    #[test]
    fn many_names_are_counted_and_none_breaks_out_of_its_line() {
        let names: Vec<String> = (0..50).map(|number| format!("oak-{number}")).collect();
        let found: Vec<(&str, &str)> = names
            .iter()
            .map(|name| (name.as_str(), "no\u{1b}"))
            .collect();
        let found = of(&found);
        assert_eq!(found[0].head(), "50 devices: no\\u{1b}");
        assert!(found[0].names().unwrap().ends_with("oak-39 and 10 more"));
    }
}
