//! Lists the values of a poll that could not be read, each reason once.

use std::collections::BTreeMap;

use crate::model::{Poll, Polled, PolledEndpoint};
use crate::report::{Paint, visible};

/// More names than this are counted.
const MOST_NAMES: usize = 8;

/// Returns every reason for unread values, with what it is about.
pub(super) fn reasons(poll: &Poll) -> BTreeMap<&str, Vec<String>> {
    let mut all = Reasons::default();
    all.add("CPU", &poll.cpu_percent);
    all.add("LED", &poll.led);
    all.add("alarms", &poll.alarms);
    all.add("uplinks", &poll.uplinks);
    all.add("lines", &poll.endpoints);
    for uplink in poll.uplinks.value().into_iter().flatten() {
        let name = format!("uplink {}", uplink.number);
        all.add(&name, &uplink.is_up);
        all.add(&name, &uplink.mbps);
        if let Some(sfp) = &uplink.sfp {
            all.add(&name, &sfp.kind);
            for text in [&sfp.vendor, &sfp.part, &sfp.revision, &sfp.serial] {
                all.add(&name, text);
            }
            all.add(&name, &sfp.readings);
            if let Some(readings) = sfp.readings.value().and_then(Option::as_ref) {
                for reading in [
                    &readings.millicelsius,
                    &readings.millivolts,
                    &readings.bias_microamperes,
                    &readings.sent_millidbm,
                    &readings.received_millidbm,
                ] {
                    all.add(&name, reading);
                }
            }
        }
        if let Some(counters) = &uplink.counters {
            for counter in [
                &counters.rx_octets,
                &counters.rx_discards,
                &counters.rx_errors,
                &counters.tx_octets,
                &counters.tx_discards,
                &counters.tx_errors,
            ] {
                all.add(&name, counter);
            }
        }
    }
    for port in &poll.ports {
        let name = format!("port {}", port.number);
        all.add(&name, &port.has_service_outage);
        all.add(&name, &port.has_outage);
        port.is_enabled.iter().for_each(|one| all.add(&name, one));
        port.heard.iter().for_each(|one| all.add(&name, one));
        if let Some(counters) = &port.counters {
            for counter in [
                &counters.rx_octets,
                &counters.tx_octets,
                &counters.rx_packets,
                &counters.tx_packets,
                &counters.rx_errors,
            ] {
                all.add(&name, counter);
            }
        }
    }
    for one in poll.endpoints.value().into_iter().flatten() {
        line_reasons(&mut all, one);
    }
    if let Some(sensors) = &poll.sensors {
        all.add("temperatures", &sensors.temperatures);
        all.add("the temperature monitor", &sensors.monitored);
        all.add("fans", &sensors.fans);
        all.add("power supplies", &sensors.power_supplies);
    }
    for reason in &poll.unread {
        all.0.entry(reason).or_default();
    }
    all.0
}

fn line_reasons<'p>(all: &mut Reasons<'p>, one: &'p PolledEndpoint) {
    let name = match (one.slot, one.mac) {
        (Some(slot), _) => format!("line {}", slot.0),
        (None, Some(mac)) => format!("endpoint {mac}"),
        (None, None) => "a line".to_owned(),
    };
    all.add(&name, &one.state);
    one.port.iter().for_each(|value| all.add(&name, value));
    one.uptime_seconds
        .iter()
        .for_each(|value| all.add(&name, value));
    one.counters.iter().for_each(|value| all.add(&name, value));
    one.links.iter().for_each(|value| all.add(&name, value));
    if let Some(rates) = &one.rates {
        for rate in [
            &rates.down_rate,
            &rates.up_rate,
            &rates.down_most,
            &rates.up_most,
        ] {
            all.add(&name, rate);
        }
    }
    if let Some(errors) = &one.errors {
        for percent in [
            &errors.down_error_percent,
            &errors.down_abort_percent,
            &errors.up_error_percent,
            &errors.up_abort_percent,
        ] {
            all.add(&name, percent);
        }
    }
    for port in one.counters.iter().filter_map(Polled::value).flatten() {
        for counter in [&port.rx_octets, &port.tx_octets, &port.rx_errors] {
            all.add(&name, counter);
        }
    }
}

/// Reasons with the names of what is unread for them.
#[derive(Default)]
struct Reasons<'p>(BTreeMap<&'p str, Vec<String>>);

impl<'p> Reasons<'p> {
    fn add<T>(&mut self, name: &str, value: &'p Polled<T>) {
        if let Some(reason) = value.reason() {
            let names = self.0.entry(reason).or_default();
            if names.last().is_none_or(|last| last != name) {
                names.push(name.to_owned());
            }
        }
    }
}

/// Lists what is unread, each reason once.
pub(super) fn gaps(poll: &Poll, paint: Paint) -> String {
    let reasons = reasons(poll);
    if reasons.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{}\n",
        paint.warning("Unread, so neither zero nor absent")
    );
    for (reason, names) in reasons {
        let more = match names.len().saturating_sub(MOST_NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names: Vec<String> = names.into_iter().take(MOST_NAMES).collect();
        let reason = visible(reason);
        text.push_str(&match names.as_slice() {
            [] => format!("  {reason}\n"),
            names => format!("  {}{more}: {reason}\n", names.join(", ")),
        });
    }
    text
}
