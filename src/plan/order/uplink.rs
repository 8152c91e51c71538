//! Orders the VLANs of uplinks: adds them before their subscribers arrive, removes them afterwards.

use crate::model::{UplinkNumber, VlanId, VlanSet};
use crate::plan::planner_state::PlannerState;
use crate::plan::settings::{Settings, difference, union};
use crate::plan::{Refusal, management};

use super::partial_state::PartialState;

/// One change of one uplink.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) number: UplinkNumber,
    pub(super) to: VlanSet,
}

/// The changes of uplinks before all other steps, and those after them.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) first: Vec<Turn>,
    pub(super) last: Vec<Turn>,
}

/// Returns the changes of each uplink. One that must add VLANs first and remove VLANs last changes twice.
pub(super) fn turns(planner: &PlannerState<'_>, settings: &Settings) -> Turns {
    let mut turns = Turns::default();
    let changing: Vec<_> = settings
        .uplinks
        .iter()
        .filter(|(_, pair)| pair.start != pair.goal)
        .collect();
    if changing.is_empty() {
        return turns;
    }
    let (before, after) = vlans_of_changing(planner);
    for (number, pair) in &changing {
        let added = difference(&pair.goal, &pair.start);
        let removed = difference(&pair.start, &pair.goal);
        // A VLAN may move to another uplink: it must pass there before it is removed here.
        let others = changing.iter().filter(|(other, _)| other != number);
        let (mut comes_elsewhere, mut goes_elsewhere) = (VlanSet::default(), VlanSet::default());
        for (_, other) in others {
            comes_elsewhere = union(&comes_elsewhere, &difference(&other.goal, &other.start));
            goes_elsewhere = union(&goes_elsewhere, &difference(&other.start, &other.goal));
        }
        let is_needed_first = meets(&added, &union(&after, &goes_elsewhere));
        let is_needed_until_last = meets(&removed, &union(&before, &comes_elsewhere));
        let turn = |to: VlanSet| Turn {
            number: **number,
            to,
        };
        if removed.is_empty() || (is_needed_first && !is_needed_until_last) {
            turns.first.push(turn(pair.goal.clone()));
        } else if is_needed_first {
            turns.first.push(turn(union(&pair.start, &pair.goal)));
            turns.last.push(turn(pair.goal.clone()));
        } else {
            turns.last.push(turn(pair.goal.clone()));
        }
    }
    turns
}

/// Returns the VLANs that changing subscribers have before the plan, and those that they have after it.
fn vlans_of_changing(planner: &PlannerState<'_>) -> (VlanSet, VlanSet) {
    let changing = || planner.subscribers.iter().filter(|item| item.changes());
    let before = changing()
        .filter_map(|item| item.start.as_ref())
        .flat_map(|start| start.vlans().collect::<Vec<_>>());
    let after = changing()
        .filter_map(|item| item.goal.as_ref())
        .flat_map(|goal| goal.vlans().collect::<Vec<_>>());
    (before.collect(), after.collect())
}

fn meets(left: &VlanSet, right: &VlanSet) -> bool {
    left.iter().any(|vlan| right.contains(vlan))
}

/// Returns the VLANs that pass no uplink any more after a change.
pub(super) fn lost(partial: &PartialState, turn: &Turn) -> VlanSet {
    let from = partial
        .uplinks
        .get(&turn.number)
        .cloned()
        .unwrap_or_default();
    let passes_elsewhere = |vlan: VlanId| {
        partial
            .uplinks
            .iter()
            .any(|(number, allowed)| *number != turn.number && allowed.contains(vlan))
    };
    difference(&from, &turn.to)
        .iter()
        .filter(|vlan| !passes_elsewhere(*vlan))
        .collect()
}

/// Returns a refusal if an uplink would stop a VLAN through which gamctl may reach the device.
pub(super) fn cuts_management(
    planner: &PlannerState<'_>,
    number: UplinkNumber,
    from: &VlanSet,
    to: &VlanSet,
) -> Option<Refusal> {
    let (vlan, why) = management::cut(planner.request, planner.observation, number, from, to)?;
    let device = planner.request.device;
    Some(Refusal {
        rule: "touches-management".to_owned(),
        message: format!(
            "uplink {number} of {device} would let VLAN {vlan} pass no more, {why}: the device might not be reached again"
        ),
        hint: "leave the VLAN in `allowed_vlans`; if it is meant, allow the change to the management path by name".to_owned(),
    })
}
