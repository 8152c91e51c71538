//! Compares a live service with its subscriber: link, place, service plan and state.

use super::conflict::{BillingValue, FieldDecision, decide};
use super::context::Context;
use super::edit::{ChangeCause, ChangeKind, ProposedChange, SyncEdit, SyncValue};
use super::ended::end;
use super::field::SyncKey;
use super::field_change::{Outcome, change, refusal, set, set_state};
use super::proposal::ServiceReading;
use super::reason::Reason;
use super::relocation::{Relocation, Served, relocate};
use super::service_key::ServiceKey;
use super::status::wanted_state;
use super::subscriber_place::heard_now;
use super::sync_base::ServiceBase;
use super::tariff::TariffVerdict;
use super::vlan::VlanPool;
use crate::model::billing::{BillingService, ServiceStatus};
use crate::model::{ServicePlanId, SubscriberId, SubscriberState};

/// Compares a live service with its subscriber.
pub(super) fn compare(
    context: &Context<'_>,
    served: Served<'_>,
    vlans: &mut VlanPool<'_>,
) -> Outcome {
    let mut outcome = Outcome {
        reading: reading(context, served.key, served.service),
        ..Outcome::default()
    };
    outcome.reading.subscriber = Some(served.id.clone());
    if let ServiceStatus::Unknown { word } = &served.service.status {
        let word = word.clone();
        outcome.reasons.push(Reason::StatusUnknown { word });
        return outcome;
    }
    renumber(context, served, &mut outcome);
    if let ServiceStatus::Gone { .. } = served.service.status {
        end(context, served.key, served.id, false, &mut outcome);
        return outcome;
    }
    let relocation = relocate(context, served, vlans);
    let is_activated = relocation
        .values
        .iter()
        .any(|value| matches!(value, SyncValue::Endpoint(_)))
        && served.subscriber.endpoint.is_none();
    outcome.reading.place = relocation
        .heard
        .clone()
        .or_else(|| heard_now(context, served.subscriber));
    compare_plan(context, served, &mut outcome);
    if is_activated {
        activate(context, served, relocation, &mut outcome);
    } else {
        outcome.reasons.extend(relocation.reasons.iter().cloned());
        push_relocation(context, served, relocation, &mut outcome);
        compare_state(context, served, &mut outcome);
    }
    outcome
}

/// Returns what is remembered of a service in any case.
pub(super) fn reading(
    context: &Context<'_>,
    key: &ServiceKey,
    service: &BillingService,
) -> ServiceReading {
    ServiceReading {
        login: service.login.clone().filter(|login| !login.is_empty()),
        macs: context.claims.macs_of(key),
        status: Some(service.status.clone()),
        renumbered_from: context.matches.earlier_id(key),
        ..ServiceReading::default()
    }
}

fn renumber(context: &Context<'_>, served: Served<'_>, outcome: &mut Outcome) {
    let Some(from) = context.matches.renumbered.get(served.key) else {
        return;
    };
    let to = &served.key.service;
    let key = SyncKey::ExternalService;
    if served.subscriber.is_held(key, context.inputs.now) {
        outcome.reasons.push(Reason::Held {
            key,
            billing: to.as_str().into(),
            inventory: from
                .as_ref()
                .map(|from| from.as_str().into())
                .unwrap_or_default(),
        });
        return;
    }
    let cause = ChangeCause::Renumbered {
        from: from.clone(),
        to: to.clone(),
    };
    let edit = SyncEdit::Set {
        subscriber: served.id.clone(),
        value: SyncValue::ExternalService(to.clone()),
        from: from.as_ref().map(|from| from.as_str().into()),
    };
    let change = change(
        context,
        served.linked(),
        ChangeKind::Change,
        cause,
        vec![edit],
    );
    outcome.changes.push(change);
}

/// Adds the removal of the subscriber that has the endpoint, before the edits that need it.
fn replace(change: &mut ProposedChange, replaces: Option<(SubscriberId, bool)>) {
    let Some((replaced, is_from_absence)) = replaces else {
        return;
    };
    change.edits.insert(
        0,
        SyncEdit::Remove {
            subscriber: replaced.clone(),
        },
    );
    change.is_from_absence = is_from_absence;
    change.replaces = Some(replaced);
}

fn push_relocation(
    context: &Context<'_>,
    served: Served<'_>,
    relocation: Relocation,
    outcome: &mut Outcome,
) {
    let Some((kind, cause)) = relocation.kind else {
        return;
    };
    let edits = relocation.values.into_iter();
    let edits = edits.map(|value| set(served.linked(), value)).collect();
    let mut change = change(context, served.linked(), kind, cause, edits);
    replace(&mut change, relocation.replaces);
    outcome.changes.push(change);
}

/// Activates a planned subscriber: endpoint, place and state in one change.
fn activate(
    context: &Context<'_>,
    served: Served<'_>,
    mut relocation: Relocation,
    outcome: &mut Outcome,
) {
    // Before it has an endpoint it can only be pending; a person who set another state decides.
    if served.subscriber.state != SubscriberState::Pending {
        compare_state(context, served, outcome);
        return;
    }
    relocation
        .values
        .push(SyncValue::State(SubscriberState::Active));
    push_relocation(context, served, relocation, outcome);
}

fn compare_plan(context: &Context<'_>, served: Served<'_>, outcome: &mut Outcome) {
    let wanted = match wanted_plan(context, served.service) {
        Ok(wanted) => wanted,
        Err(reason) => {
            outcome.reasons.push(reason);
            return;
        }
    };
    let value = BillingValue {
        raw: served
            .service
            .tariff
            .as_ref()
            .map(|tariff| tariff.as_str().into())
            .unwrap_or_default(),
        value: wanted.as_str().into(),
    };
    let base = context.field(served.key, |base: &ServiceBase| base.service_plan.as_ref());
    let key = SyncKey::ServicePlan;
    let inventory = served.subscriber.service_plan.as_str();
    let circumstances = context.circumstances(served.key, served.subscriber, key);
    let decision = decide(Some(&value), inventory, base, circumstances);
    if let FieldDecision::TakeBilling { .. } = decision {
        let cause = ChangeCause::Tariff {
            from: base.map(|base| base.raw.clone()),
            to: value.raw.clone(),
        };
        let edit = set(served.linked(), SyncValue::ServicePlan(wanted));
        let change = change(
            context,
            served.linked(),
            ChangeKind::Change,
            cause,
            vec![edit],
        );
        outcome.changes.push(change);
    }
    outcome
        .reasons
        .extend(refusal(decision, key, &value, inventory));
    outcome.reading.service_plan = Some(value);
}

/// Returns the service plan that a service was sold, or the reason that there is none.
pub(super) fn wanted_plan(
    context: &Context<'_>,
    service: &BillingService,
) -> Result<ServicePlanId, Reason> {
    let tariff = service.tariff.clone().ok_or(Reason::TariffMissing)?;
    match context.tariffs.verdict(&tariff) {
        TariffVerdict::ServicePlan(plan) => Ok(plan),
        TariffVerdict::Ignored => Err(Reason::TariffIgnored { tariff }),
        TariffVerdict::Problem(problem) => Err(Reason::Tariff { tariff, problem }),
    }
}

fn compare_state(context: &Context<'_>, served: Served<'_>, outcome: &mut Outcome) {
    let subscriber = served.subscriber;
    let devices = &context.inputs.inventory.devices;
    let is_port_aware = devices
        .get(&subscriber.device)
        .is_some_and(|device| device.is_port_aware);
    let wanted = wanted_state(
        &served.service.status,
        context.inputs.settings.pre_activate,
        subscriber.endpoint.is_some() || is_port_aware,
    );
    let Some(wanted) = wanted else {
        return;
    };
    let status = &served.service.status;
    set_state(context, served.linked(), &wanted, status, false, outcome);
}
