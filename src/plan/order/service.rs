//! Who is served, over which path: what a step does to people is the difference between before and after.

use crate::model::{PortAssignment, PortConfig, PortNumber, SubscriberName, VlanId};
use crate::plan::item::{Endpoint, Subscriber};
use crate::plan::scene::Scene;
use crate::plan::settings::Settings;

use super::stage::Stage;

/// The way a subscriber is served; nothing where nobody would notice if it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    subscriber: Subscriber,
    endpoint: Endpoint,
    port: Option<PortConfig>,
}

impl Service {
    /// Returns whether traffic goes on as before; a name, a description and a rate interrupt nothing (docs/gam.md).
    pub(super) fn goes_on_as(&self, after: &Self) -> bool {
        let rate_aside = |subscriber: &Subscriber| Subscriber {
            profile: None,
            ..subscriber.clone()
        };
        let mode = |service: &Self| service.port.as_ref().and_then(|port| port.mode);
        rate_aside(&self.subscriber).serves_like(&rate_aside(&after.subscriber))
            && (self.endpoint.mac, self.endpoint.port) == (after.endpoint.mac, after.endpoint.port)
            && mode(self) == mode(after)
    }
}

/// Returns how a subscriber is served at a stage.
pub(super) fn service_at(stage: &Stage, place: usize) -> Option<Service> {
    let subscriber = stage.subscriber(place)?;
    let endpoint = stage.endpoint(subscriber.endpoint?)?;
    let port = match endpoint.port {
        PortAssignment::Port(number) => stage.ports.get(&number),
        PortAssignment::Auto | PortAssignment::Unassigned => None,
    };
    let passes = stage.uplinks.is_empty()
        || stage
            .uplinks
            .values()
            .any(|allowed| allowed.contains(subscriber.vlan));
    is_served(subscriber, endpoint, port, passes).then(|| Service {
        subscriber: subscriber.clone(),
        endpoint: endpoint.clone(),
        port: port.cloned(),
    })
}

fn is_served(
    subscriber: &Subscriber,
    endpoint: &Endpoint,
    port: Option<&PortConfig>,
    passes: bool,
) -> bool {
    subscriber.vlan != VlanId::UNSERVED
        && endpoint.port != PortAssignment::Unassigned
        && port.is_none_or(|port| port.enabled != Some(false))
        && passes
}

/// Returns whether each subscriber is served once the whole plan is done.
pub(super) fn served_in_the_end(scene: &Scene<'_>, settings: &Settings) -> Vec<bool> {
    let is_served_in_the_end = |subscriber: &Subscriber| -> Option<bool> {
        let endpoint = scene.endpoints.get(subscriber.endpoint?)?.goal.as_ref()?;
        let port = match endpoint.port {
            PortAssignment::Port(number) => settings.ports.get(&number).map(|pair| &pair.goal),
            PortAssignment::Auto | PortAssignment::Unassigned => None,
        };
        let passes = settings.uplinks.is_empty()
            || settings
                .uplinks
                .values()
                .any(|pair| pair.goal.contains(subscriber.vlan));
        Some(is_served(subscriber, endpoint, port, passes))
    };
    scene
        .subscribers
        .iter()
        .map(|item| {
            let goal = item.goal.as_ref();
            goal.and_then(is_served_in_the_end).unwrap_or(false)
        })
        .collect()
}

/// Returns the subscribers that a change of a port may touch: those whose endpoint is meant to be there, or is heard there.
pub(super) fn on_port(stage: &Stage, scene: &Scene<'_>, port: PortNumber) -> Vec<usize> {
    let mut endpoints: Vec<usize> = stage.endpoints_on(port).collect();
    for (mac, heard) in &scene.observation.health.endpoints {
        if heard.port == Some(port)
            && let Some(place) = stage.macs.get(mac)
            && stage
                .endpoint(*place)
                .is_some_and(|endpoint| endpoint.port == PortAssignment::Auto)
        {
            endpoints.push(*place);
        }
    }
    let mut found: Vec<usize> = endpoints
        .iter()
        .filter_map(|endpoint| stage.ties.get(endpoint).copied())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the subscribers on a port that our types cannot hold, as far as they have names.
pub(super) fn unclear_on_port(
    stage: &Stage,
    scene: &Scene<'_>,
    port: PortNumber,
) -> Vec<SubscriberName> {
    let here = PortAssignment::Port(port);
    let is_here = |slot| {
        let is_ours = stage
            .endpoint_slots
            .get(&slot)
            .and_then(|place| stage.endpoint(*place))
            .is_some_and(|endpoint| endpoint.port == here);
        is_ours
            || scene.observation.unclear.iter().any(|unclear| {
                unclear.part == crate::model::Part::Endpoints
                    && unclear.slot == slot
                    && unclear.port == Some(here)
            })
    };
    unclear_subscribers(scene)
        .filter(|unclear| unclear.uses_endpoint.is_some_and(is_here))
        .filter_map(|unclear| SubscriberName::new(unclear.name.as_deref()?).ok())
        .collect()
}

/// Returns the subscribers that our types cannot hold.
pub(super) fn unclear_subscribers<'a>(
    scene: &'a Scene<'_>,
) -> impl Iterator<Item = &'a crate::model::Unclear> {
    scene
        .observation
        .unclear
        .iter()
        .filter(|unclear| unclear.part == crate::model::Part::Subscribers)
}
