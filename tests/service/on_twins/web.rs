//! Tests health checks, metrics and webhooks over real connections.

use std::net::SocketAddr;

use gamctl::model::ConditionWord;
use gamctl::secrets::Secret;

use super::{EVERYTHING, ServiceBed, one_each};
use crate::service::client::{request, signature};

const SECRET: &[u8] = b"shared with the forge";
const BODY: &str = "{\"ref\":\"refs/heads/main\"}";

/// Sends a request, and returns the status and the body of the answer.
fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let answer = request(address, method, path, headers, body);
    (answer.status, answer.body)
}

/// Returns the text of `/metrics`.
pub(super) fn metrics_of(bed: &ServiceBed) -> String {
    let address = bed.running.as_ref().unwrap().metrics;
    let (status, text) = ask(address, "GET", "/metrics", "", "");
    assert_eq!(status, 200);
    text
}

#[test]
fn health_checks_and_metrics_answer_and_say_what_is_there() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let running = bed.running.as_ref().unwrap();
    let get = |path: &str| ask(running.listen, "GET", path, "", "");
    assert_eq!(get("/livez").0, 200);
    assert_eq!(get("/readyz").0, 200);
    assert_eq!(get("/metrics").0, 404, "it has a listener of its own");
    let text = metrics_of(&bed);
    for line in text.lines() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.starts_with("gamctl_") || name.starts_with("process_"),
            "{line}"
        );
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    for line in [
        "gamctl_devices{condition=\"converged\"} 1",
        "gamctl_leader{task=\"rollout\"} 1",
        "gamctl_store_up 1",
    ] {
        assert!(
            text.lines().any(|one| one == line),
            "no `{line}` in:\n{text}"
        );
    }
    // The failures of every task are counted.
    let seen = bed.another_round();
    let tasks = &seen.instances[0].report.tasks;
    assert!(tasks.len() >= 5, "{tasks:?}");
    for task in tasks.keys() {
        let line = format!("gamctl_task_failures_total{{task=\"{task}\"}}");
        assert!(text.contains(&line), "no `{line}` in:\n{text}");
    }
}

#[test]
fn a_signed_webhook_is_accepted_and_a_forged_one_is_not() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    let target = bed.site.world.head();
    bed.webhook = Some(Secret::new(SECRET.to_vec()));
    bed.start();
    bed.until("converged", |seen| seen.has_reached(&target));
    let pushed = bed.intend(one_each(1, "home-500"));
    let listen = bed.running.as_ref().unwrap().listen;
    let hook = |header: &str| ask(listen, "POST", "/hooks/git/inventory", header, BODY).0;
    assert_eq!(hook(""), 401);
    assert_eq!(hook(&signature(b"guessed", BODY)), 401);
    assert_eq!(hook(&signature(SECRET, "another body")), 401);
    assert_eq!(hook(&signature(SECRET, BODY)), 202);
    bed.until("the pushed commit", |seen| seen.has_reached(&pushed));
}
