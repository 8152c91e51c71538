//! Finds the rules of the gate that a reading or its changes break.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::context::SyncInputs;
use super::edit::{ChangeKind, ProposedChange};
use super::proposal::Proposal;
use super::reason::Reason;
use super::settings::SyncLimits;
use crate::model::billing::{GroupId, SnapshotScope};
use crate::model::{SiteName, SubscriberState};

/// A group of so many services does not vanish by itself, and a site with so many suspensions is counted.
const MANY: usize = 5;

/// More unknown statuses than this share hold back what a status suspends. One alone never does.
const UNKNOWN_PERCENT: usize = 1;

/// A rule of the gate with its facts; they are tried in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateFinding {
    /// Counts disagree: nothing follows from what is missing.
    ReadIncomplete {
        /// Subscribers whose service is missing in the reading.
        missing: usize,
    },
    EmptyExport {
        before: usize,
    },
    ExportShrank {
        before: usize,
        now: usize,
        /// Services that would be suspended because they are missing; new ones may have taken their place in the count.
        #[serde(default)]
        missing: usize,
        most: usize,
    },
    GroupVanished {
        group: GroupId,
        before: usize,
    },
    StatusesUnknown {
        unknown: usize,
        services: usize,
    },
    /// More than half of a site would lose service.
    SiteSuspended {
        site: SiteName,
        suspensions: usize,
        active: usize,
    },
    TooMany {
        kind: ChangeKind,
        count: usize,
        /// Those of the last hour that count as well.
        used: usize,
        most: usize,
    },
}

impl GateFinding {
    pub fn rule(&self) -> &'static str {
        match self {
            Self::ReadIncomplete { .. } => "read-incomplete",
            Self::EmptyExport { .. } => "empty-export",
            Self::ExportShrank { .. } => "export-shrank",
            Self::GroupVanished { .. } => "group-vanished",
            Self::StatusesUnknown { .. } => "statuses-unknown",
            Self::SiteSuspended { .. } => "too-many-suspensions",
            Self::TooMany { kind, .. } => match kind {
                ChangeKind::Addition => "too-many-additions",
                ChangeKind::Change => "too-many-changes",
                ChangeKind::Suspension => "too-many-suspensions",
                ChangeKind::Removal => "too-many-removals",
                ChangeKind::Move => "too-many-moves",
            },
        }
    }

    /// Returns whether the reading has fewer services than the one before.
    pub(super) fn is_about_size(&self) -> bool {
        matches!(
            self,
            Self::EmptyExport { .. } | Self::ExportShrank { .. } | Self::GroupVanished { .. }
        )
    }

    pub(super) fn holds(&self, change: &ProposedChange) -> bool {
        let loses_service = matches!(change.kind, ChangeKind::Suspension | ChangeKind::Removal)
            || change.is_from_absence
            || change.replaces.is_some();
        match self {
            // What would follow from it was never proposed.
            Self::ReadIncomplete { .. } => false,
            Self::EmptyExport { .. } => true,
            Self::ExportShrank { .. }
            | Self::GroupVanished { .. }
            | Self::StatusesUnknown { .. } => loses_service,
            Self::SiteSuspended { .. } => change.kind == ChangeKind::Suspension,
            Self::TooMany { kind, .. } => is_of(change, *kind),
        }
    }
}

/// Returns whether a change counts to a kind; one that replaces a subscriber removes it as well.
pub(super) fn is_of(change: &ProposedChange, kind: ChangeKind) -> bool {
    change.kind == kind || (kind == ChangeKind::Removal && change.replaces.is_some())
}

/// Returns the rules that the reading as a whole breaks.
pub(super) fn reading_findings(
    inputs: SyncInputs<'_>,
    proposal: &Proposal,
    limits: &SyncLimits,
) -> Vec<GateFinding> {
    let mut findings = Vec::new();
    if inputs.snapshot.scope == SnapshotScope::Everything && !proposal.is_complete {
        let waits = |reasons: &[Reason]| reasons.contains(&Reason::ReadIncomplete);
        let missing = proposal.not_listed.iter();
        let missing = missing.filter(|one| waits(&one.reasons)).count();
        findings.push(GateFinding::ReadIncomplete { missing });
    }
    if let Some(sizes) = &proposal.sizes {
        let system = &inputs.settings.system;
        let linked = inputs.inventory.subscribers.values();
        let linked = linked.filter(|one| one.link_to(system).is_some()).count();
        let earlier = inputs.base.sizes.as_ref();
        // With the base lost, the inventory still has what there was.
        let (before, now) = (
            earlier.map_or(linked, |sizes| sizes.services),
            sizes.services,
        );
        let most = limits.drop.most(before);
        let missing = proposal
            .changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Suspension && change.is_from_absence);
        let missing = missing.count();
        // Subscribers that billing had are something, whatever an earlier reading had.
        let there_was = before.max(linked);
        if now == 0 && there_was > 0 {
            findings.push(GateFinding::EmptyExport { before: there_was });
        } else if before.saturating_sub(now).max(missing) > most {
            findings.push(GateFinding::ExportShrank {
                before,
                now,
                missing,
                most,
            });
        }
        let groups = earlier.into_iter().flat_map(|sizes| &sizes.groups);
        let vanished = groups.filter(|(group, count)| {
            **count >= MANY && sizes.groups.get(*group).copied().unwrap_or_default() == 0
        });
        findings.extend(vanished.map(|(group, before)| GateFinding::GroupVanished {
            group: group.clone(),
            before: *before,
        }));
    }
    let (unknown, services) = (proposal.unknown_statuses, proposal.services.len());
    if unknown > 1 && unknown.saturating_mul(100) > services.saturating_mul(UNKNOWN_PERCENT) {
        findings.push(GateFinding::StatusesUnknown { unknown, services });
    }
    findings
}

/// Returns the sites of which more than half would be suspended.
pub(super) fn site_findings<'a>(
    inputs: SyncInputs<'_>,
    suspensions: impl Iterator<Item = &'a ProposedChange>,
) -> Vec<GateFinding> {
    let mut suspended: BTreeMap<&SiteName, usize> = BTreeMap::new();
    for change in suspensions {
        if let Some(site) = &change.site {
            *suspended.entry(site).or_default() += 1;
        }
    }
    suspended.retain(|_, count| *count >= MANY);
    if suspended.is_empty() {
        return Vec::new();
    }
    let mut active: BTreeMap<&SiteName, usize> = BTreeMap::new();
    for subscriber in inputs.inventory.subscribers.values() {
        let site = inputs.inventory.site_of(&subscriber.device);
        if let Some(site) = site.filter(|_| subscriber.state == SubscriberState::Active) {
            *active.entry(site).or_default() += 1;
        }
    }
    let findings = suspended.into_iter().filter_map(|(site, suspensions)| {
        let active = active.get(site).copied().unwrap_or_default();
        (suspensions * 2 > active).then(|| GateFinding::SiteSuspended {
            site: site.clone(),
            suspensions,
            active,
        })
    });
    findings.collect()
}
