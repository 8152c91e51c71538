//! Orders the VLANs of uplinks: added before their subscribers come, removed after they are gone.

use crate::model::{UplinkNumber, VlanId, VlanSet};
use crate::plan::planner_state::PlannerState;
use crate::plan::settings::{Settings, difference, union};
use crate::plan::{Refusal, management};

use super::partial_state::PartialState;

/// One line for one uplink.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) number: UplinkNumber,
    pub(super) to: VlanSet,
}

/// What uplinks do before everything else, and after it.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) first: Vec<Turn>,
    pub(super) last: Vec<Turn>,
}

/// Returns when each uplink changes; one that must both add first and take away last does so in two turns.
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

/// Returns the VLANs that subscribers who change have before, and those that they have after.
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

/// Returns the VLANs that pass no uplink any more after a turn.
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

/// Returns a refusal where an uplink would stop a VLAN that our own way to the device may go through.
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
