//! The twin: a simulated GAM that speaks real SSH and SNMP, written from docs/gam.md and never from the code it judges.

pub mod commands;
pub mod fault;
pub mod gam;
pub mod grammar;
pub mod mib;
pub mod moment;
pub mod server;
pub mod snmp;
pub mod terminal;
