//! Tests that every configuration a twin prints is accepted back, whatever lines led to it.

use gamctl::model::GamModel;
use gamctl::simulator::commands::{load, running_config};
use proptest::prelude::*;

use super::typing::{configure, gam};
use crate::properties::tried;

/// Draws a well-formed line of configuration mode, which the device may still refuse.
fn line() -> impl Strategy<Value = String> {
    let id = 1..12_u16;
    prop_oneof![
        4 => (id.clone(), options(endpoint_option(), 5)).prop_map(|(id, options)| format!("ghn endpoint {id}{options}")),
        4 => (id.clone(), options(subscriber_option(), 7)).prop_map(|(id, options)| format!("ghn subscriber {id}{options}")),
        3 => (1..8_u16, options(profile_option(), 4)).prop_map(|(id, options)| format!("ghn bw-profile {id}{options}")),
        1 => (1..14_u8, name()).prop_map(|(port, name)| format!("ghn port {port} name {name}")),
        1 => (1..14_u8, prop_oneof![Just("mimo"), Just("siso")]).prop_map(|(port, mode)| format!("ghn port {port} mode {mode}")),
        1 => (1..14_u8, prop_oneof![Just(""), Just("no ")]).prop_map(|(port, no)| format!("{no}ghn port {port} shutdown")),
        1 => (id.clone(), prop_oneof![Just("endpoint"), Just("subscriber"), Just("bw-profile")]).prop_map(|(id, kind)| format!("no ghn {kind} {id}")),
        1 => id.clone().prop_map(|id| format!("no ghn endpoint {id} port")),
        1 => id.clone().prop_map(|id| format!("no ghn endpoint {id} allow-management-access")),
        1 => id.prop_map(|id| format!("no ghn subscriber {id} endpoint")),
        1 => prop_oneof!["[A-Za-z0-9][A-Za-z0-9._-]{0,45}".boxed(), text(1..46).prop_map(|text| format!("\"{text}\"")).boxed()].prop_map(|name| format!("hostname {name}")),
        1 => "[ -~&&[^?]]{1,40}".prop_map(|text| format!("snmp-server location {text}")),
        1 => "[ -~&&[^?]]{1,40}".prop_map(|text| format!("snmp-server contact {text}")),
        1 => system_line(),
    ]
}

/// Draws lines that a user may have entered on a twin.
pub(super) fn lines(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(line(), 0..most)
}

fn system_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("interface 10GigabitEthernet 1/1".to_owned()),
        Just("interface 10GigabitEthernet 1/2".to_owned()),
        Just("interface G.hn 1/3".to_owned()),
        (1..4096_u16).prop_map(|vlan| format!("interface vlan {vlan}")),
        Just("no interface vlan 4093".to_owned()),
        Just("ip address 192.168.111.11 255.255.255.0".to_owned()),
        Just("ip address dhcp".to_owned()),
        Just("no ip address".to_owned()),
        Just("ip route 0.0.0.0 0.0.0.0 192.168.111.1".to_owned()),
        Just("no ip route 0.0.0.0 0.0.0.0 192.168.111.1".to_owned()),
        Just("exit".to_owned()),
        Just("shutdown".to_owned()),
        Just("no shutdown".to_owned()),
        Just("line vty 0 15".to_owned()),
        (0..1441_u16).prop_map(|minutes| format!("exec-timeout {minutes}")),
        prop_oneof![Just("access"), Just("trunk"), Just("hybrid")]
            .prop_map(|mode| format!("switchport mode {mode}")),
        (1..4096_u16).prop_map(|vlan| format!("switchport trunk native vlan {vlan}")),
        (1..4096_u16).prop_map(|vlan| format!("switchport access vlan {vlan}")),
        vlans().prop_map(|vlans| format!("switchport trunk allowed vlan {vlans}")),
        Just("switchport hybrid allowed vlan all".to_owned()),
        Just("switchport trunk allowed vlan none".to_owned()),
        text(1..31)
            .prop_map(|text| format!("username admin privilege 15 password unencrypted {text}")),
    ]
}

fn endpoint_option() -> impl Strategy<Value = String> {
    prop_oneof![
        name().prop_map(|name| format!("name {name}")),
        (0..16_u8).prop_map(|mac| format!("mac-address 00:0e:d8:00:00:{mac:02x}")),
        description(),
        prop_oneof![
            (1..13_u8).prop_map(|port| port.to_string()),
            Just("auto".to_owned()),
            Just("unassigned".to_owned())
        ]
        .prop_map(|port| format!("port {port}")),
        Just("allow-management-access".to_owned()),
    ]
}

fn subscriber_option() -> impl Strategy<Value = String> {
    let vlan_or_none = prop_oneof![
        (3..4094_u16).prop_map(|vlan| vlan.to_string()),
        Just("none".to_owned())
    ];
    prop_oneof![
        name().prop_map(|name| format!("name {name}")),
        description(),
        (1..12_u16).prop_map(|id| format!("endpoint {id}")),
        (3..4095_u16).prop_map(|vlan| format!("vid {vlan}")),
        prop_oneof![Just("tagged".to_owned()), Just("untagged".to_owned())],
        vlan_or_none
            .clone()
            .prop_map(|vlan| format!("remapped-vid {vlan}")),
        vlan_or_none.prop_map(|vlan| format!("port2-vid {vlan}")),
        prop_oneof![
            (1..8_u16).prop_map(|id| id.to_string()),
            Just("unthrottled".to_owned())
        ]
        .prop_map(|profile| format!("bw-profile {profile}")),
        vlans().prop_map(|vlans| format!("allowed-vlan {vlans}")),
        prop_oneof![Just("disable"), Just("enable"), Just("force")]
            .prop_map(|poe| format!("poe {poe}")),
    ]
}

fn profile_option() -> impl Strategy<Value = String> {
    prop_oneof![
        name().prop_map(|name| format!("name {name}")),
        description(),
        (10..1100_u16).prop_map(|rate| format!("rate-downstream {rate}")),
        (10..1100_u16).prop_map(|rate| format!("rate-upstream {rate}")),
        (1..5_u8).prop_map(|level| format!("service-limit-level {level}")),
    ]
}

/// Draws options in any order; a repeated one makes the line invalid, which is intended.
fn options(one: impl Strategy<Value = String>, most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(one, 0..=most)
        .prop_map(|options| options.iter().map(|option| format!(" {option}")).collect())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]{1,3}",
        text(1..32).prop_map(|text| format!("\"{text}\""))
    ]
}

fn description() -> impl Strategy<Value = String> {
    text(0..128).prop_map(|text| format!("description \"{text}\""))
}

/// Draws printable text that is valid between quotes: `?` is a key, even there.
fn text(length: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let (low, high) = (length.start, length.end - 1);
    prop::string::string_regex(&format!("[ -~&&[^\"?]]{{{low},{high}}}")).unwrap()
}

fn vlans() -> impl Strategy<Value = String> {
    prop::collection::vec((1..4096_u16, 0..30_u16), 1..6).prop_map(|ranges| {
        ranges
            .iter()
            .map(|(first, more)| match more {
                0..15 => first.to_string(),
                _ => format!("{first}-{}", (first + more).min(4095)),
            })
            .collect::<Vec<_>>()
            .join(",")
    })
}

fn model() -> impl Strategy<Value = GamModel> {
    prop_oneof![
        Just(GamModel::Gam12M),
        Just(GamModel::Gam24C),
        Just(GamModel::Gam4Cx)
    ]
}

proptest! {
    #![proptest_config(tried(64))]

    #[test]
    fn every_running_config_loads_unchanged_into_a_factory_twin(
        model in model(),
        lines in lines(60),
    ) {
        let mut gam = gam(model, None);
        configure(&mut gam, &lines);
        let text = running_config(&gam);
        let loaded = load(&text, gam.hardware());
        prop_assert_eq!(loaded.as_ref(), Ok(gam.running()), "{}", text);
    }

    #[test]
    fn entering_a_running_config_equals_loading_it(
        lines in lines(40),
    ) {
        let mut first = gam(GamModel::Gam12M, None);
        configure(&mut first, &lines);
        let text: Vec<String> = running_config(&first).lines().map(str::to_owned).collect();
        let mut second = gam(GamModel::Gam12M, None);
        let answers = configure(&mut second, &text);
        prop_assert!(answers.iter().all(String::is_empty), "{:?}", answers);
        prop_assert_eq!(first.running(), second.running());
    }

    #[test]
    fn a_refused_line_changes_nothing(
        before in lines(30),
        last in line(),
    ) {
        let mut gam = gam(GamModel::Gam12M, None);
        configure(&mut gam, &before);
        let was = gam.running().clone();
        let answer = configure(&mut gam, &[last]);
        if answer.iter().any(|answer| answer.contains('%')) {
            prop_assert_eq!(gam.running(), &was);
        }
    }
}
