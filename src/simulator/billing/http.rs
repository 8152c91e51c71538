//! Defines HTTP requests, answers and webhooks as values, and the trait that every billing twin has.

use std::net::IpAddr;
use std::time::Duration;

use super::operation::{Operation, OperationError};

/// One request, completely received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: String,
    /// Raw, without `?`.
    pub path: String,
    /// The part after `?`, raw; empty without one.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub from: IpAddr,
}

impl HttpRequest {
    /// Returns the first header with this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

/// One answer, and how the server sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delivery: Delivery,
    /// The server waits this long before it sends the first byte.
    pub delay: Duration,
}

impl HttpAnswer {
    /// Returns an answer that is sent at once and completely.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            delivery: Delivery::Whole,
            delay: Duration::ZERO,
        }
    }
}

/// The part of an answer that reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    #[default]
    Whole,
    /// Half of the body, then the connection is cut.
    Half,
    /// The connection is cut without an answer, although the request was carried out.
    Nothing,
}

/// One request that the billing system sends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: u64,
    pub url: String,
    pub method: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A fault that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("fault {number} has no `kind`")]
    NoKind { number: usize },
    #[error("fault {number}: {problem}")]
    Invalid { number: usize, problem: String },
}

/// A simulated billing system. Time is seconds since 1970 and never read from a clock.
pub trait BillingTwin: Send {
    fn answer(&mut self, request: &HttpRequest, now: u64) -> HttpAnswer;

    fn operate(
        &mut self,
        operation: &Operation,
        now: u64,
    ) -> Result<serde_json::Value, OperationError>;

    /// Returns the webhooks that are due now; each is handed out once and reported by `delivered`.
    fn due_webhooks(&mut self, now: u64) -> Vec<Webhook>;

    /// Reports the HTTP status that a webhook got; none if no answer came.
    fn delivered(&mut self, id: u64, status: Option<u16>, now: u64);

    /// Returns when the next webhook is due.
    fn next_webhook(&self) -> Option<u64>;

    /// Returns requests by kind, refusals by the limit, and writes; for tests and `twin ctl`.
    fn counters(&self) -> serde_json::Value;

    /// Replaces all faults; each table is one `[[fault]]`.
    fn set_faults(&mut self, faults: Vec<toml::Table>) -> Result<(), FaultError>;
}
