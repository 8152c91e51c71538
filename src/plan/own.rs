//! Whose an object is: ours by the ledger, or the device's own.

use crate::model::{ProfileName, Slot};

use super::item::{Endpoint, Profile, Subscriber};
use super::scene::Scene;

/// Returns whether a profile is the one that every device has and nobody can remove (docs/gam.md).
pub(super) fn is_devices_own(slot: Slot, name: &ProfileName) -> bool {
    slot == Slot(1) || name.as_str() == "default"
}

pub(super) fn owns_profile(scene: &Scene<'_>, profile: &Profile) -> bool {
    scene
        .ledger()
        .is_some_and(|ledger| ledger.owns_profile(&profile.name))
}

pub(super) fn owns_endpoint(scene: &Scene<'_>, endpoint: &Endpoint) -> bool {
    scene
        .ledger()
        .is_some_and(|ledger| ledger.owns_endpoint(endpoint.mac))
}

pub(super) fn owns_subscriber(scene: &Scene<'_>, subscriber: &Subscriber) -> bool {
    scene
        .ledger()
        .is_some_and(|ledger| ledger.owns_subscriber(&subscriber.name))
}
