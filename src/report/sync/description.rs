//! Defines the result of a sync as it is printed: without names, addresses or other personal data.

use serde::Serialize;

use super::pause::PauseLine;
use crate::report::Exit;

/// The result of the sync with one billing system.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SyncReport {
    /// The name in the inventory.
    pub system: String,
    /// `sonar` or `splynx`.
    pub kind: String,
    /// The commit that it was compared with; null: files on disk.
    pub base: Option<String>,
    pub reading: ReadingLine,
    /// The services that were read.
    pub services: usize,
    /// Every classification; they add up to the services.
    pub classes: Vec<ClassCount>,
    /// Changes that pass the gate and cause no error in the inventory.
    pub changes: Vec<ChangeLine>,
    pub held_back: Vec<HeldLine>,
    /// Changes among them that were held back until a person approved exactly these.
    pub approved: Vec<ApprovedLine>,
    /// Rules of the gate that apply, whether or not something is held back.
    pub gate: Vec<GateLine>,
    /// Tariffs without a service plan.
    pub tariffs: Vec<TariffLine>,
    /// Services that wait or need a person, with the reason.
    pub listed: Vec<ListedLine>,
    /// Endpoints that no subscriber has were heard on so many devices; 0: no looks are stored, so nothing can be activated.
    pub devices_heard: usize,
    /// Nothing is remembered of earlier runs, so that a difference may be an engineer's.
    pub is_first: bool,
    /// Null: the system is not paused.
    pub paused: Option<PauseLine>,
    /// Files that the changes alter.
    pub files: Vec<String>,
    /// Null: nothing was committed.
    pub commit: Option<String>,
}

/// A reading of a billing system.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReadingLine {
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub taken: String,
    /// Counts before, during and after the reading agree: nothing can be missing.
    pub is_complete: bool,
    /// Only some accounts were read.
    pub is_of_accounts: bool,
    pub counts: Vec<CountLine>,
    /// The reasons that something may be missing.
    pub gaps: Vec<String>,
    /// Records that are not understood.
    pub unreadable: usize,
    /// Names exactly this reading.
    pub digest: String,
}

/// A collection of records, and how many were received.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CountLine {
    pub collection: String,
    pub received: u64,
}

/// A classification and its number of services.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassCount {
    pub class: &'static str,
    pub services: usize,
}

/// A change of one subscriber.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangeLine {
    pub subscriber: String,
    /// Account and service in billing, as `1042/7001`.
    pub service: String,
    /// `addition`, `change`, `suspension`, `removal` or `move`.
    pub kind: &'static str,
    /// One for each key, as the commit has it.
    pub lines: Vec<String>,
}

/// Changes that a rule of the gate holds back.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeldLine {
    pub rule: &'static str,
    pub because: String,
    /// Names exactly these changes, for an approval.
    pub digest: String,
    pub changes: Vec<ChangeLine>,
}

/// Approved changes that are committed, or would be.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ApprovedLine {
    /// The rule that held them back.
    pub rule: &'static str,
    pub because: String,
    /// The digest that was approved; the audit log has by whom, and why.
    pub digest: String,
    pub changes: usize,
}

/// A rule of the gate that applies.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GateLine {
    pub rule: &'static str,
    pub because: String,
}

/// A tariff without a service plan.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TariffLine {
    pub tariff: String,
    pub title: String,
    pub rule: &'static str,
    pub services: usize,
    pub because: String,
}

/// A service that waits or needs a person.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ListedLine {
    pub service: String,
    pub subscriber: Option<String>,
    pub class: &'static str,
    pub rule: &'static str,
    pub because: String,
    pub next_step: &'static str,
    /// The time since which the class and the rule are the same.
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: String,
}

/// What a sync comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// Billing and the inventory agree, as far as they may.
    Settled,
    /// A commit would be made.
    Pending,
    HeldBack,
    /// Something may be missing in the reading.
    NotComplete,
}

impl SyncReport {
    /// Returns what the sync comes to.
    pub fn state(&self) -> SyncState {
        let is_pending = !self.changes.is_empty() && self.commit.is_none();
        if !self.reading.is_complete && !self.reading.is_of_accounts {
            SyncState::NotComplete
        } else if !self.held_back.is_empty() {
            SyncState::HeldBack
        } else if is_pending {
            SyncState::Pending
        } else {
            SyncState::Settled
        }
    }
}

impl From<SyncState> for Exit {
    fn from(state: SyncState) -> Self {
        match state {
            SyncState::Settled => Self::Done,
            SyncState::Pending => Self::ChangesPending,
            SyncState::HeldBack => Self::Refused,
            SyncState::NotComplete => Self::Unobservable,
        }
    }
}
