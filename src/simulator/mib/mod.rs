//! The MIBs of a GAM: which objects exist, what they read and what a SET does, over the state of one device.

mod endpoint_rows;
mod ghn;
mod rows;
mod system;
mod table;
#[cfg(test)]
mod tests;
mod view;
mod vlan_quarters;

use std::sync::LazyLock;

pub use view::Mib;

use table::Object;

/// Every object of every MIB, in the order of a walk.
static OBJECTS: LazyLock<Vec<Object>> = LazyLock::new(|| {
    let mut objects: Vec<Object> = [system::objects(), ghn::objects()]
        .into_iter()
        .flatten()
        .collect();
    objects.sort_by(|left, right| left.name.cmp(&right.name));
    objects
});
