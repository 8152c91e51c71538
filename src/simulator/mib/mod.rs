//! Serves a GAM's MIBs over the state of one device: the list of objects, their values, and SETs.

mod alarm;
mod bridge;
mod endpoint_rows;
mod firmware;
mod ghn;
mod icfg;
mod interface_rows;
mod interfaces;
mod module;
mod port;
mod port_statistics;
mod relay;
mod rows;
mod sensors;
mod statistics;
mod system;
mod sysutil;
mod table;
#[cfg(test)]
mod tests;
mod view;
mod vlan;
mod vlan_bridge;
mod vlan_quarters;
mod vlan_status;

use std::sync::LazyLock;

pub(in crate::simulator) use alarm::active_columns;
pub use view::Mib;

use table::Object;

/// Every object of every MIB, in the order of a walk.
static OBJECTS: LazyLock<Vec<Object>> = LazyLock::new(|| {
    let mut objects: Vec<Object> = [
        system::objects(),
        ghn::objects(),
        interfaces::objects(),
        port::objects(),
        port_statistics::objects(),
        bridge::objects(),
        vlan_bridge::objects(),
        vlan::objects(),
        vlan_status::objects(),
        alarm::objects(),
        sysutil::objects(),
        sensors::objects(),
        firmware::objects(),
        icfg::objects(),
        relay::objects(),
        module::objects(),
    ]
    .into_iter()
    .flatten()
    .collect();
    objects.sort_by(|left, right| left.name.cmp(&right.name));
    objects
});
