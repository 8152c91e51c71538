//! Converts a parsed line of configuration mode into an edit of the device.

use compact_str::{CompactString, format_compact};
use sha2::{Digest as _, Sha256};

use super::given::{number, text, vlan_set};
use super::subscriber;
use super::syntax::Command;
use crate::model::PortMode;
use crate::simulator::base64;
use crate::simulator::gam::{
    Edit, EndpointOptions, ExpectedPort, KeptLine, Password, PortOptions, ProfileOptions,
    StoredPasswords, SubscriberOptions, SwitchportMode, UplinkOptions, vlans,
};
use crate::simulator::grammar::Arguments;

/// Returns the edit of a command that makes one; `uplink` is the interface of the session.
pub(super) fn edit_of(command: Command, given: &Arguments, uplink: Option<u8>) -> Option<Edit> {
    let id = || number(given, "id");
    Some(match command {
        Command::Hostname => Edit::Hostname(text(given, "name")?),
        Command::NoHostname => Edit::Hostname(CompactString::default()),
        Command::Contact => Edit::Contact(rest_of_line(given)?),
        Command::NoContact => Edit::Contact(CompactString::default()),
        Command::Location => Edit::Location(rest_of_line(given)?),
        Command::NoLocation => Edit::Location(CompactString::default()),
        Command::Password => Edit::Password(password(given)),
        Command::Community
        | Command::NoCommunity
        | Command::Announcement
        | Command::NoAnnouncement => kept_edit(command, given)?,
        Command::Port => Edit::Port {
            port: port_number(given)?,
            options: port_options(given),
        },
        Command::PortShutdown => port_shutdown(given, true)?,
        Command::NoPortShutdown => port_shutdown(given, false)?,
        Command::Profile => Edit::Profile {
            id: id()?,
            options: profile_options(given),
        },
        Command::NoProfile => Edit::RemoveProfile(id()?),
        Command::Endpoint => Edit::Endpoint {
            id: id()?,
            options: endpoint_options(given),
        },
        Command::NoEndpoint => Edit::RemoveEndpoint(id()?),
        Command::NoEndpointPort => Edit::ChangeEndpoint {
            id: id()?,
            options: EndpointOptions {
                port: Some(ExpectedPort::Unassigned),
                ..EndpointOptions::default()
            },
        },
        Command::NoEndpointAccess => Edit::ChangeEndpoint {
            id: id()?,
            options: EndpointOptions {
                allow_management_access: Some(false),
                ..EndpointOptions::default()
            },
        },
        Command::Subscriber => Edit::Subscriber {
            id: id()?,
            options: subscriber::options(given),
        },
        Command::NoSubscriber => Edit::RemoveSubscriber(id()?),
        Command::NoSubscriberEndpoint => Edit::ChangeSubscriber {
            id: id()?,
            options: SubscriberOptions {
                endpoint: Some(None),
                ..SubscriberOptions::default()
            },
        },
        Command::Route => Edit::Route(route(given)?),
        Command::NoRoute => Edit::RemoveRoute(route(given)?),
        Command::NoInterfaceVlan => Edit::RemoveVlanInterface(number(given, "vlan")?),
        Command::ExecTimeout => Edit::ExecTimeout {
            minutes: number(given, "minutes")?,
        },
        other => Edit::Uplink {
            uplink: uplink?,
            options: uplink_options(other, given)?,
        },
    })
}

/// Returns the edit of a line that the device keeps and prints as it was entered.
fn kept_edit(command: Command, given: &Arguments) -> Option<Edit> {
    Some(match command {
        Command::Community => {
            let line = kept("snmp-server community", given)?;
            Edit::Keep {
                replacing: KeptLine(format_compact!("{} ", line.0)),
                line,
            }
        }
        Command::NoCommunity => {
            let line = kept("snmp-server community", given)?;
            Edit::DropKept(KeptLine(format_compact!("{} ", line.0)))
        }
        Command::Announcement => {
            let start = announcement(given)?;
            Edit::Keep {
                replacing: KeptLine(format_compact!("{start} ")),
                line: kept(&start, given)?,
            }
        }
        _ => {
            let start = announcement(given)?;
            Edit::DropKept(KeptLine(format_compact!("{start} ")))
        }
    })
}

/// Returns the change of a switchport line. It is ignored on G.hn ports, whose VLANs the device manages itself.
pub(super) fn uplink_options(command: Command, given: &Arguments) -> Option<UplinkOptions> {
    let mut options = UplinkOptions::default();
    match command {
        Command::SwitchportMode => {
            options.mode = [
                SwitchportMode::Access,
                SwitchportMode::Trunk,
                SwitchportMode::Hybrid,
            ]
            .into_iter()
            .find(|mode| given.has(mode.as_str()));
        }
        Command::SwitchportAllowed => {
            options.allowed = Some(if given.has("all") {
                vlans(&[(1, 4095)])
            } else {
                vlan_set(given, "vlans")
            });
        }
        Command::SwitchportNative | Command::SwitchportAccess => {
            options.native = Some(number(given, "vlan")?);
        }
        Command::Shutdown => options.shutdown = Some(true),
        Command::NoShutdown => options.shutdown = Some(false),
        _ => return None,
    }
    Some(options)
}

fn port_options(given: &Arguments) -> PortOptions {
    PortOptions {
        name: text(given, "name"),
        mode: PortMode::ALL
            .into_iter()
            .find(|mode| given.has(mode.as_str())),
        shutdown: None,
    }
}

fn port_shutdown(given: &Arguments, shutdown: bool) -> Option<Edit> {
    Some(Edit::Port {
        port: port_number(given)?,
        options: PortOptions {
            shutdown: Some(shutdown),
            ..PortOptions::default()
        },
    })
}

fn profile_options(given: &Arguments) -> ProfileOptions {
    ProfileOptions {
        name: text(given, "name"),
        description: text(given, "description"),
        down: given.number("down"),
        up: given.number("up"),
        service_limit_level: number(given, "level"),
    }
}

fn endpoint_options(given: &Arguments) -> EndpointOptions {
    EndpointOptions {
        name: text(given, "name"),
        mac: given.mac("mac"),
        description: text(given, "description"),
        port: if given.has("auto") {
            Some(ExpectedPort::Auto)
        } else if given.has("unassigned") {
            Some(ExpectedPort::Unassigned)
        } else {
            number(given, "port").map(ExpectedPort::Port)
        },
        allow_management_access: given.has("allow-management-access").then_some(true),
    }
}

/// Returns the line to keep: a command, and the rest of the line as entered.
fn kept(start: &str, given: &Arguments) -> Option<KeptLine> {
    let rest = rest_of_line(given)?;
    Some(KeptLine(format_compact!("{start} {rest}")))
}

fn announcement(given: &Arguments) -> Option<CompactString> {
    let number: u8 = number(given, "number")?;
    Some(format_compact!("controller announcement url {number}"))
}

fn password(given: &Arguments) -> Password {
    if let Some(stored) = given.text("hash") {
        return Password::stored(stored);
    }
    match given.text("password") {
        Some(password) => Password::of(password),
        None => Password::None,
    }
}

/// The characters of a hash.
const HASH_LENGTH: usize = 64;

impl Password {
    /// Returns a password; an empty one is `None`.
    pub fn of(password: &str) -> Self {
        if password.is_empty() {
            return Self::None;
        }
        let digest = Sha256::digest(password.as_bytes());
        let mut hash = CompactString::default();
        for octet in digest {
            hash.push_str(&format_compact!("{octet:02x}"));
        }
        Self::Set {
            hash,
            clear: Some(CompactString::from(password)),
        }
    }

    /// Returns the password of a running-config: its hash, or base64 of its clear text.
    fn stored(stored: &str) -> Self {
        let is_hash =
            stored.len() == HASH_LENGTH && stored.bytes().all(|byte| byte.is_ascii_hexdigit());
        let clear = base64::decode(stored).filter(|_| !is_hash);
        match clear.and_then(|clear| String::from_utf8(clear).ok()) {
            Some(clear) => Self::of(&clear),
            None => Self::Set {
                hash: CompactString::from(stored),
                clear: None,
            },
        }
    }

    /// Returns the word of a running-config.
    pub(super) fn shown(&self, form: StoredPasswords) -> Option<CompactString> {
        match (self, form) {
            (Self::None, _) => None,
            (
                Self::Set {
                    clear: Some(clear), ..
                },
                StoredPasswords::Base64,
            ) => Some(CompactString::from(base64::encode(clear.as_bytes()))),
            (Self::Set { hash, .. }, _) => Some(hash.clone()),
        }
    }

    pub fn is(&self, password: &str) -> bool {
        *self == Self::of(password)
    }
}

fn route(given: &Arguments) -> Option<CompactString> {
    Some(format_compact!(
        "{} {} {}",
        given.ipv4("network")?,
        given.ipv4("mask")?,
        given.ipv4("gateway")?
    ))
}

fn port_number(given: &Arguments) -> Option<u8> {
    number(given, "number")
}

/// Returns a text to the end of the line. Reading a running-config back loses blanks there, so they are dropped at
/// once.
fn rest_of_line(given: &Arguments) -> Option<CompactString> {
    given
        .text("text")
        .map(|text| CompactString::from(text.trim()))
}
