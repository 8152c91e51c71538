//! Lists the twin's CLI commands with their syntax: documented ones, and those to change modes.

use std::sync::LazyLock;

use super::subscriber;
use crate::simulator::grammar::{Grammar, Syntax};

/// The parsed command of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Command {
    Enable,
    Disable,
    ConfigureTerminal,
    Exit,
    Logout,
    End,
    Do,
    TerminalLength,
    TerminalWidth,
    ShowVersion,
    ShowRunningConfig,
    ShowDiscovered,
    ShowEndpoint,
    ShowSubscriber,
    ShowProfile,
    ShowPort,
    ShowAlarms,
    ShowMaxSnr,
    ShowHistory,
    RebootEndpoint,
    UpgradeEndpoint,
    ClearEndpointStatistics,
    FirmwareUpgrade,
    FirmwareSwap,
    SaveRunning,
    LoadStartup,
    Reload,
    ReloadDefaults,
    Hostname,
    NoHostname,
    Contact,
    NoContact,
    Location,
    NoLocation,
    Password,
    Community,
    NoCommunity,
    Announcement,
    NoAnnouncement,
    Port,
    PortShutdown,
    NoPortShutdown,
    Profile,
    NoProfile,
    Endpoint,
    NoEndpoint,
    NoEndpointPort,
    NoEndpointAccess,
    Subscriber,
    NoSubscriber,
    NoSubscriberEndpoint,
    Route,
    NoRoute,
    InterfaceUplink,
    InterfaceGhn,
    InterfaceVlan,
    NoInterfaceVlan,
    Line,
    ExecTimeout,
    SwitchportMode,
    SwitchportAllowed,
    SwitchportNative,
    SwitchportAccess,
    IpAddress,
    NoIpAddress,
    Shutdown,
    NoShutdown,
}

type Commands = [Syntax<Command>];

macro_rules! syntax {
    ($($id:ident: $pattern:expr, $help:literal;)*) => {
        &[$(Syntax { id: Command::$id, pattern: $pattern, help: $help },)*]
    };
}

/// Commands at `>`.
pub(super) const USER: &Commands = syntax! {
    Enable: "enable", "Turn on privileged commands";
    Exit: "exit", "Exit from EXEC mode";
    Logout: "logout", "Exit from EXEC mode";
    ShowVersion: "show version", "System hardware and software status";
    ShowHistory: "show history", "Lines entered in this session";
    TerminalLength: "terminal length {0|<lines:int(3-512)>}", "Lines on a screen; 0 for no pausing";
    TerminalWidth: "terminal width {0|<columns:int(40-512)>}", "Characters on a line; 0 for no wrapping";
};

/// Commands at `#`.
pub(super) const PRIVILEGED: &Commands = syntax! {
    Disable: "disable", "Turn off privileged commands";
    Enable: "enable", "Turn on privileged commands";
    ConfigureTerminal: "configure terminal", "Configure from the terminal";
    Exit: "exit", "Exit from EXEC mode";
    Logout: "logout", "Exit from EXEC mode";
    TerminalLength: "terminal length {0|<lines:int(3-512)>}", "Lines on a screen; 0 for no pausing";
    TerminalWidth: "terminal width {0|<columns:int(40-512)>}", "Characters on a line; 0 for no wrapping";
    ShowVersion: "show version", "System hardware and software status";
    ShowHistory: "show history", "Lines entered in this session";
    ShowRunningConfig: "show running-config [ '|' {include|exclude|begin} <pattern:line> ]", "Running system configuration";
    ShowDiscovered: "show ghn discover all", "Endpoints found on all ports";
    ShowEndpoint: "show ghn endpoint <id:int(1-384)> {configuration|statistics|status [detail]}", "One endpoint";
    ShowSubscriber: "show ghn subscriber <id:int(1-384)> [configuration]", "One subscriber";
    ShowProfile: "show ghn bw-profile <id:int(1-15)>", "One bandwidth profile";
    ShowPort: "show ghn port <number:int(1-24)> {configuration|statistics|status [detail]}", "One G.hn port";
    ShowAlarms: "show alarm {active|log}", "Alarms";
    ShowMaxSnr: "show ghn maxsnr endpoint-mac <mac:mac> {upstream|downstream}", "Signal to noise ratio of an endpoint";
    RebootEndpoint: "reboot ghn endpoint {<id:int(1-384)>|mac-address <mac:mac>}", "Restart an endpoint";
    UpgradeEndpoint: "ghn firmware upgrade endpoint {<id:int(1-384)>|mac-address <mac:mac>}", "Give an endpoint the firmware that this system carries";
    ClearEndpointStatistics: "clear ghn endpoint <id:int(1-384)> statistics", "Count from nothing";
    FirmwareUpgrade: "firmware upgrade <url:text(1-255)>", "Load a firmware image";
    FirmwareSwap: "firmware swap", "Swap the active and the alternate image";
    SaveRunning: "copy running-config startup-config", "Save the running configuration";
    LoadStartup: "copy startup-config running-config", "Run what was saved on top of what is running";
    Reload: "reload cold", "Restart the system";
    ReloadDefaults: "reload defaults", "Run as delivered, without a restart";
};

/// Commands at `(config)#`.
pub(super) const CONFIGURATION: &Commands = syntax! {
    Do: "do <line:line>", "Run a command of EXEC mode";
    End: "end", "Go back to EXEC mode";
    Exit: "exit", "Exit from the current mode";
    Hostname: "hostname <name:text(1-45)>", "Name of this system";
    NoHostname: "no hostname", "Name of this system";
    Contact: "snmp-server contact <text:line(0-255)>", "Whom to call";
    NoContact: "no snmp-server contact", "Whom to call";
    Location: "snmp-server location <text:line(0-255)>", "Where the system is";
    NoLocation: "no snmp-server location", "Where the system is";
    Password: "username admin privilege 15 password {none|unencrypted <password:text(1-31)>|encrypted <hash:text(4-64)>}", "The administrator's password";
    Community: "snmp-server community <text:line(1-255)>", "Community; a twin keeps the line only";
    NoCommunity: "no snmp-server community <text:line(1-255)>", "Community; a twin keeps the line only";
    Announcement: "controller announcement url <number:int(1-4)> <text:line(1-255)>", "Where announcements go; a twin sends none";
    NoAnnouncement: "no controller announcement url <number:int(1-4)>", "Where announcements go; a twin sends none";
    Port: "ghn port <number:int(1-24)> ( mode {mimo|siso} | name <name:text(1-31)> )+", "G.hn port";
    PortShutdown: "ghn port <number:int(1-24)> shutdown", "Turn the port off";
    NoPortShutdown: "no ghn port <number:int(1-24)> shutdown", "Turn the port on";
    Profile: "ghn bw-profile <id:int(1-15)> ( name <name:text(1-31)> | description <description:text(0-127)> | rate-downstream <down:int(10-1999)> | rate-upstream <up:int(10-1999)> | service-limit-level <level:int(1-4)> )*", "Bandwidth profile";
    NoProfile: "no ghn bw-profile <id:int(1-15)>", "Remove a bandwidth profile";
    Endpoint: "ghn endpoint <id:int(1-384)> ( name <name:text(1-31)> | mac-address <mac:mac> | description <description:text(0-127)> | port {<port:int(1-24)>|unassigned|auto} | allow-management-access )*", "Endpoint";
    NoEndpoint: "no ghn endpoint <id:int(1-384)>", "Remove an endpoint";
    NoEndpointPort: "no ghn endpoint <id:int(1-384)> port", "Take the endpoint off its port";
    NoEndpointAccess: "no ghn endpoint <id:int(1-384)> allow-management-access", "Keep the endpoint off the management VLAN";
    Subscriber: subscriber::LINE, "Subscriber";
    NoSubscriber: "no ghn subscriber <id:int(1-384)>", "Remove a subscriber";
    NoSubscriberEndpoint: "no ghn subscriber <id:int(1-384)> endpoint", "Detach a subscriber from its endpoint";
    Route: "ip route <network:ipv4> <mask:ipv4> <gateway:ipv4>", "Static route";
    NoRoute: "no ip route <network:ipv4> <mask:ipv4> <gateway:ipv4>", "Static route";
    InterfaceUplink: "interface 10GigabitEthernet <ports:ports>", "Uplink";
    InterfaceGhn: "interface G.hn <ports:ports>", "G.hn port as the switch sees it";
    InterfaceVlan: "interface vlan <vlan:int(1-4095)>", "Address in a VLAN";
    NoInterfaceVlan: "no interface vlan <vlan:int(1-4095)>", "Address in a VLAN";
    Line: "line vty <first:int(0-15)> [<last:int(0-15)>]", "Sessions";
};

/// Commands at `(config-if)#`, under an uplink or a G.hn port.
pub(super) const SWITCH_INTERFACE: &Commands = syntax! {
    SwitchportMode: "switchport mode {access|trunk|hybrid}", "What the port carries";
    SwitchportAllowed: "switchport {trunk|hybrid} allowed vlan {all|none|<vlans:vlans>}", "VLANs that pass";
    SwitchportNative: "switchport {trunk|hybrid} native vlan <vlan:int(1-4095)>", "VLAN of untagged frames";
    SwitchportAccess: "switchport access vlan <vlan:int(1-4095)>", "VLAN of an access port";
    Shutdown: "shutdown", "Turn the port off";
    NoShutdown: "no shutdown", "Turn the port on";
};

/// Commands at `(config-if-vlan)#`.
pub(super) const VLAN_INTERFACE: &Commands = syntax! {
    IpAddress: "ip address {dhcp|<address:ipv4> <mask:ipv4>}", "Address of this system";
    NoIpAddress: "no ip address", "Address of this system";
};

/// Commands at `(config-line)#`.
pub(super) const LINE: &Commands = syntax! {
    ExecTimeout: "exec-timeout <minutes:int(0-1440)> [<seconds:int(0-59)>]", "Idle time before a session is closed";
};

/// The help of `?` for a word that starts several commands, or that is an option of one.
const GLOSSARY: &[(&str, &str)] = &[
    ("active", "Conditions that hold now"),
    ("alarm", "Alarms"),
    (
        "allow-management-access",
        "Let the endpoint into the management VLAN",
    ),
    ("announcement", "Announcements to a controller"),
    ("auto", "Whatever port the endpoint is found on"),
    ("bw-profile", "Bandwidth profile"),
    ("clear", "Count from nothing"),
    ("controller", "The controller that manages this system"),
    ("copy", "Copy a configuration"),
    ("description", "Free text"),
    ("discover", "Endpoints found"),
    ("endpoint", "Endpoint (CPE)"),
    ("firmware", "Firmware of this system"),
    ("ghn", "G.hn"),
    ("interface", "Configure an interface"),
    ("ip", "Internet protocol"),
    ("line", "Configure sessions"),
    ("log", "Conditions that came and went"),
    ("mac-address", "Address of the endpoint"),
    ("mode", "How the port uses its wires"),
    ("name", "Name, unique on this system"),
    ("no", "Negate a command, or go back to what is delivered"),
    ("port", "G.hn port"),
    ("rate-downstream", "Mbps toward the subscriber"),
    ("rate-upstream", "Mbps from the subscriber"),
    ("reboot", "Restart an endpoint"),
    ("reload", "Restart or reset the system"),
    ("running-config", "What is running"),
    ("service-limit-level", "Level of service"),
    ("show", "Show what is configured or happening"),
    ("shutdown", "Turn the port off"),
    ("snmp-server", "SNMP"),
    ("startup-config", "What is run after a restart"),
    ("switchport", "VLANs of the interface"),
    ("terminal", "Set up this session's terminal"),
    ("unassigned", "No port"),
    ("username", "Users"),
];

/// The grammars, compiled once.
pub(super) static GRAMMARS: LazyLock<Grammars> = LazyLock::new(Grammars::compiled);

pub(super) struct Grammars {
    pub user: Grammar<Command>,
    pub privileged: Grammar<Command>,
    pub configuration: Grammar<Command>,
    pub switch_interface: Grammar<Command>,
    pub vlan_interface: Grammar<Command>,
    pub line: Grammar<Command>,
}

impl Grammars {
    fn compiled() -> Self {
        let below = |own: &'static Commands| {
            let all: Vec<Syntax<Command>> = own.iter().chain(CONFIGURATION).cloned().collect();
            compile(&all)
        };
        Self {
            user: compile(USER),
            privileged: compile(PRIVILEGED),
            configuration: compile(CONFIGURATION),
            switch_interface: below(SWITCH_INTERFACE),
            vlan_interface: below(VLAN_INTERFACE),
            line: below(LINE),
        }
    }
}

fn compile(commands: &Commands) -> Grammar<Command> {
    Grammar::new(commands)
        .unwrap_or_else(|error| unreachable!("our own pattern: {error:?}"))
        .with_glossary(GLOSSARY)
        .with_glossary(subscriber::HELP)
}
