//! A GAM-24-C as full as wanted: what benches measure looks and walks on.

use std::fmt::Write as _;

use gamctl::simulator::commands::load;
use gamctl::simulator::gam::{Configuration, Hardware};

/// Returns a configuration with 14 profiles and so many subscribers, 16 to a port.
pub(crate) fn full_device(hardware: &Hardware, subscribers: u16) -> Configuration {
    let mut text = String::new();
    for plan in 2..=15 {
        let rate = plan * 50;
        writeln!(
            text,
            "ghn bw-profile {plan} name plan-{plan} rate-downstream {rate} rate-upstream {rate}"
        )
        .unwrap();
    }
    for id in 1..=subscribers {
        let (port, high, low) = ((id - 1) / 16 + 1, id >> 8, id & 0xff);
        let (vlan, plan) = (100 + id, id % 14 + 2);
        writeln!(text, "ghn endpoint {id} name cpe-acct-{id} mac-address 00:0e:d8:70:{high:02x}:{low:02x} port {port}").unwrap();
        writeln!(
            text,
            "ghn subscriber {id} name acct-{id} endpoint {id} vid {vlan} bw-profile {plan}"
        )
        .unwrap();
    }
    load(&text, hardware).unwrap()
}
