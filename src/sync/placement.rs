//! Finds the place of a new service: where its endpoint is heard, or where billing plans it.

use super::claims::Claims;
use super::context::{Context, Replaceable};
use super::few_set::FewSet;
use super::heard::{HeardEndpoint, HeardState, Whereabouts};
use super::near_miss::near_misses;
use super::reason::{DevicePort, Reason};
use super::service_key::ServiceKey;
use crate::model::billing::{BillingService, PlaceHint};
use crate::model::{
    DeviceName, DeviceState, MacAddress, Medium, PortNumber, SiteName, SubscriberId,
};

/// A place at which an endpoint can be activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeardPlace {
    pub mac: MacAddress,
    pub device: DeviceName,
    pub port: PortNumber,
    /// The subscriber that has the endpoint, whose service is gone.
    pub replaces: Option<(SubscriberId, bool)>,
}

impl HeardPlace {
    pub(super) fn device_port(&self) -> DevicePort {
        DevicePort {
            device: self.device.clone(),
            port: Some(self.port),
        }
    }
}

pub(super) fn device_port(heard: &HeardEndpoint) -> DevicePort {
    DevicePort {
        device: heard.device.clone(),
        port: heard.port,
    }
}

/// Returns the one endpoint that leads to a service and is heard, with its place, or the reasons that there is none.
///
/// `own` is the subscriber of the service, which may have the endpoint or the port already.
pub(super) fn heard_place(
    context: &Context<'_>,
    service: &BillingService,
    own: Option<&SubscriberId>,
) -> Result<HeardPlace, Vec<Reason>> {
    let key = ServiceKey::of(service);
    let macs = context.claims.macs_of(&key);
    let heard: Vec<MacAddress> = macs
        .iter()
        .copied()
        .filter(|mac| context.hearing.whereabouts(*mac) != Whereabouts::Silent)
        .collect();
    let mac = match heard.as_slice() {
        [mac] => *mac,
        [] => return Err(not_heard(context, &key, macs)),
        several => {
            let macs = several.to_vec();
            return Err(vec![Reason::TwoEndpointsHeard { macs }]);
        }
    };
    let at = clear_place(context, mac)?;
    let replaces = replaced(context, mac, own)?;
    let (heard, port) = at;
    let is_own = context.by_endpoint.get(&mac).copied() == own && own.is_some();
    if heard.state != HeardState::Unknown && replaces.is_none() && !is_own {
        let at = device_port(heard);
        return Err(vec![Reason::EndpointUnmanaged { mac, at }]);
    }
    let place = HeardPlace {
        mac,
        device: heard.device.clone(),
        port,
        replaces,
    };
    check_device(context, &place.device, port)?;
    if let Some(expected) = other_site(context, service, &place.device) {
        let at = place.device_port();
        return Err(vec![Reason::HeardElsewhere { mac, at, expected }]);
    }
    let replaced = place.replaces.as_ref().map(|(id, _)| id);
    check_free(context, &place.device, port, &[own, replaced])?;
    Ok(place)
}

fn not_heard(context: &Context<'_>, key: &ServiceKey, macs: FewSet<MacAddress>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = context.claims.ambiguities(key).to_vec();
    reasons.extend(macs.iter().filter_map(|mac| context.claims.conflict(*mac)));
    if context.claims.is_incomplete(key) {
        reasons.push(Reason::ReadIncomplete);
    }
    let texts: Vec<_> = context.claims.unreadable_of(&key.account).collect();
    if macs.is_empty() && texts.is_empty() {
        if reasons.is_empty() {
            reasons.push(Reason::NoItem);
        }
        return reasons;
    }
    let near = near_misses(&macs, texts.into_iter(), &context.unknown);
    let macs = macs.into_iter().collect();
    reasons.push(Reason::NotHeard { macs, near });
    reasons
}

/// Returns the place of an endpoint that one account claims and that is heard in one place.
pub(super) fn clear_place<'a>(
    context: &Context<'a>,
    mac: MacAddress,
) -> Result<(&'a HeardEndpoint, PortNumber), Vec<Reason>> {
    if let Some(conflict) = context.claims.conflict(mac) {
        return Err(vec![conflict]);
    }
    match context.hearing.whereabouts(mac) {
        Whereabouts::Once(heard, port) => Ok((heard, port)),
        Whereabouts::Unclear(heard) => {
            let at = device_port(heard);
            Err(vec![Reason::HeardUnclearly { mac, at }])
        }
        Whereabouts::Several(places) => {
            let places = places.into_iter().map(device_port).collect();
            Err(vec![Reason::HeardTwice { mac, places }])
        }
        Whereabouts::Silent => {
            let macs = [mac].into();
            let near = Vec::new();
            Err(vec![Reason::NotHeard { macs, near }])
        }
    }
}

/// Returns the subscriber that has the endpoint and may be removed for another service.
fn replaced(
    context: &Context<'_>,
    mac: MacAddress,
    own: Option<&SubscriberId>,
) -> Result<Option<(SubscriberId, bool)>, Vec<Reason>> {
    let Some(owner) = context.by_endpoint.get(&mac).copied() else {
        return Ok(None);
    };
    if own == Some(owner) {
        return Ok(None);
    }
    match context.replaceable.get(owner) {
        Some(Replaceable { is_from_absence }) => Ok(Some((owner.clone(), *is_from_absence))),
        None => Err(vec![Reason::EndpointInUse {
            mac,
            subscriber: owner.clone(),
        }]),
    }
}

pub(super) fn check_device(
    context: &Context<'_>,
    device: &DeviceName,
    port: PortNumber,
) -> Result<(), Vec<Reason>> {
    let known = context.inputs.inventory.devices.get(device);
    let is_usable =
        known.is_some_and(|known| known.state == DeviceState::Managed && port.get() <= known.ports);
    match is_usable {
        true => Ok(()),
        false => Err(vec![Reason::DeviceNotManaged {
            device: device.clone(),
        }]),
    }
}

/// Returns the site that billing's location is mapped to, if the device is at another one.
fn other_site(
    context: &Context<'_>,
    service: &BillingService,
    device: &DeviceName,
) -> Option<SiteName> {
    let location = service.location.as_ref()?;
    let expected = context.inputs.settings.sites.get(location)?;
    (context.inputs.inventory.site_of(device) != Some(expected)).then(|| expected.clone())
}

/// Refuses a copper port that another subscriber has.
pub(super) fn check_free(
    context: &Context<'_>,
    device: &DeviceName,
    port: PortNumber,
    besides: &[Option<&SubscriberId>],
) -> Result<(), Vec<Reason>> {
    let known = context.inputs.inventory.devices.get(device);
    if known.is_none_or(|known| known.medium != Medium::Copper) {
        return Ok(());
    }
    let Some(occupant) = context.occupant(device, port, besides) else {
        return Ok(());
    };
    let endpoint = context
        .subscriber(occupant)
        .and_then(|subscriber| subscriber.endpoint);
    let is_answering =
        endpoint.is_some_and(|mac| context.hearing.whereabouts(mac) != Whereabouts::Silent);
    Err(vec![Reason::PortTaken {
        at: DevicePort {
            device: device.clone(),
            port: Some(port),
        },
        subscriber: occupant.clone(),
        is_answering,
    }])
}

/// Returns the place that billing plans for a service without a subscriber, or nothing if it names none.
pub(super) fn planned_place(
    context: &Context<'_>,
    service: &BillingService,
) -> Result<Option<(DeviceName, PortNumber)>, Vec<Reason>> {
    let Some(hint) = &service.place_hint else {
        return Ok(None);
    };
    let unknown = || vec![Reason::PlaceUnknown { hint: hint.clone() }];
    let Some(device) = device_of(context, hint) else {
        return Err(unknown());
    };
    let Some(port) = hint
        .port
        .as_deref()
        .map(str::trim)
        .filter(|port| !port.is_empty())
    else {
        return Ok(None);
    };
    let port = port
        .parse()
        .ok()
        .and_then(|port| PortNumber::new(port).ok());
    let Some(port) = port else {
        return Err(unknown());
    };
    // A place that gamctl wrote back is not a request.
    let own = super::write_back::place_text(device, port);
    if service.written_back.place.as_deref() == Some(own.as_str()) {
        return Ok(None);
    }
    check_device(context, device, port)?;
    if let Some(expected) = other_site(context, service, device) {
        let at = DevicePort {
            device: device.clone(),
            port: Some(port),
        };
        return Err(vec![Reason::PlannedElsewhere { at, expected }]);
    }
    check_free(context, device, port, &[])?;
    Ok(Some((device.clone(), port)))
}

/// Returns the device of a hint: by its name, or by its id in billing; two devices with one id are none.
fn device_of<'a>(context: &Context<'a>, hint: &PlaceHint) -> Option<&'a DeviceName> {
    let devices = &context.inputs.inventory.devices;
    let mut by_id = devices
        .iter()
        .filter(|(_, device)| device.external.as_ref() == Some(&hint.device))
        .map(|(name, _)| name);
    let by_name = devices.get_key_value(hint.device.as_str());
    match (by_id.next(), by_id.next(), by_name) {
        (None, _, Some((name, _))) => Some(name),
        (Some(by_id), None, Some((name, _))) => (by_id == name).then_some(name),
        (Some(only), None, None) => Some(only),
        (Some(_), Some(_), _) | (None, _, None) => None,
    }
}

/// Returns whether an address that leads to the service is also claimed elsewhere.
pub(super) fn conflicts(claims: &Claims, macs: &FewSet<MacAddress>) -> Vec<Reason> {
    macs.iter()
        .filter_map(|mac| claims.conflict(*mac))
        .collect()
}
