//! Tests a simulated device: links, alarms, reboots, replaced hardware.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::model::{DeviceConfig, GamModel};
use crate::simulator::commands::merge;

const START: Moment = Moment::from_unix_millis(1_790_000_000_000);

/// An endpoint on port 1 with its subscriber.
const ONE: &str = "ghn endpoint 1 name one mac-address 00:0e:d8:40:00:01 port 1\n\
                   ghn subscriber 1 name one endpoint 1 vid 100 remapped-vid 300\n";

fn built(model: GamModel) -> Gam {
    let build = Build {
        hardware: Hardware::of(model, 7),
        firmware: FirmwareProfile::V1_8,
        seed: 7,
        configuration: None,
    };
    Gam::new(build, START)
}

fn mac() -> MacAddress {
    "00:0e:d8:40:00:01".parse().unwrap()
}

fn at(seconds: u64) -> Moment {
    START.after(Duration::from_secs(seconds))
}

fn enter(gam: &mut Gam, lines: &str) {
    let mut running = gam.running().clone();
    assert_eq!(merge(lines, &mut running, gam.hardware()), []);
    gam.replace_running(running, START);
}

/// Returns a copper device with one endpoint on its port, and its unused second uplink shut down.
fn serving() -> Gam {
    let mut gam = built(GamModel::Gam12M);
    enter(&mut gam, ONE);
    enter(&mut gam, "interface 10GigabitEthernet 1/2\nshutdown\n");
    gam.plug(mac(), 1, START);
    gam
}

fn active(gam: &Gam) -> Vec<(AlarmCondition, Severity)> {
    let active = gam.alarms().active.values();
    active
        .map(|alarm| (alarm.condition, alarm.severity))
        .collect()
}

#[test]
fn a_reboot_counts_from_nothing_and_keeps_what_was_saved() {
    let mut gam = serving();
    gam.save(1, START);
    enter(&mut gam, "hostname birch\n");
    assert!(gam.endpoint_traffic(mac(), at(10)).sent_bytes > 0);
    gam.boot(at(10));
    assert_eq!(gam.endpoint_traffic(mac(), at(10)), Traffic::default());
    let uplink = gam.interface_traffic(Interface::Uplink(1), at(10));
    assert_eq!(uplink, Traffic::default());
    assert_eq!((gam.boots(), gam.uptime(at(11)).as_secs()), (2, 1));
    assert_eq!(gam.running().hostname, "GAM-12-M");
    assert!(gam.running().subscribers.contains_key(&1));
}

#[test]
fn an_endpoint_that_comes_back_counts_from_nothing() {
    let mut gam = serving();
    gam.unplug(mac(), at(10));
    gam.plug(mac(), 1, at(20));
    assert_eq!(gam.endpoint_traffic(mac(), at(20)), Traffic::default());
}

#[test]
fn replaced_hardware_keeps_nothing_of_the_first() {
    let mut gam = serving();
    gam.save(1, START);
    let other = Hardware::of(GamModel::Gam12M, 8);
    gam.replace_hardware(other.clone(), at(10));
    assert_eq!(gam.hardware(), &other);
    assert_eq!(*gam.running(), Configuration::factory(&other));
    assert!(gam.startup().is_none());
    assert_eq!(gam.boots(), 1);
}

#[test]
fn an_alarm_raised_by_hand_outlives_a_reboot_and_ends_when_it_is_cleared() {
    let mut gam = built(GamModel::Gam4Mx);
    let minor = Grade {
        severity: Severity::Mn,
        service_affecting: false,
    };
    let major = Grade {
        severity: Severity::Mj,
        ..minor
    };
    let mut changes = Vec::new();
    for grade in [Some(minor), Some(minor), Some(major), None] {
        gam.take_happenings();
        gam.set_alarm(AlarmCondition::HwFlt, Entity::system(), grade, START);
        let names: Vec<&str> = gam
            .take_happenings()
            .iter()
            .map(|happening| match happening {
                Happening::Alarm(AlarmChange::Added(_)) => "added",
                Happening::Alarm(AlarmChange::Modified(_)) => "modified",
                Happening::Alarm(AlarmChange::Removed(_)) => "removed",
                Happening::ColdStart | Happening::Link { .. } => "another",
            })
            .collect();
        changes.push(names.join(","));
    }
    assert_eq!(changes, ["added", "", "modified", "removed"]);
    gam.set_alarm(AlarmCondition::HwFlt, Entity::system(), Some(minor), START);
    gam.boot(at(10));
    assert_eq!(active(&gam), [(AlarmCondition::HwFlt, Severity::Mn)]);
}

#[test]
fn the_log_of_alarms_forgets_the_oldest_beyond_500() {
    let mut gam = built(GamModel::Gam4Mx);
    let grade = Grade {
        severity: Severity::Na,
        service_affecting: false,
    };
    for _ in 0..260 {
        for grade in [Some(grade), None] {
            gam.set_alarm(AlarmCondition::SwDl, Entity::system(), grade, START);
        }
    }
    let log = &gam.alarms().log;
    assert_eq!(log.len(), 500);
    let ends = (log.front(), log.back());
    let numbers = (
        ends.0.map(|entry| entry.index),
        ends.1.map(|entry| entry.index),
    );
    assert_eq!(numbers, (Some(21), Some(520)));
}

#[test]
fn each_alarm_condition_starts_at_its_documented_limit() {
    type Change = fn(&mut World);
    fn wire(world: &mut World, snr_tenths: u32) {
        for plugged in world.plugged.values_mut() {
            plugged.wire.snr_tenths = snr_tenths;
        }
    }
    let cases: [(Change, Option<(AlarmCondition, Severity)>); 9] = [
        (|world| wire(world, 350), None),
        (
            |world| wire(world, 349),
            Some((AlarmCondition::LowSnr, Severity::Mn)),
        ),
        (|world| world.fans[0] = 1000, None),
        (
            |world| world.fans[0] = 999,
            Some((AlarmCondition::FanFlt, Severity::Mj)),
        ),
        (|world| world.temperatures[0].tenths = 899, None),
        (
            |world| world.temperatures[0].tenths = 900,
            Some((AlarmCondition::HighTemp, Severity::Mj)),
        ),
        (
            |world| world.temperatures[1].tenths = 850,
            Some((AlarmCondition::HighTemp, Severity::Mj)),
        ),
        (
            |world| world.dark_uplinks = BTreeSet::from([1]),
            Some((AlarmCondition::LinkDown, Severity::Cr)),
        ),
        (
            |world| world.plugged.clear(),
            Some((AlarmCondition::Los, Severity::Mj)),
        ),
    ];
    for (place, (change, expected)) in cases.into_iter().enumerate() {
        let mut gam = serving();
        gam.change_world(|world| wire(world, 400), START);
        gam.change_world(change, START);
        assert_eq!(
            active(&gam),
            expected.into_iter().collect::<Vec<_>>(),
            "case {place}"
        );
    }
}

#[test]
fn an_uplink_shut_down_on_purpose_raises_no_alarm() {
    let mut gam = built(GamModel::Gam4Cx);
    enter(&mut gam, "interface 10GigabitEthernet 1/1\nshutdown\n");
    assert!(!gam.link(Interface::Uplink(1)));
    assert_eq!(active(&gam), []);
}

fn weights(gam: &Gam) -> Vec<(AlarmCondition, Severity, bool)> {
    let active = gam.alarms().active.values();
    active
        .map(|alarm| (alarm.condition, alarm.severity, alarm.service_affecting))
        .collect()
}

#[test]
fn a_missing_or_unsupported_endpoint_is_major_with_a_subscriber_and_minor_without() {
    type Change = fn(&mut World);
    let cases: [(Change, AlarmCondition); 2] = [
        (|world| world.plugged.clear(), AlarmCondition::Los),
        (
            |world| {
                for plugged in world.plugged.values_mut() {
                    plugged.family = EndpointFamily::G1001C;
                }
            },
            AlarmCondition::HwMismatch,
        ),
    ];
    for (change, condition) in cases {
        let mut gam = serving();
        gam.change_world(
            |world| {
                for plugged in world.plugged.values_mut() {
                    plugged.wire.snr_tenths = 400;
                }
            },
            START,
        );
        gam.change_world(change, START);
        assert_eq!(weights(&gam), [(condition, Severity::Mj, true)]);
        gam.take_happenings();
        enter(&mut gam, "no ghn subscriber 1\n");
        assert_eq!(weights(&gam), [(condition, Severity::Mn, false)]);
        let modified = gam.take_happenings();
        assert!(
            matches!(&modified[..], [Happening::Alarm(AlarmChange::Modified(alarm))] if alarm.condition == condition),
            "{modified:?}"
        );
    }
}

#[test]
fn an_unused_uplink_raises_linkdown_until_it_is_shut_and_other_ports_never_do() {
    let mut gam = built(GamModel::Gam12M);
    assert!(!gam.link(Interface::Management));
    assert_eq!(active(&gam), [(AlarmCondition::LinkDown, Severity::Cr)]);
    let alarm = gam.alarms().active.values().next().unwrap();
    assert_eq!(alarm.entity.name, "10GigabitEthernet 1/2");
    enter(&mut gam, "interface 10GigabitEthernet 1/2\nshutdown\n");
    assert_eq!(active(&gam), []);
}

#[test]
fn nothing_on_a_port_that_is_shut_down_raises_an_alarm() {
    let mut gam = serving();
    gam.unplug(mac(), START);
    assert_eq!(active(&gam), [(AlarmCondition::Los, Severity::Mj)]);
    enter(&mut gam, "ghn port 1 shutdown\n");
    assert_eq!(active(&gam), []);
    // An endpoint that may be anywhere is not missed while it is plugged in there.
    gam.plug(mac(), 1, START);
    enter(&mut gam, "ghn endpoint 1 port auto\n");
    assert_eq!(active(&gam), []);
}

#[test]
fn an_endpoint_that_is_on_no_port_and_heard_is_on_the_wrong_one() {
    let mut gam = serving();
    gam.change_world(
        |world| {
            if let Some(plugged) = world.plugged.get_mut(&mac()) {
                plugged.wire.snr_tenths = 400;
            }
        },
        START,
    );
    enter(&mut gam, "no ghn endpoint 1 port\n");
    let state = gam.detected(mac()).map(|detected| detected.state);
    assert_eq!(state, Some(EndpointState::QuarantinedWrongPort));
    assert_eq!(active(&gam), [(AlarmCondition::PortMismatch, Severity::Mn)]);
    assert_eq!(gam.usage(mac()), (0, 0));
}

#[test]
fn a_link_change_is_reported_whether_by_wire_or_by_configuration() {
    let mut gam = serving();
    let links = |gam: &mut Gam| -> Vec<(Interface, bool)> {
        let happenings = gam.take_happenings();
        let link = |happening: &Happening| match happening {
            Happening::Link { interface, up } => Some((*interface, *up)),
            _ => None,
        };
        happenings.iter().filter_map(link).collect()
    };
    assert_eq!(links(&mut gam), [(Interface::Ghn(1), true)]);
    enter(&mut gam, "ghn port 1 shutdown\n");
    assert_eq!(links(&mut gam), [(Interface::Ghn(1), false)]);
    enter(&mut gam, "no ghn port 1 shutdown\n");
    assert_eq!(links(&mut gam), [(Interface::Ghn(1), true)]);
    gam.unplug(mac(), START);
    assert_eq!(links(&mut gam), [(Interface::Ghn(1), false)]);
    gam.boot(START);
    assert_eq!(links(&mut gam), []);
}

#[test]
fn small_boxes_have_one_uplink_and_large_ones_two() {
    for (model, uplinks) in [
        (GamModel::Gam4Cx, 1),
        (GamModel::Gam8Mx, 1),
        (GamModel::Gam12M, 2),
        (GamModel::Gam24C, 2),
    ] {
        assert_eq!(Hardware::of(model, 7).uplinks(), uplinks, "{model}");
    }
}

#[test]
fn a_port_carries_what_its_subscribers_have_and_an_access_uplink_its_own_vlan() {
    let mut gam = serving();
    enter(
        &mut gam,
        "interface 10GigabitEthernet 1/2\nswitchport mode access\nswitchport access vlan 300\n",
    );
    assert_eq!(
        gam.running().vlans_on_port(1),
        vlans(&[(2, 2), (100, 100), (300, 300), (4094, 4094)])
    );
    let carriers = |vlan| gam.running().carriers(vlan, gam.hardware());
    let (first, second) = (Interface::Uplink(1), Interface::Uplink(2));
    assert_eq!(carriers(300), [Interface::Ghn(1), first, second]);
    assert_eq!(carriers(100), [Interface::Ghn(1), first]);
    assert_eq!(carriers(101), [first]);
    assert_eq!(carriers(1), [Interface::Management]);
}

#[test]
fn a_device_has_the_features_of_its_running_image() {
    let mut gam = built(GamModel::Gam4Cx);
    let part = Part::GhnConfigurationTables;
    assert!(gam.firmware().has(part));
    gam.swap_images(START);
    assert_eq!(gam.firmware().active.version, "GAM-4/8-C_v1.5.4");
    assert!(!gam.firmware().has(part));
    gam.swap_images(START);
    assert!(gam.firmware().has(part));
}

#[test]
fn intended_objects_keep_their_slots_and_others_get_free_ones() {
    let hardware = Hardware::of(GamModel::Gam4Cx, 7);
    let intended: DeviceConfig = serde_json::from_value(serde_json::json!({
        "ports": { "1": { "enabled": true }, "2": { "enabled": false } },
        "profiles": {
            "gold": { "down": 100, "up": 50 },
            "silver": { "down": 50, "up": 20, "slot": 2 },
        },
        "subscribers": {
            "one": { "vlan": 100, "tagged": true, "rate": "unthrottled" },
        },
    }))
    .unwrap();
    let made = configuration_of(&intended, &hardware);
    let names: Vec<(u16, &str)> = made
        .profiles
        .iter()
        .map(|(id, profile)| (*id, profile.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [(1, "Default BW Profile"), (2, "silver"), (3, "gold")]
    );
    let shut: Vec<bool> = made.ports.values().map(|port| port.shutdown).collect();
    assert_eq!(shut, [false, true, false, false]);
    let one = &made.subscribers[&1];
    assert_eq!((one.vlan, one.tagged, one.profile), (100, true, None));
}

#[test]
fn edits_without_a_cli_line_are_refused_as_well() {
    let mut gam = serving();
    let subscriber = |id, options| Edit::Subscriber { id, options };
    let named = || SubscriberOptions {
        name: Some("two".into()),
        ..SubscriberOptions::default()
    };
    let cases = [
        (subscriber(0, named()), Refusal::InvalidSubscriber),
        (subscriber(385, named()), Refusal::InvalidSubscriber),
        (
            Edit::Endpoint {
                id: 385,
                options: EndpointOptions::default(),
            },
            Refusal::InvalidEndpoint,
        ),
        (
            Edit::Profile {
                id: 16,
                options: ProfileOptions::default(),
            },
            Refusal::TooManyProfiles,
        ),
        (
            subscriber(
                1,
                SubscriberOptions {
                    remapped_vlan: Some(Some(4094)),
                    ..SubscriberOptions::default()
                },
            ),
            Refusal::RemappedVlan,
        ),
        (
            subscriber(
                1,
                SubscriberOptions {
                    description: Some("5\" pipe".into()),
                    ..SubscriberOptions::default()
                },
            ),
            Refusal::Description,
        ),
    ];
    for (edit, refusal) in cases {
        assert_eq!(gam.edit(&edit, START), Err(refusal), "{edit:?}");
    }
    enter(
        &mut gam,
        "ghn bw-profile 15 name last\n\
         ghn endpoint 384 name last mac-address 00:0e:d8:40:00:02\n\
         ghn subscriber 384 name last\n",
    );
}
