//! Tests that logs show the progress of a run, exchanges only where they are asked for, and never a secret.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use gamctl::simulator::fault::{Fault, FaultOrder};
use serde_json::Value;

use super::Bed;

/// Applies with these arguments and this `GAMCTL_LOG`.
fn apply(bed: &Bed, log: Option<&str>, more: &[&str]) -> Output {
    let (mut command, _) = bed.site.command(&["apply", "--yes"]);
    command.args(more);
    if let Some(log) = log {
        command.env("GAMCTL_LOG", log);
    }
    command.stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    command.output().unwrap()
}

/// Returns the names of the spans around an event, the outermost first.
fn spans(event: &Value) -> Vec<String> {
    let spans = event["spans"].as_array().cloned().unwrap_or_default();
    let name = |span: &Value| span["name"].as_str().unwrap().to_owned();
    spans.iter().map(name).collect()
}

#[test]
fn a_log_shows_run_device_look_plan_and_step_and_no_line_and_no_secret() {
    let bed = Bed::sqlite();
    let output = apply(&bed, Some("trace"), &["--log", "json"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let events: Vec<Value> = said
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for wanted in [
        &["run", "device", "step"] as &[&str],
        &["run", "device"],
        &["run", "look"],
        &["run", "plan"],
    ] {
        let is_there = events.iter().any(|event| {
            let mut around = spans(event);
            around.extend(event["span"]["name"].as_str().map(str::to_owned));
            around.dedup();
            around == wanted
        });
        assert!(is_there, "{wanted:?} in:\n{said}");
    }
    for secret in ["correct horse", "public", "ghn ", "copy running-config"] {
        assert!(!said.contains(secret), "`{secret}` in:\n{said}");
    }
}

#[test]
fn a_log_of_exchanges_has_requests_lines_and_replies_and_no_secret() {
    let bed = Bed::sqlite();
    let file = bed.site.world.beside("gam.log");
    let name = file.to_str().unwrap();
    let output = apply(&bed, None, &["--log", "json,trace", "--log-file", name]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains('{'), "the log is in the file alone: {said}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let log = std::fs::read_to_string(&file).unwrap();
    let events: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |message: &str| {
        let mut all = events.iter().filter(|event| {
            event["target"] == "gamctl::wire" && event["fields"]["message"] == message
        });
        all.next()
            .unwrap_or_else(|| panic!("no `{message}` in:\n{log}"))
            .clone()
    };
    let answer = of("SNMP answer");
    assert_eq!(answer["fields"]["status"], "noError");
    assert!(answer["fields"]["bindings"].as_u64().unwrap() > 0);
    assert!(answer["fields"]["millis"].is_u64() && answer["fields"]["first"].is_string());
    // The device is known by the spans around it.
    let device = |event: &Value| {
        let spans = event["spans"].as_array().cloned().unwrap_or_default();
        spans.iter().any(|span| span["device"].is_string())
    };
    assert!(device(&answer), "{answer}");
    for message in ["SNMP request", "SNMP sent", "SNMP binding", "SSH connected"] {
        of(message);
    }
    let agreed = of("SSH key exchange done, the host key is the pinned one");
    let key = agreed["fields"]["host_key"].as_str().unwrap();
    assert!(key.starts_with("SHA256:"), "{key}");
    assert_eq!(of("SSH logged in")["fields"]["method"], "password");
    of("SSH prompt");
    let sent = |text: &str| {
        let mut lines = events
            .iter()
            .filter_map(|event| event["fields"]["line"].as_str());
        lines.any(|line| line.contains(text))
    };
    assert!(sent("ghn ") && sent("copy running-config"), "{log}");
    for secret in ["correct horse", "public"] {
        assert!(!log.contains(secret), "`{secret}` in:\n{log}");
    }
}

#[test]
fn a_log_of_exchanges_shows_a_silent_device_with_every_attempt() {
    let bed = Bed::sqlite();
    for twin in bed.site.twins.values() {
        twin.set_fault(FaultOrder::new(Fault::SnmpSilence {}));
    }
    let output = apply(&bed, None, &["--timeout", "1s", "--log", "debug"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("SNMP no answer in time"), "{said}");
    assert!(said.contains("attempt=2"), "{said}");
    assert!(said.contains("SNMP request failed"), "{said}");
}

#[test]
fn a_log_file_that_cannot_be_written_is_an_error_before_anything_is_done() {
    let bed = Bed::sqlite();
    let output = apply(
        &bed,
        None,
        &["--log", "debug", "--log-file", "missing/gam.log"],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot write the log to missing/gam.log: No such file or directory"),
        "{said}"
    );
}

#[test]
fn nothing_is_logged_unless_it_is_asked_for_and_a_wrong_filter_is_an_error() {
    let bed = Bed::sqlite();
    let output = apply(&bed, Some("russh=trace"), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("GAMCTL_LOG names `russh`"), "{said}");
    let output = apply(&bed, None, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("INFO"), "{said}");
    let output = apply(&bed, None, &["--log", "text"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("INFO") && said.contains("run{verb=\"apply\""),
        "{said}"
    );
}
