//! Leaves out of a rollback plan what no line can restore, and notes it, so that the rest is restored.

use crate::model::{DeviceConfig, HeldText, Observation, Slot, UplinkNumber, VlanSet};

use super::undo::{are_tags, is_data_vlan, is_tag, unwritable_text};
use super::{Field, Note, Object, Request, management};

/// Takes out of the goal of a plan back what cannot be written, or must not be; what is on the device now stays there. Returns a note
/// for each.
pub(super) fn leave_out(
    goal: &mut DeviceConfig,
    now: &Observation,
    request: &Request<'_>,
) -> Vec<Note> {
    let mut left = Left::default();
    left.system(goal, &now.config);
    left.ports(goal, &now.config);
    left.profiles(goal, &now.config);
    left.subscribers(goal, &now.config);
    if !request.allows_management {
        left.uplinks(goal, now, request);
    }
    left.notes
}

#[derive(Default)]
struct Left {
    notes: Vec<Note>,
}

impl Left {
    fn note(&mut self, object: Object, what: &str) {
        self.notes.push(Note {
            rule: "cannot-be-undone".to_owned(),
            message: format!(
                "{what} of {object} cannot be given back: no line of gamctl can write what it was"
            ),
            object: Some(object),
        });
    }

    /// Leaves a text as it is now, where what it was cannot be written.
    fn text(
        &mut self,
        goal: &mut Option<HeldText>,
        now: Option<&HeldText>,
        object: &Object,
        field: Field,
    ) {
        let Some(text) = goal.as_ref().filter(|text| Some(*text) != now) else {
            return;
        };
        if unwritable_text(field, text.as_str()).is_some() {
            self.note(object.clone(), &format!("`{field}`"));
            *goal = now.cloned();
        }
    }

    fn system(&mut self, goal: &mut DeviceConfig, now: &DeviceConfig) {
        let (goal, now) = (&mut goal.system, &now.system);
        let object = Object::System;
        let fields = [
            (&mut goal.hostname, &now.hostname, Field::Hostname),
            (&mut goal.location, &now.location, Field::Location),
            (&mut goal.contact, &now.contact, Field::Contact),
        ];
        for (goal, now, field) in fields {
            self.text(goal, now.as_ref(), &object, field);
        }
    }

    fn ports(&mut self, goal: &mut DeviceConfig, now: &DeviceConfig) {
        for (number, port) in &mut goal.ports {
            let has = now.ports.get(number).and_then(|now| now.name.as_ref());
            self.text(&mut port.name, has, &Object::Port(*number), Field::Name);
        }
    }

    fn profiles(&mut self, goal: &mut DeviceConfig, now: &DeviceConfig) {
        for (name, profile) in &mut goal.profiles {
            let has = by_slot(now.profiles.values(), profile.slot, |now| now.slot);
            let object = Object::Profile(name.clone());
            let description = has.and_then(|now| now.description.as_ref());
            self.text(
                &mut profile.description,
                description,
                &object,
                Field::Description,
            );
        }
    }

    fn subscribers(&mut self, goal: &mut DeviceConfig, now: &DeviceConfig) {
        let mut unserved = Vec::new();
        for (name, subscriber) in &mut goal.subscribers {
            let has = by_slot(now.subscribers.values(), subscriber.slot, |now| now.slot);
            let object = Object::Subscriber(name.clone());
            let description = has.and_then(|now| now.description.as_ref());
            self.text(
                &mut subscriber.description,
                description,
                &object,
                Field::Description,
            );
            let is_writable = is_data_vlan(subscriber.vlan)
                && subscriber.remapped_vlan.is_none_or(is_tag)
                && subscriber.port2_vlan.is_none_or(is_tag)
                && are_tags(&subscriber.allowed_vlans);
            if is_writable {
                continue;
            }
            match has {
                Some(now) => {
                    let is_same = now.vlan == subscriber.vlan
                        && now.remapped_vlan == subscriber.remapped_vlan
                        && now.port2_vlan == subscriber.port2_vlan
                        && now.allowed_vlans == subscriber.allowed_vlans;
                    if is_same {
                        continue;
                    }
                    subscriber.vlan = now.vlan;
                    subscriber.remapped_vlan = now.remapped_vlan;
                    subscriber.port2_vlan = now.port2_vlan;
                    subscriber.allowed_vlans.clone_from(&now.allowed_vlans);
                    self.note(object, "a VLAN");
                }
                None => {
                    unserved.push(name.clone());
                    self.note(object, "a VLAN");
                }
            }
        }
        // Whoever has gone and was in a VLAN that cannot be given is not put into another one.
        for name in unserved {
            goal.subscribers.remove(&name);
        }
    }

    /// Keeps on each uplink what it lets pass now and gamctl may reach the device through.
    fn uplinks(&mut self, goal: &mut DeviceConfig, now: &Observation, request: &Request<'_>) {
        for (number, uplink) in &mut goal.uplinks {
            let has = now.config.uplinks.get(number);
            let (Some(wanted), Some(has)) = (
                uplink.allowed_vlans.as_mut(),
                has.and_then(|has| has.allowed_vlans.as_ref()),
            ) else {
                continue;
            };
            let kept = kept(*number, has, wanted, now, request);
            for (vlan, why) in kept {
                let object = Object::Uplink(*number);
                self.notes.push(Note {
                    rule: "cannot-be-undone".to_owned(),
                    message: format!("VLAN {vlan} stays on {object}, {why}: without it the device might not be reached again"),
                    object: Some(object),
                });
            }
        }
    }
}

/// Adds to the goal of an uplink, one by one, the VLANs that must go on passing it; returns them.
fn kept(
    number: UplinkNumber,
    has: &VlanSet,
    wanted: &mut VlanSet,
    now: &Observation,
    request: &Request<'_>,
) -> Vec<(crate::model::VlanId, &'static str)> {
    let mut kept = Vec::new();
    while let Some((vlan, why)) = management::cut(request, now, number, has, wanted) {
        *wanted = wanted.iter().chain([vlan]).collect();
        kept.push((vlan, why));
    }
    kept
}

fn by_slot<'a, T>(
    mut all: impl Iterator<Item = &'a T>,
    slot: Option<Slot>,
    slot_of: impl Fn(&T) -> Option<Slot>,
) -> Option<&'a T> {
    let slot = slot?;
    all.find(|one| slot_of(one) == Some(slot))
}
