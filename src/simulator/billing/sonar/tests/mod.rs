//! Tests the simulated instance through its HTTP interface.

mod faults;
mod introspection;
mod life;
mod mutations;
mod queries;
mod webhooks;

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use super::{SonarSettings, SonarTwin};
use crate::simulator::billing::http::{BillingTwin, HttpAnswer, HttpRequest};
use crate::simulator::billing::operation::Operation;

/// 2026-11-20T14:03:09Z.
const NOW: u64 = 1_795_183_389;

/// A client of one instance, with a clock that the test moves.
struct Client {
    twin: SonarTwin,
    now: u64,
}

fn client(accounts: u64) -> Client {
    let settings = SonarSettings {
        accounts,
        ..SonarSettings::default()
    };
    Client {
        twin: SonarTwin::new(settings, NOW),
        now: NOW,
    }
}

impl Client {
    fn send(&mut self, method: &str, path: &str, token: &str, body: &str) -> HttpAnswer {
        let request = HttpRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: vec![
                ("authorization".to_owned(), format!("Bearer {token}")),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: body.as_bytes().to_vec(),
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        self.twin.answer(&request, self.now)
    }

    fn post(&mut self, query: &str, variables: &Value) -> HttpAnswer {
        let token = self.twin.token().to_owned();
        let body = json!({"query": query, "variables": variables}).to_string();
        self.send("POST", "/api/graphql", &token, &body)
    }

    /// Returns the whole body of an answer with status 200.
    fn body(&mut self, query: &str, variables: &Value) -> Value {
        let answer = self.post(query, variables);
        assert_eq!(
            answer.status,
            200,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        serde_json::from_slice(&answer.body).unwrap()
    }

    #[track_caller]
    fn ask_with(&mut self, query: &str, variables: &Value) -> Value {
        let body = self.body(query, variables);
        assert_eq!(body.get("errors"), None, "{body}");
        body["data"].clone()
    }

    #[track_caller]
    fn ask(&mut self, query: &str) -> Value {
        self.ask_with(query, &json!({}))
    }

    /// Returns the first error of a request that fails.
    #[track_caller]
    fn error(&mut self, query: &str) -> Value {
        let body = self.body(query, &json!({}));
        let errors = body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{body}"));
        errors[0].clone()
    }

    #[track_caller]
    fn message(&mut self, query: &str) -> String {
        self.error(query)["message"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn operate(&mut self, operation: &Value) -> Value {
        let operation: Operation = serde_json::from_value(operation.clone()).unwrap();
        self.twin.operate(&operation, self.now).unwrap()
    }

    fn set_faults(&mut self, text: &str) {
        let mut file: toml::Table = text.parse().unwrap();
        let tables = file
            .remove("fault")
            .unwrap_or(toml::Value::Array(Vec::new()));
        let tables = tables.as_array().unwrap().iter();
        let tables = tables
            .map(|table| table.as_table().unwrap().clone())
            .collect();
        self.twin.set_faults(tables).unwrap();
    }

    /// Returns the first id of a root query with these arguments.
    #[track_caller]
    fn first(&mut self, root: &str, arguments: &str) -> u64 {
        let data = self.ask(&format!("{{ {root}{arguments} {{ entities {{ id }} }} }}"));
        id(&data[root]["entities"][0]["id"])
    }

    /// Returns an account with a service for data and an endpoint that is linked to it.
    fn served(&mut self) -> (u64, u64, u64) {
        let data = self.ask(
            r#"{ inventory_items(inventory_model_id: 14, search: {exists: "account_service_id"}) {
                entities { id account_service { id account_id } } } }"#,
        );
        let item = &data["inventory_items"]["entities"][0];
        let service = &item["account_service"];
        (
            id(&service["account_id"]),
            id(&service["id"]),
            id(&item["id"]),
        )
    }
}

#[track_caller]
fn id(value: &Value) -> u64 {
    let text = value.as_str();
    let text = text.unwrap_or_else(|| panic!("{value} is not an id"));
    text.parse().unwrap()
}

/// Returns the values of one field of all entities.
fn column(connection: &Value, field: &str) -> Vec<Value> {
    let entities = connection["entities"].as_array().unwrap();
    entities
        .iter()
        .map(|entity| entity[field].clone())
        .collect()
}
