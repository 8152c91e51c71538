//! Orders the steps: each one waits until nothing blocks it, and a temporary state breaks a cycle.
//!
//! `check` finds what blocks a step, `cycle` breaks cycles, `impact` computes interruptions from `service`, `speed` who gets slower.
//! `partial_state` is the simulated device between two steps. `uplink` adds VLANs first and removes them last.

mod check;
mod cycle;
mod impact;
mod partial_state;
mod service;
mod speed;
mod uplink;

use std::collections::BTreeSet;

use crate::model::{PortAssignment, SubscriberName};

use super::cause::{self, Subject};
use super::change::{EndpointRef, Rate};
use super::planner_state::PlannerState;
use super::settings::Settings;
use super::step::{self, Uses};
use super::{CannotUndo, Change, Effects, PlannedStep, Refusal, management, undo};
use check::{ItemRef, StepCheck};
use cycle::Release;
use partial_state::{PartialState, slot_of};
use service::ServedSubscribers;
use speed::Speeds;

/// The list of steps while it is built.
struct Order<'a> {
    planner: &'a PlannerState<'a>,
    settings: &'a Settings,
    partial: PartialState,
    /// The changes without a step yet.
    pending: BTreeSet<ItemRef>,
    /// The pending changes in the order in which they are tried.
    queue: Vec<ItemRef>,
    served: ServedSubscribers,
    speeds: Speeds,
    steps: Vec<PlannedStep>,
    refusals: Vec<Refusal>,
}

/// Returns the steps from the observed to the target state, in an order that is safe at every point.
///
/// # Guarantees
///
/// After each step the device is in a state that it accepts. No subscriber is worse off than before or after the plan,
/// except those that a step's impact names.
pub(super) fn order(
    planner: &PlannerState<'_>,
    settings: &Settings,
) -> (Vec<PlannedStep>, Vec<Refusal>) {
    let partial = PartialState::begin(planner, settings);
    let served = ServedSubscribers::of(planner, settings, &partial);
    let mut order = Order {
        planner,
        settings,
        speeds: Speeds::begin(planner, &partial, &served),
        partial,
        pending: BTreeSet::new(),
        queue: Vec::new(),
        served,
        steps: Vec::new(),
        refusals: Vec::new(),
    };
    order.queue = queue(planner, settings);
    order.pending.extend(order.queue.iter().copied());
    let uplinks = uplink::turns(planner, settings);
    order.uplinks(&uplinks.first);
    order.run();
    order.uplinks(&uplinks.last);
    // The host name changes the prompt that replies are recognised by. A problem with it must not stop other steps.
    order.system();
    (order.steps, order.refusals)
}

/// Returns all changes in the order in which they are tried.
///
/// Ports and profiles come first, because endpoints and subscribers need them. Then removals, because they free slots and
/// names; then updates and creations. Profiles to remove and ports to shut down come last, because subscribers must stop
/// using them first.
fn queue(planner: &PlannerState<'_>, settings: &Settings) -> Vec<ItemRef> {
    let changing = |is_last: bool| {
        settings.ports.iter().filter_map(move |(number, pair)| {
            let closes = pair.goal.enabled == Some(false) && pair.start.enabled != Some(false);
            (pair.start != pair.goal && closes == is_last).then_some(ItemRef::Port(*number))
        })
    };
    let profiles = |is_leaving: bool| {
        let items = planner.profiles.iter().enumerate();
        items
            .filter(move |(_, item)| item.changes() && item.is_leaving() == is_leaving)
            .map(|(index, _)| ItemRef::Profile(index))
    };
    let endpoints = |is_leaving: bool, is_new: bool| {
        let items = planner.endpoints.iter().enumerate();
        items
            .filter(move |(_, item)| {
                item.changes() && item.is_leaving() == is_leaving && item.is_new() == is_new
            })
            .map(|(index, _)| ItemRef::Endpoint(index))
    };
    let subscribers = |is_leaving: bool, is_new: bool| {
        let items = planner.subscribers.iter().enumerate();
        items
            .filter(move |(_, item)| {
                item.changes() && item.is_leaving() == is_leaving && item.is_new() == is_new
            })
            .map(|(index, _)| ItemRef::Subscriber(index))
    };
    changing(false)
        .chain(profiles(false))
        .chain(subscribers(true, false))
        .chain(endpoints(true, false))
        .chain(endpoints(false, false))
        .chain(endpoints(false, true))
        .chain(subscribers(false, false))
        .chain(subscribers(false, true))
        .chain(profiles(true))
        .chain(changing(true))
        .collect()
}

impl<'a> Order<'a> {
    fn check(&self) -> StepCheck<'_> {
        StepCheck {
            planner: self.planner,
            settings: self.settings,
            partial: &self.partial,
            pending: &self.pending,
        }
    }

    /// Adds a step for every change. A step that should wait is added only if no other one is possible. If none is possible,
    /// a temporary state breaks the cycle.
    fn run(&mut self) {
        while !self.pending.is_empty() {
            if self.pass(false) || self.pass(true) {
                continue;
            }
            let Some(release) = cycle::cheapest_release(&self.check()) else {
                self.refusals.push(Refusal {
                    rule: "no-safe-order".to_owned(),
                    message: format!(
                        "{} changes wait for each other, and gamctl knows no way out",
                        self.pending.len()
                    ),
                    hint: "this is a fault of gamctl: keep the inventory and the observation, and report it; a smaller step may go through".to_owned(),
                });
                return;
            };
            self.release(release);
        }
    }

    /// Tries every pending change once; returns whether it added a step. Steps that should wait are included on request.
    fn pass(&mut self, includes_waiting: bool) -> bool {
        let mut has_step = false;
        for at in 0..self.queue.len() {
            let Some(item_ref) = self.queue.get(at).copied() else {
                break;
            };
            if !self.pending.contains(&item_ref) {
                continue;
            }
            let check = self.check();
            let is_free = check.obstacles(item_ref).is_empty();
            if !is_free || (!includes_waiting && check.should_wait(item_ref)) {
                continue;
            }
            self.pending.remove(&item_ref);
            self.take(item_ref);
            has_step = true;
            if includes_waiting {
                // After this step, others may be possible that need not wait.
                break;
            }
        }
        let pending = &self.pending;
        self.queue.retain(|item_ref| pending.contains(item_ref));
        has_step
    }

    /// Adds the step that sets an item to its target.
    fn take(&mut self, item_ref: ItemRef) {
        match item_ref {
            ItemRef::Port(number) => {
                let goal = self
                    .settings
                    .ports
                    .get(&number)
                    .map(|pair| pair.goal.clone());
                if let Some(goal) = goal {
                    self.change_port(number, &goal, false);
                }
            }
            ItemRef::Profile(index) => {
                let goal = self.planner.profiles.get(index);
                self.change_profile(index, goal.and_then(|item| item.goal.clone()));
            }
            ItemRef::Endpoint(index) => {
                let goal = self.planner.endpoints.get(index);
                self.change_endpoint(index, goal.and_then(|item| item.goal.clone()), false);
            }
            ItemRef::Subscriber(index) => {
                let goal = self.planner.subscribers.get(index);
                self.change_subscriber(index, goal.and_then(|item| item.goal.clone()), false);
            }
        }
    }

    /// Adds the step that sets an item to a temporary state. The item remains pending.
    fn release(&mut self, release: Release) {
        match release {
            Release::Name(ItemRef::Port(number)) => {
                let mut port = self.partial.ports.get(&number).cloned().unwrap_or_default();
                port.name = cycle::port_name(&self.check(), u16::from(number.get()));
                self.change_port(number, &port, true);
            }
            Release::Name(ItemRef::Endpoint(index)) => {
                let number = slot_of(&self.planner.endpoints, index).0;
                let name = cycle::endpoint_name(&self.check(), number);
                if let (Some(mut to), Some(name)) = (self.partial.endpoint(index).cloned(), name) {
                    to.name = name;
                    self.change_endpoint(index, Some(to), true);
                }
            }
            Release::Name(ItemRef::Subscriber(index)) => {
                let number = slot_of(&self.planner.subscribers, index).0;
                let name = cycle::subscriber_name(&self.check(), number);
                if let (Some(mut to), Some(name)) = (self.partial.subscriber(index).cloned(), name)
                {
                    to.name = name;
                    self.change_subscriber(index, Some(to), true);
                }
            }
            Release::Name(ItemRef::Profile(_)) => {}
            Release::Limit(index) => {
                if let Some(mut to) = self.partial.subscriber(index).cloned() {
                    to.rate = None;
                    self.change_subscriber(index, Some(to), true);
                }
            }
            Release::Place(index) => {
                if let Some(mut to) = self.partial.endpoint(index).cloned() {
                    to.port = PortAssignment::Unassigned;
                    self.change_endpoint(index, Some(to), true);
                }
            }
            Release::Tie(index) => {
                if let Some(mut to) = self.partial.subscriber(index).cloned() {
                    to.endpoint = None;
                    self.change_subscriber(index, Some(to), true);
                }
            }
        }
    }

    fn change_profile(&mut self, index: usize, to: Option<super::item::Profile>) {
        let slot = slot_of(&self.planner.profiles, index);
        let change = step::profile(slot, self.partial.profile(index), to.as_ref());
        let users: Vec<usize> = self.partial.users_of(index).collect();
        let from = speed::limiter(&self.partial, index);
        let steps = self.steps.len();
        self.push(change, Subject::Profile(index), false, &[], |partial| {
            partial.set_profile(index, slot, to);
        });
        let to = speed::limiter(&self.partial, index);
        let mut speeds = self.speeds.completed(&self.partial, users);
        if let (Some(from), Some(to)) = (from, to) {
            speeds.extend(speed::of_unread_users(self.planner, slot, from, to));
        }
        if let Some(step) = self.steps.get_mut(steps) {
            step.effects.speeds = speeds;
        }
    }

    fn change_endpoint(
        &mut self,
        index: usize,
        to: Option<super::item::Endpoint>,
        is_temporary: bool,
    ) {
        let slot = slot_of(&self.planner.endpoints, index);
        let from = self.partial.endpoint(index).cloned();
        let change = step::endpoint(slot, from.as_ref(), to.as_ref());
        let touched: Vec<usize> = self.partial.ties.get(&index).copied().into_iter().collect();
        let steps = self.steps.len();
        self.push(
            change,
            Subject::Endpoint(index),
            is_temporary,
            &touched,
            |partial| {
                partial.set_endpoint(index, slot, to.clone());
            },
        );
        let (Some(from), Some(to)) = (from, to) else {
            return;
        };
        let is_placed = from.port != PortAssignment::Unassigned;
        if is_placed && (from.mac, from.port) != (to.mac, to.port) {
            // The simulated device has no unclear subscribers, so its services do not show this impact.
            let unclear = service::unclear_on_endpoint(self.planner, slot);
            let is_lasting = self.has_no_service(to.port);
            if let Some(step) = self.steps.get_mut(steps) {
                step.impact = impact::with(&step.impact, unclear, is_lasting);
            }
        }
    }

    /// Returns whether an endpoint with this port has, or may have, no service after the plan.
    fn has_no_service(&self, port: PortAssignment) -> bool {
        match port {
            PortAssignment::Unassigned => true,
            PortAssignment::Auto => false,
            PortAssignment::Port(number) => {
                let pair = self.settings.ports.get(&number);
                pair.is_some_and(|pair| pair.goal.enabled == Some(false))
                    || service::is_port_unread(self.planner, self.settings, number)
            }
        }
    }

    fn change_subscriber(
        &mut self,
        index: usize,
        to: Option<super::item::Subscriber>,
        is_temporary: bool,
    ) {
        let slot = slot_of(&self.planner.subscribers, index);
        let uses = Uses {
            endpoint: &|endpoint| {
                Some(EndpointRef {
                    mac: self.partial.endpoint(endpoint)?.mac,
                    slot: slot_of(&self.planner.endpoints, endpoint),
                })
            },
            profile: &|profile| {
                Some(Rate::Profile {
                    name: self.partial.profile(profile)?.name.clone(),
                    slot: slot_of(&self.planner.profiles, profile),
                })
            },
        };
        let change = step::subscriber(slot, self.partial.subscriber(index), to.as_ref(), &uses);
        let subject = Subject::Subscriber(index);
        let steps = self.steps.len();
        self.push(change, subject, is_temporary, &[index], |partial| {
            partial.set_subscriber(index, slot, to);
        });
        let speeds = self.speeds.completed(&self.partial, [index]);
        if let Some(step) = self.steps.get_mut(steps) {
            step.effects.speeds = speeds;
        }
    }

    /// Adds a step with its impact, and continues from the state of the device after it.
    fn push(
        &mut self,
        change: Option<Change>,
        subject: Subject,
        is_temporary: bool,
        touched: &[usize],
        apply: impl FnOnce(&mut PartialState),
    ) {
        let before = impact::services(&self.partial, touched);
        apply(&mut self.partial);
        let Some(change) = change.filter(|change| !change.is_empty()) else {
            return;
        };
        let after = impact::services(&self.partial, touched);
        let impact = impact::of(self.planner, &self.served, touched, &before, &after);
        let restores = impact::restored(self.planner, &self.served, touched, &before, &after);
        self.add(change, subject, is_temporary, impact);
        self.restores(restores);
    }

    /// Adds subscribers that are served again to the last step.
    fn restores(&mut self, restores: Vec<SubscriberName>) {
        if let Some(step) = self.steps.last_mut() {
            step.effects.restores = restores;
        }
    }

    fn add(&mut self, change: Change, subject: Subject, is_temporary: bool, impact: super::Impact) {
        let because = if is_temporary {
            cause::temporary(&change)
        } else {
            cause::because(self.planner, subject, &change)
        };
        self.steps.push(PlannedStep {
            cannot_undo: undo::cannot_undo(&change),
            change,
            impact,
            effects: Effects::default(),
            because,
        });
    }

    fn change_port(
        &mut self,
        number: crate::model::PortNumber,
        to: &crate::model::PortConfig,
        is_temporary: bool,
    ) {
        let from = self.partial.ports.get(&number).cloned().unwrap_or_default();
        let change = step::port(number, &from, to);
        let touched = service::on_port(&self.partial, self.planner, number);
        let before = impact::services(&self.partial, &touched);
        self.partial.set_port(number, to.clone());
        let after = impact::services(&self.partial, &touched);
        let mut impact = impact::of(self.planner, &self.served, &touched, &before, &after);
        let cuts = to.enabled != from.enabled && to.enabled == Some(false);
        if cuts || to.mode != from.mode {
            // The simulated device does not know that these subscribers are, or may be, on this port.
            let mut more = service::unclear_on_port(&self.partial, self.planner, number);
            more.extend(service::on_unread_port(
                &self.partial,
                self.planner,
                &self.served,
            ));
            impact = impact::with(&impact, more, cuts);
        }
        let restores = impact::restored(self.planner, &self.served, &touched, &before, &after);
        self.add(change, Subject::Settings, is_temporary, impact);
        self.restores(restores);
    }

    fn system(&mut self) {
        let pair = &self.settings.system;
        if pair.start != pair.goal {
            let change = step::system(&pair.start, &pair.goal);
            self.partial.system = pair.goal.clone();
            self.add(change, Subject::Settings, false, super::Impact::None);
        }
    }

    fn uplinks(&mut self, turns: &[uplink::Turn]) {
        for turn in turns {
            let from = self
                .partial
                .uplinks
                .get(&turn.number)
                .cloned()
                .unwrap_or_default();
            if from == turn.to {
                continue;
            }
            let change = step::uplink(turn.number, &from, &turn.to);
            let lost = uplink::lost(&self.partial, turn);
            let all: Vec<usize> = (0..self.planner.subscribers.len()).collect();
            let before = impact::services(&self.partial, &all);
            self.partial.uplinks.insert(turn.number, turn.to.clone());
            let mut impact =
                impact::of_lost_vlans(self.planner, &self.served, &self.partial, &lost);
            if let Some(refusal) =
                uplink::cuts_management(self.planner, turn.number, &from, &turn.to)
            {
                impact = super::Impact::TouchesManagement;
                if !self.planner.request.allows_management {
                    self.refusals.push(refusal);
                }
            }
            let after = impact::services(&self.partial, &all);
            let restores = impact::restored(self.planner, &self.served, &all, &before, &after);
            self.add(change, Subject::Settings, false, impact);
            self.restores(restores);
            let (request, observation) = (self.planner.request, self.planner.observation);
            // Undoing the step goes from the new list back to the old one, and may stop a management VLAN.
            let cut = management::cut(request, observation, turn.number, &turn.to, &from);
            if let (Some((vlan, _)), false) = (cut, request.allows_management)
                && let Some(step) = self.steps.last_mut()
            {
                step.cannot_undo = Some(CannotUndo::CutsManagement { vlan });
            }
        }
    }
}
