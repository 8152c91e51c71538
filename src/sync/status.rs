//! Translates the status of a service into the state of its subscriber.

use super::conflict::BillingValue;
use crate::model::SubscriberState;
use crate::model::billing::ServiceStatus;

/// Returns the state that a status asks for; a subscriber without an endpoint can only be pending.
///
/// Nothing follows from an unknown status. With `pre_activate`, a pending service is served.
pub(super) fn wanted_state(
    status: &ServiceStatus,
    pre_activate: bool,
    has_endpoint: bool,
) -> Option<BillingValue> {
    let (raw, state) = match status {
        ServiceStatus::Served => ("served", SubscriberState::Active),
        ServiceStatus::Suspended { .. } => ("suspended", SubscriberState::Suspended),
        ServiceStatus::Pending { .. } if pre_activate => ("pending", SubscriberState::Active),
        ServiceStatus::Pending { .. } => ("pending", SubscriberState::Pending),
        ServiceStatus::Gone { .. } => ("gone", SubscriberState::Suspended),
        ServiceStatus::Unknown { .. } => return None,
    };
    let state = match has_endpoint {
        true => state,
        false => SubscriberState::Pending,
    };
    Some(BillingValue {
        raw: raw.into(),
        value: state.as_str().into(),
    })
}

/// Returns the state of a subscriber whose service is gone.
pub(super) fn gone_state(has_endpoint: bool) -> BillingValue {
    let state = match has_endpoint {
        true => SubscriberState::Suspended,
        false => SubscriberState::Pending,
    };
    BillingValue {
        raw: "gone".into(),
        value: state.as_str().into(),
    }
}

/// Returns the cause of a status, for the commit.
pub(super) fn cause(status: &ServiceStatus) -> Option<&'static str> {
    match status {
        ServiceStatus::Suspended { cause } => Some(cause.as_str()),
        ServiceStatus::Pending { cause } => Some(cause.as_str()),
        ServiceStatus::Gone { cause } => Some(cause.as_str()),
        ServiceStatus::Served | ServiceStatus::Unknown { .. } => None,
    }
}

/// Returns the state of a word that `wanted_state` gave.
pub(super) fn state(word: &str) -> Option<SubscriberState> {
    let mut all = SubscriberState::ALL.iter().copied();
    all.find(|state| state.as_str() == word)
}
