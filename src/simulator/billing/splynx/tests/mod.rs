//! Tests of the whole twin: requests and operations in, answers and hooks out.

mod faults;
mod hooks;
mod hostile;
mod life;
mod lists;
mod writes;

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use super::{HookSettings, Splynx, SplynxSettings};
use crate::simulator::base64;
use crate::simulator::billing::{BillingTwin, HttpAnswer, HttpRequest, Operation};

/// 2026-11-20 14:03:09 UTC.
pub(super) const NOW: u64 = 1_795_183_389;

pub(super) const SERVICES: &str = "customers/customer/0/internet-services";

/// A twin, and a client that logs in with Basic.
pub(super) struct Bench {
    pub(super) splynx: Splynx,
    pub(super) now: u64,
}

impl Bench {
    pub(super) fn new(accounts: u64) -> Self {
        Self::with_seed(accounts, 1)
    }

    pub(super) fn with_seed(accounts: u64, seed: u64) -> Self {
        Self::with(accounts, seed, 0)
    }

    pub(super) fn with_hostile(accounts: u64, every: u64) -> Self {
        Self::with(accounts, 1, every)
    }

    fn with(accounts: u64, seed: u64, hostile_every: u64) -> Self {
        let settings = SplynxSettings {
            accounts,
            seed,
            key: "K".to_owned(),
            secret: "S".to_owned(),
            hook: Some(HookSettings {
                url: "http://127.0.0.1:1/hook".to_owned(),
                secret: "hook secret".to_owned(),
            }),
            minutes_ahead: 0,
            hostile_every,
        };
        let mut splynx = Splynx::new(settings, NOW);
        splynx.access.key.is_unsecure = true;
        Self { splynx, now: NOW }
    }

    /// Sends a request below `admin/`.
    pub(super) fn send(&mut self, method: &str, path: &str, query: &str, body: &str) -> HttpAnswer {
        let request = request(method, &format!("/api/2.0/admin/{path}"), query, body);
        self.splynx.answer(&request, self.now)
    }

    /// Reads JSON, which must come with a status.
    #[track_caller]
    pub(super) fn json(&mut self, method: &str, path: &str, query: &str, status: u16) -> Value {
        let answer = self.send(method, path, query, "");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, status, "{method} {path}?{query}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    #[track_caller]
    pub(super) fn get(&mut self, path: &str, query: &str) -> Value {
        self.json("GET", path, query, 200)
    }

    /// Returns the ids of a list.
    #[track_caller]
    pub(super) fn ids(&mut self, path: &str, query: &str) -> Vec<u64> {
        let list = self.get(path, query);
        let rows = list
            .as_array()
            .unwrap_or_else(|| panic!("not a list: {list}"));
        rows.iter().map(|row| number(&row["id"])).collect()
    }

    /// Returns the count of HEAD.
    #[track_caller]
    pub(super) fn count(&mut self, path: &str, query: &str) -> u64 {
        let answer = self.send("HEAD", path, query, "");
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{path}");
        let mut headers = answer.headers.iter();
        let count = headers.find(|(name, _)| name.eq_ignore_ascii_case("x-total-count"));
        count.unwrap().1.parse().unwrap()
    }

    #[track_caller]
    pub(super) fn put(&mut self, path: &str, body: &str) {
        let answer = self.send("PUT", path, "", body);
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 202, "{path}: {text}");
    }

    #[track_caller]
    pub(super) fn does(&mut self, operation: &str) -> Value {
        let operation: Operation = serde_json::from_str(operation).unwrap();
        self.splynx.operate(&operation, self.now).unwrap()
    }

    #[track_caller]
    pub(super) fn faults(&mut self, text: &str) {
        let mut file: toml::Table = toml::from_str(text).unwrap();
        let faults = file.remove("fault").unwrap();
        let faults = faults.as_array().unwrap().iter();
        let faults = faults.map(|fault| fault.as_table().unwrap().clone());
        self.splynx.set_faults(faults.collect()).unwrap();
    }

    /// Returns a service by its id.
    #[track_caller]
    pub(super) fn service(&mut self, id: u64) -> Value {
        self.get(&format!("{SERVICES}--{id}"), "")
    }

    #[track_caller]
    pub(super) fn customer(&mut self, id: u64) -> Value {
        self.get(&format!("customers/customer/{id}"), "")
    }

    /// Returns the newest rows of the log of statuses and plans.
    #[track_caller]
    pub(super) fn log_since(&mut self, last: u64) -> Vec<Value> {
        let query = format!("main_attributes[id][0]=%3E&main_attributes[id][1]={last}");
        let list = self.get("logs/changes", &query);
        list.as_array().unwrap().clone()
    }

    /// Takes the bodies of all hooks that are due.
    pub(super) fn hooks(&mut self) -> Vec<Value> {
        let due = self.splynx.due_webhooks(self.now);
        due.iter()
            .map(|hook| {
                self.splynx.delivered(hook.id, Some(200), self.now);
                serde_json::from_slice(&hook.body).unwrap()
            })
            .collect()
    }
}

pub(super) fn request(method: &str, path: &str, query: &str, body: &str) -> HttpRequest {
    let basic = format!("Basic {}", base64::encode(b"K:S"));
    HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![
            ("authorization".to_owned(), basic),
            ("user-agent".to_owned(), "test".to_owned()),
        ],
        body: body.as_bytes().to_vec(),
        from: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

/// Reads a number that may be a text.
pub(super) fn number(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.parse().unwrap_or(0),
        other => other.as_u64().unwrap_or(0),
    }
}
