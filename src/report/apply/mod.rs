//! What came of an apply, for people and for programs: the verdict first, then what went wrong, then what was done.
//!
//! `verdict` the sentence and the exit · `text` the whole of it · `cause`, `interruption`, `refusal` why a device ended as it did · `next` what
//! to do then · `published` the same as JSON.

mod cause;
mod interruption;
mod next;
pub(super) mod published;
mod refusal;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use serde::Serialize;

pub use cause::{cause_text, failure_text, found_text, left_text, remark_text, save_failure_text};
pub use published::PublishedOutcome;
pub(super) use text::entry as outcome_entry;
pub use verdict::apply_exit;

use super::Paint;
use crate::apply::DeviceOutcome;
use crate::model::DeviceName;
use crate::plan::Unobservable;

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApplyReport {
    /// As `gamctl history --run` takes it.
    pub run: String,
    /// Left out where the inventory is not committed as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// By name.
    #[serde(serialize_with = "published::outcomes")]
    pub outcomes: Vec<DeviceOutcome>,
    /// Devices with changes that were left alone; by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_begun: Vec<NotBegun>,
    /// Devices that could not be looked at, and so have no plan; by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unobservable: Vec<Unobservable>,
    /// A signal ended it.
    pub is_interrupted: bool,
    /// What was said about the store meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A device that was not touched, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotBegun {
    pub device: DeviceName,
    pub why: Why,
    /// One sentence.
    pub because: String,
}

/// Why a device was not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The plan refuses it.
    Refused,
    /// Nothing is written there until somebody thaws it.
    Frozen,
    /// Another process is at it.
    Held,
    /// Too many others failed.
    Budget,
    /// A signal came first.
    Stopped,
    /// The store could not be reached.
    StoreAway,
}

impl ApplyReport {
    pub fn exit(&self) -> super::Exit {
        apply_exit(self)
    }

    pub fn verdict(&self) -> String {
        verdict::verdict(self)
    }

    pub fn text(&self, paint: Paint) -> String {
        text::text(self, paint)
    }
}
