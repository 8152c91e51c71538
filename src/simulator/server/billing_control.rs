//! Defines and runs the requests of the control socket of a billing twin: operations, faults, counters.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::billing::BillingServer;
use super::control::{Control, encoded};
use crate::simulator::billing::Operation;

/// A request. Variants have braces even when empty, so that a misspelt field is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum BillingRequest {
    /// Carries out what a person in the office does.
    Operate {
        operation: Operation,
    },
    /// Replaces all faults.
    Faults {
        faults: Vec<toml::Table>,
    },
    Counters {},
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", content = "with", rename_all = "kebab-case")]
pub enum BillingAnswer {
    /// The result of an operation: the ids that it made or changed.
    Done(Value),
    FaultsSet(usize),
    Counters(Value),
    Refused(String),
}

impl BillingServer {
    /// Runs a request of the control socket.
    pub fn ask(&self, request: BillingRequest) -> BillingAnswer {
        match request {
            BillingRequest::Operate { operation } => match self.operate(&operation) {
                Ok(done) => BillingAnswer::Done(done),
                Err(error) => BillingAnswer::Refused(error.to_string()),
            },
            BillingRequest::Faults { faults } => {
                let count = faults.len();
                match self.set_faults(faults) {
                    Ok(()) => BillingAnswer::FaultsSet(count),
                    Err(error) => BillingAnswer::Refused(error.to_string()),
                }
            }
            BillingRequest::Counters {} => BillingAnswer::Counters(self.counters()),
        }
    }
}

impl Control {
    /// Answers requests to a billing twin until it is dropped.
    pub async fn serve_billing(&self, server: Arc<BillingServer>) {
        self.serve_lines(move |request| {
            let request = request.and_then(|request| {
                serde_json::from_slice(request).map_err(|error| format!("invalid request: {error}"))
            });
            encoded(&match request {
                Ok(request) => server.ask(request),
                Err(refused) => BillingAnswer::Refused(refused),
            })
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_survives_the_way_to_the_twin() {
        let text = r#"{"ask":"operate","operation":{"do":"block","account":1042}}"#;
        let request: BillingRequest = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        let text = r#"{"ask":"faults","faults":[{"kind":"html","times":2}]}"#;
        let request: BillingRequest = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        for wrong in [
            r#"{"ask":"counters","account":1}"#,
            r#"{"ask":"operate","operation":{"do":"blok","account":1042}}"#,
        ] {
            assert!(
                serde_json::from_str::<BillingRequest>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
