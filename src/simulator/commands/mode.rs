//! Tracks the CLI mode of a simulated session, and the mode that each line leads to.

use compact_str::{CompactString, format_compact};

use super::configure::{edit_of, uplink_options};
use super::given::number;
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
    /// `(config-if)#` of uplinks.
    Uplinks(Numbers),
    /// `(config-if)#` of a G.hn port.
    Ghn,
    /// `(config-if-vlan)#`
    Vlan(u16),
    /// `(config-line)#`
    Line,
}

/// Numbers of interfaces, one bit each; a GAM has at most 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Numbers(u32);

/// The effect of a line of configuration mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Edits in sequence: a range of interfaces has one for each.
    Edits(Vec<Edit>),
    /// Only a change of mode.
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
            Self::Uplinks(_) | Self::Ghn => &GRAMMARS.switch_interface,
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
            Self::Uplinks(_) | Self::Ghn => "(config-if)# ",
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
            Self::Uplinks(_) | Self::Ghn | Self::Vlan(_) | Self::Line => Self::Configuration,
            Self::Configuration | Self::Privileged => Self::Privileged,
            Self::User => Self::User,
        }
    }

    /// Returns the effect of a line of configuration mode, and the mode after it.
    pub(super) fn step(
        self,
        command: Command,
        given: &Arguments,
        hardware: &Hardware,
    ) -> Result<(Self, Step), Refusal> {
        // A command of the outer mode is valid in an inner one and leaves it.
        let outer = CONFIGURATION.iter().any(|syntax| syntax.id == command);
        let here = if outer { Self::Configuration } else { self };
        Ok(match command {
            Command::Exit => (self.outer(), Step::Move),
            Command::End => (Self::Privileged, Step::Move),
            Command::Do => (
                self,
                Step::Do(given.text("line").unwrap_or_default().to_owned()),
            ),
            Command::Line => (Self::Line, Step::Move),
            Command::InterfaceUplink => {
                let uplinks = interface_numbers(given, hardware.uplinks())?;
                (Self::Uplinks(uplinks), Step::Move)
            }
            Command::InterfaceGhn => {
                interface_numbers(given, hardware.ghn_ports())?;
                (Self::Ghn, Step::Move)
            }
            Command::InterfaceVlan => {
                let vlan = number(given, "vlan").unwrap_or_default();
                let edit = Edit::VlanInterface {
                    vlan,
                    address: None,
                };
                (Self::Vlan(vlan), Step::Edits(vec![edit]))
            }
            Command::IpAddress | Command::NoIpAddress => {
                (here, Step::Edits(vec![self.address(command, given)]))
            }
            // The device updates these from its subscribers itself [seen].
            _ if self == Self::Ghn && uplink_options(command, given).is_some() => {
                (here, Step::Move)
            }
            _ => {
                let edits = match self {
                    Self::Uplinks(uplinks) if !outer => uplinks
                        .iter()
                        .filter_map(|uplink| edit_of(command, given, Some(uplink)))
                        .collect(),
                    _ => edit_of(command, given, None).into_iter().collect(),
                };
                (here, Step::Edits(edits))
            }
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

/// Returns the numbers of `1/1,3-5`: a GAM is always unit 1.
fn interface_numbers(given: &Arguments, highest: u8) -> Result<Numbers, Refusal> {
    let Some((1, ranges)) = given.ports("ports") else {
        return Err(Refusal::InvalidPort);
    };
    let mut numbers = Numbers::default();
    for (first, last) in ranges {
        if *last > u16::from(highest) {
            return Err(Refusal::InvalidPort);
        }
        for number in *first..=*last {
            numbers.0 |= 1 << number;
        }
    }
    Ok(numbers)
}

impl Numbers {
    fn iter(self) -> impl Iterator<Item = u8> {
        (1..32_u8).filter(move |number| self.0 & (1 << number) != 0)
    }
}
