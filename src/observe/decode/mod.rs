//! From values of SNMP to rows: types, ranges, enumerations and sets of VLANs; pure, and never in panic.
//!
//! `grid` cells by row and column · `agree` whether tables fit together · `cell` one value as what it must be · `ghn` profiles, endpoints and subscribers · `switch` ports,
//! uplinks and what the device says of itself · `identity` who it is · `health` how it is doing ·
//! `startup` the file it starts from.

mod agree;
mod cell;
mod ghn;
pub(super) mod grid;
mod health;
mod identity;
mod startup;
mod switch;
#[cfg(test)]
mod tests;

pub(super) use agree::{contradiction, unconfirmed};
pub(super) use ghn::{endpoints, profiles, subscribers};
pub(super) use grid::{Grid, Row};
pub(super) use health::{alarms, cpu_percent, endpoint_health, fans, links, temperatures};
pub(super) use identity::{Facts, facts, management_vlan, subscriber_model};
pub use startup::StartupFile;
pub(super) use startup::startup_file;
pub(super) use switch::{ports, system, uplink_numbers, uplinks};
