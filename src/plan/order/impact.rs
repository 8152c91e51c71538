//! What a step does to people: nothing, a moment without service, or the end of it.

use std::collections::BTreeSet;

use crate::model::{SubscriberName, VlanSet};
use crate::plan::Impact;
use crate::plan::scene::Scene;

use super::service::{Service, service_at, unclear_subscribers};
use super::stage::Stage;

/// Returns how each of these is served at a stage.
pub(super) fn services(stage: &Stage, touched: &[usize]) -> Vec<Option<Service>> {
    touched
        .iter()
        .map(|place| service_at(stage, *place))
        .collect()
}

/// Returns what happened to those who were served just before; who is without service already was named by an earlier step.
pub(super) fn of(
    scene: &Scene<'_>,
    ends_served: &[bool],
    touched: &[usize],
    before: &[Option<Service>],
    after: &[Option<Service>],
) -> Impact {
    let (mut interrupted, mut disconnected) = (BTreeSet::new(), BTreeSet::new());
    for ((place, before), after) in touched.iter().zip(before).zip(after) {
        let (Some(before), Some(name)) = (before, name_at_start(scene, *place)) else {
            continue;
        };
        match after {
            Some(after) if before.goes_on_as(after) => {}
            Some(_) => {
                interrupted.insert(name);
            }
            None if ends_served.get(*place).copied().unwrap_or_default() => {
                interrupted.insert(name);
            }
            None => {
                disconnected.insert(name);
            }
        }
    }
    worst(interrupted, disconnected)
}

fn worst(interrupted: BTreeSet<SubscriberName>, disconnected: BTreeSet<SubscriberName>) -> Impact {
    if !disconnected.is_empty() {
        Impact::Disconnects {
            subscribers: disconnected.into_iter().collect(),
        }
    } else if !interrupted.is_empty() {
        Impact::Interrupts {
            subscribers: interrupted.into_iter().collect(),
        }
    } else {
        Impact::None
    }
}

/// Returns an impact with further names.
pub(super) fn with(impact: Impact, more: Vec<SubscriberName>, is_lasting: bool) -> Impact {
    let mut names: BTreeSet<SubscriberName> = impact.subscribers().iter().cloned().collect();
    names.extend(more);
    match impact {
        Impact::TouchesManagement => Impact::TouchesManagement,
        Impact::Disconnects { .. } => worst(BTreeSet::new(), names),
        Impact::None | Impact::Interrupts { .. } if is_lasting => worst(BTreeSet::new(), names),
        Impact::None | Impact::Interrupts { .. } => worst(names, BTreeSet::new()),
    }
}

/// Returns whom an uplink cuts off that lets VLANs pass no more: all who are served now and have one of them.
pub(super) fn of_lost_vlans(
    scene: &Scene<'_>,
    stage: &Stage,
    touched: &[usize],
    lost: &VlanSet,
) -> Impact {
    if lost.is_empty() {
        return Impact::None;
    }
    let mut names = BTreeSet::new();
    for place in touched {
        let Some(subscriber) = stage.subscriber(*place) else {
            continue;
        };
        let is_attached = subscriber.endpoint.is_some_and(|endpoint| {
            stage
                .endpoint(endpoint)
                .is_some_and(|endpoint| endpoint.port != crate::model::PortAssignment::Unassigned)
        });
        let loses = subscriber.vlans().any(|vlan| lost.contains(vlan));
        if is_attached
            && loses
            && let Some(name) = name_at_start(scene, *place)
        {
            names.insert(name);
        }
    }
    for unclear in unclear_subscribers(scene) {
        if unclear.vlans.iter().any(|vlan| lost.contains(vlan))
            && let Some(name) = unclear.name.as_deref()
            && let Ok(name) = SubscriberName::new(name)
        {
            names.insert(name);
        }
    }
    worst(BTreeSet::new(), names)
}

/// Returns the name a subscriber has while it is served now; one that is new is not.
fn name_at_start(scene: &Scene<'_>, place: usize) -> Option<SubscriberName> {
    let start = scene.subscribers.get(place)?.start.as_ref()?;
    Some(start.name.clone())
}
