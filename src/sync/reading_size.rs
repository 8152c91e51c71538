//! Counts a reading: services in scope, services of each group, tariffs without a service plan.

use std::collections::BTreeMap;

use super::context::Context;
use super::matching::{has_ended, is_live};
use super::sync_base::ScopeSizes;
use super::tariff::{TariffFinding, TariffVerdict};
use crate::model::billing::{ServiceStatus, SnapshotScope, TariffId};

/// Returns the number of services in scope whose status is not understood.
pub(super) fn unknown_statuses(context: &Context<'_>) -> usize {
    let in_scope = context.scope.services.iter();
    let services = in_scope.filter_map(|key| context.listing.by_key.get(key));
    services
        .filter(|service| matches!(service.status, ServiceStatus::Unknown { .. }))
        .count()
}

/// Returns the number of services in scope that did not end, in all and by group, if everything was read.
pub(super) fn sizes(context: &Context<'_>) -> Option<ScopeSizes> {
    if context.inputs.snapshot.scope != SnapshotScope::Everything {
        return None;
    }
    let mut sizes = ScopeSizes::default();
    for key in &context.scope.services {
        let service = context.listing.by_key.get(key);
        // One with an unknown status is there.
        if service.is_none_or(|service| has_ended(service)) {
            continue;
        }
        sizes.services += 1;
        let account = context.inputs.snapshot.accounts.get(&key.account);
        for group in account.into_iter().flat_map(|account| &account.groups) {
            *sizes.groups.entry(group.clone()).or_default() += 1;
        }
    }
    Some(sizes)
}

/// Returns each tariff without a service plan once, with the number of its live services in scope.
pub(super) fn tariff_findings(context: &Context<'_>) -> Vec<TariffFinding> {
    let mut counts: BTreeMap<&TariffId, usize> = BTreeMap::new();
    for key in &context.scope.services {
        let service = context.listing.by_key.get(key);
        let live = service.filter(|service| is_live(&service.status));
        if let Some(tariff) = live.and_then(|service| service.tariff.as_ref()) {
            *counts.entry(tariff).or_default() += 1;
        }
    }
    let findings =
        counts
            .into_iter()
            .filter_map(|(tariff, services)| match context.tariffs.verdict(tariff) {
                TariffVerdict::Problem(problem) => Some(TariffFinding {
                    tariff: tariff.clone(),
                    problem,
                    services,
                }),
                TariffVerdict::ServicePlan(_) | TariffVerdict::Ignored => None,
            });
    findings.collect()
}
