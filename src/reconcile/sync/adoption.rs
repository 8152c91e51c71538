//! Prepares the links of subscribers from before gamctl: gates them, drops those that would cause errors.

use std::collections::BTreeSet;

use super::prepare::PrepareError;
use super::prepared::LaneRefusal;
use super::reported::{change_line, held_line, reading};
use super::request::{OurSide, SyncRequest};
use crate::authoring::{Authorship, CarryOutError, Change, Proposal, Written, propose as files_of};
use crate::inventory::Lane;
use crate::model::SubscriberId;
use crate::report::sync::{AdoptionReport, LeftLine, next_step, sentence};
use crate::sync::{
    CommitFacts, CommitText, GateRules, Gated, LaneLeft, LaneRules, LaneUse, NextStep,
    ProposedChange, Reason, SyncInputs, SyncInventory, SyncLimits, adopt, adoption_text,
    authoring_edits, gate, judge_edits, lane_use, propose, snapshot_digest, weed,
};

/// Links that are ready to be shown or committed.
#[derive(Debug)]
pub struct PreparedAdoption<'a> {
    pub report: AdoptionReport,
    /// The difference of files.
    pub files: Proposal<'a>,
    /// The lane of the sync, if the policy has one.
    pub lane: Option<Lane>,
    request: SyncRequest<'a>,
    accepted: Vec<ProposedChange>,
    used: LaneUse,
    left: Vec<LaneLeft>,
}

/// Prepares the links. Nothing is written.
///
/// The limits of an hour apply only to a commit in the lane: a person may change everything.
pub fn prepare_adoption(
    request: SyncRequest<'_>,
    is_in_lane: bool,
) -> Result<PreparedAdoption<'_>, PrepareError> {
    let base_reading = &request.base.reading;
    let ours = OurSide::of(&request);
    let inputs = ours.inputs(&request);
    let mut adoption = adopt(inputs);
    if !request.snapshot.proves_absence() {
        // An item that is missing in the reading may have the same endpoint.
        let changes = std::mem::take(&mut adoption.changes).into_iter();
        let left = changes.map(|change| (change.subscriber, Some(Reason::ReadIncomplete)));
        adoption.left.extend(left);
    }
    let mut proposal = propose(inputs);
    proposal.changes = adoption.changes;
    let gated = match is_in_lane {
        true => gated(inputs, &proposal, (&ours.limits, request.used)),
        false => Gated {
            passed: proposal.changes,
            ..Gated::default()
        },
    };
    let weeded = weed(base_reading, &gated.passed);
    let edits = weeded.accepted.iter().flat_map(|change| &change.edits);
    let nothing_approved = BTreeSet::new();
    let used = lane_use(&ours.inventory, edits.clone(), &nothing_approved);
    let left = match is_in_lane {
        true => judge_edits(
            &ours.inventory,
            edits.clone(),
            LaneRules {
                system: &request.system.name,
                limits: &ours.limits,
                used: request.used,
                approved: &nothing_approved,
            },
        ),
        false => Vec::new(),
    };
    let files = files_of(request.base, Change::Edits(&authoring_edits(edits)), None)?;
    let refused = weeded.refused.into_iter();
    let refused = refused.map(|(change, reason)| (change.subscriber, Some(reason)));
    let unlinked = adoption.left.into_iter().chain(refused);
    let report = AdoptionReport {
        system: request.system.name.to_string(),
        base: base_reading.inventory.commit().map(str::to_owned),
        reading: reading(&request),
        links: weeded.accepted.iter().map(change_line).collect(),
        held_back: gated.held.iter().map(held_line).collect(),
        left: unlinked
            .map(|(id, reason)| left_line(&ours.inventory, &id, reason.as_ref()))
            .collect(),
        files: files
            .changes
            .iter()
            .map(|file| file.path.to_string())
            .collect(),
        commit: None,
    };
    Ok(PreparedAdoption {
        report,
        files,
        lane: ours.lane,
        request,
        accepted: weeded.accepted,
        used,
        left,
    })
}

/// Gates links as changes: no approval lets more of them through.
fn gated(
    inputs: SyncInputs<'_>,
    proposal: &crate::sync::Proposal,
    (limits, used): (&SyncLimits, LaneUse),
) -> Gated {
    let approved = BTreeSet::new();
    let rules = GateRules {
        limits,
        used,
        approved: &approved,
    };
    gate(inputs, proposal, rules)
}

/// Describes a subscriber that stays without a link.
fn left_line(inventory: &SyncInventory, id: &SubscriberId, reason: Option<&Reason>) -> LeftLine {
    let known = inventory.subscribers.get(id);
    let endpoint = known.and_then(|known| known.endpoint);
    let (rule, because, step) = match (reason, endpoint) {
        (Some(reason), _) => (reason.rule(), sentence(reason), reason.next_step()),
        (None, Some(mac)) => (
            "no-item",
            format!("no item of a service in scope has {mac}"),
            NextStep::FixBilling,
        ),
        (None, None) => (
            "no-endpoint",
            "it has no endpoint to find its service by".to_owned(),
            NextStep::FixInventory,
        ),
    };
    LeftLine {
        subscriber: id.to_string(),
        rule,
        because,
        next_step: next_step(step),
    }
}

impl PreparedAdoption<'_> {
    /// Returns whether there is something to commit.
    pub fn has_links(&self) -> bool {
        !self.accepted.is_empty()
    }

    /// Returns the numbers of changes of the commit, for the limits of the lane.
    pub fn lane_use(&self) -> LaneUse {
        self.used
    }

    /// Returns message and trailers of the commit; `run` is the id of the run.
    ///
    /// # Errors
    ///
    /// Refuses a commit that contains more than the sync may write.
    pub fn commit_text(&self, run: &str) -> Result<CommitText, LaneRefusal> {
        let system = &self.request.system.name;
        LaneRefusal::check(system, &self.left)?;
        let facts = CommitFacts {
            system,
            snapshot: &snapshot_digest(self.request.snapshot),
            run,
            approvals: &[],
        };
        Ok(adoption_text(&self.accepted, facts))
    }

    /// Makes the commit.
    ///
    /// # Errors
    ///
    /// Refuses if the branch has another commit than the one that was read: prepare again then.
    pub fn commit(&mut self, authorship: Option<Authorship>) -> Result<Written, CarryOutError> {
        self.files.set_authorship(authorship);
        self.files.commit()
    }
}
