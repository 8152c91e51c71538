//! Checks the reason of a step that cannot be undone against the documents.

use super::setting::{can_set, setting};
use crate::model::{Observation, VlanId};
use crate::plan::{CannotUndo, Change, Field, Request, Step};

/// Returns the mistake in the reason that a step gives; `None` if the reason is right.
pub(super) fn objection<L>(
    step: &Step<L>,
    reason: &CannotUndo,
    observation: &Observation,
    request: &Request<'_>,
) -> Option<String> {
    if !step.inverse.is_empty() {
        return Some("it is said that nothing undoes this, and there are lines that do".to_owned());
    }
    let change = &step.change;
    let holds = match reason {
        CannotUndo::UnsafeCharacter { field, .. }
        | CannotUndo::TooLong { field, .. }
        | CannotUndo::LostSpaces { field }
        | CannotUndo::NotAHostname { field }
        | CannotUndo::OutOfRange { field } => is_unwritable(change, *field),
        CannotUndo::NotKnown { field } => change
            .field(*field)
            .is_some_and(|view| setting(view.field, view.value_before()).is_none()),
        CannotUndo::CutsManagement { vlan } => {
            !request.allows_management && cuts(change, *vlan, observation, request)
        }
    };
    (!holds).then(|| "it is said that nothing undoes this, and that is not so".to_owned())
}

fn is_unwritable(change: &Change, field: Field) -> bool {
    let from = change.field(field).and_then(|view| view.value_before());
    let had = from.and_then(|from| setting(field, Some(from)));
    had.is_some_and(|had| !can_set(&change.object(), field, &had))
}

/// Returns whether undoing stops a VLAN on an uplink through which gamctl may reach the device.
fn cuts(change: &Change, vlan: VlanId, observation: &Observation, request: &Request<'_>) -> bool {
    let Change::Uplink(number, update) = change else {
        return false;
    };
    let native = observation.uplink_facts.get(number);
    let native = native.and_then(|facts| facts.native_vlan);
    let may_carry_management = [
        Some(request.management_vlan),
        observation.management_vlan,
        native,
    ]
    .contains(&Some(vlan));
    let moved = update.allowed_vlans.as_ref();
    may_carry_management
        && moved.is_some_and(|moved| moved.to.0.contains(vlan) && !moved.from.0.contains(vlan))
}
