//! Defines why a device has no observation: missing access, no answer, or an answer that cannot be used.

use serde::{Deserialize, Serialize};

/// Why a device could not be looked at. The texts are those of the layer that failed, with all causes on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum NotObserved {
    #[error("it has no address in the inventory")]
    NoAddress,
    #[error("there are no credentials `{name}` in the inventory")]
    NoCredentials { name: String },
    #[error("the credentials `{name}` are not complete")]
    IncompleteCredentials { name: String },
    #[error("{error}")]
    NoSecret { error: String },
    /// Unreachable, or restarting during each look.
    #[error("{error}")]
    NoAnswer { error: String },
    #[error("{error}")]
    AccessDenied { error: String },
    /// Something answers that is not a GAM, is an unknown model, or does not speak SNMP as it should.
    #[error("{error}")]
    InvalidAnswer { error: String },
    #[error("gamctl failed while looking at it: {error}; please report this")]
    Panicked { error: String },
    #[error("the files of `--offline` have no look at it")]
    NoRecordedLook,
    #[error("it is no longer in the inventory, so its address is unknown")]
    NotInInventory,
    /// As a plan file of an earlier version has it.
    #[error("{error}")]
    Unspecified { error: String },
}

impl NotObserved {
    /// Returns whether the same look may succeed later, with nothing changed in the inventory or the settings.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Panicked { .. } | Self::Unspecified { .. } => true,
            Self::NoAddress
            | Self::NoCredentials { .. }
            | Self::IncompleteCredentials { .. }
            | Self::NoSecret { .. }
            | Self::AccessDenied { .. }
            | Self::InvalidAnswer { .. }
            | Self::NoRecordedLook
            | Self::NotInInventory => false,
        }
    }
}
