//! Carries out mutations on webhook endpoints.

use serde_json::Value;

use super::given::{Given, must_exist, success};
use super::record::{MODELS, WEBHOOK_EVENTS, Writer};
use crate::simulator::billing::sonar::data::{Cell, Create};
use crate::simulator::billing::sonar::query::{GraphError, Outcome};

const ENDPOINT: &str = "WebhookEndpoint";
const EVENTS: &str = "WebhookEndpointModelEvent";

/// Plain addresses that are accepted here only, because tests listen there.
const LOOPBACK: &[&str] = &["http://127.0.0.1:", "http://[::1]:"];

pub(super) fn create(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    check(given)?;
    let columns = given.columns(writer, ENDPOINT, &["name", "endpoint", "enabled"]);
    let id = writer.create(ENDPOINT, &columns);
    set_events(writer, given, id);
    Ok(Outcome::Row(ENDPOINT, id))
}

pub(super) fn update(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    let id = given.id("id");
    must_exist(writer, ENDPOINT, id)?;
    check(given)?;
    let columns = given.columns(writer, ENDPOINT, &["name", "endpoint", "enabled"]);
    writer.update(ENDPOINT, id, &columns);
    if given.input("model_events").is_some() {
        for event in writer.db.find(EVENTS, "webhook_endpoint_id", id) {
            writer.delete(EVENTS, event);
        }
        set_events(writer, given, id);
    }
    Ok(Outcome::Row(ENDPOINT, id))
}

pub(super) fn delete(writer: &mut Writer<'_>, given: Given<'_>) -> Result<Outcome, GraphError> {
    let id = given.id("id");
    must_exist(writer, ENDPOINT, id)?;
    for event in writer.db.find(EVENTS, "webhook_endpoint_id", id) {
        writer.delete(EVENTS, event);
    }
    writer.delete(ENDPOINT, id);
    Ok(success())
}

/// Adds an enabled endpoint that gets every event.
pub(crate) fn register(writer: &mut Writer<'_>, url: &str) -> u64 {
    let endpoint = [
        ("name", Cell::text("gamctl")),
        ("endpoint", Cell::text(url)),
        ("enabled", Cell::Bool(true)),
    ];
    let id = writer.create(ENDPOINT, &endpoint);
    for model in MODELS {
        for kind in WEBHOOK_EVENTS {
            let event = [
                ("webhook_endpoint_id", Cell::id(id)),
                ("model", Cell::text(model)),
                ("event", Cell::text(kind)),
            ];
            writer.create(EVENTS, &event);
        }
    }
    id
}

fn check(given: Given<'_>) -> Result<(), GraphError> {
    let is_accepted = |url: &str| {
        url.starts_with("https://") || LOOPBACK.iter().any(|plain| url.starts_with(plain))
    };
    if given
        .input_text("endpoint")
        .is_some_and(|url| !is_accepted(url))
    {
        return Err(GraphError::validation(
            "input.endpoint",
            "The endpoint must begin with https://.",
        ));
    }
    let is_legal = |event: &Value| {
        let word = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        MODELS.contains(&word("model")) && WEBHOOK_EVENTS.contains(&word("event"))
    };
    match given.input_list("model_events").iter().all(is_legal) {
        true => Ok(()),
        false => Err(GraphError::validation(
            "input.model_events",
            "The model does not have this event.",
        )),
    }
}

fn set_events(writer: &mut Writer<'_>, given: Given<'_>, endpoint: u64) {
    for event in given.input_list("model_events") {
        let text = |name: &str| {
            let found = event.get(name).and_then(Value::as_str);
            found.map_or(Cell::Null, Cell::text)
        };
        let owner = ("webhook_endpoint_id", Cell::id(endpoint));
        let (model, kind) = (("model", text("model")), ("event", text("event")));
        writer.create(EVENTS, &[owner, model, kind]);
    }
}
