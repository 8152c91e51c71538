//! Makes the change between two states of an object.

use crate::model::{PortConfig, PortNumber, Slot, SystemConfig, UplinkNumber, VlanSet};

use super::change::{Changed, EndpointRef, Rate, UplinkUpdate, UplinkVlans};
use super::item::{Endpoint, Profile, Subscriber};
use super::{Change, Edit, Kind};

pub(super) fn profile(slot: Slot, from: Option<&Profile>, to: Option<&Profile>) -> Option<Change> {
    let edit = Edit::between(from, to)?;
    Some(Change::Profile(slot, Box::new(edit)))
}

pub(super) fn endpoint(
    slot: Slot,
    from: Option<&Endpoint>,
    to: Option<&Endpoint>,
) -> Option<Change> {
    let edit = Edit::between(from, to)?;
    Some(Change::Endpoint(slot, Box::new(edit)))
}

/// Looks up an endpoint or a profile by the index of its item, with its name and slot at this step.
pub(super) struct Uses<'a> {
    pub(super) endpoint: &'a dyn Fn(usize) -> Option<EndpointRef>,
    pub(super) profile: &'a dyn Fn(usize) -> Option<Rate>,
}

pub(super) fn subscriber(
    slot: Slot,
    from: Option<&Subscriber>,
    to: Option<&Subscriber>,
    uses: &Uses<'_>,
) -> Option<Change> {
    // A profile that does not exist at this step leads to no change: the subscriber must not become unthrottled.
    let named = |one: &Subscriber| {
        let rate = match one.rate {
            None => Rate::Unthrottled,
            Some(profile) => (uses.profile)(profile)?,
        };
        Some(one.using(one.endpoint.and_then(uses.endpoint), rate))
    };
    let (from, to) = match (from, to) {
        (from, None) => (Some(named(from?)?), None),
        (None, Some(to)) => (None, Some(named(to)?)),
        (Some(from), Some(to)) => (Some(named(from)?), Some(named(to)?)),
    };
    let edit = Edit::between(from.as_ref(), to.as_ref())?;
    Some(Change::Subscriber(slot, Box::new(edit)))
}

pub(super) fn port(number: PortNumber, from: &PortConfig, to: &PortConfig) -> Change {
    Change::Port(number, PortConfig::between(from, to))
}

pub(super) fn uplink(number: UplinkNumber, from: &VlanSet, to: &VlanSet) -> Change {
    let allowed_vlans = (from != to).then(|| Changed {
        from: UplinkVlans(from.clone()),
        to: UplinkVlans(to.clone()),
    });
    Change::Uplink(number, UplinkUpdate { allowed_vlans })
}

pub(super) fn system(from: &SystemConfig, to: &SystemConfig) -> Change {
    Change::System(SystemConfig::between(from, to))
}
