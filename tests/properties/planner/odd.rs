//! What people write on a device that gamctl could not: texts, and an uplink without the management VLAN.

use gamctl::model::VlanId;
use gamctl::plan::{DevicePlan, Note, Object};
use gamctl::simulator::gam::Configuration;

use super::super::dice::Dice;
use super::case::Case;

/// What a running-config can hold between quotes: a device with anything else refuses every edit of the object.
const TEXTS: [&str; 3] = ["a\\b", "why?", " a"];

/// Puts on the twin of a case what somebody wrote there by hand.
pub(super) fn make_odd(dice: &mut Dice, case: &mut Case) {
    case.is_odd = true;
    let long = "x".repeat(70);
    let running = &mut case.configuration;
    let text = |dice: &mut Dice| match dice.once_in(4) {
        true => long.as_str().into(),
        false => (*dice.pick(&TEXTS)).into(),
    };
    for (id, profile) in &mut running.profiles {
        if *id > 1 && dice.once_in(4) {
            profile.description = text(dice);
        }
    }
    for subscriber in running.subscribers.values_mut() {
        if dice.once_in(4) {
            subscriber.description = text(dice);
        }
    }
    if dice.once_in(2) {
        running.location = "rack  2".into();
    }
    if dice.once_in(3) {
        running.contact = text(dice);
    }
    if dice.once_in(3) {
        running.hostname = "gam_1".into();
    }
    for (number, port) in &mut running.ports {
        if dice.once_in(5) {
            port.name = format!("riser\\{number}").as_str().into();
        }
    }
    for uplink in running.uplinks.values_mut() {
        if dice.once_in(3) {
            uplink.allowed = uplink
                .allowed
                .iter()
                .filter(|vlan| *vlan != management())
                .collect();
        }
    }
}

fn management() -> VlanId {
    VlanId::DEFAULT_MANAGEMENT
}

/// Makes the same of both, in what a plan back says that it cannot give back.
pub(super) fn forget(way: &DevicePlan, both: [&mut Configuration; 2]) {
    let is_lost = |rule: &str| rule == "cannot-be-undone";
    // A port that cannot have its old name back keeps the new one, and whoever had that before waits for it.
    let keeps_a_name = way
        .notes
        .iter()
        .any(|note| is_lost(&note.rule) && matches!(note.object, Some(Object::Port(_))));
    let waits = |note: &&Note| {
        keeps_a_name && note.rule == "blocked" && matches!(note.object, Some(Object::Port(_)))
    };
    let objects: Vec<&Object> = way
        .notes
        .iter()
        .filter(|note| is_lost(&note.rule) || waits(note))
        .filter_map(|note| note.object.as_ref())
        .collect();
    for running in both {
        for object in &objects {
            forget_one(object, running);
        }
    }
}

fn forget_one(object: &Object, running: &mut Configuration) {
    match object {
        Object::System => {
            running.hostname = "".into();
            running.location = "".into();
            running.contact = "".into();
        }
        Object::Port(number) => {
            if let Some(port) = running.ports.get_mut(&number.get()) {
                port.name = "".into();
            }
        }
        Object::Profile(name) => {
            let mut all = running.profiles.values_mut();
            if let Some(one) = all.find(|one| one.name == name.as_str()) {
                one.description = "".into();
            }
        }
        Object::Subscriber(name) => {
            let mut all = running.subscribers.values_mut();
            if let Some(one) = all.find(|one| one.name == name.as_str()) {
                one.description = "".into();
            }
        }
        Object::Uplink(number) => {
            if let Some(uplink) = running.uplinks.get_mut(&number.get()) {
                uplink.allowed = uplink.allowed.iter().chain([management()]).collect();
            }
        }
        Object::Endpoint(_) => {}
    }
}
