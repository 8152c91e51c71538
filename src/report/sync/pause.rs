//! Describes the pause of a billing system: who asked for it, why, until when.

use serde::Serialize;

use crate::report::document::time;
use crate::report::{moment, visible};

/// A pause of a system: nothing is committed until its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PauseLine {
    pub who: String,
    pub reason: String,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub until: u64,
}

/// A billing system, and whether it is paused after the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PauseReport {
    pub system: String,
    /// Null: it is synced.
    pub paused: Option<PauseLine>,
}

/// Returns who paused a system, until when and why, without a full stop.
pub fn pause_words(pause: &PauseLine) -> String {
    format!(
        "paused by {} until {}: {}",
        visible(&pause.who),
        moment(pause.until),
        visible(&pause.reason)
    )
}
