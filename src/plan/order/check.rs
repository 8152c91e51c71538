//! Checks whether a step is possible now: the device accepts it, and no subscriber is worse off.

use std::collections::BTreeSet;

use crate::model::{PortAssignment, PortNumber};
use crate::plan::Field;
use crate::plan::item::{Endpoint, Item, Profile, Subscriber};
use crate::plan::planner_state::PlannerState;
use crate::plan::settings::Settings;

use super::partial_state::PartialState;

/// A port, or an item of the planner by its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ItemRef {
    Port(PortNumber),
    Profile(usize),
    Endpoint(usize),
    Subscriber(usize),
}

/// A value that a step needs and another object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// It has the name or the MAC address.
    Name,
    /// It is the subscriber of the endpoint.
    Tie,
    /// It counts as one of the endpoints that a port or the device accepts.
    Place,
    /// It may count as one of the endpoints that the device accepts, with a port or without.
    Row,
    /// It uses the object that the step removes.
    Use,
    /// It would get a rate below both its rates: before the plan and after it.
    Rate,
    /// It has the slot.
    Slot,
    /// It does not exist yet, or is not usable until its own step.
    Absent,
}

/// An object that blocks a step, and the value that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Obstacle {
    pub(super) by: ItemRef,
    pub(super) claim: Claim,
}

/// Checks steps against the simulated device and the changes that have no step yet.
pub(super) struct StepCheck<'a> {
    pub(super) planner: &'a PlannerState<'a>,
    pub(super) settings: &'a Settings,
    pub(super) partial: &'a PartialState,
    pub(super) pending: &'a BTreeSet<ItemRef>,
}

impl StepCheck<'_> {
    /// Returns the objects that block the step to an item's target. Without any, the step is possible.
    pub(super) fn obstacles(&self, item_ref: ItemRef) -> Vec<Obstacle> {
        let mut found = Vec::new();
        match item_ref {
            ItemRef::Port(number) => self.port(number, &mut found),
            ItemRef::Profile(index) => self.profile(index, &mut found),
            ItemRef::Endpoint(index) => self.endpoint(index, &mut found),
            ItemRef::Subscriber(index) => self.subscriber(index, &mut found),
        }
        found
    }

    fn port(&self, number: PortNumber, found: &mut Vec<Obstacle>) {
        let goal = self.settings.ports.get(&number).map(|pair| &pair.goal);
        if let Some(name) = goal.and_then(|goal| goal.name.as_ref())
            && let Some(holder) = self.partial.port_names.get(name)
            && *holder != number
        {
            found.push(Obstacle {
                by: ItemRef::Port(*holder),
                claim: Claim::Name,
            });
        }
    }

    fn profile(&self, index: usize, found: &mut Vec<Obstacle>) {
        let Some(item) = self.planner.profiles.get(index) else {
            return;
        };
        let Some(goal) = &item.goal else {
            let users = self.partial.users_of(index).map(|user| Obstacle {
                by: ItemRef::Subscriber(user),
                claim: Claim::Use,
            });
            found.extend(users);
            return;
        };
        if self.partial.profile(index).is_none() {
            let holder = self.partial.profile_slots.get(&item.slot);
            found.extend(holder.map(|holder| slot_of(ItemRef::Profile(*holder))));
        }
        if let Some(holder) = self.partial.profile_names.get(&goal.name)
            && *holder != index
        {
            found.push(Obstacle {
                by: ItemRef::Profile(*holder),
                claim: Claim::Name,
            });
        }
        for user in self.partial.users_of(index) {
            if is_too_slow(self.planner, user, index, goal) {
                found.push(Obstacle {
                    by: ItemRef::Subscriber(user),
                    claim: Claim::Rate,
                });
            }
        }
    }

    fn endpoint(&self, index: usize, found: &mut Vec<Obstacle>) {
        let Some(item) = self.planner.endpoints.get(index) else {
            return;
        };
        let Some(goal) = &item.goal else {
            let user = self.partial.ties.get(&index).map(|user| Obstacle {
                by: ItemRef::Subscriber(*user),
                claim: Claim::Use,
            });
            found.extend(user);
            return;
        };
        let now = self.partial.endpoint(index);
        if now.is_none() {
            let holder = self.partial.endpoint_slots.get(&item.slot);
            found.extend(holder.map(|holder| slot_of(ItemRef::Endpoint(*holder))));
        }
        let others = [
            self.partial.endpoint_names.get(&goal.name),
            self.partial.macs.get(&goal.mac),
        ];
        for holder in others.into_iter().flatten() {
            if *holder != index {
                found.push(Obstacle {
                    by: ItemRef::Endpoint(*holder),
                    claim: Claim::Name,
                });
            }
        }
        if now.is_none_or(|now| now.port != goal.port) {
            self.capacity(index, now, goal.port, found);
        }
    }

    /// Finds the endpoints that must leave a port or the device before an endpoint arrives there.
    ///
    /// Only endpoints that leave by this plan are obstacles: `conflict` has made sure that the rest fits.
    fn capacity(
        &self,
        index: usize,
        now: Option<&Endpoint>,
        port: PortAssignment,
        found: &mut Vec<Obstacle>,
    ) {
        let model = self.planner.request.model;
        let unread = &self.planner.unread;
        if let PortAssignment::Port(number) = port {
            let unknown = unread.on_port.get(&number).copied().unwrap_or_default();
            let there = self.partial.endpoints_on(number).count() + unknown + unread.somewhere;
            if there >= model.medium().endpoints_per_port() {
                let leaving = self.partial.endpoints_on(number).filter(|other| {
                    *other != index && goal_port(&self.planner.endpoints, *other) != Some(port)
                });
                found.extend(leaving.map(place_of));
            }
        }
        let is_placed = now.is_some_and(|now| now.port != PortAssignment::Unassigned);
        let needs_place = port != PortAssignment::Unassigned && !is_placed;
        if needs_place && self.partial.placed.len() + unread.placed >= model.endpoint_capacity() {
            let leaving = self.partial.placed.iter().copied().filter(|other| {
                *other != index
                    && goal_port(&self.planner.endpoints, *other)
                        .is_none_or(|port| port == PortAssignment::Unassigned)
            });
            found.extend(leaving.map(place_of));
        }
        if now.is_none() && self.must_make_room() {
            let endpoints = self.planner.endpoints.iter().enumerate();
            let leaving = endpoints.filter(|(other, item)| {
                item.is_leaving() && self.partial.endpoint(*other).is_some()
            });
            found.extend(leaving.map(|(other, _)| Obstacle {
                by: ItemRef::Endpoint(other),
                claim: Claim::Row,
            }));
        }
    }

    /// Returns whether an endpoint must leave before a new one is created, if the device counts those without a port too.
    /// No document says whether it does (docs/gam.md).
    ///
    /// Where the target has too many endpoints for such a device, no order helps, and the plan is made for one that does not
    /// count them; the rehearsal names the assumption.
    fn must_make_room(&self) -> bool {
        let capacity = self.planner.request.model.endpoint_capacity();
        let unread = self.planner.unread.endpoints.taken.len();
        let targets = || {
            self.planner
                .endpoints
                .iter()
                .filter(|item| item.goal.is_some())
        };
        self.partial.endpoint_slots.len() + unread >= capacity
            && targets().count() + unread <= capacity
    }

    fn subscriber(&self, index: usize, found: &mut Vec<Obstacle>) {
        let Some(item) = self.planner.subscribers.get(index) else {
            return;
        };
        let Some(goal) = &item.goal else {
            return;
        };
        let now = self.partial.subscriber(index);
        if now.is_none() {
            let holder = self.partial.subscriber_slots.get(&item.slot);
            found.extend(holder.map(|holder| slot_of(ItemRef::Subscriber(*holder))));
        }
        if let Some(holder) = self.partial.subscriber_names.get(&goal.name)
            && *holder != index
        {
            found.push(Obstacle {
                by: ItemRef::Subscriber(*holder),
                claim: Claim::Name,
            });
        }
        if let Some(endpoint) = goal.endpoint {
            if self.partial.endpoint(endpoint).is_none() {
                found.push(absent(ItemRef::Endpoint(endpoint)));
            } else if let Some(holder) = self.partial.ties.get(&endpoint)
                && *holder != index
            {
                found.push(Obstacle {
                    by: ItemRef::Subscriber(*holder),
                    claim: Claim::Tie,
                });
            }
        }
        let has = now.and_then(|now| now.rate);
        if let Some(profile) = goal.rate
            && has != Some(profile)
        {
            let target = self.planner.profiles.get(profile);
            let target = target.and_then(|item| item.goal.as_ref());
            let is_ready = self.partial.profile(profile).is_some_and(|now| {
                target.is_some_and(|target| target.name == now.name)
                    && !is_too_slow(self.planner, index, profile, now)
            });
            if !is_ready {
                found.push(absent(ItemRef::Profile(profile)));
            }
        }
    }

    /// Returns whether a possible step should wait. Taken now, it would interrupt a subscriber longer, or put it in one VLAN
    /// with a household that is about to leave.
    pub(super) fn should_wait(&self, item_ref: ItemRef) -> bool {
        match item_ref {
            ItemRef::Port(number) => self.port_should_wait(number),
            ItemRef::Profile(_) => false,
            ItemRef::Endpoint(index) => {
                let item = self.planner.endpoints.get(index);
                let goal = item.and_then(|item| item.goal.as_ref());
                // An endpoint arrives after its port is enabled and has its mode, so that it works at once.
                goal.is_some_and(|goal| match goal.port {
                    PortAssignment::Port(port) => {
                        let is_there = self
                            .partial
                            .endpoint(index)
                            .is_some_and(|now| now.port == goal.port);
                        !is_there && self.pending.contains(&ItemRef::Port(port)) && self.opens(port)
                    }
                    PortAssignment::Auto | PortAssignment::Unassigned => false,
                })
            }
            ItemRef::Subscriber(index) => self.subscriber_should_wait(index),
        }
    }

    /// Returns whether a port should wait to be shut down, or to change its mode, until endpoints have left it.
    fn port_should_wait(&self, number: PortNumber) -> bool {
        let Some(pair) = self.settings.ports.get(&number) else {
            return false;
        };
        let cuts = pair.goal.mode != pair.start.mode || pair.goal.enabled == Some(false);
        cuts && self.partial.endpoints_on(number).any(|endpoint| {
            self.pending.contains(&ItemRef::Endpoint(endpoint))
                && goal_port(&self.planner.endpoints, endpoint)
                    != Some(PortAssignment::Port(number))
        })
    }

    /// Returns whether a change enables a port or sets its mode.
    fn opens(&self, number: PortNumber) -> bool {
        self.settings.ports.get(&number).is_some_and(|pair| {
            pair.goal.mode != pair.start.mode
                || (pair.goal.enabled != pair.start.enabled && pair.goal.enabled == Some(true))
        })
    }

    /// Returns whether a subscriber should wait: for a step of its new endpoint, or for another subscriber to leave its VLAN.
    fn subscriber_should_wait(&self, index: usize) -> bool {
        let Some(item) = self.planner.subscribers.get(index) else {
            return false;
        };
        let Some(goal) = &item.goal else { return false };
        let now = self.partial.subscriber(index);
        let waits_for_endpoint = goal.endpoint.is_some_and(|endpoint| {
            now.and_then(|now| now.endpoint) != Some(endpoint)
                && self.pending.contains(&ItemRef::Endpoint(endpoint))
        });
        let is_new_vlan = now.is_none_or(|now| now.vlan != goal.vlan)
            && goal.vlan != crate::model::VlanId::UNSERVED;
        let meets = |other: &usize| {
            *other != index
                && self.pending.contains(&ItemRef::Subscriber(*other))
                && self.planner.subscribers.get(*other).is_some_and(|item| {
                    item.goal
                        .as_ref()
                        .is_none_or(|other| other.vlan != goal.vlan)
                })
        };
        let there = self.partial.in_vlan.get(&goal.vlan);
        waits_for_endpoint || (is_new_vlan && there.is_some_and(|others| others.iter().any(meets)))
    }
}

fn slot_of(by: ItemRef) -> Obstacle {
    Obstacle {
        by,
        claim: Claim::Slot,
    }
}

fn absent(by: ItemRef) -> Obstacle {
    Obstacle {
        by,
        claim: Claim::Absent,
    }
}

fn place_of(endpoint: usize) -> Obstacle {
    Obstacle {
        by: ItemRef::Endpoint(endpoint),
        claim: Claim::Place,
    }
}

fn goal_port(endpoints: &[Item<Endpoint>], index: usize) -> Option<PortAssignment> {
    Some(endpoints.get(index)?.goal.as_ref()?.port)
}

/// Returns whether a profile in this state makes a subscriber slower, in one direction, than both before and after the plan.
///
/// No limit is never too slow, and neither is a rate that could not be read. A subscriber that is created or removed has only
/// one of the two rates, so it is not compared.
fn is_too_slow(planner: &PlannerState<'_>, user: usize, index: usize, then: &Profile) -> bool {
    let Some(item) = planner.subscribers.get(user) else {
        return false;
    };
    let (Some(start), Some(goal)) = (&item.start, &item.goal) else {
        return false;
    };
    let before = rates(planner, start, |item| item.start.as_ref());
    let after = rates(planner, goal, |item| item.goal.as_ref());
    let now = rates_of(planner.profiles.get(index), then);
    now.0 < before.0.min(after.0) || now.1 < before.1.min(after.1)
}

/// Returns the downstream and upstream rate of a subscriber, the highest number for no limit.
fn rates(
    planner: &PlannerState<'_>,
    subscriber: &Subscriber,
    state: impl Fn(&Item<Profile>) -> Option<&Profile>,
) -> (u32, u32) {
    let item = subscriber
        .rate
        .and_then(|index| planner.profiles.get(index));
    match item.and_then(state) {
        Some(profile) => rates_of(item, profile),
        None => (u32::MAX, u32::MAX),
    }
}

/// Returns both rates of a profile, the highest number for one that was not read.
fn rates_of(item: Option<&Item<Profile>>, profile: &Profile) -> (u32, u32) {
    let is_read = |field: Field| item.is_some_and(|item| !item.is_unread(field));
    let speed = |field: Field, speed: u32| if is_read(field) { speed } else { u32::MAX };
    (
        speed(Field::Down, profile.down.get()),
        speed(Field::Up, profile.up.get()),
    )
}
