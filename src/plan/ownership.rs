//! Checks whether an object is owned (in the ledger) or built into the device.

use crate::model::{ProfileName, Slot};

use super::Request;
use super::item::{Endpoint, Profile, Subscriber};
use super::planner_state::PlannerState;

/// The profile of endpoints without a subscriber, as every GAM is delivered (docs/gam.md).
pub(super) const BUILT_IN_SLOT: Slot = Slot(1);
pub(super) const BUILT_IN_NAME: &str = "Default BW Profile";

/// Returns whether a profile is the built-in one: by its slot, or by its name. gamctl never creates, removes or renames it
/// (docs/gam.md).
pub(super) fn is_built_in(slot: Slot, name: &ProfileName) -> bool {
    slot == BUILT_IN_SLOT || name.as_str() == BUILT_IN_NAME
}

pub(super) fn owns_profile(planner: &PlannerState<'_>, profile: &Profile) -> bool {
    planner
        .ledger()
        .is_some_and(|ledger| ledger.owns_profile(&profile.name))
}

pub(super) fn owns_endpoint(planner: &PlannerState<'_>, endpoint: &Endpoint) -> bool {
    planner
        .ledger()
        .is_some_and(|ledger| ledger.owns_endpoint(endpoint.mac))
}

pub(super) fn owns_subscriber(planner: &PlannerState<'_>, subscriber: &Subscriber) -> bool {
    planner
        .ledger()
        .is_some_and(|ledger| ledger.owns_subscriber(&subscriber.name))
}

/// Returns whether unmanaged objects may be removed. Without a ledger they never are, because any object may be owned.
pub(super) fn may_remove_unmanaged(request: &Request<'_>) -> bool {
    request.ledger.is_some() && request.authoritative && request.removes_unmanaged
}
