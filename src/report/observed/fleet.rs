//! Renders many observed devices as a table, and lists those that could not be observed.

use super::{gaps, uptime};
use crate::model::{ConfigSource, DeviceName, EndpointState, Health, Observation};
use crate::report::alike::alike;
use crate::report::{Align, Paint, Table, counted};

/// Renders a fleet; `remarks` are disagreements of the inventory with a device that answered.
pub fn observed_fleet<'a>(
    looks: impl Iterator<Item = (&'a DeviceName, Result<&'a Observation, &'a str>)>,
    remark: impl Fn(&Observation) -> Option<String>,
    paint: Paint,
) -> String {
    let mut table = Table::new([
        ("DEVICE", Align::Left),
        ("MODEL", Align::Left),
        ("FIRMWARE", Align::Left),
        ("SERIAL", Align::Left),
        ("UPTIME", Align::Right),
        ("CPU", Align::Right),
        ("ALARMS", Align::Right),
        ("SUBSCRIBERS", Align::Right),
        ("ENDPOINTS UP", Align::Right),
        ("REMARKS", Align::Left),
    ]);
    let mut missing = Vec::new();
    let mut seen = 0;
    for (name, look) in looks {
        match look {
            Ok(look) => {
                seen += 1;
                table.push(row(name, look, remark(look)));
            }
            Err(reason) => missing.push((name.to_string(), reason.to_owned())),
        }
    }
    let mut text = match missing.len() {
        0 => format!("{} observed.\n", counted(seen, "device")),
        count => format!(
            "{} observed, {} could not be observed.\n",
            counted(seen, "device"),
            counted(count, "device")
        ),
    };
    if seen > 0 {
        text.push_str(&format!("\n{}", table.render(paint)));
    }
    if !missing.is_empty() {
        text.push_str(&format!("\n{}\n", paint.bold("Not observed")));
        for same in alike(missing) {
            text.push_str(&format!("  {}\n", same.head()));
            let names = same.names();
            text.extend(names.map(|names| format!("    {names}\n")));
        }
    }
    text
}

fn row(name: &DeviceName, look: &Observation, remark: Option<String>) -> Vec<String> {
    let identity = &look.identity;
    let dash = || "-".to_owned();
    let endpoints = look
        .health
        .endpoints
        .values()
        .filter(|one| one.is_configured);
    let up = endpoints
        .filter(|one| one.state == Some(EndpointState::Fine))
        .count();
    let is_text = look
        .sources
        .values()
        .any(|source| *source == ConfigSource::RunningConfig);
    let remarks: Vec<String> = remark
        .into_iter()
        .chain(is_text.then(|| "read from its running-config".to_owned()))
        .chain(gaps(look))
        .collect();
    vec![
        name.to_string(),
        identity.model.map_or_else(dash, |model| model.to_string()),
        identity.firmware.clone().unwrap_or_else(dash),
        identity
            .serial
            .as_ref()
            .map_or_else(dash, ToString::to_string),
        identity.uptime_seconds.map_or_else(dash, uptime),
        look.health
            .cpu_percent
            .map_or_else(dash, |cpu| format!("{cpu}%")),
        alarm_count(&look.health),
        look.config.subscribers.len().to_string(),
        format!("{up}/{}", look.config.endpoints.len()),
        remarks.join("; "),
    ]
}

/// Returns the number of active alarms; a table that was not read to its end has no number.
fn alarm_count(health: &Health) -> String {
    match health.known_alarms() {
        Ok(alarms) => alarms.len().to_string(),
        Err(_) => "unread".to_owned(),
    }
}
