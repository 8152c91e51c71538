//! Renders one observed device in full: identity, configuration, health, and unread parts.

use super::uptime;
use crate::model::{ActiveAlarm, ConfigSource, EndpointState, Health, Observation, Part};
use crate::report::{Align, Paint, Table, tables, visible};

/// Renders everything that a look at a device returned.
pub fn observed_device(look: &Observation, remark: Option<&str>, paint: Paint) -> String {
    let mut text = format!(
        "{} {}\n",
        paint.bold(look.device.as_str()),
        paint.dim("(observed)")
    );
    text.push_str(&facts(look, remark, paint));
    text.push_str(&tables(&look.config, paint));
    text.push_str(&health(&look.health, paint));
    text.push_str(&unknown(look, paint));
    text.push_str(&unknown_lines(look, paint));
    text
}

fn facts(look: &Observation, remark: Option<&str>, paint: Paint) -> String {
    let identity = &look.identity;
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let sources = Part::ALL.into_iter().filter_map(|part| {
        let source = look.sources.get(&part)?;
        let is_read = *source == ConfigSource::RunningConfig && look.incomplete(part).is_none();
        is_read.then(|| part.as_str())
    });
    let from_text: Vec<&str> = sources.collect();
    let source = match from_text.as_slice() {
        [] => "SNMP".to_owned(),
        parts if parts.len() == look.sources.len() => {
            "its running-config: SNMP does not report the configuration here".to_owned()
        }
        parts => format!("SNMP; {} from its running-config", parts.join(", ")),
    };
    for (key, value) in [
        ("model", identity.model.map(|model| model.to_string())),
        ("host name", identity.name.clone()),
        ("serial", identity.serial.as_ref().map(ToString::to_string)),
        ("MAC", identity.mac.map(|mac| mac.to_string())),
        ("firmware", identity.firmware.clone()),
        ("running for", identity.uptime_seconds.map(uptime)),
        (
            "managed through",
            look.management_vlan.map(|vlan| format!("VLAN {vlan}")),
        ),
        (
            "sends names",
            (look.sends_names == Some(true))
                .then(|| "of subscribers upstream, by DHCP or PPPoE".to_owned()),
        ),
        ("read from", Some(source)),
        ("attention", remark.map(str::to_owned)),
    ] {
        if let Some(value) = value {
            table.push([format!("  {key}"), value]);
        }
    }
    table.render(paint)
}

fn health(health: &Health, paint: Paint) -> String {
    let mut text = String::new();
    let mut facts = Table::new([("", Align::Left), ("", Align::Left)]);
    if let Some(cpu) = health.cpu_percent {
        facts.push(["  CPU".to_owned(), format!("{cpu} %")]);
    }
    for sensor in &health.temperatures {
        let alarmed = if sensor.is_alarmed { ", too hot" } else { "" };
        let (whole, tenth) = (
            sensor.tenths_celsius / 10,
            (sensor.tenths_celsius % 10).abs(),
        );
        facts.push([
            format!("  {}", sensor.sensor),
            format!("{whole}.{tenth} °C{alarmed}"),
        ]);
    }
    for fan in &health.fans {
        facts.push([format!("  fan {}", fan.number), format!("{} rpm", fan.rpm)]);
    }
    let mut alarms = Table::new([
        ("  SEVERITY", Align::Left),
        ("SERVICE", Align::Left),
        ("ENTITY", Align::Left),
        ("ALARM", Align::Left),
        ("SINCE", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for alarm in &health.alarms {
        let affected = if alarm.is_service_affecting {
            "affected"
        } else {
            "-"
        };
        alarms.push([
            format!("  {}", alarm.severity.as_str()),
            affected.to_owned(),
            alarm.entity.clone(),
            alarm.condition.clone(),
            since(alarm),
            alarm.description.clone(),
        ]);
    }
    let mut links = Table::new([
        ("  LINK", Align::Left),
        ("STATE", Align::Left),
        ("MBPS", Align::Right),
    ]);
    let ports = health
        .ports
        .iter()
        .map(|(number, link)| (format!("port {number}"), link));
    let uplinks = health
        .uplinks
        .iter()
        .map(|(number, link)| (format!("uplink {number}"), link));
    for (name, link) in uplinks.chain(ports) {
        let state = link
            .is_up
            .map_or("-", |is_up| if is_up { "up" } else { "down" });
        let speed = link
            .mbps
            .map_or_else(|| "-".to_owned(), |mbps| mbps.to_string());
        links.push([format!("  {name}"), state.to_owned(), speed]);
    }
    for (title, table) in [
        ("Health", facts),
        ("Alarms", alarms),
        ("Links", links),
        ("Endpoints that are heard or expected", endpoints(health)),
    ] {
        if !table.is_empty() {
            text.push_str(&format!("\n{title}\n{}", table.render(paint)));
        }
    }
    text
}

/// Returns the time of an alarm; a device whose clock NTP has not set yet does not know it.
pub(super) fn since(alarm: &ActiveAlarm) -> String {
    match alarm.since.set() {
        Some(time) => time.to_owned(),
        None if alarm.since.is_unread() => "unread".to_owned(),
        None => "clock not set".to_owned(),
    }
}

fn endpoints(health: &Health) -> Table {
    let mut table = Table::new([
        ("  ENDPOINT", Align::Left),
        ("STATE", Align::Left),
        ("PORT", Align::Right),
        ("MODEL", Align::Left),
        ("FIRMWARE", Align::Left),
        ("DOWN", Align::Right),
        ("UP", Align::Right),
        ("CONFIGURED", Align::Left),
    ]);
    let dash = || "-".to_owned();
    for (mac, endpoint) in &health.endpoints {
        let state = match endpoint.state {
            Some(EndpointState::Fine) => "fine",
            Some(EndpointState::NotDetected) => "not detected",
            Some(EndpointState::WrongPort) => "on the wrong port",
            Some(EndpointState::Unknown) => "unknown to the inventory",
            None => "-",
        };
        let rate = |rate: Option<u32>| rate.map_or_else(dash, |rate| rate.to_string());
        table.push([
            format!("  {mac}"),
            state.to_owned(),
            endpoint.port.map_or_else(dash, |port| port.to_string()),
            endpoint.model.clone().unwrap_or_else(dash),
            endpoint.firmware.clone().unwrap_or_else(dash),
            rate(endpoint.down_rate),
            rate(endpoint.up_rate),
            if endpoint.is_configured { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}

fn unknown(look: &Observation, paint: Paint) -> String {
    let mut lines = Vec::new();
    // Several parts are often unread for the same reason.
    let mut unread: Vec<(&str, Vec<String>)> = Vec::new();
    for missing in &look.unread {
        let number = missing.number.map(|number| format!(" {number}"));
        let field = missing
            .field
            .as_ref()
            .map(|field| format!(", {}", visible(field)));
        let what = format!(
            "{}{}{}",
            missing.part.as_str(),
            number.unwrap_or_default(),
            field.unwrap_or_default()
        );
        match unread
            .iter_mut()
            .find(|(reason, _)| *reason == missing.reason)
        {
            Some((_, all)) => all.push(what),
            None => unread.push((&missing.reason, vec![what])),
        }
    }
    for (reason, all) in unread {
        lines.push(format!("  {}: {}", all.join("; "), visible(reason)));
    }
    for unclear in &look.unclear {
        let part = unclear.part.as_str();
        lines.push(format!(
            "  {part} {}: {}",
            unclear.slot.0,
            visible(&unclear.reason)
        ));
    }
    for reason in &look.health.unread {
        lines.push(format!("  health: {}", visible(reason)));
    }
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "\n{}\n{}\n",
        paint.warning("Unread, so neither present nor absent"),
        lines.join("\n")
    )
}

/// Lists lines about kinds of objects that this version does not know.
fn unknown_lines(look: &Observation, paint: Paint) -> String {
    if look.unknown_lines.is_empty() {
        return String::new();
    }
    let lines = look.unknown_lines.iter();
    let lines: Vec<String> = lines.map(|line| format!("  {}", visible(line))).collect();
    format!(
        "\n{}\n{}\n",
        paint.warning("Lines of the running-config that gamctl does not know, and ignores"),
        lines.join("\n")
    )
}
