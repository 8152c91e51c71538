//! Tests that logs show the progress of a run, and never a line, a reply or a secret.

use std::process::Output;

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
