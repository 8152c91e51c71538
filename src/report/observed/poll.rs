//! Renders polls: several devices as a table, one device in full.

use super::device::since;
use super::module::modules;
use super::unread::{gaps, reasons};
use super::uptime;
use crate::model::{
    ActiveAlarm, AlarmSeverity, DeviceName, EndpointState, Poll, Polled, PolledEndpoint,
    PolledPort, PolledSensors, PolledUplink, Sfp, Temperature,
};
use crate::report::alike::alike;
use crate::report::{Align, Paint, Table, counted, visible};

/// The word for a value that could not be read; the reasons follow below.
pub(super) const UNREAD: &str = "unread";

/// A poll, with the number of its requests.
#[derive(Debug, Clone, Copy)]
pub struct PollLine<'a> {
    pub poll: &'a Poll,
    pub requests: u64,
}

/// Renders polls of several devices; `remark` is a disagreement of the inventory with a device that answered.
pub fn polled_fleet<'a>(
    polls: impl Iterator<Item = (&'a DeviceName, Result<PollLine<'a>, String>)>,
    remark: impl Fn(&DeviceName, &Poll) -> Option<String>,
    paint: Paint,
) -> String {
    let mut table = Table::new([
        ("DEVICE", Align::Left),
        ("UPTIME", Align::Right),
        ("CPU", Align::Right),
        ("ALARMS", Align::Left),
        ("UPLINKS", Align::Left),
        ("OUTAGES", Align::Right),
        ("LINES UP", Align::Right),
        ("REQUESTS", Align::Right),
        ("REMARKS", Align::Left),
    ]);
    let mut missing = Vec::new();
    let mut answered = 0;
    for (name, polled) in polls {
        match polled {
            Ok(line) => {
                answered += 1;
                table.push(row(name, line, remark(name, line.poll)));
            }
            Err(reason) => missing.push((name.to_string(), reason)),
        }
    }
    let mut text = match missing.len() {
        0 => format!("{} polled.\n", counted(answered, "device")),
        count => format!(
            "{} polled, {} could not be polled.\n",
            counted(answered, "device"),
            counted(count, "device")
        ),
    };
    if answered > 0 {
        text.push_str(&format!("\n{}", table.render(paint)));
    }
    if !missing.is_empty() {
        text.push_str(&format!("\n{}\n", paint.bold("Not polled")));
        for same in alike(missing) {
            text.push_str(&format!("  {}\n", same.head()));
            text.extend(same.names().map(|names| format!("    {names}\n")));
        }
    }
    text
}

fn row(name: &DeviceName, line: PollLine<'_>, remark: Option<String>) -> Vec<String> {
    let poll = line.poll;
    let gaps = reasons(poll).len();
    let gaps = (gaps > 0).then(|| counted(gaps, "gap"));
    let remarks: Vec<String> = remark.into_iter().chain(gaps).collect();
    vec![
        name.to_string(),
        poll.identity
            .uptime_seconds
            .map_or_else(|| UNREAD.to_owned(), uptime),
        shown(&poll.cpu_percent, |cpu| format!("{cpu}%")),
        shown(&poll.alarms, |alarms| alarms_in_short(alarms)),
        shown(&poll.uplinks, |uplinks| uplinks_in_short(uplinks)),
        outages(&poll.ports),
        shown(&poll.endpoints, |endpoints| lines_up(endpoints)),
        line.requests.to_string(),
        remarks.join("; "),
    ]
}

/// Renders a poll of one device in full.
pub fn polled_device(
    name: &DeviceName,
    line: PollLine<'_>,
    remark: Option<&str>,
    paint: Paint,
) -> String {
    let poll = line.poll;
    let mut text = format!(
        "{}\n{}",
        paint.bold(name.as_str()),
        facts(line, remark, paint)
    );
    for (title, table) in [
        ("Alarms", alarms(&poll.alarms)),
        ("Uplinks", uplinks(&poll.uplinks)),
        ("Modules", modules(&poll.uplinks)),
        ("Ports", ports(&poll.ports)),
        ("Lines", endpoints(&poll.endpoints)),
        ("Sensors", sensors(poll.sensors.as_ref())),
    ] {
        if !table.is_empty() {
            text.push_str(&format!("\n{title}\n{}", table.render(paint)));
        }
    }
    text.push_str(&gaps(poll, paint));
    text
}

fn facts(line: PollLine<'_>, remark: Option<&str>, paint: Paint) -> String {
    let poll = line.poll;
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let identity = &poll.identity;
    for (key, value) in [
        ("model", identity.model.map(|model| model.to_string())),
        ("serial", identity.serial.as_ref().map(ToString::to_string)),
        (
            "running for",
            Some(
                identity
                    .uptime_seconds
                    .map_or_else(|| UNREAD.to_owned(), uptime),
            ),
        ),
        (
            "CPU",
            Some(shown(&poll.cpu_percent, |cpu| format!("{cpu} %"))),
        ),
        ("LED", Some(shown(&poll.led, |led| led_words(led)))),
        (
            "alarms",
            Some(shown(&poll.alarms, |alarms| alarms_in_short(alarms))),
        ),
        (
            "lines up",
            Some(shown(&poll.endpoints, |endpoints| lines_up(endpoints))),
        ),
        (
            "polled with",
            Some(format!("{} SNMP requests", line.requests)),
        ),
        ("attention", remark.map(str::to_owned)),
    ] {
        if let Some(value) = value {
            table.push([format!("  {key}"), value]);
        }
    }
    table.render(paint)
}

/// Returns a value as text, or the word for unread.
pub(super) fn shown<T>(value: &Polled<T>, text: impl FnOnce(&T) -> String) -> String {
    value.value().map_or_else(|| UNREAD.to_owned(), text)
}

/// Returns the words of the LED without its name: `System LED: red, solid, alarm indication.`
pub(super) fn led_words(led: &str) -> String {
    let led = led.strip_prefix("System LED: ").unwrap_or(led);
    visible(led.trim_end_matches('.')).into_owned()
}

/// Returns the number of alarms and the gravest severity: `3, worst MJ`.
pub(super) fn alarms_in_short(alarms: &[ActiveAlarm]) -> String {
    let worst = alarms.iter().map(|alarm| alarm.severity).max();
    match worst {
        None => "none".to_owned(),
        Some(AlarmSeverity::Unread) => alarms.len().to_string(),
        Some(worst) => format!("{}, worst {}", alarms.len(), worst.as_str()),
    }
}

fn uplinks_in_short(uplinks: &[PolledUplink]) -> String {
    let states = uplinks.iter().map(|uplink| up_or_down(&uplink.is_up));
    states.collect::<Vec<_>>().join(", ")
}

pub(super) fn up_or_down(is_up: &Polled<bool>) -> String {
    shown(is_up, |is_up| if *is_up { "up" } else { "down" }.to_owned())
}

/// Returns how many ports have an outage; a port that is unread makes the number a word.
fn outages(ports: &[PolledPort]) -> String {
    let count =
        ports.iter().map(
            |port| match (port.has_service_outage.value(), port.has_outage.value()) {
                (Some(true), _) | (_, Some(true)) => Some(1),
                (Some(false), Some(false)) => Some(0),
                _ => None,
            },
        );
    count
        .sum::<Option<usize>>()
        .map_or_else(|| UNREAD.to_owned(), |count| count.to_string())
}

/// Returns how many configured endpoints are where they should be, of how many: `371/384`.
pub(super) fn lines_up(endpoints: &[PolledEndpoint]) -> String {
    let configured = || endpoints.iter().filter(|one| one.slot.is_some());
    let up = configured().filter(|one| one.state == Polled::Value(EndpointState::Fine));
    format!("{}/{}", up.count(), configured().count())
}

pub(super) fn alarms(alarms: &Polled<Vec<ActiveAlarm>>) -> Table {
    let mut table = Table::new([
        ("  SEVERITY", Align::Left),
        ("SERVICE", Align::Left),
        ("ENTITY", Align::Left),
        ("ALARM", Align::Left),
        ("SINCE", Align::Left),
    ]);
    for alarm in alarms.value().into_iter().flatten() {
        let affected = if alarm.is_service_affecting {
            "affected"
        } else {
            "-"
        };
        table.push([
            format!("  {}", alarm.severity.as_str()),
            affected.to_owned(),
            alarm.entity.clone(),
            alarm.condition.clone(),
            since(alarm),
        ]);
    }
    table
}

/// Returns a table of rows, without the columns that a shallow poll leaves empty.
fn with_content<const N: usize>(columns: [(&str, Align); N], rows: &[[String; N]]) -> Table {
    let is_empty = |column: usize| {
        rows.iter()
            .all(|row| row.get(column).is_none_or(|cell| cell == "-"))
    };
    let kept: Vec<usize> = (0..N).filter(|column| !is_empty(*column)).collect();
    let mut table = Table::new(
        kept.iter()
            .filter_map(|column| columns.get(*column).copied()),
    );
    for row in rows {
        table.push(kept.iter().filter_map(|column| row.get(*column)));
    }
    table
}

fn uplinks(uplinks: &Polled<Vec<PolledUplink>>) -> Table {
    let columns = [
        ("  UPLINK", Align::Left),
        ("STATE", Align::Left),
        ("MBPS", Align::Right),
        ("RECEIVED", Align::Right),
        ("SENT", Align::Right),
        ("ERRORS", Align::Right),
        ("DISCARDS", Align::Right),
        ("MODULE", Align::Left),
    ];
    let mut rows = Vec::new();
    for uplink in uplinks.value().into_iter().flatten() {
        let counters = uplink.counters.as_ref();
        rows.push([
            format!("  {}", uplink.number),
            up_or_down(&uplink.is_up),
            shown(&uplink.mbps, |mbps| {
                mbps.map_or_else(|| "-".to_owned(), |mbps| mbps.to_string())
            }),
            polled_if(counters, |all| octets(&all.rx_octets)),
            polled_if(counters, |all| octets(&all.tx_octets)),
            polled_if(counters, |all| both(&all.rx_errors, &all.tx_errors)),
            polled_if(counters, |all| both(&all.rx_discards, &all.tx_discards)),
            polled_if(uplink.sfp.as_ref(), module),
        ]);
    }
    with_content(columns, &rows)
}

/// Returns the text of a part, or a dash if it was not polled.
pub(super) fn polled_if<T>(part: Option<&T>, text: impl FnOnce(&T) -> String) -> String {
    part.map_or_else(|| "-".to_owned(), text)
}

/// Returns received and sent: `3/0`.
fn both(received: &Polled<u64>, sent: &Polled<u64>) -> String {
    let number = |value: &Polled<u64>| shown(value, u64::to_string);
    format!("{}/{}", number(received), number(sent))
}

fn module(sfp: &Sfp) -> String {
    let kind = shown(&sfp.kind, Clone::clone);
    let part = sfp.part.value().filter(|part| !part.trim().is_empty());
    match part {
        Some(part) => format!("{kind} {part}"),
        None => kind,
    }
}

/// Returns a number of octets with three digits: `1.25 TB`.
fn octets(count: &Polled<u64>) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    shown(count, |count| {
        let mut scale: u128 = 1;
        let mut unit = 0;
        while u128::from(*count) >= scale * 1000 && unit + 1 < UNITS.len() {
            scale *= 1000;
            unit += 1;
        }
        let hundredths = u128::from(*count) * 100 / scale;
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        let name = UNITS.get(unit).copied().unwrap_or_default();
        match (unit, whole) {
            (0, _) => format!("{whole} {name}"),
            (_, 0..10) => format!("{whole}.{rest:02} {name}"),
            (_, 10..100) => format!("{whole}.{} {name}", rest / 10),
            _ => format!("{whole} {name}"),
        }
    })
}

fn ports(ports: &[PolledPort]) -> Table {
    let columns = [
        ("  PORT", Align::Left),
        ("STATE", Align::Left),
        ("FROM LINES", Align::Right),
        ("TO LINES", Align::Right),
        ("ERRORS", Align::Right),
    ];
    let mut rows = Vec::new();
    for port in ports {
        let counters = port.counters.as_ref();
        rows.push([
            format!("  {}", port.number),
            port_state(port),
            polled_if(counters, |all| octets(&all.rx_octets)),
            polled_if(counters, |all| octets(&all.tx_octets)),
            polled_if(counters, |all| shown(&all.rx_errors, u64::to_string)),
        ]);
    }
    with_content(columns, &rows)
}

/// Returns the state of a port in a word or two. A port that is shut down reports no outage, though its lines go on.
pub(super) fn port_state(port: &PolledPort) -> String {
    let enabled = port.is_enabled.as_ref().map(Polled::value);
    let state = match (port.has_service_outage.value(), port.has_outage.value()) {
        (Some(true), _) => "outage, service affected",
        (_, Some(true)) => "outage",
        (Some(false), Some(false)) => match enabled {
            Some(Some(false)) => "shut down",
            Some(None) => "unread",
            Some(Some(true)) | None => "no outage",
        },
        _ => UNREAD,
    };
    state.to_owned()
}

fn endpoints(endpoints: &Polled<Vec<PolledEndpoint>>) -> Table {
    let columns = [
        ("  ID", Align::Right),
        ("ENDPOINT", Align::Left),
        ("STATE", Align::Left),
        ("PORT", Align::Right),
        ("DOWN", Align::Right),
        ("MOST", Align::Right),
        ("UP", Align::Right),
        ("MOST", Align::Right),
        ("ERRORS", Align::Right),
    ];
    let mut rows = Vec::new();
    for one in endpoints.value().into_iter().flatten() {
        rows.push(line(one));
    }
    with_content(columns, &rows)
}

fn line(one: &PolledEndpoint) -> [String; 9] {
    let dash = || "-".to_owned();
    let rates = one.rates.as_ref();
    let rate = |value: &Polled<u32>| shown(value, u32::to_string);
    [
        one.slot.map_or_else(dash, |slot| slot.0.to_string()),
        one.mac.map_or_else(dash, |mac| mac.to_string()),
        state(one).to_owned(),
        polled_if(one.port.as_ref(), |port| {
            shown(port, |port| port.map_or_else(dash, |port| port.to_string()))
        }),
        polled_if(rates, |all| rate(&all.down_rate)),
        polled_if(rates, |all| rate(&all.down_most)),
        polled_if(rates, |all| rate(&all.up_rate)),
        polled_if(rates, |all| rate(&all.up_most)),
        polled_if(one.errors.as_ref(), |all| {
            format!(
                "{}/{} %",
                rate(&all.down_error_percent),
                rate(&all.up_error_percent)
            )
        }),
    ]
}

/// Returns the state of a line in a word or two.
pub(super) fn state(one: &PolledEndpoint) -> &'static str {
    match one.state.value() {
        Some(EndpointState::Fine) => "fine",
        Some(EndpointState::NotDetected) => "not heard",
        Some(EndpointState::WrongPort) => "wrong port",
        Some(EndpointState::Unknown) => "unknown",
        None => UNREAD,
    }
}

fn sensors(sensors: Option<&PolledSensors>) -> Table {
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
    let Some(sensors) = sensors else { return table };
    let temperatures = |all: &Polled<Vec<Temperature>>| all.value().cloned().unwrap_or_default();
    let named = temperatures(&sensors.temperatures).into_iter();
    for sensor in named.chain(temperatures(&sensors.monitored)) {
        let alarmed = if sensor.is_alarmed { ", too hot" } else { "" };
        let tenth = (sensor.tenths_celsius % 10).abs();
        table.push([
            format!("  {}", sensor.sensor),
            format!("{}.{tenth} °C{alarmed}", sensor.tenths_celsius / 10),
        ]);
    }
    for fan in sensors.fans.value().into_iter().flatten() {
        table.push([format!("  fan {}", fan.number), format!("{} rpm", fan.rpm)]);
    }
    for supply in sensors.power_supplies.value().into_iter().flatten() {
        table.push([
            format!("  power supply {}", supply.number),
            shown(&supply.state, Clone::clone),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_have_three_digits_and_a_unit() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (12_345, "12.3 kB"),
            (1_254_000_000_000, "1.25 TB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(octets(&Polled::Value(count)), text);
        }
        assert_eq!(octets(&Polled::unread("no answer")), "unread");
    }

    #[test]
    fn no_alarms_are_a_word_and_unread_ones_another() {
        assert_eq!(alarms_in_short(&[]), "none");
        let unread: Polled<Vec<ActiveAlarm>> = Polled::unread("no answer");
        assert_eq!(shown(&unread, |alarms| alarms_in_short(alarms)), "unread");
        let alarm = |severity| ActiveAlarm {
            severity,
            ..ActiveAlarm::default()
        };
        let two = [alarm(AlarmSeverity::Major), alarm(AlarmSeverity::Minor)];
        assert_eq!(alarms_in_short(&two), "2, worst MJ");
    }
}
