//! Makes changes of the fields of a subscriber, or the reasons that they stay as they are.

use compact_str::{ToCompactString, format_compact};

use super::conflict::{BillingValue, FieldDecision, decide};
use super::context::Context;
use super::edit::{ChangeCause, ChangeKind, ProposedChange, SyncEdit, SyncValue};
use super::field::SyncKey;
use super::inventory_view::SyncSubscriber;
use super::proposal::ServiceReading;
use super::reason::Reason;
use super::service_key::ServiceKey;
use super::status::{cause, state};
use super::sync_base::ServiceBase;
use crate::model::billing::ServiceStatus;
use crate::model::{SubscriberId, SubscriberState};

/// The outcome for one service.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub reasons: Vec<Reason>,
    pub changes: Vec<ProposedChange>,
    pub reading: ServiceReading,
}

/// A subscriber with the key of its service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linked<'a> {
    pub key: &'a ServiceKey,
    pub id: &'a SubscriberId,
    pub subscriber: &'a SyncSubscriber,
}

/// Returns a change of a subscriber.
pub(super) fn change(
    context: &Context<'_>,
    linked: Linked<'_>,
    kind: ChangeKind,
    cause: ChangeCause,
    edits: Vec<SyncEdit>,
) -> ProposedChange {
    let site = context.inputs.inventory.site_of(&linked.subscriber.device);
    ProposedChange {
        service: linked.key.clone(),
        subscriber: linked.id.clone(),
        kind,
        replaces: None,
        is_from_absence: false,
        site: site.cloned(),
        edits,
        cause,
    }
}

/// Returns the edit that gives a key another value.
pub(super) fn set(linked: Linked<'_>, value: SyncValue) -> SyncEdit {
    let subscriber = linked.subscriber;
    let from = match &value {
        SyncValue::ServicePlan(_) => Some(subscriber.service_plan.as_str().into()),
        SyncValue::State(_) => Some(subscriber.state.as_str().into()),
        SyncValue::Endpoint(_) => subscriber.endpoint.map(|mac| mac.to_compact_string()),
        SyncValue::Device(_) => Some(subscriber.device.as_str().into()),
        SyncValue::Port(_) => Some(format_compact!("{}", subscriber.port)),
        SyncValue::ExternalService(_) | SyncValue::External(..) => None,
    };
    SyncEdit::Set {
        subscriber: linked.id.clone(),
        value,
        from,
    }
}

/// Sets the state where billing's value applies, and returns the decision.
pub(super) fn set_state(
    context: &Context<'_>,
    linked: Linked<'_>,
    wanted: &BillingValue,
    status: &ServiceStatus,
    is_from_absence: bool,
    outcome: &mut Outcome,
) -> FieldDecision {
    let key = SyncKey::State;
    let before = linked.subscriber.state;
    let base = context.field(linked.key, |base: &ServiceBase| base.state.as_ref());
    let circumstances = context.circumstances(linked.key, linked.subscriber, key);
    let decision = decide(Some(wanted), before.as_str(), base, circumstances);
    if let (FieldDecision::TakeBilling { .. }, Some(after)) = (decision, state(&wanted.value)) {
        let is_suspension = after == SubscriberState::Suspended
            || (before == SubscriberState::Active && after == SubscriberState::Pending);
        let kind = match is_suspension {
            true => ChangeKind::Suspension,
            false => ChangeKind::Change,
        };
        let because = ChangeCause::Status {
            status: wanted.raw.clone(),
            cause: cause(status),
        };
        let edit = set(linked, SyncValue::State(after));
        let mut change = change(context, linked, kind, because, vec![edit]);
        change.is_from_absence = is_from_absence;
        outcome.changes.push(change);
    }
    outcome
        .reasons
        .extend(refusal(decision, key, wanted, before.as_str()));
    decision
}

/// Returns the reason that a decision leaves a field as it is.
pub(super) fn refusal(
    decision: FieldDecision,
    key: SyncKey,
    billing: &BillingValue,
    inventory: &str,
) -> Option<Reason> {
    let billing = billing.value.clone();
    let inventory = inventory.into();
    match decision {
        FieldDecision::Settled | FieldDecision::TakeBilling { .. } => None,
        FieldDecision::Contested => Some(Reason::Contested {
            key,
            billing,
            inventory,
        }),
        FieldDecision::Held => Some(Reason::Held {
            key,
            billing,
            inventory,
        }),
        FieldDecision::Flapping => Some(Reason::Flapping { key }),
    }
}
