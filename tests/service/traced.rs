//! Tests that a collector gets the spans of runs as trees, and that one that is down or hangs holds up nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::request;
use super::collector::TraceCollector;
use super::program::{NEVER_WRITTEN, ServeProgram};
use crate::crash::site::device;

fn settings(address: impl std::fmt::Display) -> String {
    format!("[telemetry]\notlp = \"http://{address}\"\n")
}

fn text<'a>(span: &'a Value, field: &str) -> &'a str {
    span[field].as_str().unwrap_or_default()
}

/// Returns an attribute of a span, a text or a number as it is in the JSON.
fn attribute<'a>(span: &'a Value, name: &str) -> Option<&'a str> {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|one| one["key"] == name)?;
    let value = &found["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str())
}

fn nanos(span: &Value, field: &str) -> u64 {
    text(span, field).parse().unwrap()
}

/// Returns the number of spans in a metric.
fn counted(program: &ServeProgram, result: &str) -> u64 {
    let metrics = request(program.metrics, "GET", "/metrics", "", "").body;
    let start = format!("gamctl_trace_spans_total{{result=\"{result}\"}} ");
    let value = metrics.lines().find_map(|line| line.strip_prefix(&start));
    value.unwrap().parse().unwrap()
}

#[test]
fn the_spans_of_an_apply_come_as_a_tree_without_lines_and_secrets() {
    // A collector that is busy at first: the batch is sent again.
    let collector = TraceCollector::start(1);
    let mut program = ServeProgram::start(&settings(collector.address));
    program.intend(777);
    program.hook("");
    program.waits_for("the pushed commit", |program| program.is_saved(777));
    program.waits_for("exported spans", |program| counted(program, "exported") > 0);
    assert_eq!(counted(&program, "dropped"), 0);
    program.stop();
    let spans = collector.spans();
    let by_id: BTreeMap<(&str, &str), &Value> = spans
        .iter()
        .map(|span| ((text(span, "traceId"), text(span, "spanId")), span))
        .collect();
    assert_eq!(by_id.len(), spans.len(), "no id is used twice");
    for span in &spans {
        assert_eq!(text(span, "traceId").len(), 32);
        assert_eq!(text(span, "spanId").len(), 16);
        assert!(nanos(span, "startTimeUnixNano") <= nanos(span, "endTimeUnixNano"));
        let parent = span["parentSpanId"].as_str();
        assert_eq!(parent.is_none(), span["name"] == "run", "{span}");
        if let Some(parent) = parent {
            let parent = by_id[&(text(span, "traceId"), parent)];
            assert!(nanos(parent, "startTimeUnixNano") <= nanos(span, "startTimeUnixNano"));
        }
    }
    let named = |name: &str| spans.iter().filter(|span| span["name"] == name).collect();
    let devices: Vec<&Value> = named("device");
    assert_eq!(devices.len(), 2, "one for each commit");
    let stored = program.stored_runs();
    for of_device in devices {
        let trace = text(of_device, "traceId");
        let run = by_id[&(trace, text(of_device, "parentSpanId"))];
        assert_eq!(run["name"], "run");
        assert_eq!(attribute(run, "gamctl.verb"), Some("apply"));
        assert_eq!(attribute(run, "gamctl.result"), Some("done"));
        let id = attribute(run, "gamctl.run").unwrap();
        assert!(stored.contains(id), "{id} of {stored:?}");
        assert_eq!(
            attribute(of_device, "gamctl.device"),
            Some(device(0).as_str())
        );
        assert_eq!(attribute(of_device, "gamctl.ended"), Some("applied"));
        let below = |span: &&Value| {
            span["traceId"] == of_device["traceId"] && span["parentSpanId"] == of_device["spanId"]
        };
        let below: Vec<&Value> = spans.iter().filter(below).collect();
        let names: BTreeSet<&str> = below.iter().map(|span| text(span, "name")).collect();
        for part in ["lease", "look-before", "plan", "step", "verify", "save"] {
            assert!(names.contains(part), "no {part} in {names:?}");
        }
        let steps = below.iter().filter(|span| span["name"] == "step");
        let numbers: Vec<&str> = steps
            .filter_map(|step| attribute(step, "gamctl.step"))
            .collect();
        let expected: Vec<String> = (1..=numbers.len())
            .map(|number| number.to_string())
            .collect();
        assert_eq!(numbers, expected);
    }
    let all = collector.text();
    let of_persons = ["ada@noc", "acct", "home-100"];
    for secret in NEVER_WRITTEN.into_iter().chain(of_persons) {
        assert!(!all.contains(secret), "`{secret}` in:\n{all}");
    }
}

#[test]
fn without_a_collector_devices_are_applied_to_and_dropped_spans_are_counted() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let mut program = ServeProgram::start(&settings(address));
    program.intend(777);
    program.hook("");
    program.waits_for("the pushed commit", |program| program.is_saved(777));
    program.waits_for("dropped spans", |program| counted(program, "dropped") > 0);
    assert_eq!(counted(&program, "exported"), 0);
    program.stop();
    let events = program.events();
    let dropped = events
        .iter()
        .filter(|event| event["fields"]["message"] == "traces were dropped");
    let dropped: Vec<&Value> = dropped.collect();
    assert_eq!(dropped.len(), 1, "once a minute at most");
    let error = dropped[0]["fields"]["error"].as_str().unwrap();
    assert!(error.contains("Connection refused"), "{error}");
}

#[test]
fn a_collector_that_never_answers_holds_up_neither_a_device_nor_the_end() {
    // The system accepts connections, and no program reads them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut program = ServeProgram::start(&settings(silent.local_addr().unwrap()));
    program.intend(777);
    program.hook("");
    program.waits_for("the pushed commit", |program| program.is_saved(777));
    let began = Instant::now();
    program.stop();
    // The flush has 2 s; a machine that is busy with other tests needs some for the rest.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    let events = program.events();
    let late = "the last traces were not exported in time";
    let is_late = |event: &Value| event["fields"]["message"] == late;
    assert!(events.iter().any(is_late), "{}", program.log());
}

#[test]
fn an_apply_by_a_person_is_a_trace_too() {
    let collector = TraceCollector::start(0);
    let mut program = ServeProgram::start(&settings(collector.address));
    program.stop();
    let before = collector.spans().len();
    program.intend(778);
    program.site.apply().exits(0);
    let spans = collector.spans().split_off(before);
    let run = spans
        .iter()
        .find(|span| span["name"] == "run" && attribute(span, "gamctl.result") == Some("done"));
    let run = run.unwrap_or_else(|| panic!("no run in {spans:?}"));
    let devices = spans.iter().filter(|span| span["name"] == "device");
    let devices: Vec<&Value> = devices.collect();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0]["parentSpanId"], run["spanId"]);
    // One trace has the looks and plans before the decision as well.
    for name in ["look", "plan"] {
        assert!(
            spans.iter().any(|span| span["name"] == name
                && span["parentSpanId"] == run["spanId"]
                && attribute(span, "gamctl.device").is_some()),
            "no {name}"
        );
    }
}
