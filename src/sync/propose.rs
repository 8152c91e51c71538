//! Compares a snapshot of billing with an inventory: classifies every service and proposes changes.

use std::collections::{BTreeMap, BTreeSet};

use super::addition::additions;
use super::classification::Classification;
use super::conflict::BillingValue;
use super::context::{Context, SyncInputs};
use super::edit::{ChangeKind, ProposedChange, SyncEdit};
use super::ended::end;
use super::field_change::Outcome;
use super::matched::{compare, reading};
use super::proposal::{ClassifiedService, Proposal, ServiceReading};
use super::reading_size::{sizes, tariff_findings, unknown_statuses};
use super::reason::{Reason, weigh};
use super::relocation::Served;
use super::service_key::ServiceKey;
use super::unmatched::consider;
use super::vlan::VlanPool;
use super::write_back::place_text;
use crate::model::SubscriberId;
use crate::model::billing::{BillingService, SnapshotScope};

/// Proposes changes of the inventory, and classifies every service of the snapshot.
///
/// Nothing follows from an inventory of which a part cannot be read: what seems to be missing may be in that part.
pub fn propose(inputs: SyncInputs<'_>) -> Proposal {
    let context = Context::of(inputs);
    let mut run = Run::default();
    let mut vlans = VlanPool::of(inputs);
    let mut candidates = Vec::new();
    for (key, service) in &context.listing.by_key {
        let (outcome, candidate) = judge(&context, key, service, &mut vlans);
        candidates.extend(candidate);
        run.outcomes.insert(key.clone(), outcome);
    }
    for (id, key) in &context.matches.missing {
        if is_read(inputs, key) {
            let outcome = missing(&context, key, id);
            run.missing.insert(key.clone(), outcome);
        }
    }
    let added = additions(&context, candidates, &mut vlans);
    for (key, reason) in added.refused {
        if let Some(outcome) = run.outcomes.get_mut(&key) {
            outcome.reasons.push(reason);
        }
    }
    for change in added.changes {
        if let Some(outcome) = run.outcomes.get_mut(&change.service) {
            let service = context.listing.by_key.get(&change.service);
            remember_added(&change, service.copied(), &mut outcome.reading);
            outcome.changes.push(change);
        }
    }
    run.drop_changes_of_replaced();
    run.finish(&context)
}

/// Remembers the place and the service plan of a new subscriber: what billing has next is compared with them.
fn remember_added(
    change: &ProposedChange,
    service: Option<&BillingService>,
    reading: &mut ServiceReading,
) {
    let added = change.edits.iter().find_map(|edit| match edit {
        SyncEdit::Add { added, .. } => Some(added),
        SyncEdit::Set { .. } | SyncEdit::Remove { .. } => None,
    });
    let Some(added) = added else { return };
    let place = place_text(&added.device, added.port);
    reading.place = Some(BillingValue {
        raw: place.clone(),
        value: place,
    });
    let tariff = service.and_then(|service| service.tariff.as_ref());
    reading.service_plan = tariff.map(|tariff| BillingValue {
        raw: tariff.as_str().into(),
        value: added.service_plan.as_str().into(),
    });
}

/// The outcomes by service.
#[derive(Debug, Default)]
struct Run {
    outcomes: BTreeMap<ServiceKey, Outcome>,
    missing: BTreeMap<ServiceKey, Outcome>,
    replaced: BTreeSet<SubscriberId>,
}

fn is_read(inputs: SyncInputs<'_>, key: &ServiceKey) -> bool {
    match &inputs.snapshot.scope {
        SnapshotScope::Everything => true,
        SnapshotScope::Accounts(accounts) => accounts.contains(&key.account),
    }
}

fn judge(
    context: &Context<'_>,
    key: &ServiceKey,
    service: &BillingService,
    vlans: &mut VlanPool<'_>,
) -> (Outcome, Option<super::unmatched::Candidate>) {
    let subscriber = context.matches.subscribers.get(key);
    let stays = |reasons: Vec<Reason>| {
        let mut reading = reading(context, key, service);
        reading.subscriber = subscriber.cloned();
        let outcome = Outcome {
            reasons,
            changes: Vec::new(),
            reading,
        };
        (outcome, None)
    };
    if context.inputs.inventory.is_partial {
        return stays(vec![Reason::InventoryPartial]);
    }
    if let Some(record) = context.completeness.unreadable_record(&key.account) {
        let reason = record.reason.clone();
        return stays(vec![Reason::RecordUnreadable { reason }]);
    }
    if let Some(reasons) = context.matches.refused.get(key) {
        return stays(reasons.clone());
    }
    if let Some(reason) = context.scope.outside.get(key) {
        return stays(vec![reason.clone()]);
    }
    if let Some(main) = context.matches.continues.get(key) {
        let service = main.clone();
        return stays(vec![Reason::Continues { service }]);
    }
    let linked = subscriber.and_then(|id| Some((id, context.subscriber(id)?)));
    match linked {
        Some((id, subscriber)) => {
            let served = Served {
                key,
                service,
                id,
                subscriber,
            };
            (compare(context, served, vlans), None)
        }
        None => consider(context, service),
    }
}

/// Returns the outcome for a subscriber whose service is not in the snapshot.
fn missing(context: &Context<'_>, key: &ServiceKey, id: &SubscriberId) -> Outcome {
    let mut outcome = Outcome::default();
    let base = context.base(key);
    outcome.reading = ServiceReading {
        subscriber: Some(id.clone()),
        login: base.and_then(|base| base.login.clone()),
        macs: base.map(|base| base.macs.clone()).unwrap_or_default(),
        gone: base.and_then(|base| base.gone),
        ..ServiceReading::default()
    };
    if context.inputs.inventory.is_partial {
        outcome.reasons.push(Reason::InventoryPartial);
    } else if let Some(record) = context.completeness.unreadable_record(&key.account) {
        let reason = record.reason.clone();
        outcome.reasons.push(Reason::RecordUnreadable { reason });
    } else if let Some(reasons) = context.matches.refused.get(key) {
        outcome.reasons.extend(reasons.iter().cloned());
    } else if context.completeness.proves_absence(key) {
        end(context, key, id, true, &mut outcome);
    } else {
        outcome.reasons.push(Reason::ReadIncomplete);
    }
    outcome
}

impl Run {
    /// Drops the suspension or removal of a subscriber that is removed for another service in the same run.
    fn drop_changes_of_replaced(&mut self) {
        let all = self.outcomes.values().chain(self.missing.values());
        let changes = all.flat_map(|outcome| &outcome.changes);
        self.replaced = changes
            .filter_map(|change| change.replaces.clone())
            .collect();
        let outcomes = self.outcomes.values_mut().chain(self.missing.values_mut());
        for outcome in outcomes {
            outcome
                .changes
                .retain(|change| !self.replaced.contains(&change.subscriber));
        }
    }

    fn finish(self, context: &Context<'_>) -> Proposal {
        let inputs = context.inputs;
        let mut proposal = Proposal {
            services: Vec::with_capacity(inputs.snapshot.services.len()),
            not_listed: Vec::new(),
            changes: Vec::new(),
            tariffs: tariff_findings(context),
            sizes: sizes(context),
            unknown_statuses: unknown_statuses(context),
            is_complete: inputs.snapshot.proves_absence(),
            readings: BTreeMap::new(),
            claims: Vec::new(),
            replaced: self.replaced,
        };
        let claims = context.claims.of_addresses();
        proposal.claims = claims.map(|(mac, claims)| (mac, claims.clone())).collect();
        let mut classified = BTreeMap::new();
        for (key, outcome) in self.outcomes {
            let is_outside = context.scope.outside.contains_key(&key)
                && !outcome.reasons.contains(&Reason::InventoryPartial)
                && !matches!(
                    outcome.reasons.first(),
                    Some(Reason::RecordUnreadable { .. })
                );
            let one = settle(context, &key, outcome, is_outside, &mut proposal);
            classified.insert(key, one);
        }
        // Each record of the snapshot is classified, even if two have the same ids.
        for service in &inputs.snapshot.services {
            let one = classified.get(&ServiceKey::of(service));
            proposal.services.extend(one.cloned());
        }
        for (key, outcome) in self.missing {
            let one = settle(context, &key, outcome, false, &mut proposal);
            proposal.not_listed.push(one);
        }
        proposal
    }
}

/// Classifies a service, and moves its changes and its reading to the proposal.
fn settle(
    context: &Context<'_>,
    key: &ServiceKey,
    outcome: Outcome,
    is_outside: bool,
    proposal: &mut Proposal,
) -> ClassifiedService {
    let Outcome {
        mut reasons,
        changes,
        mut reading,
    } = outcome;
    let weighed = weigh(&mut reasons);
    let is_new = |change: &ProposedChange| change.kind == ChangeKind::Addition;
    let classification = match changes.as_slice() {
        _ if is_outside => Classification::OutOfScope,
        [] => weighed,
        changes if changes.iter().any(is_new) => Classification::New,
        _ => Classification::Change,
    };
    let added = changes.iter().find(|change| is_new(change));
    let added = added.map(|change| change.subscriber.clone());
    let mut one = ClassifiedService {
        service: key.clone(),
        subscriber: added.or_else(|| reading.subscriber.clone()),
        classification,
        reasons,
        since: context.inputs.now,
    };
    let word = one.class_word();
    if let Some(base) = context.base(key).filter(|base| base.class == word) {
        one.since = base.since;
    }
    (reading.class, reading.since) = (word, one.since);
    if !is_outside {
        proposal.readings.insert(key.clone(), reading);
    }
    proposal.changes.extend(changes);
    one
}
