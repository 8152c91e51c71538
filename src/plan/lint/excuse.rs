//! Checks a step that comes without lines that undo it: whether the documents agree that there can be none.

use super::command::can_set;
use super::state::setting;
use crate::model::{Observation, VlanId};
use crate::plan::{CannotUndo, Change, Field, Object, Request, Step, Value};

/// Returns what is wrong with the reason that a step gives, where something is.
pub(super) fn objection(
    step: &Step,
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
            .is_some_and(|change| setting(change.field, change.from.as_ref()).is_none()),
        CannotUndo::CutsManagement { vlan } => {
            !request.allows_management && cuts(change, *vlan, observation, request)
        }
    };
    (!holds).then(|| "it is said that nothing undoes this, and that is not so".to_owned())
}

fn is_unwritable(change: &Change, field: Field) -> bool {
    let from = change.field(field).and_then(|change| change.from.as_ref());
    let had = from.and_then(|from| setting(field, Some(from)));
    had.is_some_and(|had| !can_set(&change.object, field, &had))
}

/// Returns whether undoing stops a VLAN on an uplink that the device may be reached through.
fn cuts(change: &Change, vlan: VlanId, observation: &Observation, request: &Request<'_>) -> bool {
    let Object::Uplink(number) = &change.object else {
        return false;
    };
    let native = observation.uplink_facts.get(number);
    let native = native.and_then(|facts| facts.native_vlan);
    let is_way = [
        Some(request.management_vlan),
        observation.management_vlan,
        native,
    ]
    .contains(&Some(vlan));
    let passes = |value: Option<&Value>| match value {
        Some(Value::Vlans(list)) => list.contains(vlan),
        _ => false,
    };
    let moved = change.field(Field::AllowedVlans);
    is_way && moved.is_some_and(|moved| passes(moved.to.as_ref()) && !passes(moved.from.as_ref()))
}
