//! Names remarks on a device that are independent of its outcome.

use serde::{Deserialize, Serialize};

use super::Left;
use super::earlier::Earlier;

/// A remark on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Remark {
    /// Another user changed something during the run.
    OthersChanged { what: Left },
    /// Only the device's reply confirms the save.
    SavedByReplyAlone { why: String },
    /// The outcome could not be recorded.
    NotRecorded { error: String },
    /// As an earlier version stored it.
    Earlier { text: String },
}

impl Earlier for Remark {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}
