//! Defines the reasons why a device has no observation: no access, no answer, or an invalid answer.

use serde::{Deserialize, Serialize};

/// The reason why a look at a device failed. Texts come from the failed layer, with all causes on one line.
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
    /// The answer is not from a GAM, is from an unknown model, or is not valid SNMP.
    #[error("{error}")]
    InvalidAnswer { error: String },
    #[error("gamctl failed while looking at it: {error}; please report this")]
    Panicked { error: String },
    #[error("the files of `--offline` have no look at it")]
    NoRecordedLook,
    #[error("it is no longer in the inventory, so its address is unknown")]
    NotInInventory,
    /// The format of a plan file of an earlier version.
    #[error("{error}")]
    Unspecified { error: String },
}

impl NotObserved {
    /// Returns whether the inventory, the secrets or the arguments are the cause, so that the device itself may be fine.
    pub fn is_own_setting(&self) -> bool {
        match self {
            Self::NoAddress
            | Self::NoCredentials { .. }
            | Self::IncompleteCredentials { .. }
            | Self::NoSecret { .. }
            | Self::AccessDenied { .. }
            | Self::NoRecordedLook
            | Self::NotInInventory => true,
            Self::NoAnswer { .. }
            | Self::InvalidAnswer { .. }
            | Self::Panicked { .. }
            | Self::Unspecified { .. } => false,
        }
    }

    /// Returns whether the same look may succeed later without changes to the inventory or the settings.
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
