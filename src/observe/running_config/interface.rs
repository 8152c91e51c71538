//! Parses the interface sections of a running-config: uplinks, and VLAN interfaces with addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::words::{number, shown};
use crate::model::{UplinkMode, VlanId, VlanRange, VlanSet};
use crate::observe::rows::{Known, Rows, UplinkRow};

/// The type in an uplink's name; unit and number follow.
const UPLINK: &str = "10GigabitEthernet";

/// The section of a line.
#[derive(Debug, Default)]
enum Inside {
    #[default]
    Nothing,
    /// An unmanaged section: a G.hn port, which the device configures itself, or an unknown one.
    Other,
    Uplink(u32),
    Vlan(VlanId),
}

/// The settings of one uplink.
#[derive(Debug, Default)]
struct Uplink {
    mode: Option<Known<UplinkMode>>,
    /// By mode: each has its own.
    native: BTreeMap<&'static str, Known<u32>>,
    /// By mode as well.
    allowed: BTreeMap<&'static str, Known<VlanSet>>,
    unknown: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Interfaces {
    inside: Inside,
    uplinks: BTreeMap<u32, Uplink>,
    addresses: Vec<(VlanId, IpAddr)>,
    lost: Vec<String>,
}

impl Interfaces {
    /// Parses the first line of a section, without its `interface`.
    pub(super) fn enter(&mut self, name: &str) {
        let words: Vec<&str> = name.split_whitespace().collect();
        self.inside = match words.as_slice() {
            [UPLINK, place] => match place.strip_prefix("1/").and_then(number) {
                Some(uplink) => {
                    self.uplinks.entry(uplink).or_default();
                    Inside::Uplink(uplink)
                }
                None => self.lose(name),
            },
            [kind, ..] if kind.contains(UPLINK) => self.lose(name),
            ["vlan", id] => match id.parse().ok().and_then(|id| VlanId::new(id).ok()) {
                Some(vlan) => Inside::Vlan(vlan),
                None => Inside::Other,
            },
            _ => Inside::Other,
        };
    }

    fn lose(&mut self, name: &str) -> Inside {
        self.lost
            .push(format!("there is an unknown uplink: {}", shown(name)));
        Inside::Other
    }

    pub(super) fn lose_all(&mut self, reason: &str) {
        self.lost.push(reason.to_owned());
    }

    pub(super) fn leave(&mut self) {
        self.inside = Inside::Nothing;
    }

    /// Parses a line of a section; returns `false` outside of interface sections.
    pub(super) fn take_inner(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        match self.inside {
            Inside::Nothing => return false,
            Inside::Other => {}
            Inside::Uplink(number) => {
                if let Some(uplink) = self.uplinks.get_mut(&number) {
                    uplink.take(&words, line);
                }
            }
            Inside::Vlan(vlan) => {
                if let ["ip" | "ipv6", "address", address, ..] = words.as_slice() {
                    let (ip, _) = address.split_once('/').unwrap_or((address, ""));
                    // The address is from DHCP, so it is unknown.
                    if let Ok(ip) = ip.parse() {
                        self.addresses.push((vlan, ip));
                    }
                }
            }
        }
        true
    }

    /// Adds the uplinks to the rows and returns the addresses.
    pub(super) fn put_into(self, rows: &mut Rows) -> Vec<(VlanId, IpAddr)> {
        rows.uplinks.lost = self.lost;
        if self.uplinks.is_empty() {
            let reason = "the running-config has no section for an uplink".to_owned();
            rows.uplinks.lost.push(reason);
        }
        let uplinks = self.uplinks.into_iter();
        rows.uplinks.rows = uplinks
            .map(|(number, uplink)| (number, uplink.row()))
            .collect();
        self.addresses
    }
}

impl Uplink {
    fn take(&mut self, words: &[&str], line: &str) {
        match words {
            ["switchport", "mode", mode] => {
                let mode = match *mode {
                    "access" => Ok(UplinkMode::Access),
                    "trunk" => Ok(UplinkMode::Trunk),
                    "hybrid" => Ok(UplinkMode::Hybrid),
                    _ => Err(format!("its mode is unknown: {}", shown(line))),
                };
                self.mode = Some(match self.mode {
                    None => mode,
                    Some(_) => Err(format!("it is present twice: {}", shown(line))),
                });
            }
            ["switchport", "access", "vlan", vlan] => self.set_native("access", vlan, line),
            ["switchport", "trunk", "native", "vlan", vlan] => {
                self.set_native("trunk", vlan, line);
            }
            ["switchport", "hybrid", "native", "vlan", vlan] => {
                self.set_native("hybrid", vlan, line);
            }
            ["switchport", "trunk", "allowed", "vlan", list] => {
                self.set_allowed("trunk", list, line);
            }
            ["switchport", "hybrid", "allowed", "vlan", list] => {
                self.set_allowed("hybrid", list, line);
            }
            // An unknown line may restrict the VLANs.
            ["switchport", ..] | ["no", "switchport", ..] => {
                self.unknown = Some(format!("unknown line: {}", shown(line)));
            }
            _ => {}
        }
    }

    fn set_native(&mut self, mode: &'static str, vlan: &str, line: &str) {
        let vlan = number(vlan).ok_or_else(|| format!("not a VLAN: {}", shown(line)));
        once(&mut self.native, mode, vlan, line);
    }

    fn set_allowed(&mut self, mode: &'static str, list: &str, line: &str) {
        let list = vlans(list).ok_or_else(|| format!("not a list of VLANs: {}", shown(line)));
        once(&mut self.allowed, mode, list, line);
    }

    /// Returns the row of an uplink. An omitted mode, VLAN or list has its factory default; we have never seen such a
    /// device, so it is unknown.
    fn row(mut self) -> UplinkRow {
        let missing = |what: &str| format!("the running-config leaves its {what} out");
        let mode = self.mode.unwrap_or_else(|| Err(missing("mode")));
        let word = match &mode {
            Err(reason) => Err(format!("it depends on the mode: {reason}")),
            Ok(UplinkMode::Access) => Ok("access"),
            Ok(UplinkMode::Trunk) => Ok("trunk"),
            Ok(UplinkMode::Hybrid) => Ok("hybrid"),
        };
        let native_vlan = word.clone().and_then(|word| {
            let native = self.native.remove(word);
            native.unwrap_or_else(|| Err(missing("native VLAN")))
        });
        let allowed_vlans = match (self.unknown, &mode) {
            (Some(reason), _) => Err(reason),
            (None, Ok(UplinkMode::Access)) => native_vlan.clone().and_then(only),
            (None, _) => word.and_then(|word| {
                let allowed = self.allowed.remove(word);
                allowed.unwrap_or_else(|| Err(missing("allowed VLANs")))
            }),
        };
        UplinkRow {
            mode,
            native_vlan,
            allowed_vlans,
        }
    }
}

/// Returns the only VLAN of an uplink in access mode.
fn only(vlan: u32) -> Known<VlanSet> {
    let vlan = u16::try_from(vlan)
        .ok()
        .and_then(|vlan| VlanId::new(vlan).ok());
    let vlan = vlan.ok_or_else(|| "it is not a VLAN".to_owned())?;
    Ok(VlanSet::from_iter([vlan]))
}

fn once<T>(
    by_mode: &mut BTreeMap<&'static str, Known<T>>,
    mode: &'static str,
    value: Known<T>,
    line: &str,
) {
    let twice = by_mode.contains_key(mode);
    let value = if twice {
        Err(format!("it is present twice: {}", shown(line)))
    } else {
        value
    };
    by_mode.insert(mode, value);
}

fn vlans(list: &str) -> Option<VlanSet> {
    match list {
        "none" => Some(VlanSet::default()),
        "all" => Some(VlanSet::from_ranges([VlanRange {
            first: VlanId::LOWEST,
            last: VlanId::HIGHEST,
        }])),
        list => list.parse().ok(),
    }
}
