//! The twin, looked at from outside: as a configuration, over SSH, over SNMP, and when it fails.

mod bytes;
mod configuration;
mod sessions;
mod story;
mod typing;
