//! Decodes SNMP values to rows: types, ranges, enumerations and sets of VLANs; pure, never panics.
//!
//! `grid` has cells by row and column, `agree` checks tables against each other, `cell` decodes one value. `switch`
//! decodes ports, uplinks and system settings (`kinds` the rest). `identity` decodes identity, `uptime` texts of uptimes,
//! `health` health, `alarm` active alarms, `startup` the startup-config's file. `poll` and `line` decode a poll: the device, and
//! its endpoints.

mod agree;
mod alarm;
pub(super) mod cell;
pub(super) mod grid;
mod health;
mod identity;
mod interface;
mod line;
mod module;
mod poll;
mod startup;
mod switch;
#[cfg(test)]
mod tests;
mod uptime;

pub(super) use agree::{contradiction, unconfirmed};
pub(super) use alarm::{alarms, worst_severity};
pub(super) use grid::{Grid, Row};
pub(super) use health::{
    cpu_percent, endpoint_health, ethernet_ports, fans, led, links, temperatures,
};
pub(super) use identity::{Facts, facts, management_vlan, sends_names, subscriber_model};
pub(super) use interface::{Uplinks, other_interfaces, uplinks_among};
pub(super) use line::{BY_MAC, BY_SLOT, LineGrids, LineObjects};
pub(super) use poll::{PollGrids, heard_list, poll_of};
pub use startup::StartupFile;
pub(super) use startup::startup_file;
pub(super) use switch::{ports, system, uplinks};
