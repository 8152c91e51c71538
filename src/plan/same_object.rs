//! Compares an intended object with an observed one, field by field.
//!
//! Each comparison destructures the intended side, so that a new field does not compile until it is compared.

use crate::model::{EndpointConfig, ProfileConfig, Slot};

pub(super) use super::change::same_subscriber;

/// Returns whether an observed object has a slot. Without one no line can address it, so it is never the same.
fn has_slot(slot: Option<Slot>) -> bool {
    slot.is_some()
}

pub(super) fn same_profile(intended: &ProfileConfig, has: &ProfileConfig) -> bool {
    let ProfileConfig {
        slot: _,
        description,
        down,
        up,
    } = intended;
    has_slot(has.slot) && *description == has.description && *down == has.down && *up == has.up
}

pub(super) fn same_endpoint(intended: &EndpointConfig, has: &EndpointConfig) -> bool {
    let EndpointConfig {
        slot: _,
        name,
        port,
    } = intended;
    has_slot(has.slot) && *name == has.name && *port == has.port
}
