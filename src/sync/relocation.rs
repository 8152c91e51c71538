//! Decides swaps, moves and late activations: changes of the endpoint or the place of a subscriber.

use compact_str::{CompactString, ToCompactString};

use super::conflict::{BillingValue, FieldDecision, decide};
use super::context::Context;
use super::edit::{ChangeCause, ChangeKind, SyncValue};
use super::field::SyncKey;
use super::field_change::Linked;
use super::heard::Whereabouts;
use super::inventory_view::SyncSubscriber;
use super::placement::{HeardPlace, check_device, check_free, conflicts, device_port, heard_place};
use super::reason::{DevicePort, Reason};
use super::service_key::ServiceKey;
use super::settings::Moves;
use super::subscriber_place::{heard_value, own_place, place_of, place_values, same_site};
use super::swap::swap;
use super::sync_base::ServiceBase;
use super::vlan::VlanPool;
use crate::model::billing::{BillingService, ServiceStatus};
use crate::model::{DeviceName, MacAddress, PortNumber, SubscriberId};

/// A change of the endpoint or the place of a subscriber.
#[derive(Debug, Default)]
pub(super) struct Relocation {
    pub reasons: Vec<Reason>,
    pub kind: Option<(ChangeKind, ChangeCause)>,
    pub values: Vec<SyncValue>,
    /// A subscriber that is removed for it, and whether that follows from absence.
    pub replaces: Option<(SubscriberId, bool)>,
    /// The place where its endpoint is heard.
    pub heard: Option<BillingValue>,
}

impl Relocation {
    pub(super) fn because(reasons: Vec<Reason>) -> Self {
        Self {
            reasons,
            ..Self::default()
        }
    }
}

/// A subscriber with its service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served<'a> {
    pub key: &'a ServiceKey,
    pub service: &'a BillingService,
    pub id: &'a SubscriberId,
    pub subscriber: &'a SyncSubscriber,
}

impl<'a> Served<'a> {
    pub(super) fn linked(self) -> Linked<'a> {
        Linked {
            key: self.key,
            id: self.id,
            subscriber: self.subscriber,
        }
    }
}

pub(super) fn relocate(
    context: &Context<'_>,
    served: Served<'_>,
    vlans: &mut VlanPool<'_>,
) -> Relocation {
    let device = context
        .inputs
        .inventory
        .devices
        .get(&served.subscriber.device);
    if device.is_some_and(|device| device.is_port_aware) {
        return Relocation::default();
    }
    let macs = context.claims.macs_of(served.key);
    match served.subscriber.endpoint {
        None => activate(context, served, vlans),
        Some(endpoint) if macs.is_empty() || macs.contains(&endpoint) => {
            let mut relocation = follow(context, served, endpoint, vlans);
            relocation.reasons.extend(conflicts(&context.claims, &macs));
            let is_silent = context.hearing.whereabouts(endpoint) == Whereabouts::Silent;
            let others = macs.iter().copied().filter(|mac| {
                *mac != endpoint && context.hearing.whereabouts(*mac) != Whereabouts::Silent
            });
            let others: Vec<MacAddress> = others.collect();
            if is_silent && !others.is_empty() {
                let macs = others;
                relocation.reasons.push(Reason::TwoEndpointsHeard { macs });
            }
            relocation
        }
        Some(endpoint) => swap(context, served, endpoint),
    }
}

/// Activates a subscriber that was planned, where its endpoint is heard.
fn activate(context: &Context<'_>, served: Served<'_>, vlans: &mut VlanPool<'_>) -> Relocation {
    let may_start = match served.service.status {
        ServiceStatus::Served => true,
        ServiceStatus::Pending { .. } => context.inputs.settings.pre_activate,
        _ => false,
    };
    if !may_start {
        return Relocation::default();
    }
    let place = match heard_place(context, served.service, Some(served.id)) {
        Ok(place) => place,
        Err(reasons) => return Relocation::because(reasons),
    };
    let subscriber = served.subscriber;
    if let Some(key) = held(context, subscriber, &[SyncKey::Endpoint, SyncKey::State]) {
        return Relocation::because(vec![Reason::Held {
            key,
            billing: place.mac.to_compact_string(),
            inventory: CompactString::default(),
        }]);
    }
    let mut relocation = match move_to(context, served, &place, vlans) {
        Ok(values) => Relocation {
            values,
            ..Relocation::default()
        },
        Err(reasons) => return Relocation::because(reasons),
    };
    relocation.heard = Some(heard_value(subscriber, &place.device, place.port));
    relocation.values.insert(0, SyncValue::Endpoint(place.mac));
    let cause = ChangeCause::Heard { mac: place.mac };
    relocation.kind = Some((ChangeKind::Change, cause));
    relocation.replaces = place.replaces;
    relocation
}

/// Returns the values that bring a planned subscriber to the place where its endpoint is heard.
fn move_to(
    context: &Context<'_>,
    served: Served<'_>,
    place: &HeardPlace,
    vlans: &mut VlanPool<'_>,
) -> Result<Vec<SyncValue>, Vec<Reason>> {
    let heard = heard_value(served.subscriber, &place.device, place.port);
    let decision = decide_place(context, served, &heard);
    match decision {
        FieldDecision::Settled if place_of(served.subscriber) == heard.value => Ok(Vec::new()),
        // Heard at the place that billing planned before a person moved it.
        FieldDecision::Settled | FieldDecision::Contested | FieldDecision::Flapping => {
            Err(vec![refusal(served, &heard, decision)])
        }
        FieldDecision::Held => Err(vec![refusal(served, &heard, decision)]),
        FieldDecision::TakeBilling { .. } => {
            check_move(context, served, &place.device, place.port, vlans)?;
            Ok(place_values(served.subscriber, &place.device, place.port))
        }
    }
}

fn decide_place(context: &Context<'_>, served: Served<'_>, heard: &BillingValue) -> FieldDecision {
    let mut circumstances = context.circumstances(served.key, served.subscriber, SyncKey::Port);
    circumstances.is_held |= served
        .subscriber
        .is_held(SyncKey::Device, context.inputs.now);
    let place = place_of(served.subscriber);
    let base = context.field(served.key, |base: &ServiceBase| base.place.as_ref());
    decide(Some(heard), &place, base, circumstances)
}

fn refusal(served: Served<'_>, heard: &BillingValue, decision: FieldDecision) -> Reason {
    let key = SyncKey::Port;
    let (billing, inventory) = (heard.value.clone(), place_of(served.subscriber));
    match decision {
        FieldDecision::Held => Reason::Held {
            key,
            billing,
            inventory,
        },
        FieldDecision::Flapping => Reason::Flapping { key },
        _ => Reason::Contested {
            key,
            billing,
            inventory,
        },
    }
}

/// Follows an endpoint that is heard on another port than its subscriber's.
fn follow(
    context: &Context<'_>,
    served: Served<'_>,
    endpoint: MacAddress,
    vlans: &mut VlanPool<'_>,
) -> Relocation {
    let (heard, port) = match context.hearing.whereabouts(endpoint) {
        Whereabouts::Once(heard, port) => (heard, port),
        Whereabouts::Several(places) => {
            return Relocation::because(vec![Reason::HeardTwice {
                mac: endpoint,
                places: places.into_iter().map(device_port).collect(),
            }]);
        }
        Whereabouts::Silent | Whereabouts::Unclear(_) => return Relocation::default(),
    };
    let subscriber = served.subscriber;
    let value = heard_value(subscriber, &heard.device, port);
    if value.value == place_of(subscriber) {
        return Relocation {
            heard: Some(value),
            ..Relocation::default()
        };
    }
    let (from, to) = (own_place(subscriber), device_port(heard));
    let is_same_site = same_site(context, &subscriber.device, &heard.device);
    let reason = match is_same_site {
        true => Reason::Moved { from, to },
        false => Reason::MovedElsewhere { from, to },
    };
    let is_live = matches!(
        served.service.status,
        ServiceStatus::Served | ServiceStatus::Suspended { .. }
    );
    if !is_same_site || !is_live || context.inputs.settings.moves == Moves::Propose {
        return Relocation::because(vec![reason]);
    }
    let decision = decide_place(context, served, &value);
    if !matches!(decision, FieldDecision::TakeBilling { .. }) {
        return Relocation::because(vec![refusal(served, &value, decision)]);
    }
    if let Some(conflict) = context.claims.conflict(endpoint) {
        return Relocation::because(vec![conflict, reason]);
    }
    match check_move(context, served, &heard.device, port, vlans) {
        Ok(()) => Relocation {
            kind: Some((ChangeKind::Move, ChangeCause::Moved)),
            values: place_values(subscriber, &heard.device, port),
            heard: Some(value),
            ..Relocation::default()
        },
        Err(mut reasons) => {
            reasons.push(reason);
            Relocation::because(reasons)
        }
    }
}

fn held(context: &Context<'_>, subscriber: &SyncSubscriber, keys: &[SyncKey]) -> Option<SyncKey> {
    let mut keys = keys.iter().copied();
    keys.find(|key| subscriber.is_held(*key, context.inputs.now))
}

/// Checks a move: within the site, to a port and into a VLAN that are free.
fn check_move(
    context: &Context<'_>,
    served: Served<'_>,
    device: &DeviceName,
    port: PortNumber,
    vlans: &mut VlanPool<'_>,
) -> Result<(), Vec<Reason>> {
    let to = DevicePort {
        device: device.clone(),
        port: Some(port),
    };
    let subscriber = served.subscriber;
    if !same_site(context, &subscriber.device, device) {
        let from = own_place(subscriber);
        return Err(vec![Reason::MovedElsewhere { from, to }]);
    }
    check_device(context, device, port)?;
    check_free(context, device, port, &[Some(served.id)])?;
    if *device == subscriber.device {
        return Ok(());
    }
    if !vlans.is_free(device, subscriber.vlan) {
        let vlan = subscriber.vlan.get();
        return Err(vec![Reason::VlanTaken { at: to, vlan }]);
    }
    vlans.use_up(device, subscriber.vlan);
    Ok(())
}
