//! Prepares a sync: compares both sides, gates the changes, takes out those that would cause errors.

use std::collections::BTreeMap;

use super::inventory_facts::sync_inventory;
use super::prepared::PreparedSync;
use super::reported::{Outcome, report, settled};
use super::request::SyncRequest;
use super::settings::{sync_limits, sync_settings};
use crate::authoring::edit::EditError;
use crate::authoring::{Change, propose as propose_files};
use crate::inventory::service_policy;
use crate::sync::{
    GateRules, LaneRules, SyncBase, SyncInputs, authoring_edits, gate, judge_edits, propose, weed,
};

/// The reason that a sync cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("cannot write the changes into the files of the inventory")]
    Edit(#[from] EditError),
}

/// Compares billing with the inventory and prepares a commit. Nothing is written.
pub fn prepare(request: SyncRequest<'_>) -> Result<PreparedSync<'_>, PrepareError> {
    let reading = &request.base.reading;
    let inventory = sync_inventory(&reading.inventory, &request.system.name);
    let settings = sync_settings(request.system);
    let policy = service_policy(&reading.inventory);
    let lane = policy.billing_lane().cloned();
    let limits = sync_limits(lane.as_ref());
    let nothing = SyncBase::default();
    let inputs = SyncInputs {
        snapshot: request.snapshot,
        inventory: &inventory,
        looks: request.looks,
        base: request.memory.unwrap_or(&nothing),
        settings: &settings,
        now: request.now,
    };
    let proposal = propose(inputs);
    let rules = GateRules {
        limits: &limits,
        used: request.used,
        approved: request.approved,
    };
    let gated = gate(inputs, &proposal, rules);
    let weeded = weed(reading, &gated.passed);
    let edits = weeded.accepted.iter().flat_map(|change| &change.edits);
    let left = judge_edits(
        &inventory,
        edits.clone(),
        LaneRules {
            system: &request.system.name,
            limits: &limits,
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
        lane,
        request,
        inventory,
        settings,
        proposal,
        services: services.into_iter().chain(not_listed).collect(),
        keeps_sizes: gated.keeps_sizes,
        held: gated.held,
        let_through,
        approved: gated.approved,
        left,
    })
}
