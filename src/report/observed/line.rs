//! Renders the line of a subscriber for the support desk: what is wrong first, with the time since when.

use serde::Serialize;

use crate::model::{
    ActiveAlarm, DeviceConfig, DeviceName, EndpointHealth, EndpointState, EthernetPort,
    Observation, Part, PortAssignment, PortNumber, RateLimit, Subscriber, SubscriberConfig,
    SubscriberState,
};
use crate::report::{Paint, moment, rfc3339, visible};

/// The line rate of the Ethernet port of an endpoint, in Mbps; below it, a cable or the customer's router is the reason.
const FULL_ETHERNET_MBPS: u64 = 1000;

/// Everything known about a line.
pub struct LineFacts<'a> {
    pub subscriber: &'a Subscriber,
    /// Its intended configuration; absent while it is not served.
    pub intended: Option<&'a SubscriberConfig>,
    pub look: &'a Observation,
    /// The Ethernet ports of the endpoint, or the reason that they are unknown; absent: not requested.
    pub ethernet: Option<Result<Vec<EthernetPort>, String>>,
    /// The last stored look at the device.
    pub before: Option<LineBefore>,
    /// Another device that hears the endpoint.
    pub elsewhere: Option<HeardElsewhere>,
}

/// A device that heard an endpoint at its last stored look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardElsewhere {
    pub device: DeviceName,
    pub port: PortNumber,
    /// Seconds since 1970.
    pub at: u64,
}

/// The endpoint in the last stored look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineBefore {
    /// Seconds since 1970.
    pub at: u64,
    pub is_heard: bool,
}

/// The state of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LineReport {
    /// What is wrong, the most important first.
    pub attention: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<EndpointState>,
    /// The port on which the endpoint is heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heard_on: Option<PortNumber>,
    /// The alarms of the endpoint and of its port.
    pub alarms: Vec<ActiveAlarm>,
    /// Left out: not requested, or unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ethernet: Option<Vec<EthernetPort>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ethernet_unknown: Option<String>,
    /// The last stored look, and whether it heard the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::report::document::types::Time>"))]
    pub last_stored_look: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_heard_then: Option<bool>,
}

impl LineReport {
    pub fn of(facts: &LineFacts<'_>) -> Self {
        let line = line(facts);
        let alarms = alarms(facts, line);
        let mut attention = Vec::new();
        attention.extend(service(facts));
        attention.extend(reach(facts, line, &alarms));
        attention.extend(alarms.iter().map(|alarm| alarm_text(alarm)));
        attention.extend(unread(facts, "alarms").map(|reason| format!("unknown alarms: {reason}")));
        if let Some(Ok(ports)) = &facts.ethernet {
            attention.extend(ports.iter().filter_map(ethernet_problem));
        }
        attention.extend(too_slow(facts, line));
        let (ethernet, ethernet_unknown) = match &facts.ethernet {
            Some(Ok(ports)) => (Some(ports.clone()), None),
            Some(Err(reason)) => (None, Some(reason.clone())),
            None => (None, None),
        };
        Self {
            attention,
            state: line.and_then(|line| line.state),
            heard_on: line.and_then(|line| line.port),
            alarms: alarms.into_iter().cloned().collect(),
            ethernet,
            ethernet_unknown,
            last_stored_look: facts.before.map(|before| rfc3339(before.at)),
            was_heard_then: facts.before.map(|before| before.is_heard),
        }
    }

    /// Renders what is wrong, above everything else; one line if nothing is.
    pub fn attention_text(&self, paint: Paint) -> String {
        if self.attention.is_empty() {
            return "Nothing on this line needs attention.\n".to_owned();
        }
        let mut text = format!("{}\n", paint.warning("Attention"));
        for line in &self.attention {
            text.push_str(&format!("  {}\n", visible(line)));
        }
        text
    }

    /// Renders the Ethernet ports of the endpoint.
    pub fn ethernet_text(&self) -> String {
        if let Some(reason) = &self.ethernet_unknown {
            return format!("  Ethernet  unknown: {}\n", visible(reason));
        }
        let Some(ports) = &self.ethernet else {
            return String::new();
        };
        if ports.is_empty() {
            return "  Ethernet  not reported by the device\n".to_owned();
        }
        let ports = ports.iter().map(|port| {
            let state = match (port.is_up, port.mbps) {
                (None, _) => "unknown".to_owned(),
                (Some(false), _) => "no link".to_owned(),
                (Some(true), None) => "up".to_owned(),
                (Some(true), Some(mbps)) => {
                    let duplex = match port.is_full_duplex {
                        Some(true) => " full duplex",
                        Some(false) => " half duplex",
                        None => "",
                    };
                    format!("{mbps} Mbps{duplex}")
                }
            };
            format!("  Ethernet  port {}: {state}\n", port.number)
        });
        ports.collect()
    }
}

fn line<'a>(facts: &LineFacts<'a>) -> Option<&'a EndpointHealth> {
    facts.look.health.endpoints.get(&facts.subscriber.endpoint?)
}

/// Returns the alarms of the endpoint, and of the port that it is on.
fn alarms<'a>(facts: &LineFacts<'a>, line: Option<&EndpointHealth>) -> Vec<&'a ActiveAlarm> {
    let config: &DeviceConfig = &facts.look.config;
    let endpoint = facts
        .subscriber
        .endpoint
        .and_then(|mac| config.endpoints.get(&mac));
    let slot = endpoint.and_then(|endpoint| endpoint.slot);
    let own = slot.map(|slot| format!("CPE-{}", slot.0));
    let expected = match facts.subscriber.port {
        PortAssignment::Port(port) => Some(port),
        PortAssignment::Auto | PortAssignment::Unassigned => None,
    };
    let port = line.and_then(|line| line.port).or(expected);
    let is_of_line = |alarm: &&ActiveAlarm| {
        let entity = alarm.entity.trim();
        let is_own = own
            .as_deref()
            .is_some_and(|own| entity.eq_ignore_ascii_case(own));
        // The device names a port by its interface: `G.hn 1/4`.
        let is_port = port.is_some_and(|port| {
            entity.to_ascii_lowercase().starts_with("g.hn")
                && entity.rsplit('/').next() == Some(port.to_string().as_str())
        });
        is_own || is_port
    };
    facts.look.health.alarms.iter().filter(is_of_line).collect()
}

/// Returns the reason that the inventory gives for a service that is not the usual one.
fn service(facts: &LineFacts<'_>) -> Option<String> {
    match facts.subscriber.state {
        SubscriberState::Active => None,
        SubscriberState::Suspended => Some(match facts.intended {
            None => "suspended: nothing of it is intended on the device".to_owned(),
            Some(served) if served.endpoint.is_none() => {
                "suspended: its endpoint is detached, so it has no service".to_owned()
            }
            Some(served) => {
                let rate = match &served.rate {
                    RateLimit::Unthrottled => "unthrottled".to_owned(),
                    RateLimit::Profile(name) => format!("profile {name}"),
                };
                let own = facts.subscriber;
                let vlan = match served.vlan == own.vlan {
                    true => String::new(),
                    false => format!("VLAN {} instead of {}, ", served.vlan, own.vlan),
                };
                format!("suspended: {vlan}{rate} instead of {}", own.service_plan)
            }
        }),
        SubscriberState::Pending => Some("pending: not served yet".to_owned()),
    }
}

/// Returns the problem with the endpoint's place: not heard, on the wrong port, or not configured.
fn reach(
    facts: &LineFacts<'_>,
    line: Option<&EndpointHealth>,
    alarms: &[&ActiveAlarm],
) -> Option<String> {
    let mac = facts.subscriber.endpoint?;
    let expected = facts.subscriber.port;
    let unknown = || {
        let reason = unread(facts, "endpoints").unwrap_or("the device did not report it");
        format!("the state of endpoint {mac} is unknown: {reason}")
    };
    let Some(line) = line else {
        let is_known = unread(facts, "endpoints").is_none()
            && facts.look.incomplete(Part::Endpoints).is_none()
            && !facts.look.config.endpoints.contains_key(&mac);
        return Some(match is_known {
            true => format!(
                "endpoint {mac} is neither configured nor heard on this device{}",
                elsewhere(facts)
            ),
            false => unknown(),
        });
    };
    let Some(state) = line.state else {
        return Some(unknown());
    };
    let port = line.port;
    match state {
        EndpointState::Fine => None,
        EndpointState::NotDetected => Some(format!(
            "endpoint {mac} is not heard{}{}{}",
            since(alarms),
            stored(facts.before),
            elsewhere(facts)
        )),
        EndpointState::WrongPort => Some(match port {
            Some(port) => format!(
                "endpoint {mac} is heard on port {port}, and port {expected} is intended: no service"
            ),
            None => format!(
                "endpoint {mac} is heard on the wrong port, and port {expected} is intended: no service"
            ),
        }),
        EndpointState::Unknown => Some(match port {
            Some(port) => format!("endpoint {mac} is heard on port {port} and not configured"),
            None => format!("endpoint {mac} is heard and not configured"),
        }),
    }
}

/// Returns the device that hears the endpoint instead.
fn elsewhere(facts: &LineFacts<'_>) -> String {
    facts.elsewhere.as_ref().map_or_else(String::new, |heard| {
        let HeardElsewhere { device, port, at } = heard;
        format!(
            "; {device} heard it on port {port} at its last look, {}",
            moment(*at)
        )
    })
}

/// Returns the reason that a part of the health could not be read, if so.
fn unread<'a>(facts: &LineFacts<'a>, part: &str) -> Option<&'a str> {
    let reasons = facts.look.health.unread.iter();
    let mut of_part = reasons.filter(|reason| reason.starts_with(part));
    of_part.next().map(String::as_str)
}

/// Returns the time of the alarm that reports the silence.
fn since(alarms: &[&ActiveAlarm]) -> String {
    let reports = |alarm: &&&ActiveAlarm| matches!(alarm.condition.as_str(), "los" | "outage");
    let Some(alarm) = alarms.iter().find(reports) else {
        return String::new();
    };
    match alarm.since.set() {
        Some(time) => format!(" since {} by the device's clock", minute(time)),
        None => "; the device's clock is not set, so its alarm has no usable time".to_owned(),
    }
}

/// Returns what the last stored look found.
fn stored(before: Option<LineBefore>) -> String {
    match before {
        None => String::new(),
        Some(LineBefore { at, is_heard: true }) => {
            format!("; heard at the last stored look, {}", moment(at))
        }
        Some(LineBefore {
            at,
            is_heard: false,
        }) => {
            format!("; not heard at the last stored look either, {}", moment(at))
        }
    }
}

fn alarm_text(alarm: &ActiveAlarm) -> String {
    let service = match alarm.is_service_affecting {
        true => ", service affected",
        false => "",
    };
    let since = match alarm.since.set() {
        Some(time) => format!(", since {} by the device's clock", minute(time)),
        None => String::new(),
    };
    format!(
        "alarm {} on {} ({}{service}{since})",
        alarm.condition,
        alarm.entity,
        alarm.severity.word()
    )
}

/// Returns date and minute of a time of the device: `2026-11-29T15:39:55+00:00` becomes `2026-11-29 15:39`.
fn minute(time: &str) -> String {
    match time.get(..16) {
        Some(minute) if minute.as_bytes().get(10) == Some(&b'T') => minute.replace('T', " "),
        _ => time.to_owned(),
    }
}

fn ethernet_problem(port: &EthernetPort) -> Option<String> {
    let number = port.number;
    match (port.is_up?, port.is_full_duplex, port.mbps) {
        // The second port of an endpoint is mostly empty.
        (false, ..) if number == 1 => Some(format!(
            "no link on Ethernet port {number} of the endpoint: the customer's router is off or not plugged in"
        )),
        (false, ..) => None,
        (true, Some(false), _) => Some(format!(
            "Ethernet port {number} of the endpoint runs in half duplex: check cable and router"
        )),
        (true, _, Some(mbps)) if mbps < FULL_ETHERNET_MBPS => Some(format!(
            "Ethernet port {number} of the endpoint runs at {mbps} Mbps: check cable and router"
        )),
        (true, ..) => None,
    }
}

/// Returns a remark if the line cannot carry the rate of its profile.
fn too_slow(facts: &LineFacts<'_>, line: Option<&EndpointHealth>) -> Option<String> {
    let RateLimit::Profile(name) = &facts.intended?.rate else {
        return None;
    };
    let profile = facts.look.config.profiles.get(name)?;
    let (down, up) = (line?.down_most?, line?.up_most?);
    (down < profile.down.get() || up < profile.up.get()).then(|| {
        format!(
            "the line carries {down}/{up} Mbps at most, and profile {name} is {}/{}",
            profile.down, profile.up
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AlarmSeverity, DeviceName, DeviceTime, EndpointConfig, EndpointName, Slot, VlanId, VlanSet,
    };

    const MAC: &str = "00:0e:d8:00:00:01";

    fn subscriber(state: SubscriberState) -> Subscriber {
        Subscriber {
            id: "acct-1".parse().unwrap(),
            device: DeviceName::new("oak").unwrap(),
            port: PortAssignment::Port(PortNumber::new(3).unwrap()),
            endpoint: MAC.parse().ok(),
            service_plan: "home-100".parse().unwrap(),
            vlan: VlanId::new(101).unwrap(),
            state,
            name: "apt-1".parse().unwrap(),
            endpoint_name: EndpointName::new("apt-1").unwrap(),
            description: None,
            tagged: false,
            remapped_vlan: None,
            allowed_vlans: VlanSet::default(),
            port2_vlan: None,
            poe: None,
            protected: false,
            moved_from: None,
            external: None,
            hold: None,
        }
    }

    fn served(vlan: u16, profile: &str) -> SubscriberConfig {
        SubscriberConfig {
            slot: None,
            description: None,
            endpoint: MAC.parse().ok(),
            rate: RateLimit::Profile(profile.parse().unwrap()),
            vlan: VlanId::new(vlan).unwrap(),
            tagged: false,
            remapped_vlan: None,
            allowed_vlans: VlanSet::default(),
            port2_vlan: None,
            poe: None,
        }
    }

    /// A look at a device that has the endpoint in slot 7, in this state on this port.
    fn look(state: Option<EndpointState>, port: Option<u8>) -> Observation {
        let mut look = Observation::of(DeviceName::new("oak").unwrap());
        let endpoint = EndpointConfig {
            slot: Some(Slot(7)),
            name: EndpointName::new("apt-1").unwrap(),
            port: PortAssignment::Port(PortNumber::new(3).unwrap()),
        };
        look.config.endpoints.insert(MAC.parse().unwrap(), endpoint);
        let health = EndpointHealth {
            state,
            port: port.map(|port| PortNumber::new(port).unwrap()),
            is_configured: true,
            ..EndpointHealth::default()
        };
        look.health.endpoints.insert(MAC.parse().unwrap(), health);
        look
    }

    fn alarm(entity: &str, condition: &str, since: &str) -> ActiveAlarm {
        ActiveAlarm {
            severity: AlarmSeverity::Major,
            is_service_affecting: true,
            entity: entity.to_owned(),
            condition: condition.to_owned(),
            since: DeviceTime::new(since),
            ..ActiveAlarm::default()
        }
    }

    fn attention(look: &Observation, before: Option<LineBefore>) -> Vec<String> {
        let subscriber = subscriber(SubscriberState::Active);
        let report = LineReport::of(&LineFacts {
            subscriber: &subscriber,
            intended: None,
            look,
            ethernet: None,
            before,
            elsewhere: None,
        });
        report.attention
    }

    #[test]
    fn a_suspension_comes_before_everything_else() {
        let subscriber = subscriber(SubscriberState::Suspended);
        let look = look(Some(EndpointState::WrongPort), Some(5));
        let of = |intended: Option<&SubscriberConfig>| {
            let report = LineReport::of(&LineFacts {
                subscriber: &subscriber,
                intended,
                look: &look,
                ethernet: None,
                before: None,
                elsewhere: None,
            });
            assert_eq!(report.heard_on, PortNumber::new(5).ok());
            report.attention
        };
        let captive = served(4094, "captive");
        assert_eq!(
            of(Some(&captive)),
            [
                "suspended: VLAN 4094 instead of 101, profile captive instead of home-100",
                "endpoint 00:0e:d8:00:00:01 is heard on port 5, and port 3 is intended: no service",
            ]
        );
        let throttled = served(101, "slow");
        assert_eq!(
            of(Some(&throttled))[0],
            "suspended: profile slow instead of home-100"
        );
        let detached = SubscriberConfig {
            endpoint: None,
            ..captive.clone()
        };
        assert!(of(Some(&detached))[0].contains("detached"));
    }

    #[test]
    fn a_silent_endpoint_has_the_time_of_its_alarm_if_the_clock_of_the_device_is_set() {
        let mut silent = look(Some(EndpointState::NotDetected), None);
        assert_eq!(
            attention(&silent, None),
            ["endpoint 00:0e:d8:00:00:01 is not heard"]
        );
        let before = |is_heard| {
            Some(LineBefore {
                at: 1_795_278_720,
                is_heard,
            })
        };
        assert_eq!(
            attention(&silent, before(true)),
            [
                "endpoint 00:0e:d8:00:00:01 is not heard; heard at the last stored look, 2026-11-21 16:32 UTC"
            ]
        );
        assert!(
            attention(&silent, before(false))[0]
                .contains("not heard at the last stored look either")
        );
        silent.health.alarms = vec![
            alarm("CPE-7", "los", "2026-11-20T09:32:24+00:00"),
            alarm("CPE-8", "los", "2026-11-20T09:00:00+00:00"),
            alarm("G.hn 1/3", "outage", "2026-11-20T09:32:20+00:00"),
            alarm("G.hn 1/13", "outage", "2026-11-20T09:32:20+00:00"),
        ];
        assert_eq!(
            attention(&silent, None),
            [
                "endpoint 00:0e:d8:00:00:01 is not heard since 2026-11-20 09:32 by the device's clock",
                "alarm los on CPE-7 (major, service affected, since 2026-11-20 09:32 by the device's clock)",
                "alarm outage on G.hn 1/3 (major, service affected, since 2026-11-20 09:32 by the device's clock)",
            ]
        );
        silent.health.alarms = vec![alarm("CPE-7", "los", "1970-01-01T00:03:00+00:00")];
        let lines = attention(&silent, None);
        assert!(lines[0].contains("clock is not set"), "{lines:?}");
        assert!(!lines[1].contains("1970"), "{lines:?}");
    }

    #[test]
    fn an_unread_part_is_unknown_and_never_fine() {
        let fine = look(Some(EndpointState::Fine), Some(3));
        assert_eq!(attention(&fine, None), [""; 0]);
        let mut unread = look(None, None);
        assert!(attention(&unread, None)[0].contains("is unknown"));
        unread.health.endpoints.clear();
        unread.health.unread = vec![
            "alarms: timed out".to_owned(),
            "endpoints: timed out".to_owned(),
        ];
        let lines = attention(&unread, None);
        assert!(
            lines[0].contains("is unknown: endpoints: timed out"),
            "{lines:?}"
        );
        assert!(lines[1].contains("unknown alarms"), "{lines:?}");
        unread.config.endpoints.clear();
        assert!(attention(&unread, None)[0].contains("is unknown"));
        unread.health.unread.clear();
        assert!(attention(&unread, None)[0].contains("neither configured nor heard"));
    }

    #[test]
    fn an_endpoint_that_another_device_hears_is_named_with_that_device() {
        let subscriber = subscriber(SubscriberState::Active);
        let look = look(Some(EndpointState::NotDetected), None);
        let report = LineReport::of(&LineFacts {
            subscriber: &subscriber,
            intended: None,
            look: &look,
            ethernet: None,
            before: None,
            elsewhere: Some(HeardElsewhere {
                device: DeviceName::new("elm-d").unwrap(),
                port: PortNumber::new(1).unwrap(),
                at: 1_795_278_720,
            }),
        });
        assert_eq!(
            report.attention,
            [
                "endpoint 00:0e:d8:00:00:01 is not heard; elm-d heard it on port 1 at its last look, 2026-11-21 16:32 UTC"
            ]
        );
    }

    #[test]
    fn a_time_of_the_device_is_shown_to_the_minute() {
        assert_eq!(minute("2026-11-29T15:39:55+00:00"), "2026-11-29 15:39");
        assert_eq!(minute("odd"), "odd");
    }

    #[test]
    fn the_ethernet_of_the_endpoint_is_named_where_it_is_slow_or_dark() {
        let subscriber = subscriber(SubscriberState::Active);
        let look = look(Some(EndpointState::Fine), Some(3));
        let port = |number, is_up, is_full_duplex, mbps| EthernetPort {
            number,
            is_up,
            is_full_duplex,
            mbps,
        };
        let report = |ports: Vec<EthernetPort>| {
            LineReport::of(&LineFacts {
                subscriber: &subscriber,
                intended: None,
                look: &look,
                ethernet: Some(Ok(ports)),
                before: None,
                elsewhere: None,
            })
        };
        let good = report(vec![
            port(1, Some(true), Some(true), Some(1000)),
            port(2, Some(false), None, None),
        ]);
        assert_eq!(good.attention, [""; 0]);
        assert_eq!(
            good.ethernet_text(),
            "  Ethernet  port 1: 1000 Mbps full duplex\n  Ethernet  port 2: no link\n"
        );
        let dark = report(vec![port(1, Some(false), None, None)]);
        assert!(dark.attention[0].contains("no link on Ethernet port 1"));
        let slow = report(vec![port(1, Some(true), Some(true), Some(100))]);
        assert!(slow.attention[0].contains("runs at 100 Mbps"));
        let half = report(vec![port(1, Some(true), Some(false), Some(1000))]);
        assert!(half.attention[0].contains("half duplex"));
        let unknown = report(vec![port(1, None, None, None)]);
        assert_eq!(unknown.attention, [""; 0]);
        assert!(unknown.ethernet_text().contains("unknown"));
    }
}
