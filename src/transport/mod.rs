//! Carries bytes to a device and back over SSH and SNMP; `observe` and `apply` interpret them.

pub mod snmp;
pub mod ssh;
