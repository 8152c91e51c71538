//! Compares the responses of a sweep with the devices of the inventory.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Answer, Response};
use crate::model::{Address, DeviceName, GamModel, Identity, MacAddress, Serial};

/// A device as the inventory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    pub name: DeviceName,
    /// Left out: it is not installed yet.
    pub address: Option<Address>,
    pub model: Option<GamModel>,
    pub serial: Option<Serial>,
    pub mac: Option<MacAddress>,
}

/// The result of a sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Comparison {
    /// By address.
    pub seen: Vec<Seen>,
    /// Devices whose addresses did not answer, and that were not found elsewhere.
    pub missing: Vec<Missing>,
}

/// An agent that answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Seen {
    pub address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    pub identity: Identity,
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The relation of an agent that answered to the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The device that the inventory has at this address.
    Known {
        device: DeviceName,
    },
    New,
    /// A device of the inventory, by its serial number or MAC address, that the inventory has elsewhere or nowhere yet.
    Moved {
        device: DeviceName,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Address>,
    },
    /// The inventory has another device at this address.
    Wrong {
        device: DeviceName,
        why: String,
        /// The device that it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        is: Option<DeviceName>,
    },
    /// A device that answers at another address as well.
    Again {
        of: Address,
    },
    /// No GAM, or none that we know of.
    Other {
        why: String,
    },
    /// An agent that does not identify itself.
    Closed {
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<DeviceName>,
        why: String,
    },
}

/// A device that did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Missing {
    pub device: DeviceName,
    pub address: Address,
}

/// Holds what was heard against the inventory.
pub fn compare(
    devices: &[KnownDevice],
    asked: &BTreeSet<Address>,
    heard: Vec<Response>,
) -> Comparison {
    let inventory = Inventory::of(devices);
    let mut homes: BTreeMap<Box<str>, Address> = BTreeMap::new();
    // Devices at their own address come first: the same device elsewhere is then only a second address.
    for answer in heard.iter().filter_map(answer_of) {
        let at_home = inventory.at(answer.address);
        if at_home.is_some_and(|device| contradiction(device, answer).is_none()) {
            note(&mut homes, answer);
        }
    }
    for answer in heard.iter().filter_map(answer_of) {
        if inventory.at(answer.address).is_none() {
            note(&mut homes, answer);
        }
    }
    let seen: Vec<Seen> = heard
        .into_iter()
        .map(|heard| match heard {
            Response::Closed { address, reason } => Seen {
                address,
                credentials: None,
                identity: Identity::default(),
                verdict: Verdict::Closed {
                    device: inventory.at(address).map(|device| device.name.clone()),
                    why: reason,
                },
            },
            Response::Answer(answer) => Seen {
                address: answer.address,
                credentials: Some(answer.credentials.to_string()),
                verdict: inventory.judge(&answer, &homes),
                identity: answer.identity,
            },
        })
        .collect();
    let missing = missing(devices, asked, &seen);
    Comparison { seen, missing }
}

fn answer_of(heard: &Response) -> Option<&Answer> {
    match heard {
        Response::Answer(answer) => Some(answer),
        Response::Closed { .. } => None,
    }
}

fn missing(devices: &[KnownDevice], asked: &BTreeSet<Address>, seen: &[Seen]) -> Vec<Missing> {
    let at: BTreeSet<Address> = seen.iter().map(|seen| seen.address).collect();
    let met: BTreeSet<&DeviceName> = seen
        .iter()
        .filter_map(|seen| match &seen.verdict {
            Verdict::Moved { device, .. } => Some(device),
            Verdict::Wrong { is, .. } => is.as_ref(),
            Verdict::Known { .. }
            | Verdict::New
            | Verdict::Again { .. }
            | Verdict::Other { .. }
            | Verdict::Closed { .. } => None,
        })
        .collect();
    let silent = devices.iter().filter_map(|device| {
        let address = device.address?;
        let is_silent = asked.contains(&address) && !at.contains(&address);
        (is_silent && !met.contains(&device.name)).then(|| Missing {
            device: device.name.clone(),
            address,
        })
    });
    let mut silent: Vec<Missing> = silent.collect();
    silent.sort_by_key(|missing| missing.address);
    silent
}

/// The marks of a device, the most reliable first.
fn marks(serial: Option<&Serial>, mac: Option<MacAddress>) -> Vec<Box<str>> {
    let serial = serial.map(|serial| format!("serial {serial}").into());
    serial
        .into_iter()
        .chain(mac.map(|mac| format!("MAC {mac}").into()))
        .collect()
}

/// Notes the first address of a device, by all its marks.
fn note(homes: &mut BTreeMap<Box<str>, Address>, answer: &Answer) {
    for mark in marks(answer.identity.serial.as_ref(), answer.identity.mac) {
        homes.entry(mark).or_insert(answer.address);
    }
}

/// Returns the reason why an answer cannot come from this device.
fn contradiction(device: &KnownDevice, answer: &Answer) -> Option<String> {
    let identity = &answer.identity;
    let differs = |what: &str, pinned: Option<String>, has: Option<String>| match (pinned, has) {
        (Some(pinned), Some(has)) if pinned != has => Some(format!(
            "its {what} is {has}, but the inventory has {pinned}"
        )),
        _ => None,
    };
    if identity.product.is_none() {
        return Some(no_gam(answer));
    }
    let text = |serial: &Option<Serial>| serial.as_ref().map(ToString::to_string);
    let mac = |mac: Option<MacAddress>| mac.map(|mac| mac.to_string());
    let model = |model: Option<GamModel>| model.map(|model| model.to_string());
    differs(
        "serial number",
        text(&device.serial),
        text(&identity.serial),
    )
    .or_else(|| differs("MAC address", mac(device.mac), mac(identity.mac)))
    .or_else(|| differs("model", model(device.model), model(identity.model)))
}

fn no_gam(answer: &Answer) -> String {
    match &answer.object_id {
        Some(oid) => format!("it is not a GAM: its sysObjectID is {oid}"),
        None => "it is not a GAM: it has no sysObjectID".to_owned(),
    }
}

/// The devices of the inventory, to be found.
struct Inventory<'a> {
    by_address: BTreeMap<Address, &'a KnownDevice>,
    by_mark: BTreeMap<Box<str>, &'a KnownDevice>,
}

impl<'a> Inventory<'a> {
    fn of(devices: &'a [KnownDevice]) -> Self {
        let by_address = devices
            .iter()
            .filter_map(|device| Some((device.address?, device)));
        let by_mark = devices.iter().flat_map(|device| {
            let marks = marks(device.serial.as_ref(), device.mac);
            marks.into_iter().map(move |mark| (mark, device))
        });
        Self {
            by_address: by_address.collect(),
            by_mark: by_mark.collect(),
        }
    }

    fn at(&self, address: Address) -> Option<&'a KnownDevice> {
        self.by_address.get(&address).copied()
    }

    /// Returns the device with these marks, at any address.
    fn by_marks(&self, identity: &Identity) -> Option<&'a KnownDevice> {
        let marks = marks(identity.serial.as_ref(), identity.mac);
        marks
            .iter()
            .find_map(|mark| self.by_mark.get(mark).copied())
    }

    fn judge(&self, answer: &Answer, homes: &BTreeMap<Box<str>, Address>) -> Verdict {
        let belongs = self.by_marks(&answer.identity);
        if let Some(device) = self.at(answer.address) {
            return match contradiction(device, answer) {
                None => Verdict::Known {
                    device: device.name.clone(),
                },
                Some(why) => Verdict::Wrong {
                    device: device.name.clone(),
                    why,
                    is: belongs
                        .filter(|other| other.name != device.name)
                        .map(|other| other.name.clone()),
                },
            };
        }
        let marks = marks(answer.identity.serial.as_ref(), answer.identity.mac);
        let home = marks.iter().find_map(|mark| homes.get(mark).copied());
        match (home, answer.identity.product, answer.identity.model) {
            (Some(of), _, _) if of != answer.address => return Verdict::Again { of },
            (_, None, _) => {
                return Verdict::Other {
                    why: no_gam(answer),
                };
            }
            (_, Some(product), None) => {
                return Verdict::Other {
                    why: format!("it is a GAM of a model that is not known: product {product}"),
                };
            }
            (_, Some(_), Some(_)) => {}
        }
        match belongs {
            Some(device) => Verdict::Moved {
                device: device.name.clone(),
                from: device.address,
            },
            None => Verdict::New,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CredentialsName;

    fn at(last: u8) -> Address {
        format!("10.20.0.{last}").parse().unwrap()
    }

    fn device(name: &str, last: u8, serial: Option<&str>) -> KnownDevice {
        KnownDevice {
            name: DeviceName::new(name).unwrap(),
            address: (last > 0).then(|| at(last)),
            model: Some(GamModel::Gam4Cx),
            serial: serial.map(|serial| Serial::new(serial).unwrap()),
            mac: None,
        }
    }

    fn gam(last: u8, serial: &str) -> Response {
        Response::Answer(Answer {
            address: at(last),
            credentials: CredentialsName::new("default").unwrap(),
            identity: Identity {
                product: Some(18),
                model: Some(GamModel::Gam4Cx),
                serial: Serial::new(serial).ok(),
                ..Identity::default()
            },
            object_id: Some("1.3.6.1.4.1.20095.2000.1.18".to_owned()),
        })
    }

    fn verdicts(devices: &[KnownDevice], heard: Vec<Response>) -> (Vec<String>, Vec<String>) {
        let asked = (1..=30).map(at).collect();
        let Comparison { seen, missing } = compare(devices, &asked, heard);
        let seen = seen.iter().map(|seen| match &seen.verdict {
            Verdict::Known { device } => format!("{device}"),
            Verdict::New => "new".to_owned(),
            Verdict::Moved { device, from } => format!("{device} from {from:?}"),
            Verdict::Wrong { device, is, .. } => format!("not {device} but {is:?}"),
            Verdict::Again { of } => format!("as at {of}"),
            Verdict::Other { .. } => "other".to_owned(),
            Verdict::Closed { device, .. } => format!("closed {device:?}"),
        });
        let missing = missing.iter().map(|missing| missing.device.to_string());
        (seen.collect(), missing.collect())
    }

    #[test]
    fn a_device_at_its_address_is_known_with_a_pin_and_without() {
        let devices = [
            device("a", 1, Some("S1")),
            device("b", 2, None),
            device("c", 3, Some("S3")),
        ];
        let (seen, missing) = verdicts(&devices, vec![gam(1, "S1"), gam(2, "S2"), gam(9, "S9")]);
        assert_eq!(seen, ["a", "b", "new"]);
        assert_eq!(missing, ["c"]);
    }

    #[test]
    fn a_box_that_is_met_elsewhere_has_moved_and_is_not_missing() {
        let devices = [device("a", 1, Some("S1")), device("b", 0, Some("S2"))];
        let (seen, missing) = verdicts(&devices, vec![gam(5, "S1"), gam(6, "S2")]);
        assert_eq!(
            seen,
            [
                format!("a from {:?}", Some(at(1))),
                "b from None".to_owned()
            ]
        );
        assert!(missing.is_empty());
    }

    #[test]
    fn another_box_at_a_known_address_is_wrong_whoever_it_is() {
        let devices = [device("a", 1, Some("S1")), device("b", 2, Some("S2"))];
        let (seen, missing) = verdicts(&devices, vec![gam(1, "S2"), gam(2, "S7")]);
        assert_eq!(seen, ["not a but Some(\"b\")", "not b but None"]);
        assert!(missing.is_empty());
        let mut printer = gam(1, "S1");
        if let Response::Answer(answer) = &mut printer {
            answer.identity = Identity::default();
        }
        assert_eq!(verdicts(&devices[..1], vec![printer]).0, ["not a but None"]);
    }

    #[test]
    fn one_box_on_several_addresses_counts_once() {
        let devices = [device("a", 5, Some("S1")), device("b", 6, None)];
        let heard = vec![
            gam(2, "S1"),
            gam(5, "S1"),
            gam(6, "S6"),
            gam(7, "S6"),
            gam(8, "S8"),
            gam(9, "S8"),
        ];
        let (seen, _) = verdicts(&devices, heard);
        assert_eq!(
            seen,
            [
                "as at 10.20.0.5",
                "a",
                "b",
                "as at 10.20.0.6",
                "new",
                "as at 10.20.0.8"
            ]
        );
    }

    #[test]
    fn a_device_that_is_not_a_gam_or_does_not_identify_itself_is_listed_as_such() {
        let mut printer = gam(8, "S8");
        if let Response::Answer(answer) = &mut printer {
            answer.identity = Identity::default();
        }
        let mut newer = gam(9, "S9");
        if let Response::Answer(answer) = &mut newer {
            answer.identity.model = None;
        }
        let closed = Response::Closed {
            address: at(3),
            reason: "no such user".to_owned(),
        };
        let (seen, missing) = verdicts(&[device("a", 3, None)], vec![closed, printer, newer]);
        assert_eq!(seen, ["closed Some(\"a\")", "other", "other"]);
        assert!(missing.is_empty());
    }
}
