//! Renders the answers of twins as text or JSON.

use serde_json::{Value, json};

use crate::report::{Align, Paint, Table, counted, visible};
use crate::simulator::gam::Severity;
use crate::simulator::server::control_protocol::{
    Answer, Listed, Shown, ShownAlarm, ShownEndpoint, ShownFault, ShownLine, Startup,
};

/// Returns the JSON of an answer: its content, without the protocol around it.
pub(super) fn document(answer: &Answer) -> Value {
    match answer {
        Answer::Done => json!({ "done": true }),
        Answer::Twins(twins) => json!({ "twins": twins }),
        Answer::Twin(shown) => json!(shown),
        Answer::Fault(id) => json!({ "id": id }),
        Answer::Faults(faults) => json!({ "faults": faults }),
        Answer::Session { text, is_refused } => json!({ "shown": text, "refused": is_refused }),
        Answer::Configuration(text) => json!({ "configuration": text }),
        Answer::Log(lines) => json!({ "lines": lines }),
        Answer::Refused(reason) => json!({ "refused": reason }),
    }
}

/// Renders an answer as text; a request that only succeeded has none.
pub(super) fn text(answer: &Answer, paint: Paint) -> String {
    match answer {
        Answer::Done | Answer::Refused(_) => String::new(),
        Answer::Twins(twins) => list(twins, paint),
        Answer::Twin(shown) => show(shown, paint),
        Answer::Fault(id) => format!("Fault {id} is set.\n"),
        Answer::Faults(list) => faults(list, paint),
        Answer::Session { text, .. } | Answer::Configuration(text) => lines_of(text),
        Answer::Log(lines) => log(lines, paint),
    }
}

fn list(twins: &[Listed], paint: Paint) -> String {
    let mut table = Table::new([
        ("NAME", Align::Left),
        ("MODEL", Align::Left),
        ("SERIAL", Align::Left),
        ("SSH", Align::Left),
        ("SNMP", Align::Left),
        ("STATE", Align::Left),
        ("ENDPOINTS", Align::Right),
        ("PLUGGED", Align::Right),
        ("ALARMS", Align::Right),
        ("FAULTS", Align::Right),
        ("SESSIONS", Align::Right),
    ]);
    for twin in twins {
        table.push([
            twin.name.as_str(),
            twin.model.as_str(),
            &twin.serial,
            &twin.ssh.to_string(),
            &twin.snmp.to_string(),
            state(twin.is_up),
            &twin.endpoints.to_string(),
            &twin.plugged.to_string(),
            &twin.alarms.to_string(),
            &twin.faults.to_string(),
            &twin.sessions.to_string(),
        ]);
    }
    table.render(paint)
}

fn state(is_up: bool) -> &'static str {
    if is_up { "up" } else { "booting" }
}

fn show(shown: &Shown, paint: Paint) -> String {
    let startup = match shown.startup {
        Startup::SameAsRunning => "same as the running-config",
        Startup::DiffersFromRunning => "differs from the running-config",
        Startup::NothingSaved => "empty; a reboot restores the factory configuration",
    };
    let mut facts = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    let minutes = shown.uptime_seconds / 60;
    for (name, value) in [
        ("state", state(shown.is_up).to_owned()),
        ("model", shown.model.to_string()),
        ("serial", shown.serial.clone()),
        ("MAC", shown.mac.to_string()),
        ("host name", shown.hostname.clone()),
        ("firmware", shown.firmware.clone()),
        (
            "up for",
            format!(
                "{minutes} min {} s, boot {}",
                shown.uptime_seconds % 60,
                shown.boots
            ),
        ),
        ("sessions", shown.sessions.to_string()),
        (
            "so far",
            format!(
                "{} over SSH, {} over SNMP, {} dropped",
                counted(usize::try_from(shown.lines).unwrap_or(usize::MAX), "line"),
                counted(
                    usize::try_from(shown.requests).unwrap_or(usize::MAX),
                    "request"
                ),
                shown.dropped
            ),
        ),
        ("revision", shown.revision.to_string()),
        ("saved", startup.to_owned()),
    ] {
        facts.push(["", name, &value]);
    }
    let mut text = format!(
        "{}\n{}",
        paint.bold(&visible(&shown.name)),
        facts.render(paint)
    );
    for section in [
        endpoints(&shown.endpoints, paint),
        alarms(&shown.alarms, paint),
        faults(&shown.faults, paint),
    ] {
        text.push('\n');
        text.push_str(&section);
    }
    text
}

fn endpoints(endpoints: &[ShownEndpoint], paint: Paint) -> String {
    if endpoints.is_empty() {
        return "No endpoints.\n".to_owned();
    }
    let mut table = Table::new([
        ("ENDPOINT", Align::Right),
        ("MAC", Align::Left),
        ("NAME", Align::Left),
        ("EXPECTED", Align::Left),
        ("PLUGGED", Align::Right),
        ("STATE", Align::Left),
        ("SUBSCRIBER", Align::Left),
    ]);
    for one in endpoints {
        table.push([
            one.id.map(|id| id.to_string()).unwrap_or_default(),
            one.mac.to_string(),
            one.name.clone().unwrap_or_default(),
            one.expected.clone().unwrap_or_default(),
            one.plugged.map(|port| port.to_string()).unwrap_or_default(),
            one.state.word().to_owned(),
            one.subscriber.clone().unwrap_or_default(),
        ]);
    }
    table.render(paint)
}

fn alarms(alarms: &[ShownAlarm], paint: Paint) -> String {
    if alarms.is_empty() {
        return "No alarms.\n".to_owned();
    }
    let mut table = Table::new([
        ("ALARM", Align::Left),
        ("ENTITY", Align::Left),
        ("SEVERITY", Align::Left),
        ("SINCE", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for alarm in alarms {
        table.push([
            alarm.condition.word(),
            &alarm.entity,
            Severity::word(alarm.severity),
            &alarm.since,
            &alarm.description,
        ]);
    }
    table.render(paint)
}

fn faults(faults: &[ShownFault], paint: Paint) -> String {
    if faults.is_empty() {
        return "No faults.\n".to_owned();
    }
    let mut table = Table::new([
        ("FAULT", Align::Right),
        ("WHAT", Align::Left),
        ("SEEN", Align::Right),
        ("STRUCK", Align::Right),
    ]);
    for one in faults {
        table.push([
            one.id.to_string(),
            words(&json!(one.order)),
            one.seen.to_string(),
            one.struck.to_string(),
        ]);
    }
    table.render(paint)
}

/// Renders a fault as `fault set` accepts it: its name first, then `key=value`.
fn words(order: &Value) -> String {
    let Some(fields) = order.as_object() else {
        return String::new();
    };
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let mut words: Vec<String> = fields.get("fault").map(text).into_iter().collect();
    let rest = fields.iter().filter(|(key, _)| *key != "fault");
    words.extend(rest.map(|(key, value)| format!("{key}={}", text(value))));
    words.join(" ")
}

fn log(lines: &[ShownLine], paint: Paint) -> String {
    if lines.is_empty() {
        return "No line was received yet.\n".to_owned();
    }
    let mut table = Table::new([
        ("AT", Align::Left),
        ("SESSION", Align::Right),
        ("LINE", Align::Left),
    ]);
    for line in lines {
        table.push([line.at.as_str(), &line.session.to_string(), &line.line]);
    }
    table.render(paint)
}

/// Renders several lines, each made safe for a terminal.
fn lines_of(text: &str) -> String {
    text.lines()
        .map(|line| format!("{}\n", visible(line)))
        .collect()
}
