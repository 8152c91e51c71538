//! Models the physical world around a device: plugged-in endpoints, wires, sensors.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::{CompactString, format_compact};

use super::{Hardware, chance};
use crate::model::MacAddress;
use crate::simulator::moment::Moment;

/// The physical facts, independent of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub plugged: BTreeMap<MacAddress, Plugged>,
    /// Uplinks with their fibre unplugged.
    pub dark_uplinks: BTreeSet<u8>,
    /// The speed of each fan in rpm.
    pub fans: Vec<i32>,
    /// The temperatures in tenths of a degree Celsius: CPU, intake, exhaust.
    pub temperatures: Vec<Sensor>,
    pub power_supplies: Vec<bool>,
    /// Percent over the last tenth of a second, second and ten seconds.
    pub cpu_load: [u32; 3],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensor {
    pub name: CompactString,
    pub tenths: i32,
}

/// An endpoint on a wire, configured or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugged {
    pub port: u8,
    pub since: Moment,
    pub family: EndpointFamily,
    pub serial: CompactString,
    pub firmware: CompactString,
    pub wire: Wire,
    /// Whether a cable is in each of its Ethernet ports.
    pub ethernet: [bool; 2],
}

/// The properties of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    pub meters: u32,
    /// Tenths of a decibel.
    pub snr_tenths: u32,
    /// Mbps, from the endpoint to the GAM and back.
    pub up_phy: u32,
    pub down_phy: u32,
}

/// The endpoint hardware (`GAMGhnAgentCPEType`); two of the numbers are shared by coax and copper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointFamily {
    G1001M,
    G1001C,
    G1002M,
    G1002C,
}

impl World {
    pub fn healthy(hardware: &Hardware, seed: u64) -> Self {
        let sensor = |name: &str, number: u64, low: u32, high: u32| Sensor {
            name: CompactString::from(name),
            tenths: i32::try_from(chance::between(seed, "temperature", number, low, high))
                .unwrap_or(0),
        };
        let fans = if hardware.ghn_ports() >= 12 { 4 } else { 2 };
        Self {
            plugged: BTreeMap::new(),
            dark_uplinks: (2..=hardware.uplinks()).collect(),
            fans: (0..fans)
                .map(|fan| {
                    i32::try_from(chance::between(seed, "fan", fan, 6200, 7800)).unwrap_or(0)
                })
                .collect(),
            temperatures: vec![
                sensor("CPU", 0, 480, 620),
                sensor("Intake", 1, 260, 360),
                sensor("Exhaust", 2, 360, 480),
            ],
            power_supplies: vec![true],
            cpu_load: [12, 11, 9],
        }
    }

    /// Plugs an endpoint into a port; an endpoint plugged in elsewhere moves.
    pub fn plug(&mut self, mac: MacAddress, port: u8, coax: bool, seed: u64, now: Moment) {
        let number = mac.to_u64();
        let family = match (coax, chance::draw(seed, "family", number).is_multiple_of(5)) {
            (false, false) => EndpointFamily::G1001M,
            (false, true) => EndpointFamily::G1002M,
            (true, false) => EndpointFamily::G1001C,
            (true, true) => EndpointFamily::G1002C,
        };
        let serial = chance::between(seed, "endpoint serial", number, 1_000_000, 99_999_999);
        let plugged = Plugged {
            port,
            since: now,
            family,
            serial: format_compact!("{serial:08}"),
            firmware: CompactString::const_new(endpoint_firmware(coax)),
            wire: Wire::drawn(seed, number),
            ethernet: [true, false],
        };
        self.plugged.insert(mac, plugged);
    }
}

/// Returns the endpoint firmware that a GAM carries; for coax only the letter is assumed.
pub(super) fn endpoint_firmware(coax: bool) -> &'static str {
    if coax {
        "G1000C_positron_19589"
    } else {
        "G1000M_positron_19589"
    }
}

impl Wire {
    /// Draws a wire of an ordinary building: most good, a few poor.
    fn drawn(seed: u64, number: u64) -> Self {
        let meters = chance::between(seed, "wire", number, 12, 220);
        let snr_tenths =
            560_u32.saturating_sub(meters / 2) - chance::between(seed, "noise", number, 0, 60);
        Self::of(
            meters,
            snr_tenths,
            chance::between(seed, "rate", number, 0, 40),
        )
    }

    /// Returns a wire of this length and signal: the rates follow from the signal, and `asymmetry` reduces the
    /// upstream.
    pub fn of(meters: u32, snr_tenths: u32, asymmetry: u32) -> Self {
        let down_phy = (snr_tenths * 3).clamp(40, 1700);
        Self {
            meters,
            snr_tenths,
            up_phy: down_phy.saturating_sub(asymmetry),
            down_phy,
        }
    }

    /// Mbps by which the upstream is slower than the downstream.
    pub fn asymmetry(self) -> u32 {
        self.down_phy.saturating_sub(self.up_phy)
    }

    /// Returns the highest rate of a subscriber in the device's view: the physical rate without the overhead (assumed:
    /// 80 %).
    pub fn most(phy: u32) -> u32 {
        phy * 4 / 5
    }
}

impl EndpointFamily {
    pub fn model(self) -> &'static str {
        match self {
            Self::G1001M => "G1001-M",
            Self::G1001C => "G1001-C",
            Self::G1002M => "G1002-M",
            Self::G1002C => "G1002-C",
        }
    }

    pub fn is_coax(self) -> bool {
        match self {
            Self::G1001M | Self::G1002M => false,
            Self::G1001C | Self::G1002C => true,
        }
    }

    pub fn ethernet_ports(self) -> u8 {
        match self {
            Self::G1001M | Self::G1001C => 1,
            Self::G1002M | Self::G1002C => 2,
        }
    }
}
