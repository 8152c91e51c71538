//! Identifies a service by its account and its id, written `1042/7001`.

use std::fmt;

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use crate::model::NameError;
use crate::model::billing::{AccountId, BillingService, ServiceId};

/// A service of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "CompactString", into = "CompactString")]
pub struct ServiceKey {
    pub account: AccountId,
    pub service: ServiceId,
}

/// A text that is not an account and a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceKeyError {
    #[error("a service is written `account/service`")]
    NoSeparator,
    #[error(transparent)]
    Id(#[from] NameError),
}

impl ServiceKey {
    pub fn of(service: &BillingService) -> Self {
        Self {
            account: service.account.clone(),
            service: service.service.clone(),
        }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.account, self.service)
    }
}

impl From<ServiceKey> for CompactString {
    fn from(key: ServiceKey) -> Self {
        format_compact!("{key}")
    }
}

impl TryFrom<CompactString> for ServiceKey {
    type Error = ServiceKeyError;

    fn try_from(text: CompactString) -> Result<Self, ServiceKeyError> {
        // No id has a slash.
        let (account, service) = text.split_once('/').ok_or(ServiceKeyError::NoSeparator)?;
        Ok(Self {
            account: AccountId::new(account)?,
            service: ServiceId::new(service)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_written_as_text_and_read_back() {
        let key: ServiceKey = serde_json::from_str("\"1042/7001\"").unwrap();
        assert_eq!(key.service.as_str(), "7001");
        assert_eq!(serde_json::to_string(&key).unwrap(), "\"1042/7001\"");
        for wrong in ["\"1042\"", "\"/1\"", "\"1/2/3\"", "\"1/\""] {
            assert!(
                serde_json::from_str::<ServiceKey>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
