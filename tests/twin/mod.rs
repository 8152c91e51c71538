//! The twin, looked at from outside: as a configuration, over SSH, over SNMP, as a fleet, and when it fails.

mod bytes;
mod configuration;
mod fleet;
mod fleet_inventory;
mod running_fleet;
mod sessions;
mod story;
mod typing;
