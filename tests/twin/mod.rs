//! The twin from the outside: real clients of SSH and SNMP over loopback.

mod fleet;
mod fleet_inventory;
mod running_fleet;
