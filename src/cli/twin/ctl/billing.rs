//! `gamctl twin ctl billing`: sells, blocks and pays in a running billing twin, and makes it fail.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::super::billing::read_faults;
use crate::report::{Align, Paint, Table, counted, visible};
use crate::simulator::billing::{ChangePlanHow, Operation};
use crate::simulator::server::billing_control::{BillingAnswer, BillingRequest};

const AFTER_HELP: &str = "\
Examples:
  gamctl twin ctl billing sell --tariff 31 --mac 00:0e:d8:2a:01:46 --building 'Maple Court' --unit 'Apt 101'
  gamctl twin ctl billing block 1042
  gamctl twin ctl billing change-plan 1042 --tariff 32 --how scheduled
  gamctl twin ctl billing swap 1042 00:0e:d8:2a:01:47
  gamctl twin ctl billing edit services/7001/status stopped
  gamctl twin ctl billing edit nightly
  gamctl twin ctl --control /tmp/billing.sock billing faults faults.toml";

/// Sell, block and change plans in a running billing twin, set its faults
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct BillingControlArguments {
    #[command(subcommand)]
    verb: BillingVerb,
}

#[derive(Debug, Subcommand)]
enum BillingVerb {
    /// Sell a tariff to a new customer, or as a further service
    Sell {
        /// Use this tariff, by its id in billing
        #[arg(long, value_name = "ID")]
        tariff: u64,
        /// Sell a further service to this account [default: a new one]
        #[arg(long, value_name = "ID")]
        account: Option<u64>,
        /// Hand out the endpoint with this MAC address
        #[arg(long, value_name = "MAC")]
        mac: Option<String>,
        /// Use this building, by its name [default: the next one]
        #[arg(long, value_name = "NAME")]
        building: Option<String>,
        /// Use this unit of the building, such as `Apt 101`
        #[arg(long, value_name = "NAME")]
        unit: Option<String>,
    },
    /// Block a customer who did not pay
    Block(Account),
    /// Let a customer pay; one who was deactivated returns
    Pay(Account),
    /// Change the plan of a service
    ChangePlan {
        #[command(flatten)]
        account: Account,
        /// Use this tariff, by its id in billing
        #[arg(long, value_name = "ID")]
        tariff: u64,
        /// Use this service of the account [default: the first]
        #[arg(long, value_name = "ID")]
        service_id: Option<u64>,
        /// Change it in this way
        #[arg(long, value_name = "WAY", default_value = "in-place")]
        how: How,
    },
    /// Hand out another endpoint; the old one goes to the storeroom
    Swap {
        #[command(flatten)]
        account: Account,
        /// The MAC address of the new endpoint
        mac: String,
    },
    /// Take the endpoint back into the storeroom
    Return(Account),
    /// End all services of a customer who leaves
    Cancel(Account),
    /// Set one value by its path, such as `services/7001/status`
    Edit {
        /// The path: TABLE/ID/NAME, or `nightly` or `ping` of Splynx
        path: String,
        /// The value, as JSON or plain text [default: null]
        #[arg(allow_hyphen_values = true)]
        value: Option<String>,
    },
    /// Deactivate a customer who did not pay for long
    Deactivate(Account),
    /// Pause a service
    Stop {
        #[command(flatten)]
        account: Account,
        /// Use this service of the account [default: the first]
        #[arg(long, value_name = "ID")]
        service_id: Option<u64>,
    },
    /// Replace all faults by those of a file
    Faults {
        /// A file with `[[fault]]` tables [default: clear all faults]
        file: Option<PathBuf>,
    },
    /// Print what clients did: requests, logins, writes, webhooks
    Counters,
}

/// The customer that a verb is about.
#[derive(Debug, clap::Args)]
struct Account {
    /// The account's id in billing
    account: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum How {
    /// The service keeps its id
    InPlace,
    /// Another service replaces it today
    SameDay,
    /// Another service replaces it at midnight
    Scheduled,
}

impl BillingControlArguments {
    pub(super) fn request(self) -> anyhow::Result<BillingRequest> {
        let operation = match self.verb {
            BillingVerb::Faults { file } => {
                let faults = file.map(|file| read_faults(&file)).transpose()?;
                let faults = faults.unwrap_or_default();
                return Ok(BillingRequest::Faults { faults });
            }
            BillingVerb::Counters => return Ok(BillingRequest::Counters {}),
            BillingVerb::Sell {
                tariff,
                account,
                mac,
                building,
                unit,
            } => Operation::Sell {
                account,
                tariff,
                mac,
                site: building,
                unit,
            },
            BillingVerb::Block(Account { account }) => Operation::Block { account },
            BillingVerb::Pay(Account { account }) => Operation::Pay { account },
            BillingVerb::ChangePlan {
                account: Account { account },
                tariff,
                service_id: service,
                how,
            } => Operation::ChangePlan {
                account,
                service,
                tariff,
                how: match how {
                    How::InPlace => ChangePlanHow::InPlace,
                    How::SameDay => ChangePlanHow::SameDay,
                    How::Scheduled => ChangePlanHow::Scheduled,
                },
            },
            BillingVerb::Swap {
                account: Account { account },
                mac,
            } => Operation::Swap { account, mac },
            BillingVerb::Return(Account { account }) => Operation::Return { account },
            BillingVerb::Cancel(Account { account }) => Operation::Cancel { account },
            BillingVerb::Edit { path, value } => Operation::Edit {
                path,
                value: value.as_deref().map_or(Value::Null, value_of),
            },
            BillingVerb::Deactivate(Account { account }) => Operation::Deactivate { account },
            BillingVerb::Stop {
                account: Account { account },
                service_id: service,
            } => Operation::Stop { account, service },
        };
        Ok(BillingRequest::Operate { operation })
    }
}

/// Parses a value: JSON if it is, else a plain text.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// Returns the JSON of an answer: its content, without the protocol around it.
pub(super) fn document(answer: &BillingAnswer) -> Value {
    match answer {
        BillingAnswer::Done(done) if done.is_object() => done.clone(),
        BillingAnswer::Done(done) => json!({ "done": done }),
        BillingAnswer::FaultsSet(faults) => json!({ "faults": faults }),
        BillingAnswer::Counters(counters) => counters.clone(),
        BillingAnswer::Refused(reason) => json!({ "refused": reason }),
    }
}

/// Renders an answer as text.
pub(super) fn text(answer: &BillingAnswer, paint: Paint) -> String {
    match answer {
        BillingAnswer::Done(value) | BillingAnswer::Counters(value) => table(value, paint),
        BillingAnswer::FaultsSet(0) => "No fault is set.\n".to_owned(),
        BillingAnswer::FaultsSet(faults) => format!("{} set.\n", counted(*faults, "fault")),
        BillingAnswer::Refused(_) => String::new(),
    }
}

/// Renders every value of a document with the path to it.
fn table(value: &Value, paint: Paint) -> String {
    let mut rows = Vec::new();
    flatten("", value, &mut rows);
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    for (path, value) in &rows {
        table.push([&visible(path), &visible(value)]);
    }
    table.render(paint)
}

fn flatten(path: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path} {name}"),
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&below(name), value, rows);
            }
        }
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                flatten(&below(&(place + 1).to_string()), value, rows);
            }
        }
        Value::Null => {}
        Value::String(text) => rows.push((path.to_owned(), text.clone())),
        other => rows.push((path.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: BillingControlArguments,
    }

    fn request(line: &str) -> BillingRequest {
        let words = std::iter::once("billing").chain(line.split(' '));
        let line = Line::try_parse_from(words).unwrap();
        line.arguments.request().unwrap()
    }

    #[test]
    fn every_verb_becomes_its_operation() {
        let operation = |line| match request(line) {
            BillingRequest::Operate { operation } => serde_json::to_value(operation).unwrap(),
            other => panic!("{other:?}"),
        };
        for (line, expected) in [
            ("block 7", json!({ "do": "block", "account": 7 })),
            ("return 7", json!({ "do": "return", "account": 7 })),
            (
                "change-plan 7 --tariff 32 --how same-day",
                json!({ "do": "change-plan", "account": 7, "service": null, "tariff": 32, "how": "same-day" }),
            ),
            (
                "edit items/88/notes -1",
                json!({ "do": "edit", "path": "items/88/notes", "value": -1 }),
            ),
            (
                "edit services/7001/status stopped",
                json!({ "do": "edit", "path": "services/7001/status", "value": "stopped" }),
            ),
            (
                "edit nightly",
                json!({ "do": "edit", "path": "nightly", "value": null }),
            ),
        ] {
            assert_eq!(operation(line), expected, "{line}");
        }
        assert_eq!(request("counters"), BillingRequest::Counters {});
        assert_eq!(
            request("faults"),
            BillingRequest::Faults { faults: Vec::new() }
        );
    }

    #[test]
    fn an_answer_is_shown_value_by_value() {
        let answer = BillingAnswer::Done(json!({ "account": 7, "services": [{ "service": 9 }] }));
        let text = text(&answer, Paint::Plain);
        assert!(text.contains("services 1 service"), "{text}");
        assert_eq!(document(&answer)["account"], 7);
    }
}
