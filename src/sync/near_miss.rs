//! Suggests endpoints that are heard and that a mistyped MAC address may mean; none is ever accepted.

use std::collections::BTreeSet;

use compact_str::{CompactString, ToCompactString};

use super::few_set::FewSet;
use super::heard::HeardEndpoint;
use super::reason::{DevicePort, NearMiss};
use crate::model::MacAddress;

/// More suggestions help no one.
const MOST: usize = 3;

/// A text in place of a MAC address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotAnAddress(pub CompactString);

/// The smallest number of equal digits at the end of a text that is worth a suggestion.
const EQUAL_END: usize = 5;

/// An endpoint that no subscriber and no record has.
#[derive(Debug)]
pub(super) struct UnknownEndpoint<'a> {
    heard: &'a HeardEndpoint,
    digits: Vec<u8>,
}

impl<'a> UnknownEndpoint<'a> {
    pub(super) fn new(heard: &'a HeardEndpoint) -> Self {
        let digits = digits(&heard.mac.to_string());
        Self { heard, digits }
    }
}

/// Returns endpoints whose address differs from a written one in one digit, or in two neighbours that are swapped.
pub(super) fn near_misses<'a>(
    macs: &FewSet<MacAddress>,
    texts: impl Iterator<Item = &'a NotAnAddress>,
    unknown: &[UnknownEndpoint<'_>],
) -> Vec<NearMiss> {
    if unknown.is_empty() {
        return Vec::new();
    }
    let macs = macs.iter().map(ToCompactString::to_compact_string);
    let written = macs.chain(texts.map(|text| text.0.clone()));
    let mut found = BTreeSet::new();
    for written in written {
        let digits = digits(&written);
        for one in unknown.iter().filter(|one| is_near(&digits, &one.digits)) {
            found.insert(NearMiss {
                written: written.clone(),
                heard: one.heard.mac,
                at: DevicePort {
                    device: one.heard.device.clone(),
                    port: one.heard.port,
                },
            });
        }
    }
    found.into_iter().take(MOST).collect()
}

/// Returns the hexadecimal digits, with the letters that people write for digits.
fn digits(text: &str) -> Vec<u8> {
    text.bytes()
        .filter_map(|byte| match byte.to_ascii_lowercase() {
            b'o' => Some(b'0'),
            b'l' | b'i' => Some(b'1'),
            b's' => Some(b'5'),
            digit if digit.is_ascii_hexdigit() => Some(digit),
            _ => None,
        })
        .collect()
}

fn is_near(written: &[u8], heard: &[u8]) -> bool {
    if written.len() != heard.len() {
        // A digit was left out or written twice, or only the end was copied from the label.
        return is_one_longer(written, heard)
            || is_one_longer(heard, written)
            || (written.len() >= EQUAL_END && heard.ends_with(written));
    }
    let pairs = || written.iter().zip(heard).enumerate();
    let mut different = pairs().filter(|(_, (one, other))| one != other);
    match (different.next(), different.next(), different.next()) {
        (_, None, _) => true,
        (Some((first, (a, b))), Some((second, (c, d))), None) => {
            second == first + 1 && a == d && b == c
        }
        _ => false,
    }
}

fn is_one_longer(longer: &[u8], shorter: &[u8]) -> bool {
    longer.len() == shorter.len() + 1
        && (0..longer.len()).any(|left_out| {
            let rest = longer.iter().enumerate().filter(|(at, _)| *at != left_out);
            rest.map(|(_, digit)| digit).eq(shorter)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceName;
    use crate::sync::heard::HeardState;

    fn suggested(written: &str) -> bool {
        let heard = HeardEndpoint {
            mac: "00:0e:d8:1c:95:08".parse().unwrap(),
            device: DeviceName::new("a").unwrap(),
            port: None,
            state: HeardState::Unknown,
            first: 0,
            last: 60,
            looks: 2,
        };
        let text = NotAnAddress(written.into());
        let unknown = [UnknownEndpoint::new(&heard)];
        !near_misses(&FewSet::default(), [&text].into_iter(), &unknown).is_empty()
    }

    #[test]
    fn a_slip_of_one_digit_is_suggested() {
        for slip in [
            "00:0e:d8:1c:95:09",
            "00:0e:d8:c1:95:08",
            "OO:Oe:d8:1c:95:o8",
            "00:0e:d8:1c:95:0",
            "00:0e:d8:1c:955:08",
            "1c9508",
        ] {
            assert!(suggested(slip), "{slip}");
        }
        for other in ["00:0e:d8:1c:96:09", "GN2041187", "9508", ""] {
            assert!(!suggested(other), "{other}");
        }
    }
}
