//! Prepares a sync: compares both sides, gates the changes, drops those that would cause errors.

use std::collections::BTreeMap;

use super::prepared::PreparedSync;
use super::reported::{Outcome, report, settled};
use super::request::{OurSide, SyncRequest};
use crate::authoring::edit::EditError;
use crate::authoring::{Change, propose as propose_files};
use crate::sync::{GateRules, LaneRules, authoring_edits, gate, judge_edits, propose, weed};

/// The reason that a sync cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("cannot write the changes into the files of the inventory")]
    Edit(#[from] EditError),
}

/// Compares billing with the inventory and prepares a commit. Nothing is written.
pub fn prepare(request: SyncRequest<'_>) -> Result<PreparedSync<'_>, PrepareError> {
    let reading = &request.base.reading;
    let ours = OurSide::of(&request);
    let inputs = ours.inputs(&request);
    let proposal = propose(inputs);
    let rules = GateRules {
        limits: &ours.limits,
        used: request.used,
        approved: request.approved,
    };
    let gated = gate(inputs, &proposal, rules);
    let weeded = weed(reading, &gated.passed);
    let edits = weeded.accepted.iter().flat_map(|change| &change.edits);
    let left = judge_edits(
        &ours.inventory,
        edits.clone(),
        LaneRules {
            system: &request.system.name,
            limits: &ours.limits,
            used: request.used,
            approved: &gated.approved,
        },
    );
    let edits = authoring_edits(edits);
    let files = propose_files(request.base, Change::Edits(&edits), None)?;
    let refused: BTreeMap<_, _> = weeded
        .refused
        .into_iter()
        .map(|(change, reason)| (change.service, reason))
        .collect();
    let mut let_through = gated.let_through.clone();
    // An approval is used up only if something of it is committed.
    let_through.retain(|one| {
        let mut changes = one.changes.iter();
        changes.any(|change| weeded.accepted.contains(change))
    });
    let services = settled(&proposal.services, &refused);
    let not_listed = settled(&proposal.not_listed, &refused);
    let report = report(
        &request,
        &Outcome {
            proposal: &proposal,
            gated: &gated,
            let_through: &let_through,
            accepted: &weeded.accepted,
            services: &services,
            not_listed: &not_listed,
            files: &files.changes,
        },
    );
    Ok(PreparedSync {
        report,
        files,
        accepted: weeded.accepted,
        ours,
        request,
        proposal,
        services: services.into_iter().chain(not_listed).collect(),
        keeps_sizes: gated.keeps_sizes,
        held: gated.held,
        let_through,
        approved: gated.approved,
        left,
    })
}
