//! Compares billing with the inventory: classifies every service, proposes changes, gates them.
//!
//! `propose` is the comparison; `matching`, `scope`, `claims`, `completeness` and `context` prepare it; `matched`, `ended`,
//! `relocation`, `unmatched`, `placement`, `addition` decide one service; `tariff`, `status`, `vlan`, `field` and `conflict`
//! decide one field. `gate` holds back what follows from many records, `lane` judges what a commit may contain, `sync_base` and
//! `next_base` remember what was accepted, `write_back` computes the values for billing, `note_event` the events that a
//! note is written about.

mod addition;
mod adopt;
mod authoring_edit;
mod claims;
mod classification;
mod commit_message;
mod completeness;
mod conflict;
mod context;
mod continuation;
mod digest;
mod earlier_base;
mod edit;
mod ended;
mod few_set;
mod field;
mod field_change;
mod gate;
mod gate_finding;
mod heard;
mod inventory_view;
mod lane;
mod lane_change;
mod matched;
mod matching;
mod near_miss;
mod next_base;
mod note_event;
mod placement;
mod proposal;
mod propose;
mod reading_size;
mod reason;
mod relocation;
mod resting;
mod scope;
mod service_key;
mod settings;
mod status;
mod subscriber_place;
mod swap;
mod sync_base;
mod tariff;
#[cfg(test)]
mod tests;
mod unmatched;
mod vlan;
mod weed;
mod write_back;

pub use adopt::{Adoption, adopt};
pub use authoring_edit::authoring_edits;
pub use classification::{Classification, NextStep};
pub use commit_message::{CommitFacts, CommitText, adoption_text, change_lines, commit_text};
pub use context::SyncInputs;
pub use digest::{Digest, snapshot_digest};
pub use edit::{AddedSubscriber, ChangeCause, ChangeKind, ProposedChange, SyncEdit, SyncValue};
pub use few_set::FewSet;
pub use field::{MayWrite, SyncKey, Truth};
pub use gate::{GateRules, Gated, HeldBack, gate};
pub use gate_finding::GateFinding;
pub use heard::{DeviceLook, HeardEndpoint, HeardState, Looks};
pub use inventory_view::{ExternalLink, Hold, SyncDevice, SyncInventory, SyncSubscriber};
pub use lane::{LANE, LANE_LEFT, LaneLeft, LaneRules, judge_commit, judge_edits};
pub use lane_change::{LaneAction, LaneChange, LaneUse, lane_use};
pub use near_miss::NotAnAddress;
pub use note_event::{NoteEvent, Noted, note_event};
pub use proposal::{ClassifiedService, Proposal};
pub use propose::propose;
pub use reason::{DevicePort, NearMiss, Reason, RuleId};
pub use service_key::{ServiceKey, ServiceKeyError};
pub use settings::{SyncLimit, SyncLimits, SyncSettings};
pub use sync_base::{
    EarlierClaim, FieldBase, GoneSince, ScopeSizes, ServiceBase, SyncBase, WatchedField,
};
pub use tariff::{TariffFinding, TariffProblem};
pub use weed::{Weeded, weed};
pub use write_back::{
    VerifiedService, VerifiedState, WriteBack, WriteBackField, WriteBackMemory, WriteBackPlan,
    place_text, write_back,
};
