//! Holds back changes that follow from many records at once, until a person approves exactly these.

use std::collections::BTreeSet;

use super::context::SyncInputs;
use super::digest::{Digest, held_digest};
use super::edit::{ChangeKind, ProposedChange};
use super::gate_finding::{GateFinding, is_of, reading_findings, site_findings};
use super::lane_change::{LaneChange, LaneUse};
use super::proposal::Proposal;
use super::settings::SyncLimits;

/// Changes that a rule holds back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    pub finding: GateFinding,
    /// Names exactly these changes, for an approval.
    pub digest: Digest,
    pub changes: Vec<ProposedChange>,
}

/// The result of the gate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gated {
    pub passed: Vec<ProposedChange>,
    pub held: Vec<HeldBack>,
    /// Changes that a rule would hold back, had a person not approved exactly these.
    pub let_through: Vec<HeldBack>,
    /// Every rule that applies, whether or not there was something to hold back.
    pub findings: Vec<GateFinding>,
    /// The changes that an approval let through: they count to no limit of the lane.
    pub approved: BTreeSet<LaneChange>,
    /// The base keeps the sizes of the earlier reading, because changes wait for a decision about them.
    pub keeps_sizes: bool,
}

/// The facts of a gate beside the proposal.
#[derive(Debug, Clone, Copy)]
pub struct GateRules<'a> {
    /// Of the policy of the commit before.
    pub limits: &'a SyncLimits,
    /// The use of the last hour.
    pub used: LaneUse,
    /// Digests that a person approved within the last hour.
    pub approved: &'a BTreeSet<Digest>,
}

/// Splits the changes of a proposal into those that pass and those that are held back.
pub fn gate(inputs: SyncInputs<'_>, proposal: &Proposal, rules: GateRules<'_>) -> Gated {
    let mut gated = Gated {
        passed: proposal.changes.clone(),
        ..Gated::default()
    };
    for finding in reading_findings(inputs, proposal, rules.limits) {
        gated.hold_all(finding, rules.approved);
    }
    for finding in site_findings(inputs, gated.countable(ChangeKind::Suspension)) {
        gated.hold_all(finding, rules.approved);
    }
    let all = inputs.inventory.subscribers.len();
    for kind in [
        ChangeKind::Suspension,
        ChangeKind::Removal,
        ChangeKind::Change,
        ChangeKind::Move,
        ChangeKind::Addition,
    ] {
        let count = gated.countable(kind).count();
        let (used, most) = (rules.used.of(kind), rules.limits.of(kind).most(all));
        if count == 0 || used.saturating_add(count) <= most {
            continue;
        }
        let finding = GateFinding::TooMany {
            kind,
            count,
            used,
            most,
        };
        match kind {
            ChangeKind::Addition | ChangeKind::Move => {
                gated.hold_rest(finding, most.saturating_sub(used), rules.approved);
            }
            ChangeKind::Suspension | ChangeKind::Removal | ChangeKind::Change => {
                gated.hold_all(finding, rules.approved);
            }
        }
    }
    gated
}

impl Gated {
    /// Returns the changes of a kind that no person approved.
    fn countable(&self, kind: ChangeKind) -> impl Iterator<Item = &ProposedChange> {
        let passed = self.passed.iter();
        passed.filter(move |change| is_of(change, kind) && !self.is_approved(change))
    }

    fn is_approved(&self, change: &ProposedChange) -> bool {
        let mut edits = change.edits.iter().map(LaneChange::of);
        edits.all(|edit| self.approved.contains(&edit))
    }

    fn hold_all(&mut self, finding: GateFinding, approved: &BTreeSet<Digest>) {
        self.hold(finding, approved, |finding, change| finding.holds(change));
    }

    /// Holds back all but the first changes of a kind.
    fn hold_rest(&mut self, finding: GateFinding, passes: usize, approved: &BTreeSet<Digest>) {
        let mut left = passes;
        self.hold(finding, approved, |finding, change| {
            if !finding.holds(change) {
                return false;
            }
            let is_over = left == 0;
            left = left.saturating_sub(1);
            is_over
        });
    }

    fn hold(
        &mut self,
        finding: GateFinding,
        approved: &BTreeSet<Digest>,
        mut is_held: impl FnMut(&GateFinding, &ProposedChange) -> bool,
    ) {
        let (mut held, mut passed) = (Vec::new(), Vec::new());
        for change in std::mem::take(&mut self.passed) {
            match !self.is_approved(&change) && is_held(&finding, &change) {
                true => held.push(change),
                false => passed.push(change),
            }
        }
        self.passed = passed;
        self.findings.push(finding.clone());
        if held.is_empty() {
            // An empty reading is never the measure of the next one by itself.
            self.keeps_sizes |= matches!(finding, GateFinding::EmptyExport { .. });
            return;
        }
        let digest = held_digest(finding.rule(), &held.iter().collect::<Vec<_>>());
        let back = HeldBack {
            finding,
            digest,
            changes: held,
        };
        if approved.contains(&back.digest) {
            let edits = back.changes.iter().flat_map(|change| &change.edits);
            self.approved.extend(edits.map(LaneChange::of));
            self.passed.extend(back.changes.iter().cloned());
            self.passed
                .sort_by(|one, other| (&one.service, one.kind).cmp(&(&other.service, other.kind)));
            self.let_through.push(back);
            return;
        }
        self.keeps_sizes |= back.finding.is_about_size();
        self.held.push(back);
    }
}
