//! Holds the state of one planning run: observed and new objects as items, and the notes about them.

use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, EndpointConfig, MacAddress, Observation, Part, ProfileConfig, ProfileName,
    RateLimit, Slot, SubscriberConfig, SubscriberName,
};

use super::item::{Endpoint, Item, Profile, Subscriber};
use super::note::{NoteText, Sentence};
use super::unread::UnreadFacts;
use super::{Field, Ledger, Note, Object, Request};

/// The working state of the planner. In each list, observed items come first, in the order of their slots, then new ones.
#[derive(Debug)]
pub(super) struct PlannerState<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) observation: &'a Observation,
    pub(super) intended: &'a DeviceConfig,
    pub(super) unread: UnreadFacts,
    pub(super) profiles: Vec<Item<Profile>>,
    pub(super) endpoints: Vec<Item<Endpoint>>,
    pub(super) subscribers: Vec<Item<Subscriber>>,
    /// The index of the item of each intended object.
    pub(super) profile_of: BTreeMap<&'a ProfileName, usize>,
    pub(super) endpoint_of: BTreeMap<MacAddress, usize>,
    pub(super) subscriber_of: BTreeMap<&'a SubscriberName, usize>,
    pub(super) notes: Vec<Note>,
}

impl<'a> PlannerState<'a> {
    pub(super) fn of(
        request: &'a Request<'a>,
        observation: &'a Observation,
        intended: &'a DeviceConfig,
    ) -> Self {
        let mut planner = Self {
            request,
            observation,
            intended,
            unread: UnreadFacts::of(observation),
            profiles: Vec::new(),
            endpoints: Vec::new(),
            subscribers: Vec::new(),
            profile_of: BTreeMap::new(),
            endpoint_of: BTreeMap::new(),
            subscriber_of: BTreeMap::new(),
            notes: Vec::new(),
        };
        planner.add_profiles();
        planner.add_endpoints();
        planner.add_subscribers();
        planner
    }

    pub(super) fn note(&mut self, rule: &str, object: Object, message: impl Into<NoteText>) {
        self.notes.push(Note::new(rule, Some(object), message));
    }

    pub(super) fn ledger(&self) -> Option<&'a Ledger> {
        self.request.ledger
    }

    fn add_profiles(&mut self) {
        let mut found: Vec<(Slot, &ProfileName, &ProfileConfig)> = Vec::new();
        for (name, profile) in &self.observation.config.profiles {
            match profile.slot {
                Some(slot) => found.push((slot, name, profile)),
                None => self.without_slot(Part::Profiles, name.as_str()),
            }
        }
        found.sort_by_key(|(slot, ..)| *slot);
        for (slot, name, profile) in found {
            let mut item = Item::observed(slot, Profile::of(name.clone(), profile));
            item.unread = self.unread_fields(Part::Profiles, slot, Profile::readable());
            self.profiles.push(item);
        }
    }

    fn add_endpoints(&mut self) {
        let mut found: Vec<(Slot, MacAddress, &EndpointConfig)> = Vec::new();
        for (mac, endpoint) in &self.observation.config.endpoints {
            match endpoint.slot {
                Some(slot) => found.push((slot, *mac, endpoint)),
                None => self.without_slot(Part::Endpoints, &mac.to_string()),
            }
        }
        found.sort_by_key(|(slot, ..)| *slot);
        for (slot, mac, endpoint) in found {
            let mut item = Item::observed(slot, Endpoint::of(mac, endpoint));
            item.unread = self.unread_fields(Part::Endpoints, slot, Endpoint::readable());
            self.endpoints.push(item);
        }
    }

    fn add_subscribers(&mut self) {
        let mut found: Vec<(Slot, &SubscriberName, &SubscriberConfig)> = Vec::new();
        for (name, subscriber) in &self.observation.config.subscribers {
            match subscriber.slot {
                Some(slot) => found.push((slot, name, subscriber)),
                None => self.without_slot(Part::Subscribers, name.as_str()),
            }
        }
        found.sort_by_key(|(slot, ..)| *slot);
        let macs: BTreeMap<MacAddress, usize> = self
            .endpoints
            .iter()
            .enumerate()
            .filter_map(|(index, item)| Some((item.start.as_ref()?.mac, index)))
            .collect();
        let profiles: BTreeMap<ProfileName, usize> = self
            .profiles
            .iter()
            .enumerate()
            .filter_map(|(index, item)| Some((item.start.as_ref()?.name.clone(), index)))
            .collect();
        for (slot, name, subscriber) in found {
            let mut unread = self.unread_fields(Part::Subscribers, slot, Subscriber::readable());
            let mut mark_unread = |field: Field| {
                if !unread.contains(&field) {
                    unread.push(field);
                }
            };
            let endpoint = subscriber.endpoint;
            let index = endpoint.and_then(|mac| macs.get(&mac).copied());
            // It uses an endpoint that was not read. Without this mark, the subscriber would count as detached.
            if endpoint.is_some() && index.is_none() {
                mark_unread(Field::Endpoint);
            }
            let rate = match &subscriber.rate {
                RateLimit::Unthrottled => None,
                RateLimit::Profile(profile) => {
                    let index = profiles.get(profile).copied();
                    if index.is_none() {
                        mark_unread(Field::Rate);
                    }
                    index
                }
            };
            let state = Subscriber::of(name.clone(), subscriber, index, rate);
            let mut item = Item::observed(slot, state);
            item.unread = unread;
            self.subscribers.push(item);
        }
    }

    fn unread_fields(
        &self,
        part: Part,
        slot: Slot,
        fields: impl Iterator<Item = Field>,
    ) -> Vec<Field> {
        if self.observation.unread.is_empty() {
            return Vec::new();
        }
        let is_unread = |field: &Field| {
            let unread = self.observation.unread_field(part, slot.0, field.as_str());
            unread.is_some()
        };
        fields.filter(is_unread).collect()
    }

    /// Records an object without a slot. No line can address it, and it is not known which slot it occupies.
    fn without_slot(&mut self, part: Part, name: &str) {
        let kind = super::unread::singular(part);
        let doubt = Sentence::from(format!("{kind} {name} has no number"));
        let of_part = match part {
            Part::Profiles => &mut self.unread.profiles,
            Part::Endpoints => &mut self.unread.endpoints,
            Part::System | Part::Uplinks | Part::Ports | Part::Subscribers => {
                &mut self.unread.subscribers
            }
        };
        of_part.incomplete.get_or_insert(doubt.clone());
        of_part.names.get_or_insert(doubt.clone());
        if part == Part::Subscribers {
            self.unread.ties.get_or_insert(doubt.clone());
            self.unread.rates.get_or_insert(doubt);
        }
    }
}
