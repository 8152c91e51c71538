//! Defines the edits of a configuration that a CLI line or an SNMP SET can request.

use compact_str::CompactString;

use super::{ExpectedPort, SubscriberOptions, SwitchportMode};
use crate::model::{MacAddress, PortMode, VlanSet};

/// Given options change, others keep their value; a new number creates a new object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    Hostname(CompactString),
    Location(CompactString),
    Contact(CompactString),
    Password(super::Password),
    ExecTimeout {
        minutes: u16,
    },
    /// Creates the interface if needed; an empty address removes the interface's address.
    VlanInterface {
        vlan: u16,
        address: Option<CompactString>,
    },
    RemoveVlanInterface(u16),
    Route(CompactString),
    RemoveRoute(CompactString),
    /// Keeps a line, in place of those that begin as given.
    Keep {
        replacing: super::KeptLine,
        line: super::KeptLine,
    },
    /// Drops the kept lines that begin so.
    DropKept(super::KeptLine),
    Uplink {
        uplink: u8,
        options: UplinkOptions,
    },
    Port {
        port: u8,
        options: PortOptions,
    },
    Profile {
        id: u16,
        options: ProfileOptions,
    },
    RemoveProfile(u16),
    Endpoint {
        id: u16,
        options: EndpointOptions,
    },
    /// Like `Endpoint`, but only for an existing one.
    ChangeEndpoint {
        id: u16,
        options: EndpointOptions,
    },
    RemoveEndpoint(u16),
    Subscriber {
        id: u16,
        options: SubscriberOptions,
    },
    /// Like `Subscriber`, but only for an existing one.
    ChangeSubscriber {
        id: u16,
        options: SubscriberOptions,
    },
    RemoveSubscriber(u16),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UplinkOptions {
    pub mode: Option<SwitchportMode>,
    pub allowed: Option<VlanSet>,
    pub native: Option<u16>,
    pub shutdown: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortOptions {
    pub name: Option<CompactString>,
    pub mode: Option<PortMode>,
    pub shutdown: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileOptions {
    pub name: Option<CompactString>,
    pub description: Option<CompactString>,
    pub down: Option<u32>,
    pub up: Option<u32>,
    pub service_limit_level: Option<u8>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointOptions {
    pub name: Option<CompactString>,
    pub mac: Option<MacAddress>,
    pub description: Option<CompactString>,
    pub port: Option<ExpectedPort>,
    pub allow_management_access: Option<bool>,
}
