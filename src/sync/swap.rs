//! Swaps the endpoint of a subscriber for another one of the same service.

use compact_str::ToCompactString;

use super::context::Context;
use super::edit::{ChangeCause, ChangeKind, SyncValue};
use super::field::SyncKey;
use super::placement::heard_place;
use super::reason::Reason;
use super::relocation::{Relocation, Served};
use super::subscriber_place::{heard_value, own_place, place_of, same_site};
use crate::model::MacAddress;
use crate::model::billing::ServiceStatus;

/// Sets another endpoint of the same service, heard in the place of the old one.
pub(super) fn swap(context: &Context<'_>, served: Served<'_>, old: MacAddress) -> Relocation {
    let macs = context.claims.macs_of(served.key);
    let subscriber = served.subscriber;
    let base = context.base(served.key);
    let known = base.and_then(|base| base.endpoint.as_ref());
    let is_as_left = known.is_some_and(|known| known.left == old.to_compact_string());
    let is_new = |mac: &MacAddress| base.is_some_and(|base| !base.accepted_macs.contains(mac));
    let circumstances = context.circumstances(served.key, subscriber, SyncKey::Endpoint);
    let billing = macs
        .first()
        .map(ToCompactString::to_compact_string)
        .unwrap_or_default();
    let inventory = old.to_compact_string();
    let key = SyncKey::Endpoint;
    if circumstances.is_held {
        return Relocation::because(vec![Reason::Held {
            key,
            billing,
            inventory,
        }]);
    }
    // Only an endpoint that billing has lately replaces one that a person set.
    let is_allowed = is_as_left || (known.is_some() && macs.iter().all(is_new));
    if !is_allowed && !circumstances.takes_billing {
        return Relocation::because(vec![Reason::Contested {
            key,
            billing,
            inventory,
        }]);
    }
    let is_live = matches!(
        served.service.status,
        ServiceStatus::Served | ServiceStatus::Suspended { .. }
    );
    if !is_live {
        return Relocation::default();
    }
    let place = match heard_place(context, served.service, Some(served.id)) {
        Ok(place) => place,
        Err(reasons) => return Relocation::because(reasons),
    };
    let value = heard_value(subscriber, &place.device, place.port);
    if value.value != place_of(subscriber) {
        let (from, to) = (own_place(subscriber), place.device_port());
        let reason = match same_site(context, &subscriber.device, &place.device) {
            true => Reason::Moved { from, to },
            false => Reason::MovedElsewhere { from, to },
        };
        return Relocation::because(vec![reason]);
    }
    if !context.hearing.is_silent_on(old, &subscriber.device) {
        let new = place.mac;
        return Relocation::because(vec![Reason::OldStillHeard { old, new }]);
    }
    let (from, to) = (Some(old), place.mac);
    Relocation {
        kind: Some((ChangeKind::Change, ChangeCause::Swapped { from, to })),
        values: vec![SyncValue::Endpoint(place.mac)],
        replaces: place.replaces,
        heard: Some(value),
        reasons: Vec::new(),
    }
}
