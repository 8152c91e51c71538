//! Bytes to a device and back, with no idea of what they mean.

pub mod snmp;
pub mod ssh;
