//! Determines which subscribers have service, and whether a change of it interrupts them.

use crate::model::{
    Part, PortAssignment, PortConfig, PortNumber, Slot, SubscriberName, VlanId, VlanSet,
};
use crate::plan::Field;
use crate::plan::item::{Endpoint, Item, Subscriber};
use crate::plan::planner_state::PlannerState;
use crate::plan::settings::Settings;

use super::partial_state::PartialState;

/// The service of a subscriber, with the values whose change interrupts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    subscriber: Subscriber,
    /// Left out: it was not read.
    endpoint: Option<Endpoint>,
    port: Option<PortConfig>,
}

impl Service {
    /// Returns whether the traffic continues. A new name, description or rate does not interrupt it (docs/gam.md).
    pub(super) fn goes_on_as(&self, after: &Self) -> bool {
        let mode = |service: &Self| service.port.as_ref().and_then(|port| port.mode);
        let place = |service: &Self| {
            let endpoint = service.endpoint.as_ref();
            endpoint.map(|endpoint| (endpoint.mac, endpoint.port))
        };
        self.subscriber.serves_like(&after.subscriber)
            && place(self) == place(after)
            && mode(self) == mode(after)
    }
}

/// Returns the service of a subscriber at this point of the plan; `None` if it has none.
pub(super) fn service_at(partial: &PartialState, index: usize) -> Option<Service> {
    let subscriber = partial.subscriber(index)?;
    let is_unread = partial.unread_endpoints.contains(&index);
    let endpoint = match subscriber.endpoint {
        Some(index) => Some(partial.endpoint(index)?),
        None if is_unread => None,
        None => return None,
    };
    // An endpoint whose port was not read may be on any port, so its subscriber counts as served.
    let placed = endpoint.filter(|_| {
        let is_unread = |index| partial.unread_ports.contains(&index);
        !subscriber.endpoint.is_some_and(is_unread)
    });
    let port = match placed.map(|endpoint| endpoint.port) {
        Some(PortAssignment::Port(number)) => partial.ports.get(&number),
        Some(PortAssignment::Auto | PortAssignment::Unassigned) | None => None,
    };
    let passes = partial.unread_vlans.contains(&index)
        || passes(
            subscriber.vlan,
            partial.uplinks.is_empty(),
            partial.uplinks.values(),
        );
    is_served(placed, port, passes).then(|| Service {
        subscriber: subscriber.clone(),
        endpoint: endpoint.cloned(),
        port: port.cloned(),
    })
}

/// Returns whether a VLAN passes an uplink. If no uplink is known, every VLAN but the captive portal counts as passing.
fn passes<'a>(
    vlan: VlanId,
    is_unknown: bool,
    mut uplinks: impl Iterator<Item = &'a VlanSet>,
) -> bool {
    vlan != VlanId::UNSERVED && (is_unknown || uplinks.any(|allowed| allowed.contains(vlan)))
}

fn is_served(endpoint: Option<&Endpoint>, port: Option<&PortConfig>, passes: bool) -> bool {
    passes
        && endpoint.is_none_or(|endpoint| endpoint.port != PortAssignment::Unassigned)
        && port.is_none_or(|port| port.enabled != Some(false))
}

/// The subscribers that are served before the plan, and those that are served after it.
#[derive(Debug)]
pub(super) struct ServedSubscribers {
    before: Vec<bool>,
    after: Vec<After>,
}

/// Whether a subscriber is served after the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Served,
    NotServed,
    /// It arrives on a port, or on an endpoint, of which that could not be read.
    Unknown,
}

impl ServedSubscribers {
    pub(super) fn of(
        planner: &PlannerState<'_>,
        settings: &Settings,
        start: &PartialState,
    ) -> Self {
        Self {
            before: (0..planner.subscribers.len())
                .map(|index| service_at(start, index).is_some())
                .collect(),
            after: served_after(planner, settings),
        }
    }

    pub(super) fn is_served_before(&self, index: usize) -> bool {
        self.before.get(index).copied().unwrap_or_default()
    }

    /// Returns whether a subscriber is certainly served after the plan.
    pub(super) fn is_served_after(&self, index: usize) -> bool {
        self.after.get(index) == Some(&After::Served)
    }

    /// Returns whether a subscriber moves to where it may have no service, because that could not be read.
    pub(super) fn is_unknown_after(&self, index: usize) -> bool {
        self.after.get(index) == Some(&After::Unknown)
    }
}

fn served_after(planner: &PlannerState<'_>, settings: &Settings) -> Vec<After> {
    let is_served_after = |item: &Item<Subscriber>| -> Option<bool> {
        let subscriber = item.goal.as_ref()?;
        let endpoint = match subscriber.endpoint {
            Some(endpoint) => {
                let item = planner.endpoints.get(endpoint)?;
                let goal = item.goal.as_ref()?;
                (!item.is_unread(Field::Port)).then_some(goal)
            }
            None if item.is_unread(Field::Endpoint) => None,
            None => return None,
        };
        let port = match endpoint.map(|endpoint| endpoint.port) {
            Some(PortAssignment::Port(number)) => {
                settings.ports.get(&number).map(|pair| &pair.goal)
            }
            Some(PortAssignment::Auto | PortAssignment::Unassigned) | None => None,
        };
        let goals = settings.uplinks.values().map(|pair| &pair.goal);
        let passes = item.is_unread(Field::Vlan)
            || passes(subscriber.vlan, settings.uplinks.is_empty(), goals);
        Some(is_served(endpoint, port, passes))
    };
    planner
        .subscribers
        .iter()
        .map(|item| match is_served_after(item) {
            Some(true) if arrives_unread(planner, settings, item) => After::Unknown,
            Some(true) => After::Served,
            Some(false) | None => After::NotServed,
        })
        .collect()
}

/// Returns whether the plan moves a subscriber to an endpoint whose port was not read, or to a port of which it was not read
/// whether it is enabled. Where it is before the plan, it counts as served, so it is not worse off if it stays.
fn arrives_unread(
    planner: &PlannerState<'_>,
    settings: &Settings,
    item: &Item<Subscriber>,
) -> bool {
    let Some(endpoint) = item.goal.as_ref().and_then(|goal| goal.endpoint) else {
        return false;
    };
    let Some(arrival) = planner.endpoints.get(endpoint) else {
        return false;
    };
    let is_same = item.start.as_ref().and_then(|start| start.endpoint) == Some(endpoint);
    if arrival.is_unread(Field::Port) {
        return !is_same;
    }
    let port_of = |state: &Option<Endpoint>| state.as_ref().map(|endpoint| endpoint.port);
    match port_of(&arrival.goal) {
        Some(PortAssignment::Port(number)) => {
            let is_same = is_same && port_of(&arrival.start) == port_of(&arrival.goal);
            !is_same && is_port_unread(planner, settings, number)
        }
        Some(PortAssignment::Auto | PortAssignment::Unassigned) | None => false,
    }
}

/// Returns whether it was not read whether a port is enabled, and the plan does not enable it.
pub(super) fn is_port_unread(
    planner: &PlannerState<'_>,
    settings: &Settings,
    number: PortNumber,
) -> bool {
    let goal = settings.ports.get(&number).map(|pair| &pair.goal);
    let is_known = goal.is_some_and(|goal| goal.enabled.is_some());
    !is_known
        && planner.observation.unread.iter().any(|unread| {
            let field = unread.field.as_deref();
            unread.part == Part::Ports
                && unread.number.is_none_or(|of| of == u16::from(number.get()))
                && field.is_none_or(|field| field == Field::Enabled.as_str())
        })
}

/// Returns the subscribers that a change of a port may affect. Their endpoint is assigned to the port, or it is `auto` and the
/// device reports it there.
pub(super) fn on_port(
    partial: &PartialState,
    planner: &PlannerState<'_>,
    port: PortNumber,
) -> Vec<usize> {
    let mut endpoints: Vec<usize> = partial.endpoints_on(port).collect();
    for (mac, heard) in &planner.observation.health.endpoints {
        if heard.port == Some(port)
            && let Some(index) = partial.macs.get(mac)
            && partial
                .endpoint(*index)
                .is_some_and(|endpoint| endpoint.port == PortAssignment::Auto)
        {
            endpoints.push(*index);
        }
    }
    let mut found: Vec<usize> = endpoints
        .iter()
        .filter_map(|endpoint| partial.ties.get(endpoint).copied())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the subscribers that are served on a port that was not read.
pub(super) fn on_unread_port(
    partial: &PartialState,
    planner: &PlannerState<'_>,
    served: &ServedSubscribers,
) -> Vec<SubscriberName> {
    let subscriber_of = |endpoint: &usize| partial.ties.get(endpoint).copied();
    let places = partial.unread_ports.iter().filter_map(subscriber_of);
    places
        .chain(partial.unread_endpoints.iter().copied())
        .filter(|index| served.is_served_before(*index))
        .filter_map(|index| Some(planner.subscribers.get(index)?.start.as_ref()?.name.clone()))
        .collect()
}

/// Returns the names of the unclear subscribers that are on a port, or may be: their endpoint or its port was not read.
pub(super) fn unclear_on_port(
    partial: &PartialState,
    planner: &PlannerState<'_>,
    port: PortNumber,
) -> Vec<SubscriberName> {
    let here = PortAssignment::Port(port);
    let is_here = |slot| {
        let is_known = partial.endpoint_slots.get(&slot).is_some_and(|index| {
            let is_there = partial
                .endpoint(*index)
                .is_some_and(|endpoint| endpoint.port == here);
            is_there || partial.unread_ports.contains(index)
        });
        is_known
            || planner.observation.unclear.iter().any(|unclear| {
                unclear.part == Part::Endpoints
                    && unclear.slot == slot
                    && unclear.port.is_none_or(|port| port == here)
            })
    };
    unclear_subscribers(planner)
        .filter(|unclear| unclear.uses_endpoint.is_none_or(is_here))
        .filter_map(|unclear| SubscriberName::new(unclear.name.as_deref()?).ok())
        .collect()
}

/// Returns the names of the unclear subscribers of an endpoint.
pub(super) fn unclear_on_endpoint(planner: &PlannerState<'_>, slot: Slot) -> Vec<SubscriberName> {
    unclear_subscribers(planner)
        .filter(|unclear| unclear.uses_endpoint == Some(slot))
        .filter_map(|unclear| SubscriberName::new(unclear.name.as_deref()?).ok())
        .collect()
}

/// Returns the unclear subscribers.
pub(super) fn unclear_subscribers<'a>(
    planner: &'a PlannerState<'_>,
) -> impl Iterator<Item = &'a crate::model::Unclear> {
    planner
        .observation
        .unclear
        .iter()
        .filter(|unclear| unclear.part == Part::Subscribers)
}
