//! Why there is no observation of a device at all.

use crate::model::DeviceName;
use crate::transport::snmp::SnmpError;

/// Why a look came to nothing. What could not be read of a device that answers is no error: it is `unread` in the observation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    #[error("cannot reach {device}")]
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
    #[error("invalid SNMP response from {device}")]
    Faulty {
        device: DeviceName,
        #[source]
        source: Box<SnmpError>,
    },
    #[error("not a GAM at the address of {device}: {says}; check the address in the inventory")]
    NotAGam { device: DeviceName, says: String },
    #[error("{device} is an unknown GAM model, product number {product}; look for a newer gamctl")]
    UnknownModel { device: DeviceName, product: u32 },
    #[error(
        "{device} restarted or was swapped during each of {tries} looks; look again when it has settled"
    )]
    Restarting { device: DeviceName, tries: usize },
}

impl LookError {
    /// Sorts an SNMP error by who has to act.
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

    /// Returns whether looking again later may do.
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
