//! Reads the arguments of a line in the types of the device's configuration.

use compact_str::CompactString;

use crate::model::VlanSet;
use crate::simulator::gam::vlans;
use crate::simulator::grammar::Arguments;

/// Returns a number in the width of its field; the grammar has checked its range.
pub(super) fn number<T: TryFrom<u32>>(given: &Arguments, name: &str) -> Option<T> {
    given
        .number(name)
        .and_then(|number| T::try_from(number).ok())
}

pub(super) fn text(given: &Arguments, name: &str) -> Option<CompactString> {
    given.text(name).map(CompactString::from)
}

pub(super) fn vlan_set(given: &Arguments, name: &str) -> VlanSet {
    given.vlans(name).map(vlans).unwrap_or_default()
}
