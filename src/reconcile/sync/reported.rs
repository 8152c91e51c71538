//! Describes a prepared sync for `report`, without names and addresses of customers.

use std::collections::BTreeMap;

use super::prepared::PreparedSync;
use super::request::SyncRequest;
use crate::authoring::edit::FileChange;
use crate::billing::gap_text;
use crate::inventory::text::BillingKind;
use crate::model::billing::{Proof, SnapshotScope, TariffId};
use crate::report::rfc3339;
use crate::report::sync::{
    ApprovedLine, ChangeLine, ClassCount, CountLine, GateLine, HeldLine, ListedLine, ReadingLine,
    SyncReport, TariffLine, gate_sentence, next_step, sentence, tariff_sentence,
};
use crate::sync::{
    Classification, ClassifiedService, Gated, HeldBack, NextStep, Proposal, ProposedChange, Reason,
    ServiceKey, change_lines, snapshot_digest,
};

/// The parts of a prepared sync.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome<'a> {
    pub proposal: &'a Proposal,
    pub gated: &'a Gated,
    /// Approved changes of which some are in the commit.
    pub let_through: &'a [HeldBack],
    pub accepted: &'a [ProposedChange],
    /// With the classification that they have after changes were taken out.
    pub services: &'a [ClassifiedService],
    /// Services of subscribers that the reading does not have.
    pub not_listed: &'a [ClassifiedService],
    pub files: &'a [FileChange],
}

pub(super) fn report(request: &SyncRequest<'_>, outcome: &Outcome<'_>) -> SyncReport {
    let services = outcome.services;
    let mut classes: BTreeMap<Classification, usize> = BTreeMap::new();
    for service in services {
        *classes.entry(service.classification).or_default() += 1;
    }
    let count = |class: Classification| ClassCount {
        class: class.as_str(),
        services: classes.get(&class).copied().unwrap_or_default(),
    };
    let inventory = &request.base.reading.inventory;
    let all = services.iter().chain(outcome.not_listed);
    SyncReport {
        system: request.system.name.to_string(),
        kind: match request.system.kind() {
            BillingKind::Sonar => "sonar".to_owned(),
            BillingKind::Splynx => "splynx".to_owned(),
        },
        base: inventory.commit().map(str::to_owned),
        reading: reading(request),
        services: services.len(),
        classes: Classification::ALL.into_iter().map(count).collect(),
        changes: outcome.accepted.iter().map(change_line).collect(),
        held_back: outcome.gated.held.iter().map(held_line).collect(),
        approved: outcome.let_through.iter().map(approved_line).collect(),
        gate: outcome
            .gated
            .findings
            .iter()
            .map(|finding| GateLine {
                rule: finding.rule(),
                because: gate_sentence(finding),
            })
            .collect(),
        tariffs: tariffs(request, outcome),
        listed: all.flat_map(listed_lines).collect(),
        devices_heard: request.looks.devices.len(),
        is_first: request.memory.is_none(),
        paused: None,
        files: outcome
            .files
            .iter()
            .map(|file| file.path.to_string())
            .collect(),
        commit: None,
    }
}

/// Returns the services with their classification after the changes of `refused` services were taken out.
pub(super) fn settled(
    services: &[ClassifiedService],
    refused: &BTreeMap<ServiceKey, Reason>,
) -> Vec<ClassifiedService> {
    let mut services = services.to_vec();
    for service in &mut services {
        if let Some(reason) = refused.get(&service.service) {
            service.classification = reason.classification();
            service.reasons.insert(0, reason.clone());
        }
    }
    services
}

/// Describes changes that a rule holds back.
pub(super) fn held_line(held: &HeldBack) -> HeldLine {
    HeldLine {
        rule: held.finding.rule(),
        because: gate_sentence(&held.finding),
        digest: held.digest.to_string(),
        changes: held.changes.iter().map(change_line).collect(),
    }
}

fn approved_line(approved: &HeldBack) -> ApprovedLine {
    ApprovedLine {
        rule: approved.finding.rule(),
        because: gate_sentence(&approved.finding),
        digest: approved.digest.to_string(),
        changes: approved.changes.len(),
    }
}

/// Describes a reading of billing.
pub(super) fn reading(request: &SyncRequest<'_>) -> ReadingLine {
    let snapshot = request.snapshot;
    let received = |collection: &str, received: usize| CountLine {
        collection: collection.to_owned(),
        received: u64::try_from(received).unwrap_or(u64::MAX),
    };
    let gaps = match &snapshot.proof {
        Proof::Complete { .. } => Vec::new(),
        Proof::Incomplete { gaps } => gaps.iter().map(gap_text).collect(),
    };
    ReadingLine {
        taken: rfc3339(snapshot.taken),
        is_complete: snapshot.proof.is_complete(),
        is_of_accounts: snapshot.scope != SnapshotScope::Everything,
        counts: vec![
            received("accounts", snapshot.accounts.len()),
            received("services", snapshot.services.len()),
            received("equipment", snapshot.equipment.len()),
            received("tariffs", snapshot.tariffs.len()),
        ],
        gaps,
        unreadable: snapshot.unreadable.len(),
        digest: snapshot_digest(snapshot).to_string(),
    }
}

pub(super) fn change_line(change: &ProposedChange) -> ChangeLine {
    ChangeLine {
        subscriber: change.subscriber.to_string(),
        service: change.service.to_string(),
        kind: change.kind.noun(),
        lines: change_lines(change),
    }
}

fn tariffs(request: &SyncRequest<'_>, outcome: &Outcome<'_>) -> Vec<TariffLine> {
    let title = |id: &TariffId| {
        let tariff = request.snapshot.tariffs.get(id);
        tariff.map(|tariff| tariff.title.to_string())
    };
    let findings = outcome.proposal.tariffs.iter();
    findings
        .map(|finding| TariffLine {
            tariff: finding.tariff.to_string(),
            title: title(&finding.tariff).unwrap_or_default(),
            rule: finding.problem.rule(),
            services: finding.services,
            because: tariff_sentence(&finding.problem),
        })
        .collect()
}

/// Returns the reasons of a service that waits or needs a person.
fn listed_lines(service: &ClassifiedService) -> Vec<ListedLine> {
    let class = service.classification;
    let is_listed = !matches!(
        class,
        Classification::InSync
            | Classification::Change
            | Classification::New
            | Classification::OutOfScope
    );
    let reasons = service.reasons.iter();
    reason_lines(
        service,
        reasons.filter(|reason| is_listed && reason.classification() == class),
    )
}

/// Returns reasons of a service with their sentences and next steps.
pub(super) fn reason_lines<'a>(
    service: &ClassifiedService,
    reasons: impl Iterator<Item = &'a Reason>,
) -> Vec<ListedLine> {
    reasons
        .map(|reason| ListedLine {
            service: service.service.to_string(),
            subscriber: service.subscriber.as_ref().map(ToString::to_string),
            class: service.classification.as_str(),
            rule: reason.rule(),
            because: sentence(reason),
            // Out of scope, a tariff that is ignored is nothing to correct.
            next_step: next_step(match service.classification {
                Classification::OutOfScope => NextStep::Nothing,
                _ => reason.next_step(),
            }),
            since: rfc3339(service.since),
        })
        .collect()
}

/// Returns the services of a class, one line for each reason, and one for a service without any.
pub fn services_of(prepared: &PreparedSync<'_>, class: Classification) -> Vec<ListedLine> {
    let services = prepared.services().iter();
    let services = services.filter(|service| service.classification == class);
    services
        .flat_map(|service| match service.reasons.as_slice() {
            [] => vec![ListedLine {
                service: service.service.to_string(),
                subscriber: service.subscriber.as_ref().map(ToString::to_string),
                class: class.as_str(),
                rule: "",
                because: String::new(),
                next_step: next_step(NextStep::Nothing),
                since: rfc3339(service.since),
            }],
            reasons => reason_lines(service, reasons.iter()),
        })
        .collect()
}
