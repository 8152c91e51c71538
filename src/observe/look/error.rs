//! Defines the errors of a look that leave no observation of the device.

use crate::model::DeviceName;
use crate::transport::snmp::SnmpError;

/// The reason why a look failed. Parts of a reachable device that could not be read are not an error, but `unread` in
/// the observation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    #[error("{device} is unreachable")]
    Unreachable {
        device: DeviceName,
        #[source]
        source: Box<SnmpError>,
    },
    #[error("{device} denied SNMP access; check community or user")]
    NotAllowed {
        device: DeviceName,
        #[source]
        source: Box<SnmpError>,
    },
    #[error("{device} sent an invalid SNMP response")]
    Faulty {
        device: DeviceName,
        #[source]
        source: Box<SnmpError>,
    },
    #[error("{device} is not a GAM: {says}; check the address in the inventory")]
    NotAGam { device: DeviceName, says: String },
    #[error("{device} is an unknown GAM model, product number {product}; look for a newer gamctl")]
    UnknownModel { device: DeviceName, product: u32 },
    #[error(
        "{device} restarted or was swapped during each of {tries} looks; look again when it has settled"
    )]
    Restarting { device: DeviceName, tries: usize },
}

impl LookError {
    /// Classifies an SNMP error by the person who has to act.
    pub fn of(device: &DeviceName, source: SnmpError) -> Self {
        let device = device.clone();
        let source = Box::new(source);
        match *source {
            SnmpError::Timeout { .. }
            | SnmpError::Refused { .. }
            | SnmpError::Unreachable { .. }
            | SnmpError::Socket { .. } => Self::Unreachable { device, source },
            SnmpError::UnknownUser { .. }
            | SnmpError::WrongDigest { .. }
            | SnmpError::UnsupportedSecurityLevel { .. }
            | SnmpError::DecryptionError { .. }
            | SnmpError::Access { .. } => Self::NotAllowed { device, source },
            _ => Self::Faulty { device, source },
        }
    }

    /// Returns whether another look may succeed later without changes.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Restarting { .. } => true,
            Self::NotAllowed { .. }
            | Self::Faulty { .. }
            | Self::NotAGam { .. }
            | Self::UnknownModel { .. } => false,
        }
    }
}
