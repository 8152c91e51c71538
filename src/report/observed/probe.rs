//! Renders probes as a table, and lists the devices that did not answer.

use super::uptime;
use crate::model::{DeviceName, Probe};
use crate::report::alike::alike;
use crate::report::{Align, Paint, Table, counted, visible};

/// Renders the probes; `remarks` are disagreements of the inventory with a device that answered.
pub fn probed<'a>(
    probes: impl Iterator<Item = (&'a DeviceName, Result<&'a Probe, String>)>,
    remark: impl Fn(&DeviceName, &Probe) -> Option<String>,
    paint: Paint,
) -> String {
    let mut table = Table::new([
        ("DEVICE", Align::Left),
        ("MODEL", Align::Left),
        ("SERIAL", Align::Left),
        ("UPTIME", Align::Right),
        ("CPU", Align::Right),
        ("ALARMS", Align::Right),
        ("WORST", Align::Left),
        ("LED", Align::Left),
        ("REMARKS", Align::Left),
    ]);
    let mut missing = Vec::new();
    let mut answered = 0;
    for (name, probe) in probes {
        match probe {
            Ok(probe) => {
                answered += 1;
                table.push(row(name, probe, remark(name, probe)));
            }
            Err(reason) => missing.push((name.to_string(), reason)),
        }
    }
    let mut text = match missing.len() {
        0 => format!("{} probed.\n", counted(answered, "device")),
        count => format!(
            "{} probed, {} did not answer.\n",
            counted(answered, "device"),
            counted(count, "device")
        ),
    };
    if answered > 0 {
        text.push_str(&format!("\n{}", table.render(paint)));
    }
    if !missing.is_empty() {
        text.push_str(&format!("\n{}\n", paint.bold("Not probed")));
        for same in alike(missing) {
            text.push_str(&format!("  {}\n", same.head()));
            text.extend(same.names().map(|names| format!("    {names}\n")));
        }
    }
    text
}

fn row(name: &DeviceName, probe: &Probe, remark: Option<String>) -> Vec<String> {
    let dash = || "-".to_owned();
    let alarms = probe.alarms.as_ref();
    let count = alarms.map(|alarms| match alarms.is_all {
        true => alarms.count.to_string(),
        false => format!("{} or more", alarms.count),
    });
    let worst = alarms.and_then(|alarms| alarms.worst);
    // `System LED: red, solid, alarm indication.`
    let led = probe.led.as_deref().map(|led| {
        let led = led.strip_prefix("System LED: ").unwrap_or(led);
        visible(led.trim_end_matches('.')).into_owned()
    });
    vec![
        name.to_string(),
        probe.model.map_or_else(dash, |model| model.to_string()),
        probe.serial.as_ref().map_or_else(dash, ToString::to_string),
        probe.uptime_seconds.map_or_else(dash, uptime),
        probe.cpu_percent.map_or_else(dash, |cpu| format!("{cpu}%")),
        count.unwrap_or_else(dash),
        worst.map_or_else(dash, |worst| worst.as_str().to_owned()),
        led.unwrap_or_else(dash),
        remark.unwrap_or_default(),
    ]
}
