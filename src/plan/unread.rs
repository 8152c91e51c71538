//! Collects what an observation could not read, and the slots, names and ports that this may occupy.

use std::collections::{BTreeMap, BTreeSet};

use super::change::MayUse;
use super::{Field, Sentence};
use crate::model::{MacAddress, Observation, Part, PortAssignment, PortNumber, Slot, Unclear};

/// The reason, for people, that the planner must not rely on something; `None` if it may.
pub(super) type Doubt = Option<Sentence>;

/// The unread facts of one part.
#[derive(Debug, Default)]
pub(super) struct UnreadPart {
    /// Not all objects were read.
    pub(super) incomplete: Doubt,
    /// The name of an object was not read, so a new name may clash with it.
    pub(super) names: Doubt,
    /// The slots of objects that are unclear or were not read.
    pub(super) taken: BTreeSet<Slot>,
    /// The names of unclear objects, with the reason that they are unclear.
    pub(super) unclear_names: BTreeMap<String, Sentence>,
}

/// The facts that an observation does not contain, and the capacity that unclear objects occupy.
#[derive(Debug, Default)]
pub(super) struct UnreadFacts {
    pub(super) profiles: UnreadPart,
    pub(super) endpoints: UnreadPart,
    pub(super) subscribers: UnreadPart,
    /// The address of an endpoint was not read.
    pub(super) macs: Doubt,
    pub(super) unclear_macs: BTreeMap<MacAddress, Sentence>,
    /// The number of unclear endpoints on each port.
    pub(super) on_port: BTreeMap<PortNumber, usize>,
    /// The number of unclear endpoints that count on the device.
    pub(super) placed: usize,
    /// The number of endpoints that may be on any port.
    pub(super) somewhere: usize,
    /// An endpoint that was not read may be on any port.
    pub(super) ports: Doubt,
    /// The endpoint, the profile or the VLANs of a subscriber were not read.
    pub(super) ties: Doubt,
    pub(super) rates: Doubt,
    pub(super) vlans: Doubt,
    /// The slots that unclear subscribers use.
    pub(super) used_endpoints: BTreeMap<Slot, Sentence>,
    pub(super) used_profiles: BTreeMap<Slot, Sentence>,
}

impl UnreadFacts {
    pub(super) fn of(observation: &Observation) -> Self {
        let mut facts = Self::default();
        for part in [Part::Profiles, Part::Endpoints, Part::Subscribers] {
            if let Some(reason) = observation.incomplete(part) {
                let doubt = not_all_read(part, reason);
                let of_part = facts.part_mut(part);
                of_part.incomplete = Some(doubt.clone());
                of_part.names = Some(doubt.clone());
                facts.doubt_uses(part, &doubt);
            }
        }
        for unclear in &observation.unclear {
            facts.add_unclear(unclear);
        }
        facts.add_unread(observation);
        facts
    }

    pub(super) fn part(&self, part: Part) -> &UnreadPart {
        match part {
            Part::Profiles => &self.profiles,
            Part::Endpoints => &self.endpoints,
            Part::System | Part::Uplinks | Part::Ports | Part::Subscribers => &self.subscribers,
        }
    }

    fn part_mut(&mut self, part: Part) -> &mut UnreadPart {
        match part {
            Part::Profiles => &mut self.profiles,
            Part::Endpoints => &mut self.endpoints,
            Part::System | Part::Uplinks | Part::Ports | Part::Subscribers => &mut self.subscribers,
        }
    }

    /// Records that an object of which nothing was read may be on any port and use any object.
    fn doubt_uses(&mut self, part: Part, doubt: &Sentence) {
        let doubt = || Some(doubt.clone());
        match part {
            Part::Endpoints => {
                self.macs = self.macs.take().or_else(doubt);
                self.ports = self.ports.take().or_else(doubt);
            }
            Part::Subscribers => {
                self.ties = self.ties.take().or_else(doubt);
                self.rates = self.rates.take().or_else(doubt);
                self.vlans = self.vlans.take().or_else(doubt);
            }
            Part::System | Part::Uplinks | Part::Ports | Part::Profiles => {}
        }
    }

    fn add_unclear(&mut self, unclear: &Unclear) {
        let Unclear {
            part,
            slot,
            name,
            mac,
            port,
            uses_endpoint,
            uses_profile,
            vlans: _,
            reason,
        } = unclear;
        let of_part = self.part_mut(*part);
        of_part.taken.insert(*slot);
        let what = format!("{} {} is not understood", singular(*part), slot.0);
        let doubt = Sentence::because(what, reason);
        match name {
            Some(name) => {
                of_part.unclear_names.insert(name.clone(), doubt.clone());
            }
            None => {
                of_part.names = of_part.names.take().or_else(|| Some(doubt.clone()));
            }
        }
        if *part == Part::Endpoints {
            match mac {
                Some(mac) => {
                    self.unclear_macs.insert(*mac, doubt.clone());
                }
                None => self.macs = self.macs.take().or_else(|| Some(doubt.clone())),
            }
            match port {
                Some(PortAssignment::Port(port)) => {
                    *self.on_port.entry(*port).or_default() += 1;
                    self.placed += 1;
                }
                Some(PortAssignment::Auto) => self.placed += 1,
                Some(PortAssignment::Unassigned) => {}
                None => {
                    self.somewhere += 1;
                    self.placed += 1;
                }
            }
        }
        if let Some(endpoint) = uses_endpoint {
            self.used_endpoints.insert(*endpoint, doubt.clone());
        }
        if let Some(profile) = uses_profile {
            self.used_profiles.insert(*profile, doubt);
        }
    }

    fn add_unread(&mut self, observation: &Observation) {
        for unread in &observation.unread {
            let Some(number) = unread.number else {
                continue;
            };
            let what = format!("{} {number} could not be read", singular(unread.part));
            let doubt = Sentence::because(what, &unread.reason);
            if unread.field.is_none() {
                if matches!(
                    unread.part,
                    Part::Profiles | Part::Endpoints | Part::Subscribers
                ) {
                    let of_part = self.part_mut(unread.part);
                    of_part.taken.insert(Slot(number));
                    of_part.names = of_part.names.take().or_else(|| Some(doubt.clone()));
                }
                self.doubt_uses(unread.part, &doubt);
                continue;
            }
            let doubt = || Some(doubt.clone());
            // A field that no change has, such as the identity of an object, needs no further record.
            let Some(field) = unread.field.as_deref().and_then(Field::named) else {
                continue;
            };
            match (unread.part, field) {
                (Part::Endpoints, Field::Name) => {
                    self.endpoints.names = self.endpoints.names.take().or_else(doubt);
                }
                // It may be on a port, and so count on that port and on the device.
                (Part::Endpoints, Field::Port) => {
                    self.somewhere += 1;
                    self.placed += 1;
                }
                (Part::Subscribers, field) => self.doubt_of_subscriber(field, doubt),
                (
                    Part::System | Part::Uplinks | Part::Ports | Part::Profiles | Part::Endpoints,
                    _,
                ) => {}
            }
        }
    }

    /// Records that a subscriber may use any endpoint, profile or VLAN, if that field was not read.
    fn doubt_of_subscriber(&mut self, field: Field, doubt: impl FnOnce() -> Doubt) {
        let hidden = match field.may_use() {
            MayUse::NoMore => return,
            MayUse::AnyEndpoint => &mut self.ties,
            MayUse::AnyProfile => &mut self.rates,
            MayUse::AnyVlan => &mut self.vlans,
        };
        *hidden = hidden.take().or_else(doubt);
    }
}

/// Returns the doubt about a part of which not all objects were read.
pub(super) fn not_all_read(part: Part, reason: &str) -> Sentence {
    Sentence::because(format!("not all {} could be read", part.as_str()), reason)
}

/// Returns the word for one object of a part.
pub(super) fn singular(part: Part) -> &'static str {
    match part {
        Part::System => "system",
        Part::Uplinks => "uplink",
        Part::Ports => "port",
        Part::Profiles => "profile",
        Part::Endpoints => "endpoint",
        Part::Subscribers => "subscriber",
    }
}
