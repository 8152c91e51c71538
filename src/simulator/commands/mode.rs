//! Where in the command line a session is, and what a line of configuration mode leads to.

use compact_str::{CompactString, format_compact};

use super::configure::{edit_of, number, uplink_options};
use super::syntax::{CONFIGURATION, Command, GRAMMARS};
use crate::simulator::gam::{Edit, Hardware, Refusal};
use crate::simulator::grammar::{Arguments, Grammar};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// `>`
    User,
    /// `#`
    Privileged,
    /// `(config)#`
    Configuration,
    /// `(config-if)#` of an uplink.
    Uplink(u8),
    /// `(config-if)#` of a G.hn port.
    Ghn,
    /// `(config-if-vlan)#`
    Vlan(u16),
    /// `(config-line)#`
    Line,
}

/// What a line of configuration mode asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Edit(Edit),
    /// Nothing but the change of mode.
    Move,
    /// An EXEC command on a configuration line.
    Do(String),
}

impl Mode {
    pub(super) fn grammar(self) -> &'static Grammar<Command> {
        match self {
            Self::User => &GRAMMARS.user,
            Self::Privileged => &GRAMMARS.privileged,
            Self::Configuration => &GRAMMARS.configuration,
            Self::Uplink(_) | Self::Ghn => &GRAMMARS.switch_interface,
            Self::Vlan(_) => &GRAMMARS.vlan_interface,
            Self::Line => &GRAMMARS.line,
        }
    }

    /// Returns the prompt, such as `GAM(config)# `.
    pub(super) fn prompt(self, hostname: &str) -> CompactString {
        let end = match self {
            Self::User => "> ",
            Self::Privileged => "# ",
            Self::Configuration => "(config)# ",
            Self::Uplink(_) | Self::Ghn => "(config-if)# ",
            Self::Vlan(_) => "(config-if-vlan)# ",
            Self::Line => "(config-line)# ",
        };
        format_compact!("{hostname}{end}")
    }

    pub(super) fn configures(self) -> bool {
        !matches!(self, Self::User | Self::Privileged)
    }

    /// Returns the mode that `exit` leads to; leaving EXEC mode is not one.
    fn outer(self) -> Self {
        match self {
            Self::Uplink(_) | Self::Ghn | Self::Vlan(_) | Self::Line => Self::Configuration,
            Self::Configuration | Self::Privileged => Self::Privileged,
            Self::User => Self::User,
        }
    }

    /// Returns what a line of configuration mode asks for, and the mode after it.
    pub(super) fn step(
        self,
        command: Command,
        given: &Arguments,
        hardware: &Hardware,
    ) -> Result<(Self, Step), Refusal> {
        // A command of the outer mode is taken in an inner one, and leads out of it.
        let outer = CONFIGURATION.iter().any(|syntax| syntax.id == command);
        let here = if outer { Self::Configuration } else { self };
        let uplink = match self {
            Self::Uplink(uplink) => Some(uplink),
            _ => None,
        };
        Ok(match command {
            Command::Exit => (self.outer(), Step::Move),
            Command::End => (Self::Privileged, Step::Move),
            Command::Do => (
                self,
                Step::Do(given.text("line").unwrap_or_default().to_owned()),
            ),
            Command::Line => (Self::Line, Step::Move),
            Command::InterfaceUplink => {
                let port = interface_number(given, hardware.uplinks())?;
                (Self::Uplink(port), Step::Move)
            }
            Command::InterfaceGhn => {
                interface_number(given, hardware.ghn_ports())?;
                (Self::Ghn, Step::Move)
            }
            Command::InterfaceVlan => {
                let vlan = number(given, "vlan").unwrap_or_default();
                let edit = Edit::VlanInterface {
                    vlan,
                    address: None,
                };
                (Self::Vlan(vlan), Step::Edit(edit))
            }
            Command::IpAddress | Command::NoIpAddress => {
                (here, Step::Edit(self.address(command, given)))
            }
            // The device keeps these in step with its subscribers itself [seen].
            _ if self == Self::Ghn && uplink_options(command, given).is_some() => {
                (here, Step::Move)
            }
            _ => match edit_of(command, given, uplink) {
                Some(edit) => (here, Step::Edit(edit)),
                None => return Err(Refusal::NotInAValidState),
            },
        })
    }

    fn address(self, command: Command, given: &Arguments) -> Edit {
        let vlan = match self {
            Self::Vlan(vlan) => vlan,
            _ => 0,
        };
        let address = match (given.ipv4("address"), given.ipv4("mask")) {
            _ if command == Command::NoIpAddress => CompactString::default(),
            (Some(address), Some(mask)) => format_compact!("{address} {mask}"),
            _ => CompactString::const_new("dhcp"),
        };
        Edit::VlanInterface {
            vlan,
            address: Some(address),
        }
    }
}

/// Returns N of `1/N`: a GAM is always unit 1.
fn interface_number(given: &Arguments, highest: u8) -> Result<u8, Refusal> {
    match given.port("port") {
        Some((1, number)) if (1..=u16::from(highest)).contains(&number) => {
            u8::try_from(number).map_err(|_| Refusal::InvalidPort)
        }
        _ => Err(Refusal::InvalidPort),
    }
}
