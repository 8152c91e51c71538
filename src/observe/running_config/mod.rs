//! Parses `show running-config`: strict about managed sections, ignores all others.
//!
//! `words` splits lines, `options` collects the options of G.hn lines. `ghn` parses these lines, `interface` uplinks and VLAN
//! interfaces. `backup` keeps the whole text without secrets.
//!
//! A running-config leaves out factory defaults (docs/gam.md); if the default is unknown, so is the value. A G.hn line
//! that is not understood makes its object unclear. If the object is unknown too, this affects all objects of the kind. A whole
//! line about a kind of objects that is unknown affects none, and is shown.

mod backup;
mod ghn;
mod interface;
pub(super) mod options;
#[cfg(test)]
mod tests;
pub(super) mod words;

use std::net::IpAddr;

pub use backup::{Backup, BackupError, backup_of};

use super::rows::{Known, Rows, SystemRow};
use crate::model::{GamModel, VlanId};
use ghn::{Ghn, is_interrupted, is_option, is_piece};
use interface::Interfaces;
use words::shown;

/// Far more lines than the largest device prints.
const MOST_LINES: usize = 50_000;

/// Lines of unknown kinds that a look keeps: enough to see what they are.
const MOST_UNKNOWN: usize = 20;

/// Sections whose indented lines may begin with a word that is also an option of a G.hn line, such as `name` below `vlan`
/// (the family's configurations; docs/gam.md).
const WITH_NAMES: [&str; 12] = [
    "aaa",
    "access-list",
    "class-map",
    "interface",
    "ip",
    "ipv6",
    "line",
    "monitor",
    "ntp",
    "policy-map",
    "spanning-tree",
    "vlan",
];

/// The managed part of a running-config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningConfig {
    pub rows: Rows,
    /// Lines that were not understood, and that are about none of the rows; the first `MOST_UNKNOWN` of them.
    pub unknown_lines: Vec<String>,
    /// The addresses of VLAN interfaces.
    addresses: Vec<(VlanId, IpAddr)>,
}

/// The reason why a text is not a running-config.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunningConfigError {
    #[error("the running-config is incomplete: it does not end with `end`")]
    NotWhole,
    #[error("something follows the running-config's `end`: {0}")]
    Behind(String),
    #[error("the running-config has more than {MOST_LINES} lines")]
    TooLong,
}

/// Parses the lines of a running-config from a device of this model.
pub fn parse<L: AsRef<str>>(
    lines: &[L],
    model: GamModel,
) -> Result<RunningConfig, RunningConfigError> {
    if lines.len() > MOST_LINES {
        return Err(RunningConfigError::TooLong);
    }
    let mut system = System::default();
    let mut ghn = Ghn::default();
    let mut interfaces = Interfaces::default();
    let mut has_ended = false;
    let mut was_ghn = false;
    let mut section = "";
    for line in lines.iter().map(AsRef::as_ref) {
        let is_inside = line.starts_with([' ', '\t']);
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        if has_ended {
            return Err(RunningConfigError::Behind(shown(text)));
        }
        // A device prints its messages wherever it is in a line: what precedes one has lost its end, and `no` its meaning.
        if is_interrupted(text, is_inside) {
            let quoted = quoted(text, is_inside, section);
            let reason = format!("a message of the device interrupts a line: {quoted}");
            ghn.lose_all(&reason);
            interfaces.lose_all(&reason);
            system.lose_all(&reason);
            continue;
        }
        if is_inside && interfaces.take_inner(text) {
            continue;
        }
        if !is_inside {
            interfaces.leave();
        }
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        if !is_inside {
            section = first;
        }
        let follows_ghn = std::mem::replace(&mut was_ghn, first == "ghn");
        match first {
            "end" if !is_inside && rest.is_empty() => has_ended = true,
            "ghn" if !is_inside => ghn.take(rest),
            "no" if !is_inside && rest.starts_with("ghn ") => ghn.take_no(rest),
            "interface" if !is_inside => interfaces.enter(rest),
            "hostname" if !is_inside => system.hostname.take("host name", rest),
            "snmp-server" if !is_inside => system.take_snmp_server(rest),
            // G.hn lines have no indented lines below them, and an option is indented only in sections that are known to have
            // such lines: elsewhere it is the end of a broken line.
            _ if is_piece(text, is_inside)
                || (is_inside
                    && (follows_ghn || (is_option(first) && !WITH_NAMES.contains(&section)))) =>
            {
                let quoted = quoted(text, is_inside, section);
                let reason = format!("unexpected line in the running-config: {quoted}");
                ghn.lose_all(&reason);
                interfaces.lose_all(&reason);
                system.lose_all(&reason);
            }
            _ => {}
        }
    }
    if !has_ended {
        return Err(RunningConfigError::NotWhole);
    }
    let mut rows = Rows {
        system: system.row(),
        ..Rows::default()
    };
    let mut unknown_lines = std::mem::take(&mut ghn.unknown);
    unknown_lines.truncate(MOST_UNKNOWN);
    ghn.put_into(&mut rows, model);
    let addresses = interfaces.put_into(&mut rows);
    Ok(RunningConfig {
        rows,
        unknown_lines,
        addresses,
    })
}

/// Returns a line for a reason. Of `version v2 COMMUNITY`, only the section says that it has a secret.
fn quoted(text: &str, is_inside: bool, section: &str) -> String {
    match text.split_once(' ') {
        Some((word, _)) if is_inside && section == "snmp-server" => shown(word),
        _ => shown(text),
    }
}

impl RunningConfig {
    /// Returns the VLAN of the interface with the address that we use.
    pub fn management_vlan(&self, reached_by: IpAddr) -> Option<VlanId> {
        let reached_by = reached_by.to_canonical();
        let mut all = self.addresses.iter();
        all.find(|(_, address)| *address == reached_by)
            .map(|(vlan, _)| *vlan)
    }
}

/// A text that may occur only once.
#[derive(Debug, Default)]
struct Once(Option<Known<String>>);

impl Once {
    fn take(&mut self, what: &str, text: &str) {
        self.0 = Some(match self.0 {
            None if text.is_empty() => Err(format!("the line of the {what} has no value")),
            None => Ok(text.to_owned()),
            Some(_) => Err(format!("the running-config has more than one {what}")),
        });
    }
}

#[derive(Debug, Default)]
struct System {
    hostname: Once,
    location: Once,
    contact: Once,
}

impl System {
    fn take_snmp_server(&mut self, rest: &str) {
        let (what, text) = rest.split_once(' ').unwrap_or((rest, ""));
        match what {
            "location" => self.location.take(what, text.trim()),
            "contact" => self.contact.take(what, text.trim()),
            // Communities, users and similar lines are not managed.
            _ => {}
        }
    }

    fn lose_all(&mut self, reason: &str) {
        for text in [&mut self.hostname, &mut self.location, &mut self.contact] {
            text.0 = Some(Err(reason.to_owned()));
        }
    }

    fn row(self) -> SystemRow {
        let none = || Ok(String::new());
        SystemRow {
            hostname: self.hostname.0.unwrap_or_else(|| {
                Err("the running-config leaves the host name out, as delivered".to_owned())
            }),
            location: self.location.0.unwrap_or_else(none),
            contact: self.contact.0.unwrap_or_else(none),
        }
    }
}
