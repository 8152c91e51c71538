//! Blocks values that no device of the model accepts, in case the inventory rules missed one.

use super::Block;
use crate::model::{
    LIMITER_RANGE, MAX_ALLOWED_VLANS, Mbps, Part, PortAssignment, VlanId, highest_limiter,
};
use crate::plan::item::Subscriber;
use crate::plan::planner_state::PlannerState;

const RULE: &str = "cannot-be-set";

/// Blocks profiles with a new rate that no limiter of the model can have.
pub(super) fn profiles(planner: &PlannerState<'_>) -> Vec<Block> {
    let fastest = highest_limiter(planner.request.model.medium());
    let is_possible = |speed: Mbps| LIMITER_RANGE.contains(&speed.get()) && speed <= fastest;
    let mut blocks = Vec::new();
    for (index, item) in planner.profiles.iter().enumerate() {
        let Some(goal) = item.goal.as_ref().filter(|_| item.is_intended()) else {
            continue;
        };
        let start = item.start.as_ref();
        let is_new = |read: fn(&crate::plan::item::Profile) -> Mbps| {
            start.is_none_or(|start| read(start) != read(goal)) && !is_possible(read(goal))
        };
        if is_new(|profile| profile.down) || is_new(|profile| profile.up) {
            let why = format!(
                "its rates are {} and {} Mbps, and a {} limits to between {} and {fastest}",
                goal.down,
                goal.up,
                planner.request.model,
                LIMITER_RANGE.start()
            );
            blocks.push(Block::new(Part::Profiles, index, RULE, why));
        }
    }
    blocks
}

/// Blocks endpoints on a port that the model does not have, and an endpoint with the MAC address of the device.
pub(super) fn endpoints(planner: &PlannerState<'_>) -> Vec<Block> {
    let model = planner.request.model;
    let mut blocks = Vec::new();
    for (index, item) in planner.endpoints.iter().enumerate() {
        let Some(goal) = item.goal.as_ref().filter(|_| item.is_intended()) else {
            continue;
        };
        let is_new_port = item
            .start
            .as_ref()
            .is_none_or(|start| start.port != goal.port);
        if let PortAssignment::Port(port) = goal.port
            && is_new_port
            && !model.has_port(port)
        {
            let why = format!(
                "a {model} has ports 1 to {}, not {port}",
                model.port_count()
            );
            blocks.push(Block::new(Part::Endpoints, index, RULE, why));
        } else if item.changes() && Some(goal.mac) == planner.observation.identity.mac {
            let why = "it has the device's own address".to_owned();
            blocks.push(Block::new(Part::Endpoints, index, RULE, why));
        }
    }
    blocks
}

/// Blocks subscribers with VLANs that the device rejects.
pub(super) fn subscribers(planner: &PlannerState<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (index, item) in planner.subscribers.iter().enumerate() {
        let Some(goal) = item.goal.as_ref().filter(|_| item.is_intended()) else {
            continue;
        };
        if !item.changes() {
            continue;
        }
        if let Some(why) = rejected_vlans(goal, item.start.as_ref()) {
            blocks.push(Block::new(Part::Subscribers, index, RULE, why));
        }
    }
    blocks
}

/// Returns the reason that the device rejects a subscriber's VLANs. A number that the subscriber has already is not checked.
fn rejected_vlans(goal: &Subscriber, start: Option<&Subscriber>) -> Option<String> {
    let is_new = |read: fn(&Subscriber) -> Option<VlanId>| -> Option<VlanId> {
        let vlan = read(goal)?;
        start
            .is_none_or(|start| read(start) != Some(vlan))
            .then_some(vlan)
    };
    if let Some(vlan) = is_new(|one| Some(one.vlan))
        && vlan != VlanId::UNSERVED
        && let Err(problem) = vlan.check_data()
    {
        return Some(format!("its VLAN is {vlan}: {problem}"));
    }
    if let Some(vlan) = is_new(|one| one.port2_vlan)
        && let Err(problem) = vlan.check_data()
    {
        return Some(format!("its second port's VLAN is {vlan}: {problem}"));
    }
    if let Some(vlan) = is_new(|one| one.remapped_vlan)
        && let Err(problem) = vlan.check_tag()
    {
        return Some(format!("its remapped VLAN is {vlan}: {problem}"));
    }
    if goal.port2_vlan == Some(goal.vlan) {
        return Some("its second port has the same VLAN as its first".to_owned());
    }
    if start.is_none_or(|start| start.allowed_vlans != goal.allowed_vlans) {
        if goal.allowed_vlans.count() > MAX_ALLOWED_VLANS {
            return Some(format!(
                "it has {} allowed VLANs, and {MAX_ALLOWED_VLANS} are accepted",
                goal.allowed_vlans.count()
            ));
        }
        let ends = goal
            .allowed_vlans
            .ranges()
            .iter()
            .flat_map(|range| [range.first, range.last]);
        for vlan in ends {
            if let Err(problem) = vlan.check_tag() {
                return Some(format!("its allowed VLANs have {vlan}: {problem}"));
            }
        }
    }
    None
}
