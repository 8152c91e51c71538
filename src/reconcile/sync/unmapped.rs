//! Collects the tariffs, statuses and locations in scope that the settings of a billing system do not name.

use std::collections::BTreeMap;

use super::prepared::PreparedSync;
use crate::model::Speed;
use crate::model::billing::{BillingSpeed, ServiceStatus};
use crate::report::sync::{UnmappedReport, UnmappedTariff, UnmappedWord};
use crate::sync::{Classification, ServiceKey, SyncInventory, TariffProblem};

impl PreparedSync<'_> {
    /// Returns the records of billing without a mapping, those with most services first.
    pub fn unmapped(&self) -> UnmappedReport {
        let snapshot = self.request.snapshot;
        let classified = self.proposal.services.iter();
        let in_scope = classified.filter(|one| one.classification != Classification::OutOfScope);
        let in_scope: std::collections::BTreeSet<&ServiceKey> =
            in_scope.map(|one| &one.service).collect();
        let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
        let mut locations: BTreeMap<&str, usize> = BTreeMap::new();
        for service in &snapshot.services {
            if !in_scope.contains(&ServiceKey::of(service)) {
                continue;
            }
            if let ServiceStatus::Unknown { word } = &service.status {
                *statuses.entry(word).or_default() += 1;
            }
            if let Some(location) = &service.location
                && !self.ours.settings.sites.contains_key(location)
            {
                *locations.entry(location.as_str()).or_default() += 1;
            }
        }
        let findings = self.proposal.tariffs.iter();
        let tariffs = findings.filter(|finding| finding.problem == TariffProblem::NotMapped);
        let mut tariffs: Vec<UnmappedTariff> = tariffs
            .map(|finding| {
                let tariff = snapshot.tariffs.get(&finding.tariff);
                let speed = tariff.and_then(|tariff| tariff.speed);
                UnmappedTariff {
                    id: finding.tariff.to_string(),
                    title: tariff
                        .map(|tariff| tariff.title.to_string())
                        .unwrap_or_default(),
                    down_kbps: speed.map(|speed| speed.down_kbps),
                    up_kbps: speed.map(|speed| speed.up_kbps),
                    services: finding.services,
                    candidates: speed.map_or_else(Vec::new, |speed| {
                        candidates(
                            &self.ours.inventory,
                            speed,
                            self.ours.settings.kbps_per_mbps,
                        )
                    }),
                }
            })
            .collect();
        tariffs.sort_by(|one, other| (other.services, &one.id).cmp(&(one.services, &other.id)));
        UnmappedReport {
            system: self.request.system.name.to_string(),
            tariffs,
            statuses: words(statuses),
            locations: words(locations),
        }
    }
}

/// Returns the service plans with a speed.
fn candidates(inventory: &SyncInventory, sold: BillingSpeed, kbps_per_mbps: u64) -> Vec<String> {
    let has_speed = |speed: &Speed| match speed {
        Speed::Unthrottled => false,
        Speed::Limited { down, up, .. } => {
            u64::from(down.get()).checked_mul(kbps_per_mbps) == Some(sold.down_kbps)
                && u64::from(up.get()).checked_mul(kbps_per_mbps) == Some(sold.up_kbps)
        }
    };
    let plans = inventory.service_plans.iter();
    let plans = plans.filter(|(_, speed)| has_speed(speed));
    plans.map(|(plan, _)| plan.to_string()).collect()
}

fn words(counts: BTreeMap<&str, usize>) -> Vec<UnmappedWord> {
    let mut words: Vec<UnmappedWord> = counts
        .into_iter()
        .map(|(word, services)| UnmappedWord {
            word: word.to_owned(),
            services,
        })
        .collect();
    words.sort_by(|one, other| (other.services, &one.word).cmp(&(one.services, &other.word)));
    words
}
