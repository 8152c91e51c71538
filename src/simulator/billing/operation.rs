//! Defines what a person in the office of an ISP does in billing, as tests and `twin ctl` write it.

use serde::{Deserialize, Serialize};

/// One action of a person. Each twin carries it out in its own terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// Sells a tariff: to a new customer, or as a further service of an account.
    Sell {
        #[serde(default)]
        account: Option<u64>,
        tariff: u64,
        /// The endpoint that the customer gets, in any notation.
        #[serde(default)]
        mac: Option<String>,
        /// The building, by its name.
        #[serde(default)]
        site: Option<String>,
        /// The unit within the building, such as `Apt 101`.
        #[serde(default)]
        unit: Option<String>,
    },
    /// The customer did not pay.
    Block { account: u64 },
    /// The customer paid.
    Pay { account: u64 },
    ChangePlan {
        account: u64,
        /// The first internet service if none is given.
        #[serde(default)]
        service: Option<u64>,
        tariff: u64,
        #[serde(default)]
        how: ChangePlanHow,
    },
    /// The customer gets another endpoint; the old one goes back to the storeroom.
    Swap { account: u64, mac: String },
    /// The endpoint of the customer goes back to the storeroom.
    Return { account: u64 },
    /// The customer leaves.
    Cancel { account: u64 },
    /// Sets one value, such as `accounts/1042/is_delinquent`. What a path may be is up to the twin.
    Edit {
        path: String,
        value: serde_json::Value,
    },
    /// The account is switched off, and its services with it.
    Deactivate { account: u64 },
    /// The customer pauses a service.
    Stop {
        account: u64,
        /// The first internet service if none is given.
        #[serde(default)]
        service: Option<u64>,
    },
}

/// The three ways to change a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangePlanHow {
    /// The service keeps its id.
    #[default]
    InPlace,
    /// A service with another id replaces the old one today.
    SameDay,
    /// A service with another id replaces the old one at midnight.
    Scheduled,
}

/// The reason why an operation was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    #[error("account {0} does not exist")]
    NoAccount(u64),
    #[error("account {account} has no internet service")]
    NoService { account: u64 },
    #[error("tariff {0} does not exist")]
    NoTariff(u64),
    #[error("account {account} has no endpoint")]
    NoEndpoint { account: u64 },
    #[error("site `{0}` does not exist")]
    NoSite(String),
    #[error("invalid MAC address `{0}`")]
    InvalidMac(String),
    #[error("path `{0}` leads to nothing that can be set")]
    NoPath(String),
    #[error("path `{path}` does not accept this value; it is {expected}")]
    InvalidValue {
        path: String,
        expected: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_read_as_a_person_writes_it() {
        let read = |text: &str| serde_json::from_str::<Operation>(text);
        assert_eq!(
            read(r#"{"do": "change-plan", "account": 7, "tariff": 31, "how": "same-day"}"#)
                .unwrap(),
            Operation::ChangePlan {
                account: 7,
                service: None,
                tariff: 31,
                how: ChangePlanHow::SameDay,
            }
        );
        assert_eq!(
            read(r#"{"do": "stop", "account": 7}"#).unwrap(),
            Operation::Stop {
                account: 7,
                service: None
            }
        );
        assert!(read(r#"{"do": "block"}"#).is_err());
        assert!(read(r#"{"do": "block", "account": 7, "acount": 8}"#).is_err());
    }
}
