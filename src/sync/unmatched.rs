//! Decides whether a service without a subscriber gets one, and where.

use super::context::Context;
use super::edit::{AddedSubscriber, ChangeCause};
use super::field_change::Outcome;
use super::matched::{reading, wanted_plan};
use super::placement::{heard_place, planned_place};
use super::reason::Reason;
use super::service_key::ServiceKey;
use crate::model::billing::{BillingName, BillingService, ServiceStatus};
use crate::model::{
    Description, DeviceName, MacAddress, PortNumber, ServicePlanId, SubscriberId, SubscriberState,
    VlanId,
};

/// A service that can get a subscriber; its id and its VLAN are assigned afterwards.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub key: ServiceKey,
    pub place: NewPlace,
    pub service_plan: ServicePlanId,
    pub description: Option<Description>,
}

/// The place of a new subscriber.
#[derive(Debug, Clone)]
pub(super) struct NewPlace {
    pub device: DeviceName,
    pub port: PortNumber,
    pub endpoint: Option<MacAddress>,
    pub state: SubscriberState,
    pub cause: ChangeCause,
    /// A subscriber that is removed for it, and whether that follows from absence.
    pub replaces: Option<(SubscriberId, bool)>,
}

impl Candidate {
    /// Returns the new subscriber, once it has a VLAN.
    pub(super) fn added(&self, vlan: VlanId, system: &BillingName) -> AddedSubscriber {
        AddedSubscriber {
            device: self.place.device.clone(),
            port: self.place.port,
            endpoint: self.place.endpoint,
            service_plan: self.service_plan.clone(),
            vlan,
            state: self.place.state,
            description: self.description.clone(),
            system: system.clone(),
            service: self.key.clone(),
        }
    }
}

/// Returns the outcome for a service without a subscriber, and the candidate if it can get one.
pub(super) fn consider(
    context: &Context<'_>,
    service: &BillingService,
) -> (Outcome, Option<Candidate>) {
    let key = ServiceKey::of(service);
    let mut outcome = Outcome {
        reading: reading(context, &key, service),
        ..Outcome::default()
    };
    let candidate = match candidate(context, service, &key) {
        Ok(candidate) => Some(candidate),
        Err(reasons) => {
            outcome.reasons = reasons;
            None
        }
    };
    (outcome, candidate)
}

fn candidate(
    context: &Context<'_>,
    service: &BillingService,
    key: &ServiceKey,
) -> Result<Candidate, Vec<Reason>> {
    let pre_activate = context.inputs.settings.pre_activate;
    let may_be_served = match &service.status {
        ServiceStatus::Served => true,
        ServiceStatus::Pending { .. } => pre_activate,
        ServiceStatus::Suspended { .. } => return Err(vec![Reason::SuspendedBeforeStart]),
        ServiceStatus::Gone { .. } => return Err(vec![Reason::Ended]),
        ServiceStatus::Unknown { word } => {
            let word = word.clone();
            return Err(vec![Reason::StatusUnknown { word }]);
        }
    };
    // The subscriber of this service may be the one whose service is missing in the reading.
    if context.unproven.contains(&key.account) {
        return Err(vec![Reason::ReadIncomplete]);
    }
    if let Some(subscriber) = removed_by_a_person(context, key) {
        return Err(vec![Reason::SubscriberRemoved { subscriber }]);
    }
    let plan = wanted_plan(context, service);
    let place = place(context, service, may_be_served);
    match (plan, place) {
        (Ok(service_plan), Ok(place)) => Ok(Candidate {
            key: key.clone(),
            place,
            service_plan,
            description: description(context, service),
        }),
        (Err(reason), Ok(_)) => Err(vec![reason]),
        (Ok(_), Err(reasons)) => Err(reasons),
        (Err(reason), Err(mut reasons)) => {
            reasons.push(reason);
            Err(reasons)
        }
    }
}

fn place(
    context: &Context<'_>,
    service: &BillingService,
    may_be_served: bool,
) -> Result<NewPlace, Vec<Reason>> {
    let planned = planned_place(context, service);
    let mut reasons = match may_be_served {
        true => match heard_place(context, service, None) {
            Ok(place) => {
                return Ok(NewPlace {
                    device: place.device,
                    port: place.port,
                    endpoint: Some(place.mac),
                    state: SubscriberState::Active,
                    cause: ChangeCause::Heard { mac: place.mac },
                    replaces: place.replaces,
                });
            }
            Err(reasons) => reasons,
        },
        false => vec![Reason::NotStarted {
            starts: service.starts.clone(),
        }],
    };
    // A plan of billing counts only until something is heard.
    let is_quiet = reasons.iter().all(|reason| match reason {
        // One that is heard may be this one, mistyped.
        Reason::NotHeard { near, .. } => near.is_empty(),
        Reason::NoItem | Reason::NotStarted { .. } => true,
        _ => false,
    });
    let devices = &context.inputs.inventory.devices;
    match planned {
        Ok(Some((device, port))) if is_quiet => {
            // A port-aware device has no endpoint to hear.
            let is_port_aware = devices
                .get(&device)
                .is_some_and(|device| device.is_port_aware);
            let state = match is_port_aware && may_be_served {
                true => SubscriberState::Active,
                false => SubscriberState::Pending,
            };
            Ok(NewPlace {
                device,
                port,
                endpoint: None,
                state,
                cause: ChangeCause::Planned,
                replaces: None,
            })
        }
        Ok(_) => Err(reasons),
        Err(more) => {
            reasons.extend(more);
            Err(reasons)
        }
    }
}

/// Returns the subscriber that the service had, if it lost it by an edit and billing has nothing new since.
fn removed_by_a_person(context: &Context<'_>, key: &ServiceKey) -> Option<SubscriberId> {
    let base = context.inputs.base.services.get(key)?;
    let subscriber = base.subscriber.clone()?;
    let macs = context.claims.macs_of(key);
    // The addresses of the last reading in which it had a subscriber.
    let known = match base.vlan {
        Some(_) => &base.macs,
        None => &base.accepted_macs,
    };
    let has_new_endpoint = macs.iter().any(|mac| !known.contains(mac));
    (!has_new_endpoint && !base.takes_billing).then_some(subscriber)
}

/// Returns the configured field as a description, if a device accepts it.
fn description(context: &Context<'_>, service: &BillingService) -> Option<Description> {
    let unit = service.unit.as_deref();
    let unit = unit.filter(|_| context.inputs.settings.describes_units)?;
    Description::new(unit.trim()).ok()
}
