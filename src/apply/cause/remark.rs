//! What is worth knowing of a device besides how it ended.

use serde::{Deserialize, Serialize};

use super::Left;
use super::earlier::Earlier;

/// What is worth knowing besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Remark {
    /// Another user changed something meanwhile.
    OthersChanged { what: Left },
    /// That it is saved is known by the device's reply alone.
    SavedByReplyAlone { why: String },
    /// How it ended could not be recorded.
    NotRecorded { error: String },
    /// As an earlier version stored it.
    Earlier { text: String },
}

impl Earlier for Remark {
    fn earlier(text: String) -> Self {
        Self::Earlier { text }
    }
}
