//! Tests that the log of the service has run, task and request ids, and neither secrets nor what clients send.

use serde_json::Value;

use super::client::request;
use super::program::{NEVER_WRITTEN, ServeProgram};
use crate::crash::site::device;

/// Returns the spans around an event, the outermost first; at the end of a span that one too.
fn spans(event: &Value) -> Vec<&Value> {
    let around = event["spans"].as_array().into_iter().flatten();
    around.collect()
}

fn span<'a>(event: &'a Value, name: &str) -> Option<&'a Value> {
    spans(event).into_iter().find(|span| span["name"] == name)
}

#[test]
fn a_webhook_and_the_run_that_follows_are_found_in_the_log_by_their_ids() {
    let mut program = ServeProgram::start("");
    program.intend(777);
    let answer = program.hook("X-Request-Id: chosen-by-the-client\r\n");
    assert_eq!(answer.status, 202);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let parsed: uuid::Uuid = id.parse().unwrap();
    assert_eq!(parsed.get_version_num(), 7);
    let other = request(program.listen, "BREW", "/no/such/path?of=secrets", "", "");
    assert_eq!(other.status, 404);
    let lost = other.header("x-request-id").unwrap().to_owned();
    assert_ne!(lost, id);
    program.waits_for("the pushed commit", |program| program.is_saved(777));
    program.stop();
    let events = program.events();

    let answered = |id: &str| -> (Value, Value) {
        let event = events.iter().find(|event| {
            event["fields"]["message"] == "request answered"
                && span(event, "request").is_some_and(|span| span["id"] == id)
        });
        let event = event.unwrap_or_else(|| panic!("no request {id} in {}", program.log()));
        let span = span(event, "request").unwrap().clone();
        (event["fields"].clone(), span)
    };
    let (fields, request) = answered(&id);
    assert_eq!(fields["status"], 202);
    assert!(fields["millis"].is_u64(), "{fields}");
    assert_eq!(request["method"], "POST");
    assert_eq!(request["route"], "/hooks/git/{name}");
    let (fields, request) = answered(&lost);
    assert_eq!(fields["status"], 404);
    assert_eq!(
        (&request["method"], &request["route"]),
        (&"other".into(), &"other".into())
    );

    let stored = program.stored_runs();
    assert!(!stored.is_empty());
    // Each part of the last run: the look and the plan before the first line, and the line.
    let wanted = device(0).to_string();
    for part in ["look-before", "plan", "step"] {
        let mut of_part = events.iter().filter(|event| {
            event["span"]["name"] == part
                && event["fields"]["message"] == "close"
                && span(event, "device").is_some()
        });
        let event = of_part.next().unwrap_or_else(|| panic!("no {part}"));
        assert_eq!(span(event, "device").unwrap()["device"], *wanted);
        let run = span(event, "run").unwrap()["id"].as_str().unwrap();
        assert!(stored.contains(run), "{run} of {stored:?}");
        assert_eq!(span(event, "task").unwrap()["task"], "rollout");
    }
}

#[test]
fn a_log_has_constant_messages_and_no_secret_and_nothing_of_a_request() {
    let mut program = ServeProgram::start("");
    program.intend(777);
    program.hook("Authorization: Bearer of-bad-news\r\n");
    request(program.listen, "GET", "/livez", "", "");
    program.waits_for("the pushed commit", |program| program.is_saved(777));
    program.stop();
    let (events, log) = (program.events(), program.log());
    for event in &events {
        let message = event["fields"]["message"].as_str().unwrap();
        assert!(
            !message.contains(|sign: char| sign.is_ascii_digit() || "{}`\"/@".contains(sign)),
            "`{message}` is not constant"
        );
    }
    // The end of every round of a task would be most of the log.
    let routine = events.iter().find(|event| {
        event["fields"]["message"] == "close"
            && ["task", "request", "probe", "poll"]
                .contains(&event["span"]["name"].as_str().unwrap())
    });
    assert_eq!(routine, None);
    let of_a_request = [
        "of-bad-news",
        "in-the-query",
        "/hooks/git/inventory",
        "refs/heads",
    ];
    for secret in NEVER_WRITTEN.into_iter().chain(of_a_request) {
        assert!(!log.contains(secret), "`{secret}` in:\n{log}");
    }
}
