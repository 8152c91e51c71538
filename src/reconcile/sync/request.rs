//! Gathers everything that a sync follows from: both sides, what is heard, what is remembered, what is approved.

use std::collections::BTreeSet;

use crate::authoring::Base;
use crate::inventory::BillingSystem;
use crate::model::billing::Snapshot;
use crate::sync::{Digest, LaneUse, Looks, SyncBase};

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
