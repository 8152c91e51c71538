//! Defines a proposal: the classification of every service, the changes, and its readings.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::{CompactString, format_compact};

use super::classification::Classification;
use super::conflict::BillingValue;
use super::edit::{ProposedChange, SyncEdit};
use super::few_set::FewSet;
use super::reason::{Reason, weigh};
use super::service_key::ServiceKey;
use super::sync_base::{EarlierClaim, GoneSince, ScopeSizes, SyncBase};
use super::tariff::TariffFinding;
use crate::model::billing::ServiceStatus;
use crate::model::{MacAddress, SubscriberId};

/// The outcome of comparing billing with the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// One for each service of the snapshot, in its order.
    pub services: Vec<ClassifiedService>,
    /// Services of subscribers that the snapshot does not have.
    pub not_listed: Vec<ClassifiedService>,
    /// In the order of services; before the gate.
    pub changes: Vec<ProposedChange>,
    /// Tariffs without a service plan.
    pub tariffs: Vec<TariffFinding>,
    /// The sizes of a reading of everything.
    pub sizes: Option<ScopeSizes>,
    /// Services in scope whose status is not understood.
    pub unknown_statuses: usize,
    /// The reading proves what is absent.
    pub is_complete: bool,
    pub(super) readings: BTreeMap<ServiceKey, ServiceReading>,
    pub(super) claims: Vec<(MacAddress, FewSet<EarlierClaim>)>,
    /// Subscribers that edits remove for another service.
    pub(super) replaced: BTreeSet<SubscriberId>,
}

/// A service with its classification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassifiedService {
    pub service: ServiceKey,
    pub subscriber: Option<SubscriberId>,
    pub classification: Classification,
    /// The weightiest first.
    pub reasons: Vec<Reason>,
    /// The time since which classification and rule are the same.
    pub since: u64,
}

/// The values of billing that the next base remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ServiceReading {
    pub subscriber: Option<SubscriberId>,
    pub login: Option<CompactString>,
    pub macs: FewSet<MacAddress>,
    pub status: Option<ServiceStatus>,
    pub service_plan: Option<BillingValue>,
    /// The place where the endpoint is heard, or that billing plans.
    pub place: Option<BillingValue>,
    pub gone: Option<GoneSince>,
    /// The service had this id.
    pub renumbered_from: Option<ServiceKey>,
    pub class: CompactString,
    pub since: u64,
}

impl ClassifiedService {
    /// Returns the classification and the rule, for finding out since when they are the same.
    pub fn class_word(&self) -> CompactString {
        let rule = self.reasons.first().map_or("", Reason::rule);
        format_compact!("{}:{rule}", self.classification.as_str())
    }
}

impl Proposal {
    /// Quarantines the services of changes that cannot be committed, each with its reason, and drops their changes.
    pub fn quarantine(&mut self, refused: &[(ProposedChange, Reason)], base: &SyncBase, now: u64) {
        let reasons: BTreeMap<&ServiceKey, &Reason> = refused
            .iter()
            .map(|(change, reason)| (&change.service, reason))
            .collect();
        self.changes
            .retain(|change| !reasons.contains_key(&change.service));
        for one in self.services.iter_mut().chain(&mut self.not_listed) {
            let Some(reason) = reasons.get(&one.service) else {
                continue;
            };
            one.reasons.push((*reason).clone());
            one.classification = weigh(&mut one.reasons);
            let word = one.class_word();
            let known = base.services.get(&one.service);
            let known = known.filter(|base| base.class == word);
            one.since = known.map_or(now, |base| base.since);
            if let Some(reading) = self.readings.get_mut(&one.service) {
                (reading.class, reading.since) = (word, one.since);
                one.subscriber.clone_from(&reading.subscriber);
            }
        }
    }

    /// Returns all edits, in order.
    pub fn edits(&self) -> impl Iterator<Item = &SyncEdit> {
        self.changes.iter().flat_map(|change| &change.edits)
    }

    /// Returns the number of services in each classification; they add up to the services of the snapshot.
    pub fn counts(&self) -> BTreeMap<Classification, usize> {
        let mut counts = BTreeMap::new();
        for service in &self.services {
            *counts.entry(service.classification).or_default() += 1;
        }
        counts
    }
}
