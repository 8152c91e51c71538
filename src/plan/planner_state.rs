//! Holds the state of one planning run: the observed objects as items, and what each becomes.

use std::collections::BTreeMap;

use crate::model::{
    DeviceConfig, EndpointConfig, MacAddress, Observation, Part, ProfileConfig, ProfileName,
    RateLimit, Slot, SubscriberConfig, SubscriberName,
};

use super::item::{Endpoint, Item, Profile, Subscriber};
use super::unread::UnreadFacts;
use super::{Field, Ledger, Note, Object, Request};

/// The working state of the planner: observed items first, by slot, then new ones.
#[derive(Debug)]
pub(super) struct PlannerState<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) observation: &'a Observation,
    pub(super) intended: &'a DeviceConfig,
    pub(super) unread: UnreadFacts,
    pub(super) profiles: Vec<Item<Profile>>,
    pub(super) endpoints: Vec<Item<Endpoint>>,
    pub(super) subscribers: Vec<Item<Subscriber>>,
    /// The item of each object of the inventory.
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
        planner.take_profiles();
        planner.take_endpoints();
        planner.take_subscribers();
        planner
    }

    pub(super) fn note(&mut self, rule: &str, object: Object, message: String) {
        self.notes.push(Note {
            rule: rule.to_owned(),
            object: Some(object),
            message,
        });
    }

    pub(super) fn ledger(&self) -> Option<&'a Ledger> {
        self.request.ledger
    }

    fn take_profiles(&mut self) {
        let mut found: Vec<(Slot, &ProfileName, &ProfileConfig)> = Vec::new();
        for (name, profile) in &self.observation.config.profiles {
            match profile.slot {
                Some(slot) => found.push((slot, name, profile)),
                None => self.doubt(Part::Profiles, name.as_str()),
            }
        }
        found.sort_by_key(|(slot, ..)| *slot);
        for (slot, name, profile) in found {
            let mut item = Item::observed(slot, Profile::of(name.clone(), profile));
            item.unread = self.unread_fields(Part::Profiles, slot, Profile::readable());
            self.profiles.push(item);
        }
    }

    fn take_endpoints(&mut self) {
        let mut found: Vec<(Slot, MacAddress, &EndpointConfig)> = Vec::new();
        for (mac, endpoint) in &self.observation.config.endpoints {
            match endpoint.slot {
                Some(slot) => found.push((slot, *mac, endpoint)),
                None => self.doubt(Part::Endpoints, &mac.to_string()),
            }
        }
        found.sort_by_key(|(slot, ..)| *slot);
        for (slot, mac, endpoint) in found {
            let mut item = Item::observed(slot, Endpoint::of(mac, endpoint));
            item.unread = self.unread_fields(Part::Endpoints, slot, Endpoint::readable());
            self.endpoints.push(item);
        }
    }

    fn take_subscribers(&mut self) {
        let mut found: Vec<(Slot, &SubscriberName, &SubscriberConfig)> = Vec::new();
        for (name, subscriber) in &self.observation.config.subscribers {
            match subscriber.slot {
                Some(slot) => found.push((slot, name, subscriber)),
                None => self.doubt(Part::Subscribers, name.as_str()),
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
            let mut lost = |field: Field| {
                if !unread.contains(&field) {
                    unread.push(field);
                }
            };
            let endpoint = subscriber.endpoint;
            let index = endpoint.and_then(|mac| macs.get(&mac).copied());
            // It uses an endpoint or a profile that is not among the known ones, so it cannot be one of these.
            if endpoint.is_some() && index.is_none() {
                lost(Field::Endpoint);
            }
            let rate = match &subscriber.rate {
                RateLimit::Unthrottled => None,
                RateLimit::Profile(profile) => {
                    let index = profiles.get(profile).copied();
                    if index.is_none() {
                        lost(Field::Rate);
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

    /// No line can address an object without a number, and it occupies a number that is not known.
    fn doubt(&mut self, part: Part, name: &str) {
        let doubt = format!("{} {name} has no number", super::unread::singular(part));
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
