//! Sends webhooks: to whom, when again, and the rows about it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::data::{Cell, Database};
use super::fault::{Fault, Faults, Occasion};
use super::write::Happened;
use crate::simulator::billing::http::Webhook;
use crate::simulator::gam::chance::draw;

/// Attempts before a webhook is given up: one a minute for four hours.
const MOST_TRIES: u32 = 240;
const SECONDS_BETWEEN_TRIES: u64 = 60;

/// The one status that counts as success.
const SUCCESS: u16 = 200;

const ENDPOINT: &str = "WebhookEndpoint";
const DISPATCH: &str = "WebhookEndpointEventDispatch";
const ATTEMPT: &str = "WebhookEndpointEventDispatchAttempt";

/// An object id that no table reaches.
const FORGED_ID: u64 = 4_000_000_000;

/// The webhooks that are not sent, or not accepted yet.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    waiting: BTreeMap<u64, Waiting>,
    next_id: u64,
    /// The last status that each endpoint answered, if it answered.
    last: BTreeMap<u64, Option<u16>>,
}

#[derive(Debug)]
struct Waiting {
    endpoint: u64,
    method: &'static str,
    body: String,
    /// The row about it; forged webhooks and HEAD have none.
    dispatch: Option<u64>,
    tries: u32,
    due: u64,
    is_sent: bool,
}

impl Webhooks {
    /// Queues what happened for the endpoints that are registered for it.
    pub(super) fn announce(
        &mut self,
        happened: &[Happened],
        db: &mut Database,
        faults: &mut Faults,
        now: u64,
    ) {
        for one in happened {
            for endpoint in enabled(db) {
                if is_registered(db, endpoint, one) {
                    let body = json!({
                        "event": one.event,
                        "object_id": one.id,
                        "current": one.current,
                    });
                    self.post(endpoint, &body, db, faults, now);
                }
            }
        }
    }

    fn post(
        &mut self,
        endpoint: u64,
        body: &Value,
        db: &mut Database,
        faults: &mut Faults,
        now: u64,
    ) {
        let dispatch = dispatch(db, endpoint, body, false, now);
        let (mut due, mut copies, mut is_lost) = (now, 1, false);
        for (fault, _) in faults.meet(&Occasion::Webhook) {
            match fault {
                Fault::WebhookDelayed { seconds } => due += seconds,
                Fault::WebhookReordered { seconds } => {
                    due += draw(0, "webhook order", self.next_id) % (seconds + 1);
                }
                Fault::WebhookDoubled { copies: extra } => copies += extra,
                Fault::WebhookNever {} => is_lost = true,
                Fault::WebhookForged {} => {
                    let forged = json!({
                        "event": body.get("event"),
                        "object_id": FORGED_ID + self.next_id,
                        "current": body.get("current"),
                    });
                    self.queue(endpoint, "POST", forged.to_string(), None, now);
                }
                _ => {}
            }
        }
        let copies = if is_lost { 0 } else { copies };
        for _ in 0..copies {
            self.queue(endpoint, "POST", body.to_string(), Some(dispatch), due);
        }
    }

    /// Asks an endpoint whether it is there, as on saving and enabling (assumed).
    pub(super) fn head(&mut self, endpoint: u64, now: u64) {
        self.queue(endpoint, "HEAD", String::new(), None, now);
    }

    /// Sends a test. Its answer comes later, so what is returned is the status that the endpoint answered last.
    pub(super) fn test(&mut self, endpoint: u64, db: &mut Database, now: u64) -> Value {
        let body = json!({"event": "test", "object_id": endpoint, "current": {"id": endpoint}});
        let row = dispatch(db, endpoint, &body, true, now);
        self.queue(endpoint, "POST", body.to_string(), Some(row), now);
        let status = self.last.get(&endpoint).copied().flatten();
        json!({
            "success": status == Some(SUCCESS),
            "status_code": status.unwrap_or(0),
            "response": "",
        })
    }

    fn queue(
        &mut self,
        endpoint: u64,
        method: &'static str,
        body: String,
        dispatch: Option<u64>,
        due: u64,
    ) {
        self.next_id += 1;
        let waiting = Waiting {
            endpoint,
            method,
            body,
            dispatch,
            tries: 0,
            due,
            is_sent: false,
        };
        self.waiting.insert(self.next_id, waiting);
    }

    /// Returns what is due, earliest first. What belongs to an endpoint that is gone is dropped.
    pub(super) fn due(&mut self, db: &Database, now: u64) -> Vec<Webhook> {
        let enabled = enabled(db);
        self.waiting
            .retain(|_, one| enabled.contains(&one.endpoint));
        let mut due: Vec<(u64, Webhook)> = Vec::new();
        for (id, one) in &mut self.waiting {
            if one.is_sent || one.due > now {
                continue;
            }
            one.is_sent = true;
            one.tries += 1;
            let url = db.get(ENDPOINT, one.endpoint, "endpoint").as_text();
            let headers = match one.method {
                "HEAD" => Vec::new(),
                _ => vec![("content-type".to_owned(), "application/json".to_owned())],
            };
            let webhook = Webhook {
                id: *id,
                url: url.unwrap_or_default().to_owned(),
                method: one.method,
                headers,
                body: one.body.clone().into_bytes(),
            };
            due.push((one.due, webhook));
        }
        due.sort_by_key(|(at, _)| *at);
        due.into_iter().map(|(_, webhook)| webhook).collect()
    }

    /// Records an attempt, and plans the next one if it failed.
    pub(super) fn delivered(&mut self, id: u64, status: Option<u16>, db: &mut Database, now: u64) {
        let Some(mut one) = self.waiting.remove(&id) else {
            return;
        };
        self.last.insert(one.endpoint, status);
        let is_accepted = status == Some(SUCCESS);
        if let Some(dispatch) = one.dispatch {
            let code = status.map_or(Cell::Null, |status| Cell::id(u64::from(status)));
            let attempt = [
                ("webhook_endpoint_event_dispatch_id", Cell::id(dispatch)),
                ("response_code", code),
            ];
            db.insert(ATTEMPT, &attempt, now);
            let word = if is_accepted { "SUCCESS" } else { "FAIL" };
            let mut known = vec![
                ("last_attempted_at", Cell::time(now)),
                ("last_status", Cell::text(word)),
            ];
            if is_accepted {
                known.push(("sent_at", Cell::time(now)));
            }
            db.update(DISPATCH, dispatch, &known, now);
        }
        if !is_accepted && one.method == "POST" && one.tries < MOST_TRIES {
            one.due = now + SECONDS_BETWEEN_TRIES;
            one.is_sent = false;
            self.waiting.insert(id, one);
        }
    }

    /// Returns when the next one is due.
    pub(super) fn next(&self) -> Option<u64> {
        let waiting = self.waiting.values().filter(|one| !one.is_sent);
        waiting.map(|one| one.due).min()
    }
}

fn enabled(db: &Database) -> Vec<u64> {
    let endpoints = db
        .table(ENDPOINT)
        .into_iter()
        .flat_map(|table| table.rows());
    endpoints
        .map(|row| row.id)
        .filter(|id| db.get(ENDPOINT, *id, "enabled").as_bool() == Some(true))
        .collect()
}

fn is_registered(db: &Database, endpoint: u64, happened: &Happened) -> bool {
    const EVENTS: &str = "WebhookEndpointModelEvent";
    db.find(EVENTS, "webhook_endpoint_id", endpoint)
        .into_iter()
        .any(|event| {
            let is =
                |column: &str, word: &str| db.get(EVENTS, event, column).as_text() == Some(word);
            is("model", happened.model) && is("event", happened.kind)
        })
}

fn dispatch(db: &mut Database, endpoint: u64, body: &Value, is_test: bool, now: u64) -> u64 {
    let row = [
        ("webhook_endpoint_id", Cell::id(endpoint)),
        ("payload", Cell::text(body.to_string())),
        ("last_status", Cell::text("PENDING")),
        ("test", Cell::Bool(is_test)),
    ];
    db.insert(DISPATCH, &row, now)
}
