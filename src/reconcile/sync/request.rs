//! Gathers everything that a sync follows from: both sides, what is heard, what is remembered, what is approved.

use std::collections::BTreeSet;

use super::inventory_facts::sync_inventory;
use super::settings::{sync_limits, sync_settings};
use crate::authoring::Base;
use crate::inventory::{BillingSystem, Lane, service_policy};
use crate::model::billing::Snapshot;
use crate::sync::{
    Digest, LaneUse, Looks, SyncBase, SyncInputs, SyncInventory, SyncLimits, SyncSettings,
};

/// Everything that a sync follows from.
#[derive(Debug, Clone, Copy)]
pub struct SyncRequest<'a> {
    /// The inventory, and the branch or folder that a change would go to.
    pub base: &'a Base,
    pub system: &'a BillingSystem,
    pub snapshot: &'a Snapshot,
    pub looks: &'a Looks,
    /// The values that were accepted last; `None` if nothing is remembered.
    pub memory: Option<&'a SyncBase>,
    /// The changes of the last hour.
    pub used: LaneUse,
    /// Digests that a person approved within the last hour.
    pub approved: &'a BTreeSet<Digest>,
    /// Seconds since 1970.
    pub now: u64,
}

/// The parts of the inventory and of its policy that a comparison follows from.
#[derive(Debug)]
pub(super) struct OurSide {
    pub(super) inventory: SyncInventory,
    pub(super) settings: SyncSettings,
    /// The lane of the sync, if the policy has one.
    pub(super) lane: Option<Lane>,
    pub(super) limits: SyncLimits,
    /// Stands for the base where nothing is remembered.
    nothing: SyncBase,
}

impl OurSide {
    pub(super) fn of(request: &SyncRequest<'_>) -> Self {
        let inventory = &request.base.reading.inventory;
        let lane = service_policy(inventory).billing_lane().cloned();
        Self {
            inventory: sync_inventory(inventory, &request.system.name),
            settings: sync_settings(request.system),
            limits: sync_limits(lane.as_ref()),
            lane,
            nothing: SyncBase::default(),
        }
    }

    /// Returns both sides, for the comparison.
    pub(super) fn inputs<'a>(&'a self, request: &SyncRequest<'a>) -> SyncInputs<'a> {
        SyncInputs {
            snapshot: request.snapshot,
            inventory: &self.inventory,
            looks: request.looks,
            base: request.memory.unwrap_or(&self.nothing),
            settings: &self.settings,
            now: request.now,
        }
    }
}
