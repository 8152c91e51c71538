//! Leaves values that no line can restore out of a rollback plan, so that the rest is restored.

use crate::model::{
    DeviceConfig, HeldText, Observation, ProfileConfig, ProfileName, RateLimit, Slot, UplinkNumber,
    VlanSet,
};

use super::change::{MayUse, Numbered as _, Subscriber};
use super::undo::{is_speed, unwritable, unwritable_text};
use super::{Field, Note, Object, Request, management};

/// Replaces values in the target of a rollback by the present ones, if gamctl cannot or must not write them. Returns a note for
/// each.
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
        let message = format!(
            "{what} of {object} cannot be restored: no line of gamctl can write the earlier value"
        );
        self.add(object, message);
    }

    fn add(&mut self, object: Object, message: String) {
        self.notes
            .push(Note::new("cannot-be-undone", Some(object), message));
    }

    /// Leaves a text as it is now if the earlier one cannot be written.
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
        let mut lost = Vec::new();
        for (name, profile) in &mut goal.profiles {
            let ProfileConfig {
                slot,
                description,
                down,
                up,
            } = profile;
            let has = by_slot(now.profiles.values(), *slot, |now| now.slot);
            let object = Object::Profile(name.clone());
            let held = has.and_then(|now| now.description.as_ref());
            self.text(description, held, &object, Field::Description);
            let speeds = [
                (down, has.map(|now| now.down), Field::Down),
                (up, has.map(|now| now.up), Field::Up),
            ];
            for (speed, has, field) in speeds {
                if is_speed(*speed) || has == Some(*speed) {
                    continue;
                }
                self.note(object.clone(), &format!("`{field}`"));
                match has {
                    Some(has) => *speed = has,
                    None => lost.push(name.clone()),
                }
            }
        }
        for name in lost {
            // Both speeds of one profile may be lost.
            if goal.profiles.remove(&name).is_some() {
                self.without_profile(goal, now, &name);
            }
        }
    }

    /// Removes a profile that cannot be created again from its subscribers. They keep the rate limit that they have now.
    fn without_profile(
        &mut self,
        goal: &mut DeviceConfig,
        now: &DeviceConfig,
        profile: &ProfileName,
    ) {
        let lost = RateLimit::Profile(profile.clone());
        goal.subscribers.retain(|name, subscriber| {
            if subscriber.rate != lost {
                return true;
            }
            self.note(Object::Subscriber(name.clone()), "`rate`");
            let has = by_slot(now.subscribers.values(), subscriber.slot, |now| now.slot);
            let Some(has) = has else {
                // A removed subscriber is not created again without the limit that was sold.
                return false;
            };
            subscriber.rate = has.rate.clone();
            true
        });
    }

    fn subscribers(&mut self, goal: &mut DeviceConfig, now: &DeviceConfig) {
        let is_vlan = |field: &Field| field.may_use() == MayUse::AnyVlan;
        let vlans: Vec<Field> = Field::ALL.iter().copied().filter(is_vlan).collect();
        goal.subscribers.retain(|name, config| {
            let mut subscriber = Subscriber::without_numbers(name.clone(), config);
            let unwritable = unwritable(&subscriber.all());
            if unwritable.is_empty() {
                return true;
            }
            let has = by_slot(now.subscribers.values(), config.slot, |now| now.slot);
            let object = Object::Subscriber(name.clone());
            let nothing = subscriber.created(Slot(0));
            let kept = Subscriber::without_numbers(name.clone(), has.unwrap_or(&nothing));
            let mut keep = |fields: &[Field], what: &str| {
                let before = subscriber.clone();
                subscriber.keep(&kept, fields);
                if subscriber != before {
                    self.note(object.clone(), what);
                }
            };
            let fields = unwritable.iter().map(|(field, _)| *field);
            for field in fields.clone().filter(|field| !is_vlan(field)) {
                keep(&[field], &format!("`{field}`"));
            }
            if fields.clone().any(|field| is_vlan(&field)) {
                if has.is_none() {
                    // A subscriber who is gone is not created again in another VLAN.
                    self.note(object, "a VLAN");
                    return false;
                }
                keep(&vlans, "a VLAN");
            }
            subscriber.all().set_in(config);
            true
        });
    }

    /// Keeps on each uplink the VLANs that it passes now and through which gamctl may reach the device.
    fn uplinks(&mut self, goal: &mut DeviceConfig, now: &Observation, request: &Request<'_>) {
        for (number, uplink) in &mut goal.uplinks {
            let has = now.config.uplinks.get(number);
            let (Some(target), Some(has)) = (
                uplink.allowed_vlans.as_mut(),
                has.and_then(|has| has.allowed_vlans.as_ref()),
            ) else {
                continue;
            };
            let kept = kept(*number, has, target, now, request);
            for (vlan, why) in kept {
                let object = Object::Uplink(*number);
                let message = format!(
                    "VLAN {vlan} stays on {object}, {why}: without it the device might not be reached again"
                );
                self.add(object, message);
            }
        }
    }
}

/// Adds the VLANs that must still pass an uplink to its target, one by one; returns them.
fn kept(
    number: UplinkNumber,
    has: &VlanSet,
    target: &mut VlanSet,
    now: &Observation,
    request: &Request<'_>,
) -> Vec<(crate::model::VlanId, &'static str)> {
    let mut kept = Vec::new();
    while let Some((vlan, why)) = management::cut(request, now, number, has, target) {
        *target = target.iter().chain([vlan]).collect();
        kept.push((vlan, why));
    }
    kept
}

/// Returns the object in a slot. Its name or address may have changed, so it is found by slot.
fn by_slot<'a, T>(
    mut all: impl Iterator<Item = &'a T>,
    slot: Option<Slot>,
    slot_of: impl Fn(&T) -> Option<Slot>,
) -> Option<&'a T> {
    let slot = slot?;
    all.find(|one| slot_of(one) == Some(slot))
}
