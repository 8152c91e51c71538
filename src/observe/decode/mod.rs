//! Decodes SNMP values to rows: types, ranges, enumerations and sets of VLANs; pure, never panics.
//!
//! `grid` has cells by row and column, `agree` checks tables against each other, `cell` decodes one value. `switch`
//! decodes ports, uplinks and system settings (`kinds` the rest). `identity` decodes identity, `uptime` texts of uptimes,
//! `health` health, `startup` the startup-config's file.

mod agree;
pub(super) mod cell;
pub(super) mod grid;
mod health;
mod identity;
mod interface;
mod startup;
mod switch;
#[cfg(test)]
mod tests;
mod uptime;

pub(super) use agree::{contradiction, unconfirmed};
pub(super) use grid::{Grid, Row};
pub(super) use health::{
    alarms, cpu_percent, endpoint_health, ethernet_ports, fans, led, links, temperatures,
    worst_severity,
};
pub(super) use identity::{Facts, facts, management_vlan, sends_names, subscriber_model};
pub(super) use interface::{Uplinks, other_interfaces, uplinks_among};
pub use startup::StartupFile;
pub(super) use startup::startup_file;
pub(super) use switch::{ports, system, uplinks};
