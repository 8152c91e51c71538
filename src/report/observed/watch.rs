//! Renders one picture of a watched device or port: states, and rates between two polls, within the size of a terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::poll::{
    UNREAD, alarms_in_short, led_words, lines_up, polled_if, port_state, shown, state, up_or_down,
};
use super::uptime;
use crate::model::{
    ActiveAlarm, Counted, CounterWidth, DeviceName, EthernetCounters, MOST_FRAMES, MOST_OCTETS,
    MacAddress, NoRate, Poll, Polled, PolledEndpoint, PolledPort, PolledUplink, alarm_changes,
    counted, time_between,
};
use crate::report::{Align, Paint, Table, counted as number_of, rfc3339, visible};

/// The least lines of a picture, on a terminal that is too small for any.
const FEWEST_LINES: usize = 6;

/// The last of each that a watch knows.
#[derive(Debug, Clone, Copy)]
pub struct WatchView<'a> {
    pub device: &'a DeviceName,
    pub interval: Duration,
    /// The last poll, and the one before it.
    pub now: Option<&'a Poll>,
    pub before: Option<&'a Poll>,
    /// The SNMP requests of the last poll.
    pub requests: u64,
    /// Since when the device does not answer, in seconds since 1970, and the reason.
    pub silence: Option<(u64, &'a str)>,
    /// The present time, in seconds since 1970.
    pub at: u64,
    /// The subscribers of the inventory, by their endpoints.
    pub subscribers: &'a BTreeMap<MacAddress, String>,
}

/// A line of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchLine {
    pub text: String,
    pub is_heading: bool,
}

impl WatchLine {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_heading: false,
        }
    }

    fn heading(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_heading: true,
        }
    }

    /// Returns the line, painted.
    pub fn painted(&self, paint: Paint) -> String {
        match self.is_heading {
            true => paint.bold(&self.text),
            false => self.text.clone(),
        }
    }
}

/// Returns the whole picture, without limits.
pub fn watched(view: &WatchView<'_>) -> Vec<WatchLine> {
    let mut lines = head(view);
    let Some(poll) = view.now else {
        return lines;
    };
    lines.push(WatchLine::plain(""));
    let rates = Rates::of(view);
    if poll.port.is_none() {
        lines.extend(uplinks(poll, &rates));
    }
    lines.extend(ports(poll, &rates));
    if poll.port.is_some() {
        lines.push(WatchLine::plain(""));
        lines.extend(endpoints(poll, &rates, view.subscribers));
    }
    lines
}

/// Returns the picture so that it fits a terminal; the last line says what was cut.
pub fn fitted_watch(view: &WatchView<'_>, rows: usize, width: usize) -> Vec<WatchLine> {
    let mut lines = watched(view);
    let rows = rows.max(FEWEST_LINES);
    let mut last = "q quits".to_owned();
    let room = rows - 1;
    if lines.len() > room {
        let cut = lines.len() - room;
        lines.truncate(room);
        let other = match view.now.is_some_and(|poll| poll.port.is_none()) {
            true => ", or name one port with --port",
            false => "",
        };
        last = format!(
            "q quits · {} cut: make the terminal higher{other}",
            number_of(cut, "line")
        );
    }
    if lines.iter().any(|line| line.text.width() > width) {
        last.push_str(" · … is cut: make it wider");
    }
    lines.push(WatchLine::plain(last));
    for line in &mut lines {
        line.text = clipped(&line.text, width);
    }
    lines
}

/// Cuts a line at a width, with `…` where something is missing.
fn clipped(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut used = 0;
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        clipped.push(letter);
        used += wide;
    }
    if width > 0 {
        clipped.push('…');
    }
    clipped
}

fn head(view: &WatchView<'_>) -> Vec<WatchLine> {
    let port = view.now.and_then(|poll| poll.port);
    let port = port.map_or_else(String::new, |port| format!(" port {port}"));
    let model = view.now.and_then(|poll| poll.identity.model);
    let model = model.map_or_else(String::new, |model| format!("  {model}"));
    let title = format!(
        "{}{port}{model}  {}, every {} s",
        visible(view.device.as_str()),
        clock(view.at),
        view.interval.as_secs()
    );
    let mut lines = vec![WatchLine::heading(title)];
    if let Some((since, reason)) = view.silence {
        let seconds = view.at.saturating_sub(since);
        lines.push(WatchLine::heading(format!(
            "NO ANSWER since {} ({}); the values are the last ones",
            clock(since),
            lasting(seconds)
        )));
        lines.push(WatchLine::plain(visible(reason).into_owned()));
    }
    let Some(poll) = view.now else {
        if view.silence.is_none() {
            lines.push(WatchLine::plain("waiting for the first answer"));
        }
        return lines;
    };
    lines.push(WatchLine::plain(format!(
        "up {}  CPU {}  LED {}  {}",
        poll.identity
            .uptime_seconds
            .map_or_else(|| UNREAD.to_owned(), uptime),
        shown(&poll.cpu_percent, |cpu| format!("{cpu}%")),
        shown(&poll.led, |led| led_words(led)),
        number_of(
            usize::try_from(view.requests).unwrap_or(usize::MAX),
            "request"
        ),
    )));
    let mut second = format!("alarms {}", alarms(view.before, &poll.alarms));
    if poll.port.is_none() {
        let up = shown(&poll.endpoints, |endpoints| lines_up(endpoints));
        second.push_str(&format!("  lines up {up}"));
    }
    if view.before.is_none() {
        second.push_str("  (rates appear with the second poll)");
    }
    lines.push(WatchLine::plain(second));
    lines
}

/// Returns the alarms in short, with those that came and went since the last poll.
fn alarms(before: Option<&Poll>, now: &Polled<Vec<ActiveAlarm>>) -> String {
    let text = shown(now, |alarms| alarms_in_short(alarms));
    let known = before.and_then(|before| before.alarms.value());
    let (Some(before), Some(now)) = (known, now.value()) else {
        return text;
    };
    let changes = alarm_changes(before, now);
    match (changes.raised.len(), changes.cleared.len()) {
        (0, 0) => text,
        (raised, cleared) => format!("{text} ({raised} new, {cleared} ended)"),
    }
}

/// Returns the time of day, in UTC.
fn clock(at: u64) -> String {
    let text = rfc3339(at);
    format!("{} UTC", text.get(11..19).unwrap_or_default())
}

fn lasting(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, _) if minutes >= 60 => format!("{} h {} min", minutes / 60, minutes % 60),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Two polls of the same device, to compare counters.
struct Rates<'a> {
    before: Option<&'a Poll>,
    time: Result<Duration, NoRate>,
}

impl<'a> Rates<'a> {
    fn of(view: &WatchView<'a>) -> Self {
        let clocks = view.before.zip(view.now);
        let time = clocks.map(|(before, now)| time_between(before.clock, now.clock));
        Self {
            before: view.before,
            time: time.unwrap_or(Err(NoRate::NoTime)),
        }
    }

    fn uplink(&self, now: &PolledUplink) -> Option<&'a PolledUplink> {
        let mut all = self.before?.uplinks.value()?.iter();
        all.find(|one| one.number == now.number)
    }

    fn port(&self, now: &PolledPort) -> Option<&'a PolledPort> {
        let mut all = self.before?.ports.iter();
        all.find(|one| one.number == now.number)
    }

    fn line(&self, now: &PolledEndpoint) -> Option<&'a PolledEndpoint> {
        let mut all = self.before?.endpoints.value()?.iter();
        all.find(|one| one.mac == now.mac)
    }

    fn counted(
        &self,
        before: Option<&Polled<u64>>,
        now: &Polled<u64>,
        most: u64,
    ) -> Result<Counted, &'static str> {
        let now = now.value().ok_or(UNREAD)?;
        // Without an earlier poll there is nothing to compare with.
        let before = before.ok_or("-")?.value().ok_or(UNREAD)?;
        let time = self.time.map_err(word)?;
        counted(*before, *now, CounterWidth::Bits64, time, most).map_err(word)
    }

    /// Returns Mbps with one digit behind the point.
    fn mbps(&self, before: Option<&Polled<u64>>, now: &Polled<u64>) -> String {
        match self.counted(before, now, MOST_OCTETS) {
            Ok(counted) => {
                let tenths = (counted.bits_per_second() + 50_000) / 100_000;
                format!("{}.{}", tenths / 10, tenths % 10)
            }
            Err(word) => word.to_owned(),
        }
    }

    /// Returns how many events the interval had.
    fn events(&self, pairs: &[(Option<&Polled<u64>>, &Polled<u64>)]) -> String {
        let mut sum: u64 = 0;
        for (before, now) in pairs {
            match self.counted(*before, now, MOST_FRAMES) {
                Ok(counted) => sum = sum.saturating_add(counted.count),
                Err(word) => return word.to_owned(),
            }
        }
        sum.to_string()
    }
}

/// Returns the word for a missing rate.
fn word(why: NoRate) -> &'static str {
    match why {
        NoRate::Restarted => "restart",
        NoRate::Reset => "reset",
        NoRate::WrapOrReset => "unknown",
        NoRate::NoUptime => UNREAD,
        NoRate::NoTime => "-",
    }
}

fn rendered(table: &Table) -> Vec<WatchLine> {
    let text = table.render(Paint::Plain);
    let mut lines = text.lines();
    let heading = lines.next().map(WatchLine::heading);
    heading
        .into_iter()
        .chain(lines.map(WatchLine::plain))
        .collect()
}

fn uplinks(poll: &Poll, rates: &Rates<'_>) -> Vec<WatchLine> {
    let Some(uplinks) = poll.uplinks.value() else {
        let reason = poll.uplinks.reason().unwrap_or_default();
        return vec![WatchLine::plain(format!(
            "uplinks unread: {}",
            visible(reason)
        ))];
    };
    let mut table = Table::new([
        ("UPLINK", Align::Left),
        ("STATE", Align::Left),
        ("SPEED", Align::Right),
        ("IN MBPS", Align::Right),
        ("OUT MBPS", Align::Right),
        ("ERRORS", Align::Right),
        ("DISCARDS", Align::Right),
    ]);
    for uplink in uplinks {
        let earlier = rates.uplink(uplink).and_then(|one| one.counters.as_ref());
        let counters = uplink.counters.as_ref();
        table.push([
            uplink.number.to_string(),
            up_or_down(&uplink.is_up),
            shown(&uplink.mbps, |mbps| {
                mbps.map_or_else(|| "-".to_owned(), |mbps| mbps.to_string())
            }),
            polled_if(counters, |all| {
                rates.mbps(earlier.map(|one| &one.rx_octets), &all.rx_octets)
            }),
            polled_if(counters, |all| {
                rates.mbps(earlier.map(|one| &one.tx_octets), &all.tx_octets)
            }),
            polled_if(counters, |all| {
                rates.events(&[
                    (earlier.map(|one| &one.rx_errors), &all.rx_errors),
                    (earlier.map(|one| &one.tx_errors), &all.tx_errors),
                ])
            }),
            polled_if(counters, |all| {
                rates.events(&[
                    (earlier.map(|one| &one.rx_discards), &all.rx_discards),
                    (earlier.map(|one| &one.tx_discards), &all.tx_discards),
                ])
            }),
        ]);
    }
    rendered(&table)
}

fn ports(poll: &Poll, rates: &Rates<'_>) -> Vec<WatchLine> {
    let mut table = Table::new([
        ("PORT", Align::Left),
        ("STATE", Align::Left),
        ("HEARD", Align::Right),
        ("TO LINES MBPS", Align::Right),
        ("FROM LINES", Align::Right),
        ("ERRORS", Align::Right),
    ]);
    for port in &poll.ports {
        let earlier = rates.port(port).and_then(|one| one.counters.as_ref());
        let counters = port.counters.as_ref();
        table.push([
            port.number.to_string(),
            port_state(port),
            polled_if(port.heard.as_ref(), |heard| {
                shown(heard, |heard| heard.len().to_string())
            }),
            polled_if(counters, |all| {
                rates.mbps(earlier.map(|one| &one.tx_octets), &all.tx_octets)
            }),
            polled_if(counters, |all| {
                rates.mbps(earlier.map(|one| &one.rx_octets), &all.rx_octets)
            }),
            polled_if(counters, |all| {
                rates.events(&[(earlier.map(|one| &one.rx_errors), &all.rx_errors)])
            }),
        ]);
    }
    rendered(&table)
}

fn endpoints(
    poll: &Poll,
    rates: &Rates<'_>,
    subscribers: &BTreeMap<MacAddress, String>,
) -> Vec<WatchLine> {
    let Some(endpoints) = poll.endpoints.value() else {
        let reason = poll.endpoints.reason().unwrap_or_default();
        return vec![WatchLine::plain(format!(
            "lines unread: {}",
            visible(reason)
        ))];
    };
    let mut table = Table::new([
        ("LINE", Align::Left),
        ("STATE", Align::Left),
        ("DOWN", Align::Right),
        ("UP", Align::Right),
        ("MOST", Align::Right),
        ("TO MBPS", Align::Right),
        ("FROM", Align::Right),
        ("ERRORS", Align::Right),
    ]);
    for one in endpoints {
        let name = one
            .mac
            .and_then(|mac| subscribers.get(&mac).cloned())
            .or_else(|| one.mac.map(|mac| mac.to_string()));
        let line = one.rates.as_ref();
        let rate = |value: &Polled<u32>| shown(value, u32::to_string);
        let [to, from, errors] = traffic(one, rates);
        table.push([
            clipped(&name.unwrap_or_else(|| UNREAD.to_owned()), 20),
            state(one).to_owned(),
            polled_if(line, |all| rate(&all.down_rate)),
            polled_if(line, |all| rate(&all.up_rate)),
            polled_if(line, |all| {
                format!("{}/{}", rate(&all.down_most), rate(&all.up_most))
            }),
            to,
            from,
            errors,
        ]);
    }
    rendered(&table)
}

/// Returns the traffic to and from the customer over all Ethernet ports of an endpoint, and the errors.
fn traffic(one: &PolledEndpoint, rates: &Rates<'_>) -> [String; 3] {
    let none = || ["-", "-", "-"].map(str::to_owned);
    let ports = match &one.counters {
        None => return none(),
        Some(Polled::Unread { .. }) => return [UNREAD; 3].map(str::to_owned),
        Some(Polled::Value(ports)) => ports,
    };
    let earlier = rates.line(one);
    let is_restarted = earlier.is_some_and(|earlier| {
        let before = earlier.uptime_seconds.as_ref().and_then(Polled::value);
        let now = one.uptime_seconds.as_ref().and_then(Polled::value);
        matches!((before, now), (Some(before), Some(now)) if now < before)
    });
    if is_restarted {
        return ["restart"; 3].map(str::to_owned);
    }
    let earlier = earlier.and_then(|one| one.counters.as_ref()?.value());
    let pair = |port: &EthernetCounters| {
        let mut all = earlier?.iter();
        all.find(|one| one.number == port.number)
    };
    // The sum over ports is a counter that counts on like each of them.
    let sum = |value: fn(&EthernetCounters) -> &Polled<u64>| {
        let mut before = Some(Polled::Value(0));
        let mut now = Polled::Value(0);
        for port in ports {
            now = added(&now, value(port));
            before = before
                .zip(pair(port))
                .map(|(sum, port)| added(&sum, value(port)));
        }
        (before, now)
    };
    let (to_before, to) = sum(|port| &port.tx_octets);
    let (from_before, from) = sum(|port| &port.rx_octets);
    let (errors_before, errors) = sum(|port| &port.rx_errors);
    [
        rates.mbps(to_before.as_ref(), &to),
        rates.mbps(from_before.as_ref(), &from),
        rates.events(&[(errors_before.as_ref(), &errors)]),
    ]
}

fn added(sum: &Polled<u64>, more: &Polled<u64>) -> Polled<u64> {
    match (sum, more) {
        (Polled::Value(sum), Polled::Value(more)) => Polled::Value(sum.wrapping_add(*more)),
        (Polled::Unread { .. }, _) => sum.clone(),
        (_, Polled::Unread { .. }) => more.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{
        CounterClock, Identity, InterfaceCounters, LineRates, PollDepth, PortCounters, PortNumber,
        UplinkNumber,
    };

    static NOBODY: BTreeMap<MacAddress, String> = BTreeMap::new();

    fn value<T>(value: T) -> Polled<T> {
        Polled::Value(value)
    }

    fn uplink(octets: u64) -> PolledUplink {
        PolledUplink {
            number: UplinkNumber::new(1).unwrap(),
            is_up: value(true),
            mbps: value(Some(10_000)),
            sfp: None,
            counters: Some(InterfaceCounters {
                rx_octets: value(octets),
                rx_discards: value(0),
                rx_errors: value(octets / 1_000_000),
                tx_octets: value(octets / 2),
                tx_discards: value(0),
                tx_errors: value(0),
            }),
        }
    }

    fn port(number: u8, octets: u64) -> PolledPort {
        PolledPort {
            number: PortNumber::new(number).unwrap(),
            has_service_outage: value(false),
            has_outage: value(false),
            is_enabled: Some(value(true)),
            heard: Some(value(Vec::new())),
            counters: Some(PortCounters {
                rx_octets: value(octets),
                tx_octets: value(octets),
                rx_packets: value(0),
                tx_packets: value(0),
                rx_errors: value(3),
            }),
        }
    }

    fn line(number: u8, octets: u64) -> PolledEndpoint {
        PolledEndpoint {
            slot: None,
            mac: Some(MacAddress::new([0, 14, 0xd8, 0, 0, number]).unwrap()),
            state: value(crate::model::EndpointState::Fine),
            port: None,
            rates: Some(LineRates {
                down_rate: value(1420),
                up_rate: value(1390),
                down_most: value(1010),
                up_most: value(980),
            }),
            uptime_seconds: Some(value(octets / 1000)),
            errors: None,
            counters: Some(value(vec![EthernetCounters {
                number: 1,
                rx_octets: value(octets),
                tx_octets: value(octets * 3),
                rx_errors: value(0),
            }])),
            links: None,
        }
    }

    /// Returns a poll at a second of the device's and our own time.
    fn poll(at: u32, octets: u64, one_port: Option<u8>) -> Poll {
        let numbers = one_port.map_or_else(|| (1..=24).collect(), |one| vec![one]);
        Poll {
            depth: PollDepth::Minute,
            port: one_port.map(|one| PortNumber::new(one).unwrap()),
            identity: Identity::default(),
            clock: CounterClock {
                uptime_hundredths: Some(at * 100),
                boots: Some(1),
                at_millis: u64::from(at) * 1000,
            },
            cpu_percent: value(29),
            led: value("System LED: green, solid, normal indication.".to_owned()),
            alarms: value(Vec::new()),
            uplinks: value(vec![uplink(octets)]),
            ports: numbers
                .into_iter()
                .map(|number| port(number, octets))
                .collect(),
            endpoints: value((1..=16).map(|number| line(number, octets)).collect()),
            sensors: None,
            unread: Vec::new(),
        }
    }

    fn view<'a>(device: &'a DeviceName, before: Option<&'a Poll>, now: &'a Poll) -> WatchView<'a> {
        WatchView {
            device,
            interval: Duration::from_secs(5),
            now: Some(now),
            before,
            requests: 23,
            silence: None,
            at: 1_795_278_725,
            subscribers: &NOBODY,
        }
    }

    fn text(lines: &[WatchLine]) -> String {
        lines
            .iter()
            .map(|line| format!("{}\n", line.text))
            .collect()
    }

    #[test]
    fn rates_are_those_between_two_polls_and_errors_those_of_the_interval() {
        let device = DeviceName::new("oak").unwrap();
        let (before, now) = (poll(100, 0, None), poll(110, 12_500_000, None));
        let text = text(&watched(&view(&device, Some(&before), &now)));
        let row = text.lines().find(|line| line.starts_with("1  ")).unwrap();
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(
            cells,
            ["1", "up", "10000", "10.0", "5.0", "12", "0"],
            "{text}"
        );
        let (before, now) = (poll(100, 0, Some(7)), poll(110, 12_500_000, Some(7)));
        let text = super::tests::text(&watched(&view(&device, Some(&before), &now)));
        let row = text.lines().find(|line| line.starts_with("00:0e")).unwrap();
        assert!(row.contains("1010/980") && row.contains("30.0"), "{text}");
        assert!(!text.contains("UPLINK"), "{text}");
    }

    #[test]
    fn the_first_poll_a_restart_and_a_cleared_counter_have_no_rate() {
        let device = DeviceName::new("oak").unwrap();
        let now = poll(110, 1_000, None);
        let first = text(&watched(&view(&device, None, &now)));
        assert!(
            first.contains("rates appear with the second poll"),
            "{first}"
        );
        let cleared = poll(100, u64::MAX / 4, None);
        let cleared = text(&watched(&view(&device, Some(&cleared), &now)));
        assert!(cleared.contains("reset"), "{cleared}");
        let mut restarted = poll(100, 0, None);
        restarted.clock.boots = Some(0);
        let restarted = text(&watched(&view(&device, Some(&restarted), &now)));
        assert!(
            restarted.contains("restart") && !restarted.contains("0.0"),
            "{restarted}"
        );
    }

    #[test]
    fn a_silent_device_keeps_its_values_and_says_since_when() {
        let device = DeviceName::new("oak").unwrap();
        let now = poll(110, 1_000, None);
        let silent = WatchView {
            silence: Some((1_795_278_600, "no answer from 10.0.0.1:161")),
            ..view(&device, None, &now)
        };
        let shown = text(&watched(&silent));
        assert!(
            shown.contains("NO ANSWER since 16:30:00 UTC (2 min 5 s)"),
            "{shown}"
        );
        assert!(
            shown.contains("10.0.0.1:161") && shown.contains("UPLINK"),
            "{shown}"
        );
        let never = WatchView {
            now: None,
            ..silent
        };
        assert!(text(&watched(&never)).contains("NO ANSWER"));
    }

    #[test]
    fn a_picture_fits_80_by_24_and_says_what_is_cut() {
        let device = DeviceName::new("maple-court-a").unwrap();
        let (before, now) = (poll(100, 0, None), poll(110, 12_500_000, None));
        let lines = fitted_watch(&view(&device, Some(&before), &now), 24, 80);
        assert_eq!(lines.len(), 24);
        let last = &lines[23].text;
        assert!(
            last.contains("lines cut") && last.contains("--port"),
            "{last}"
        );
        assert!(!last.contains("wider"), "{}", text(&lines));
        let (before, now) = (poll(100, 0, Some(7)), poll(110, 12_500_000, Some(7)));
        let lines = fitted_watch(&view(&device, Some(&before), &now), 24, 80);
        assert!(
            !lines.last().unwrap().text.contains("wider"),
            "{}",
            text(&lines)
        );
    }

    proptest! {
        #[test]
        fn a_picture_fits_every_terminal(rows in 0_usize..60, width in 0_usize..200, one in any::<bool>()) {
            let device = DeviceName::new("maple-court-a").unwrap();
            let one = one.then_some(7);
            let (before, now) = (poll(100, 0, one), poll(110, 12_500_000, one));
            let lines = fitted_watch(&view(&device, Some(&before), &now), rows, width);
            prop_assert!(lines.len() <= rows.max(FEWEST_LINES));
            for line in &lines {
                prop_assert!(line.text.width() <= width, "{}", line.text);
            }
        }
    }
}
