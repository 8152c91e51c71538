//! Holds one poll of a device: its states, rates, counters and alarms, without any configuration.

use serde::{Deserialize, Serialize};

use super::{
    ActiveAlarm, CounterClock, EndpointState, EthernetPort, Fan, Identity, MacAddress, PortNumber,
    Slot, Temperature, UplinkNumber,
};

/// A value, or the reason that it could not be read. Unread is never zero and never absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Polled<T> {
    Value(T),
    Unread { unread: String },
}

impl<T> Polled<T> {
    pub fn unread(reason: impl Into<String>) -> Self {
        Self::Unread {
            unread: reason.into(),
        }
    }

    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unread { .. } => None,
        }
    }

    /// Returns the reason that it is unread.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Value(_) => None,
            Self::Unread { unread } => Some(unread),
        }
    }

    pub fn map<R>(self, change: impl FnOnce(T) -> R) -> Polled<R> {
        match self {
            Self::Value(value) => Polled::Value(change(value)),
            Self::Unread { unread } => Polled::Unread { unread },
        }
    }
}

impl<T> From<Result<T, String>> for Polled<T> {
    fn from(known: Result<T, String>) -> Self {
        match known {
            Ok(value) => Self::Value(value),
            Err(unread) => Self::Unread { unread },
        }
    }
}

/// The extent of a poll; each depth includes those before it. docs/gam.md lists the requests of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PollDepth {
    /// Every minute: uptime, CPU, LED, uplinks, alarms, outages of ports, states of endpoints.
    Minute,
    /// Every five minutes: who is heard where, rates of lines, counters of uplinks and ports, sensors.
    FiveMinutes,
    /// Every quarter of an hour: counters and errors of every line.
    QuarterHour,
    /// Every hour, or to look into something: the links to the customers.
    Hour,
}

/// The answers of a device. Parts that belong to a greater depth are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Poll {
    pub depth: PollDepth,
    /// The only port that was polled, with its endpoints; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortNumber>,
    pub identity: Identity,
    /// The time at which the counters were read.
    pub clock: CounterClock,
    /// Over ten seconds.
    pub cpu_percent: Polled<u32>,
    /// The status LED, in the device's own words.
    pub led: Polled<String>,
    /// All active alarms: the table was read to its end, or it is unread.
    pub alarms: Polled<Vec<ActiveAlarm>>,
    /// Unread also if the uplinks cannot be distinguished from the management port.
    pub uplinks: Polled<Vec<PolledUplink>>,
    pub ports: Vec<PolledPort>,
    /// Configured endpoints, and those that are only heard where their part was polled.
    pub endpoints: Polled<Vec<PolledEndpoint>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensors: Option<PolledSensors>,
    /// Single values that could not be read and have no place of their own, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

impl Poll {
    /// Returns whether its tables were read: a device that left one out counts as not observed.
    pub fn is_whole(&self) -> bool {
        let tables = [
            self.alarms.reason(),
            self.uplinks.reason(),
            self.endpoints.reason(),
        ];
        tables.iter().all(Option::is_none)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolledUplink {
    pub number: UplinkNumber,
    pub is_up: Polled<bool>,
    /// `null`: it has no link, or an undefined speed.
    pub mbps: Polled<Option<u64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfp: Option<Sfp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<InterfaceCounters>,
}

/// The module in an uplink. An empty text is a module's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sfp {
    /// `none`, `not supported`, or the kind of the module.
    pub kind: Polled<String>,
    pub vendor: Polled<String>,
    pub part: Polled<String>,
    pub revision: Polled<String>,
    pub serial: Polled<String>,
    /// `null`: it measures nothing, or the device does not ask it (`ddmi` is off).
    pub readings: Polled<Option<ModuleReadings>>,
}

/// The measurements of a module, in thousandths of the usual units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModuleReadings {
    pub millicelsius: Polled<i64>,
    pub millivolts: Polled<i64>,
    /// The current of the laser.
    pub bias_microamperes: Polled<i64>,
    /// The light that is sent, in thousandths of a dBm.
    pub sent_millidbm: Polled<i64>,
    /// The light that arrives, in thousandths of a dBm.
    pub received_millidbm: Polled<i64>,
}

/// Counters of an uplink, 64 bits wide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InterfaceCounters {
    /// From the network.
    pub rx_octets: Polled<u64>,
    pub rx_discards: Polled<u64>,
    pub rx_errors: Polled<u64>,
    /// To the network.
    pub tx_octets: Polled<u64>,
    pub tx_discards: Polled<u64>,
    pub tx_errors: Polled<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolledPort {
    pub number: PortNumber,
    /// Whether it has an outage that affects service.
    pub has_service_outage: Polled<bool>,
    /// Whether it has another outage.
    pub has_outage: Polled<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<Polled<bool>>,
    /// The endpoints that are heard on it, configured or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Polled<Vec<MacAddress>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<PortCounters>,
}

/// Counters of a G.hn port, 64 bits wide. Received is from the customers (assumed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PortCounters {
    pub rx_octets: Polled<u64>,
    pub tx_octets: Polled<u64>,
    pub rx_packets: Polled<u64>,
    pub tx_packets: Polled<u64>,
    pub rx_errors: Polled<u64>,
}

/// An endpoint. If it is not heard, it has no rates, counters and errors, which is normal and not unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolledEndpoint {
    /// Its number on the device; absent: it is not configured, but heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// Absent: not polled, or unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddress>,
    pub state: Polled<EndpointState>,
    /// The port on which it is heard; `null`: on none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Polled<Option<PortNumber>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<LineRates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<Polled<u64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<LineErrors>,
    /// Its Ethernet ports; those without valid values are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<Polled<Vec<EthernetCounters>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Polled<Vec<EthernetPort>>>,
}

impl PolledEndpoint {
    /// Returns whether the device hears it, so that it can have values.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, Polled::Value(EndpointState::NotDetected))
    }
}

/// The rates of a line in Mbps: those of the modems, and the most that is usable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LineRates {
    pub down_rate: Polled<u32>,
    pub up_rate: Polled<u32>,
    pub down_most: Polled<u32>,
    pub up_most: Polled<u32>,
}

/// Errors of a line in percent of its frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LineErrors {
    pub down_error_percent: Polled<u32>,
    pub down_abort_percent: Polled<u32>,
    pub up_error_percent: Polled<u32>,
    pub up_abort_percent: Polled<u32>,
}

/// Counters of an Ethernet port of an endpoint, 64 bits wide. Received is from the customer (assumed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EthernetCounters {
    pub number: u32,
    pub rx_octets: Polled<u64>,
    pub tx_octets: Polled<u64>,
    pub rx_errors: Polled<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolledSensors {
    pub temperatures: Polled<Vec<Temperature>>,
    /// The temperatures that the device itself watches: `board` and `junction`.
    pub monitored: Polled<Vec<Temperature>>,
    pub fans: Polled<Vec<Fan>>,
    pub power_supplies: Polled<Vec<PowerSupply>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PowerSupply {
    pub number: u32,
    /// `active`, `standby` or `not present`.
    pub state: Polled<String>,
}
