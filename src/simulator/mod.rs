//! The twin: a simulated GAM with real SSH and SNMP, for tests; built from docs/gam.md only.
//!
//! It must stay a second opinion: it shares no code and no constants with the code that it tests.

mod base64;
pub mod billing;
pub mod commands;
pub mod fault;
pub mod gam;
pub mod grammar;
pub mod mib;
pub mod moment;
pub mod server;
pub mod snmp;
pub mod terminal;
