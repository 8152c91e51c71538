//! Tests polls: how a device and its lines are doing, in how many requests, and what is unread.

use std::net::UdpSocket;
use std::time::Duration;

use gamctl::model::{
    AlarmSeverity, CounterWidth, DeviceName, EndpointState, GamModel, MOST_OCTETS, ModuleReadings,
    NoRate, NotObserved, Poll, PollDepth, Polled, PolledEndpoint, PortNumber, counted,
    time_between,
};
use gamctl::observe::{LookError, PollScope, PollTarget, poll, poll_options};
use gamctl::reconcile::{Accesses, DeviceAccess, poll_all};
use gamctl::simulator::fault::Fault;
use gamctl::simulator::gam::{
    AlarmCondition, Assumptions, DeadRows, DeviceClock, Entity, FirmwareProfile, Grade, Interface,
    ModuleValues, PortLayout, Severity,
};
use gamctl::simulator::server::Twin;
use gamctl::simulator::snmp::Oid;
use gamctl::transport::snmp::{Counters, SnmpOptions, Turns};

use super::device::{Dice, random, twin_of, twin_with, usual};
use super::{impatient, public, snmp_options};

/// A clock that tests do not turn: only the device's uptime counts.
#[expect(
    clippy::disallowed_methods,
    reason = "the time between two polls is measured by this host's clock"
)]
fn clock() -> u64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

async fn try_poll(
    twin: &Twin,
    scope: &PollScope,
    snmp_options: SnmpOptions,
) -> Result<(Poll, Counters), LookError> {
    let device = DeviceName::new("oak").unwrap();
    let access = public();
    let target = PollTarget {
        device: &device,
        address: twin.snmp_address(),
        access: &access,
        snmp_options,
        turns: Turns::default(),
        clock,
    };
    poll(&target, scope).await
}

async fn polled(twin: &Twin, depth: PollDepth) -> Poll {
    let options = SnmpOptions {
        rows: 64,
        ..snmp_options()
    };
    try_poll(twin, &PollScope::Depth(depth), options)
        .await
        .unwrap()
        .0
}

fn lines(poll: &Poll) -> &[PolledEndpoint] {
    poll.endpoints.value().unwrap()
}

fn below(arcs: &[u32]) -> Oid {
    Oid::new(&[&[1, 3, 6, 1, 4, 1, 20095, 2001], arcs].concat())
}

#[tokio::test]
async fn light_and_heat_of_a_module_are_read_and_a_module_that_measures_nothing_is_no_gap() {
    for module_values in [
        ModuleValues::Absent,
        ModuleValues::Empty,
        ModuleValues::Unsupported,
        ModuleValues::Measured,
    ] {
        let (hardware, configuration) = usual();
        let assumptions = Assumptions {
            module_values,
            ..hardware.assumptions
        };
        let twin = twin_of(hardware.with_assumptions(assumptions), configuration).await;
        let poll = polled(&twin, PollDepth::FiveMinutes).await;
        let sfp = poll.uplinks.value().unwrap()[0].sfp.as_ref().unwrap();
        if module_values != ModuleValues::Measured {
            assert_eq!(sfp.readings, Polled::Value(None), "{module_values:?}");
            continue;
        }
        // The readings of the twin's module, as its reference gives their units.
        let received = twin.gam(|gam| match gam.link(Interface::Uplink(1)) {
            true => -3_470,
            false => -40_000,
        });
        let expected = ModuleReadings {
            millicelsius: Polled::Value(38_620),
            millivolts: Polled::Value(3_290),
            bias_microamperes: Polled::Value(36_250),
            sent_millidbm: Polled::Value(-2_110),
            received_millidbm: Polled::Value(received),
        };
        assert_eq!(sfp.readings, Polled::Value(Some(expected)));
    }
}

#[tokio::test]
async fn a_poll_says_how_a_device_and_each_of_its_lines_are_doing() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    let poll = polled(&twin, PollDepth::Hour).await;
    assert_eq!(poll.unread, [""; 0]);
    assert_eq!(
        poll.identity.serial.as_ref().unwrap().as_str(),
        twin.serial()
    );
    assert!(poll.cpu_percent.value().is_some() && poll.led.value().is_some());
    twin.gam(|gam| {
        assert_eq!(
            poll.alarms.value().unwrap().len(),
            gam.alarms().active.len()
        );
        let uplinks = poll.uplinks.value().unwrap();
        assert_eq!(uplinks.len(), 1);
        assert_eq!(
            uplinks[0].is_up,
            Polled::Value(gam.link(Interface::Uplink(1)))
        );
        let sfp = uplinks[0].sfp.as_ref().unwrap();
        assert_eq!(sfp.kind, Polled::Value("10G".to_owned()));
        assert_eq!(poll.ports.len(), 4);
        for port in &poll.ports {
            let is_shut = gam.is_shut_down(Interface::Ghn(port.number.get()));
            assert_eq!(port.is_enabled, Some(Polled::Value(!is_shut)));
        }
        let configured: Vec<u16> = gam.running().endpoints.keys().copied().collect();
        let slots: Vec<u16> = lines(&poll)
            .iter()
            .filter_map(|one| Some(one.slot?.0))
            .collect();
        assert_eq!(slots, configured);
        for one in lines(&poll) {
            let mac = one.mac.unwrap();
            let truth = gam.detected(mac).unwrap();
            let plugged = truth.plugged;
            assert_eq!(
                one.slot.map(|slot| slot.0),
                truth.configured.map(|(id, _)| id)
            );
            let port = plugged.map(|plugged| PortNumber::new(plugged.port).unwrap());
            assert_eq!(one.port, Some(Polled::Value(port)));
            assert_eq!(one.is_alive(), plugged.is_some());
            if one.slot.is_none() {
                continue;
            }
            let down = one.rates.as_ref().map(|rates| rates.down_rate.clone());
            let wire = plugged.map(|plugged| Polled::Value(plugged.wire.down_phy));
            assert_eq!(down, wire);
            assert_eq!(one.errors.is_some(), plugged.is_some());
            if let Some(plugged) = plugged {
                let counters = one.counters.as_ref().unwrap().value().unwrap();
                assert_eq!(counters.len(), usize::from(plugged.family.ethernet_ports()));
                assert!(counters.iter().all(|one| one.rx_octets.value().is_some()));
                assert_eq!(one.links.as_ref().unwrap().value().unwrap()[0].number, 1);
                assert!(one.uptime_seconds.as_ref().unwrap().value().is_some());
            }
        }
    });
    let sensors = poll.sensors.unwrap();
    assert!(!sensors.temperatures.value().unwrap().is_empty());
    assert_eq!(sensors.monitored.value().unwrap().len(), 2);
    assert!(sensors.fans.value().is_some() && sensors.power_supplies.value().is_some());
}

#[tokio::test]
async fn a_full_device_is_polled_in_few_requests() {
    let (hardware, mut configuration) = random(&mut Dice::new(1), GamModel::Gam24C, 384);
    for port in configuration.ports.values_mut() {
        port.shutdown = false;
    }
    let hardware = hardware.with_layout(PortLayout::UplinksFirst);
    let twin = twin_of(hardware, configuration).await;
    let alarms = twin.gam(|gam| gam.alarms().active.len());
    assert!(alarms < 40, "{alarms}");
    let mut before = 0;
    // The table of alarms has an answer for every seven of them.
    let minute = 13 + alarms / 6;
    for (depth, most) in [
        (PollDepth::Minute, minute),
        (PollDepth::FiveMinutes, 80),
        (PollDepth::QuarterHour, 110),
        (PollDepth::Hour, 50),
    ] {
        let (poll, counters) = try_poll(&twin, &PollScope::Depth(depth), poll_options())
            .await
            .unwrap();
        assert_eq!(
            lines(&poll).iter().filter(|one| one.slot.is_some()).count(),
            384
        );
        assert_eq!(poll.unread, [""; 0]);
        let more = usize::try_from(counters.requests).unwrap() - before;
        assert!(more <= most, "{depth:?}: {more} requests more");
        before += more;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_heard_has_no_values_and_nothing_of_it_is_unread() {
    for dead_rows in [DeadRows::Absent, DeadRows::Zeros] {
        let (hardware, configuration) = usual();
        let hardware = hardware.with_assumptions(Assumptions {
            dead_rows,
            ..Assumptions::default()
        });
        let twin = twin_of(hardware, configuration).await;
        let (mac, slot) = twin.gam(|gam| {
            let mut configured = gam.running().endpoints.iter();
            let one = configured.find(|(_, one)| gam.heard(one.mac).is_some());
            let (id, one) = one.unwrap();
            (one.mac, *id)
        });
        twin.unplug(mac);
        let poll = polled(&twin, PollDepth::Hour).await;
        let one = lines(&poll)
            .iter()
            .find(|one| one.slot.is_some_and(|found| found.0 == slot))
            .unwrap();
        assert_eq!(one.state, Polled::Value(EndpointState::NotDetected));
        assert_eq!(one.port, Some(Polled::Value(None)), "{dead_rows:?}");
        assert_eq!(
            (&one.rates, &one.errors, &one.counters, &one.uptime_seconds),
            (&None, &None, &None, &None),
            "{dead_rows:?}"
        );
    }
}

#[tokio::test]
async fn alarms_are_known_with_severity_time_and_uuid_also_when_there_are_none() {
    let (hardware, configuration) = usual();
    let hardware = hardware.with_assumptions(Assumptions {
        clock: DeviceClock::Unset,
        ..Assumptions::default()
    });
    let twin = twin_of(hardware, configuration).await;
    let entity = Entity::system();
    let grade = Grade {
        severity: Severity::Cr,
        service_affecting: true,
    };
    twin.raise_alarm(AlarmCondition::FanFlt, entity.clone(), grade);
    let poll = polled(&twin, PollDepth::Minute).await;
    let alarms = poll.alarms.value().unwrap();
    let alarm = alarms.iter().find(|one| one.entity == "System").unwrap();
    assert_eq!(
        (alarm.severity, alarm.condition.as_str()),
        (AlarmSeverity::Critical, "fanflt")
    );
    assert!(alarm.is_service_affecting);
    assert!(
        alarm.since.set().is_none() && !alarm.since.is_unread(),
        "{:?}",
        alarm.since
    );
    let uuids = |poll: &Poll| -> Vec<_> {
        let alarms = poll.alarms.value().unwrap().iter();
        alarms.map(|one| one.uuid.unwrap()).collect()
    };
    assert_eq!(uuids(&poll), uuids(&polled(&twin, PollDepth::Minute).await));
    twin.clear_alarm(AlarmCondition::FanFlt, entity);
    for mac in twin.gam(|gam| gam.world().plugged.keys().copied().collect::<Vec<_>>()) {
        twin.unplug(mac);
    }
    for number in 1..=4 {
        twin.edit_line(&format!("ghn port {number} shutdown"));
    }
    let left = twin.gam(|gam| gam.alarms().active.len());
    let poll = polled(&twin, PollDepth::Minute).await;
    assert_eq!(poll.alarms.value().unwrap().len(), left);
}

#[tokio::test]
async fn alarms_that_were_read_in_part_are_unread_and_never_none() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    let grade = Grade {
        severity: Severity::Mn,
        service_affecting: false,
    };
    for number in 0..20_u32 {
        let entity = Entity {
            if_index: 0,
            name: format!("CPE-{}", 700 + number).into(),
        };
        twin.raise_alarm(AlarmCondition::LowSnr, entity, grade);
    }
    for fault in [
        Fault::SnmpGenericError {
            at: below(&[145, 1, 3, 1, 1, 10]),
        },
        Fault::SnmpNonIncreasing {
            at: below(&[145, 1, 3, 1, 1, 4]),
        },
        Fault::SnmpTruncate {
            after: below(&[145, 1, 3, 1, 1, 10, 7]),
        },
    ] {
        twin.clear_faults();
        let said = format!("{fault:?}");
        twin.set_fault(fault);
        let poll = polled(&twin, PollDepth::Minute).await;
        let reason = poll.alarms.reason().unwrap_or_else(|| panic!("{said}"));
        assert!(!reason.is_empty());
        assert!(
            poll.endpoints.value().is_some(),
            "{said}: only the alarms are unread"
        );
    }
    twin.clear_faults();
    // A column of the wrong type spoils its own values only.
    twin.set_fault(Fault::SnmpWrongType {
        at: below(&[145, 1, 3, 1, 1, 10]),
    });
    let poll = polled(&twin, PollDepth::Minute).await;
    let alarms = poll.alarms.value().unwrap();
    assert!(alarms.len() >= 20);
    assert!(
        alarms
            .iter()
            .all(|one| one.severity == AlarmSeverity::Unread)
    );
    assert_eq!(poll.unread.len(), 1, "{:?}", poll.unread);
}

#[tokio::test]
async fn what_cannot_be_read_has_its_reason_and_is_never_zero() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    twin.set_fault(Fault::SnmpGenericError {
        at: below(&[143, 1, 3, 20, 20, 1, 110]),
    });
    twin.set_fault(Fault::SnmpWrongType {
        at: below(&[143, 1, 5, 20, 10, 1, 20]),
    });
    let poll = polled(&twin, PollDepth::QuarterHour).await;
    let alive: Vec<&PolledEndpoint> = lines(&poll)
        .iter()
        .filter(|one| one.slot.is_some() && one.is_alive())
        .collect();
    assert!(!alive.is_empty());
    for one in alive {
        let rates = one.rates.as_ref().unwrap();
        assert!(rates.down_rate.reason().is_some() && rates.up_most.reason().is_some());
        let counters = one.counters.as_ref().unwrap().value().unwrap();
        assert!(counters.iter().all(|one| one.rx_octets.reason().is_some()));
        assert!(counters.iter().all(|one| one.tx_octets.value().is_some()));
    }
    twin.clear_faults();
    twin.set_fault(Fault::SnmpWrongType {
        at: below(&[11, 1, 5, 2, 1, 8]),
    });
    let poll = polled(&twin, PollDepth::QuarterHour).await;
    let counters = poll.uplinks.value().unwrap()[0].counters.as_ref().unwrap();
    assert!(counters.rx_errors.reason().is_some());
    assert!(counters.rx_octets.value().is_some());
}

#[tokio::test]
async fn a_device_whose_ports_cannot_be_told_apart_has_unread_uplinks() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware.with_layout(PortLayout::Alike), configuration).await;
    let poll = polled(&twin, PollDepth::QuarterHour).await;
    assert!(poll.uplinks.reason().is_some());
    assert!(!poll.is_whole() && poll.endpoints.value().is_some());
}

#[tokio::test]
async fn firmware_without_configuration_tables_is_polled_all_the_same() {
    let (hardware, configuration) = usual();
    let twin = twin_with(hardware, configuration, FirmwareProfile::V1_5_4OnCx).await;
    let poll = polled(&twin, PollDepth::QuarterHour).await;
    assert!(poll.is_whole(), "{:?}", poll.endpoints);
}

#[tokio::test]
async fn counters_have_rates_and_a_cleared_one_or_a_restart_has_a_reason() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    let octets = |poll: &Poll| {
        let counters = poll.uplinks.value().unwrap()[0].counters.clone().unwrap();
        *counters.rx_octets.value().unwrap()
    };
    let first = polled(&twin, PollDepth::FiveMinutes).await;
    // Until the uptime and the counter have advanced.
    let (second, time) = loop {
        let next = polled(&twin, PollDepth::FiveMinutes).await;
        match time_between(first.clock, next.clock) {
            Ok(time) if octets(&next) > octets(&first) => break (next, time),
            Ok(_) | Err(NoRate::NoTime) => {}
            Err(other) => panic!("{other}"),
        }
    };
    let rate = |before: &Poll, now: &Poll| {
        let (before, now) = (octets(before), octets(now));
        counted(before, now, CounterWidth::Bits64, time, MOST_OCTETS)
    };
    let mbps = rate(&first, &second).unwrap().bits_per_second() / 1_000_000;
    assert!((1..10_000).contains(&mbps), "{mbps}");
    twin.change(|gam, now| gam.clear_interface_statistics(Interface::Uplink(1), now));
    let cleared = polled(&twin, PollDepth::FiveMinutes).await;
    assert!(octets(&cleared) < octets(&second));
    assert_eq!(rate(&second, &cleared), Err(NoRate::Reset));
    twin.reboot();
    let restarted = loop {
        // It is away for a moment.
        let scope = PollScope::Depth(PollDepth::Minute);
        if let Ok((poll, _)) = try_poll(&twin, &scope, impatient()).await
            && poll.clock.boots != first.clock.boots
        {
            break poll;
        }
    };
    assert_eq!(
        time_between(second.clock, restarted.clock),
        Err(NoRate::Restarted)
    );
}

#[tokio::test]
async fn one_port_is_polled_with_its_lines_and_those_that_should_be_there() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    let (port, heard, absent) = twin.gam(|gam| {
        let port = (1..=4)
            .max_by_key(|port| gam.heard_on(*port).count())
            .unwrap();
        let heard: Vec<_> = gam.heard_on(port).map(|(mac, _)| mac).collect();
        let absent = "00:0e:d8:7f:00:01".parse().unwrap();
        (port, heard, absent)
    });
    assert!(!heard.is_empty());
    let scope = PollScope::Port {
        port: PortNumber::new(port).unwrap(),
        expected: vec![absent],
    };
    let (poll, counters) = try_poll(&twin, &scope, snmp_options()).await.unwrap();
    assert!(counters.requests <= 14, "{counters:?}");
    assert_eq!(poll.ports.len(), 1);
    assert_eq!(poll.ports[0].heard, Some(Polled::Value(heard.clone())));
    assert!(poll.ports[0].counters.is_some());
    let macs: Vec<_> = lines(&poll).iter().map(|one| one.mac.unwrap()).collect();
    assert_eq!(macs, [heard.as_slice(), &[absent]].concat());
    for one in lines(&poll) {
        let is_absent = one.mac == Some(absent);
        assert_eq!(one.state.reason().is_some(), is_absent);
        assert_eq!(one.rates.is_some(), !is_absent);
    }
    let whole = PollScope::Interfaces;
    let (poll, _) = try_poll(&twin, &whole, snmp_options()).await.unwrap();
    assert_eq!(poll.ports.len(), 4);
    assert!(
        poll.ports
            .iter()
            .all(|port| port.counters.is_some() && port.heard.is_some())
    );
    assert!(poll.uplinks.value().unwrap()[0].counters.is_some());
}

#[tokio::test]
async fn a_device_that_never_answers_holds_up_no_other() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    let access = |address| {
        Ok(DeviceAccess {
            snmp: address,
            access: public(),
            command_line: gamctl::observe::CommandLine::None(String::new()),
            silence: Duration::from_millis(300),
            turns: Turns::default(),
        })
    };
    let name = |name: &str| DeviceName::new(name).unwrap();
    let devices = Accesses::from([
        (name("dead"), access(silent.local_addr().unwrap())),
        (name("oak"), access(twin.snmp_address())),
        (name("nowhere"), Err(NotObserved::NoAddress)),
    ]);
    let mut order = Vec::new();
    let scope = PollScope::Depth(PollDepth::Minute);
    let polls = poll_all(devices, scope, clock, |device| order.push(device.clone())).await;
    assert_eq!(order.last(), Some(&name("dead")));
    assert!(polls[&name("oak")].is_ok());
    assert!(matches!(
        polls[&name("dead")],
        Err(NotObserved::NoAnswer { .. })
    ));
    assert_eq!(polls[&name("nowhere")], Err(NotObserved::NoAddress));
}

/// Relays SNMP to a twin, except for requests below a name: there the agent has no objects.
async fn without_table(twin: &Twin, arcs: &[u8]) -> std::net::SocketAddr {
    let front = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let back = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    back.connect(twin.snmp_address()).await.unwrap();
    let address = front.local_addr().unwrap();
    let arcs = arcs.to_vec();
    tokio::spawn(async move {
        let (mut request, mut answer) = ([0; 4096], [0; 4096]);
        // One request after the other is enough for a test.
        while let Ok((length, from)) = front.recv_from(&mut request).await {
            let datagram = &request[..length];
            let found = datagram.windows(arcs.len()).position(|part| part == arcs);
            let Some(found) = found else {
                back.send(datagram).await.unwrap();
                let length = back.recv(&mut answer).await.unwrap();
                front.send_to(&answer[..length], from).await.unwrap();
                continue;
            };
            let mut datagram = datagram.to_vec();
            let community = datagram.windows(6).position(|part| part == b"public");
            let tag = community.unwrap() + 6;
            let is_get = datagram[tag] == 0xa0;
            datagram[tag] = 0xa2;
            // Each NULL becomes noSuchObject, or the end of the agent's objects.
            for place in found..datagram.len() - 1 {
                if datagram[place..place + 2] == [5, 0] {
                    datagram[place] = if is_get { 0x80 } else { 0x82 };
                }
            }
            front.send_to(&datagram, from).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn a_device_without_a_table_of_alarms_has_unread_alarms_in_a_poll_and_in_a_look() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    // 1.3.6.1.4.1.20095.2001.145.1.3.1.1
    let table = [
        0x2b, 6, 1, 4, 1, 0x81, 0x9c, 0x7f, 0x8f, 0x51, 0x81, 0x11, 1, 3, 1, 1,
    ];
    let address = without_table(&twin, &table).await;
    let device = DeviceName::new("oak").unwrap();
    let access = public();
    let target = PollTarget {
        device: &device,
        address,
        access: &access,
        snmp_options: snmp_options(),
        turns: Turns::default(),
        clock,
    };
    let scope = PollScope::Depth(PollDepth::Minute);
    let (poll, _) = poll(&target, &scope).await.unwrap();
    let reason = poll.alarms.reason().unwrap();
    assert!(
        reason.contains("the agent has no gamAlarmStatusActive"),
        "{reason}"
    );
    assert!(poll.endpoints.value().is_some());
    let target = gamctl::observe::Target {
        device: &device,
        address,
        access: &access,
        snmp_options: snmp_options(),
        turns: Turns::default(),
        command_line: gamctl::observe::CommandLine::None(String::new()),
        clock: || 0,
    };
    let look = gamctl::observe::look(&target).await.unwrap();
    assert!(look.health.known_alarms().is_err());
}
