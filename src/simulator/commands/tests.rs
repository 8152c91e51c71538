//! Tests CLI sessions without a network: keys in, screen out.

use super::*;
use crate::model::GamModel;
use crate::simulator::gam::{Build, FirmwareProfile, Gam, Hardware};
use crate::simulator::moment::Moment;

const NOW: Moment = Moment::from_unix_millis(1_795_253_544_000);

fn gam(model: GamModel) -> Gam {
    let build = Build {
        hardware: Hardware::of(model, 7),
        firmware: FirmwareProfile::V1_8,
        seed: 7,
        configuration: None,
    };
    Gam::new(build, NOW)
}

/// Returns the answer to each line of configuration, without echo and prompt.
fn answers(gam: &mut Gam, lines: &[&str]) -> Vec<String> {
    let mut session = Session::open(gam, 0, 0);
    session.type_keys(b"terminal width 0\rconfigure terminal\r");
    while let Some(line) = session.next_line(gam) {
        session.run(&line, gam, NOW);
    }
    lines
        .iter()
        .map(|line| {
            session.take_output();
            session.type_keys(format!("{line}\r").as_bytes());
            while let Some(line) = session.next_line(gam) {
                session.run(&line, gam, NOW);
            }
            let screen = String::from_utf8(session.take_output()).unwrap();
            let mut rows: Vec<&str> = screen.split("\r\n").collect();
            rows.pop();
            rows.remove(0);
            rows.join("\n")
        })
        .collect()
}

#[test]
fn a_printed_configuration_loads_into_a_factory_fresh_device() {
    let mut gam = gam(GamModel::Gam12M);
    let lines = [
        "ghn port 3 mode siso name \"riser a\"",
        "ghn port 4 shutdown",
        "ghn bw-profile 2 name fast rate-downstream 900 rate-upstream 900 service-limit-level 2",
        "ghn endpoint 9 name \"E 9\" mac-address 00:0e:d8:00:00:09 port auto allow-management-access",
        "ghn endpoint 1 name e1 mac-address 00-0e-d8-00-00-01 port 1 description \"in the hall\"",
        "ghn subscriber 5 name s5 endpoint 9 vid 200 tagged remapped-vid 300 bw-profile 2 allowed-vlan 1000,2000-2002 port2-vid 201 poe force",
        "hostname birch",
        "snmp-server location Birch street 12",
        "snmp-server contact noc",
        "username admin privilege 15 password unencrypted secret",
        "ip route 0.0.0.0 0.0.0.0 192.168.111.1",
        "interface vlan 100",
        "ip address 192.168.111.11 255.255.255.0",
        "interface 10GigabitEthernet 1/1",
        "switchport trunk native vlan 100",
        "switchport trunk allowed vlan 3-4094",
        "shutdown",
        "line vty 0 15",
        "exec-timeout 5",
    ];
    assert_eq!(answers(&mut gam, &lines), vec![""; lines.len()]);
    let text = running_config(&gam);
    assert_eq!(
        load(&text, gam.hardware()).as_ref(),
        Ok(gam.running()),
        "{text}"
    );
    assert!(!text.contains("secret"));
}

#[test]
fn lines_about_what_a_twin_does_not_have_are_left_out_and_those_about_subscribers_are_not() {
    let gam = gam(GamModel::Gam4Cx);
    let text = "GAM# show running-config\nspanning-tree aggregation\n ghn is not for here\n!\nip route 0.0.0.0 0.0.0.0 192.168.111.1\nvlan 1\nghn endpoint 1 name \"Positron_1C9508\" mac-address 00:0e:d8:1c:95:08 port 4\nghn subscriber 1 name \"test\" vid 100 endpoint 1 bw-profile unthrottled poe disable\ninterface 10GigabitEthernet 1/1\n mtu 9000\n switchport trunk native vlan 100\n switchport trunk allowed vlan 3-4094\ninterface vlan 100\n ip address 192.168.111.11 255.255.255.0\nline console 0\n exec-timeout 0 0\nend\n";
    let (configuration, left_out) = load_foreign(text, gam.hardware()).unwrap();
    let left_out: Vec<usize> = left_out.iter().map(|line| line.line).collect();
    assert_eq!(left_out, [1, 2, 3, 6, 10, 15, 16]);
    assert_eq!(configuration.subscribers.len(), 1);
    assert_eq!(configuration.uplinks[&1].native, 100);
    assert_eq!(configuration.exec_timeout_minutes, 10);
    let vlans: Vec<u16> = configuration.vlan_interfaces.keys().copied().collect();
    assert_eq!(vlans, [100]);
    for wrong in [
        "ghn subscriber 1 name x vid 9999",
        "no ghn subscriber 3",
        "interface 10GigabitEthernet 1/9",
        "hostname \"two words\"",
    ] {
        let rejected = load_foreign(wrong, gam.hardware()).unwrap_err();
        assert_eq!(rejected.len(), 1, "{wrong}");
    }
}

/// Lines that prepare a device, the refused line, and the refusal.
const REFUSED: &[(&[&str], &str, &str)] = &[
    (&[], "ghn port 13 name x", "Invalid port"),
    (&[], "hostname \"two words\"", "Invalid host name"),
    (&[], "hostname -x", "Invalid host name"),
    (
        &[],
        "ghn endpoint 1 name e mac-address 00:0e:d8:00:00:01 port 13",
        "Invalid port",
    ),
    (&[], "no ghn subscriber 3", "Non-existing subscriber"),
    (
        &[],
        "no ghn subscriber 3 endpoint",
        "Non-existing subscriber",
    ),
    (&[], "no ghn endpoint 3", "Non-existing endpoint"),
    (&[], "no ghn endpoint 3 port", "Non-existing endpoint"),
    (
        &[],
        "no ghn endpoint 3 allow-management-access",
        "Non-existing endpoint",
    ),
    (&[], "no ghn bw-profile 3", "Non-existing profile"),
    (
        &[],
        "ghn subscriber 1 name s endpoint 9",
        "Non-existing endpoint",
    ),
    (
        &[],
        "ghn subscriber 1 name s bw-profile 9",
        "Non-existing profile",
    ),
    (
        &[E1, S1],
        "ghn subscriber 2 name s2 endpoint 1",
        "Endpoint is already assigned to another subscriber",
    ),
    (
        &[],
        "ghn subscriber 1 vid 100",
        "Invalid or non-unique subscriber name",
    ),
    (
        &[E1, S1],
        "ghn subscriber 2 name s1",
        "Invalid or non-unique subscriber name",
    ),
    (
        &[],
        "ghn endpoint 1 mac-address 00:0e:d8:00:00:01",
        "Invalid or non-unique endpoint name",
    ),
    (
        &[E1],
        "ghn endpoint 2 name e1 mac-address 00:0e:d8:00:00:02",
        "Invalid or non-unique endpoint name",
    ),
    (
        &[],
        "ghn endpoint 1 name e1",
        "Invalid or non-unique endpoint MAC",
    ),
    (
        &[E1],
        "ghn endpoint 2 name e2 mac-address 00:0e:d8:00:00:01",
        "Invalid or non-unique endpoint MAC",
    ),
    (
        &[],
        "ghn bw-profile 2 rate-downstream 100",
        "Invalid or non-unique profile name",
    ),
    (
        &[],
        "ghn bw-profile 2 name \"Default BW Profile\"",
        "Invalid or non-unique profile name",
    ),
    (
        &["ghn port 1 name riser"],
        "ghn port 2 name riser",
        "Invalid or non-unique port name",
    ),
    (
        &[],
        "ghn bw-profile 2 name p rate-downstream 1001",
        "Invalid downstream bandwidth",
    ),
    (
        &[],
        "ghn bw-profile 2 name p rate-upstream 1999",
        "Invalid upstream bandwidth",
    ),
    (&[], "ghn subscriber 1 name s vid 3841", "Invalid data VLAN"),
    (
        &[],
        "ghn subscriber 1 name s port2-vid 3840",
        "Invalid port #2 VLAN id",
    ),
    (
        &[],
        "ghn subscriber 1 name s vid 100 port2-vid 100",
        "VLAN cannot be the same as port #2 VLAN",
    ),
    (
        &[],
        "ghn subscriber 1 name s allowed-vlan 3,5,7,9,11,13,15,17,19,21,23,25,27",
        "Too many allowed tagged VLANs",
    ),
    (
        &[],
        "ghn subscriber 1 name s allowed-vlan 1-5",
        "Invalid allowed tagged VLAN",
    ),
    (
        &[E1],
        "ghn endpoint 2 name e2 mac-address 00:0e:d8:00:00:02 port 1",
        "Maximum number of endpoints reached for that port",
    ),
    (
        &[P2, E1, S1, "ghn subscriber 1 bw-profile 2"],
        "no ghn bw-profile 2",
        "Profile is in use by a subscriber",
    ),
    (
        &[E1, S1],
        "no ghn endpoint 1",
        "Endpoint is in use by a subscriber",
    ),
    (
        &[],
        "no ghn bw-profile 1",
        "Default profile cannot be removed",
    ),
];

const E1: &str = "ghn endpoint 1 name e1 mac-address 00:0e:d8:00:00:01 port 1";
const S1: &str = "ghn subscriber 1 name s1 endpoint 1";
const P2: &str = "ghn bw-profile 2 name p2";

#[test]
fn every_semantic_error_is_answered_and_changes_nothing() {
    for (before, line, refusal) in REFUSED {
        let mut gam = gam(GamModel::Gam12M);
        assert_eq!(answers(&mut gam, before), vec![""; before.len()], "{line}");
        let was = gam.running().clone();
        assert_eq!(
            answers(&mut gam, &[line]),
            [format!("% {refusal}")],
            "{line}"
        );
        assert_eq!(*gam.running(), was, "{line}");
    }
}

#[test]
fn a_range_of_interfaces_is_configured_at_once() {
    let mut gam = gam(GamModel::Gam24C);
    let lines = [
        "interface 10GigabitEthernet 1/1-2",
        "switchport trunk allowed vlan 100,200-299",
        "interface G.hn 1/1,3-5",
        "interface 10GigabitEthernet 1/3",
        "interface G.hn 2/1",
    ];
    assert_eq!(
        answers(&mut gam, &lines),
        ["", "", "", "% Invalid port", "% Invalid port"]
    );
    for uplink in gam.running().uplinks.values() {
        assert_eq!(uplink.allowed.to_string(), "100,200-299");
    }
}

#[test]
fn a_full_device_refuses_endpoints_on_its_ports_but_not_unassigned_ones() {
    let mut gam = gam(GamModel::Gam4Mrx);
    for number in 1..=4 {
        let line = format!(
            "ghn endpoint {number} name e{number} mac-address 00:0e:d8:00:00:0{number} port auto"
        );
        assert_eq!(answers(&mut gam, &[&line]), [""]);
    }
    assert_eq!(
        answers(
            &mut gam,
            &[
                "ghn endpoint 5 name e5 mac-address 00:0e:d8:00:00:05 port auto",
                "ghn endpoint 5 name e5 mac-address 00:0e:d8:00:00:05",
                "ghn endpoint 5 port 1",
                "ghn subscriber 5 name s5 endpoint 5",
                "no ghn endpoint 4 port",
                "ghn endpoint 5 port 1",
            ]
        ),
        [
            "% Maximum number of endpoints reached for the system",
            "",
            "% Maximum number of endpoints reached for the system",
            "",
            "",
            ""
        ]
    );
}

#[test]
fn a_coax_port_accepts_sixteen_endpoints_and_has_no_copper_mode() {
    let mut gam = gam(GamModel::Gam4Cx);
    for number in 1..=16 {
        let line = format!(
            "ghn endpoint {number} name e{number} mac-address 00:0e:d8:00:01:{number:02x} port 2"
        );
        assert_eq!(answers(&mut gam, &[&line]), [""]);
    }
    assert_eq!(
        answers(
            &mut gam,
            &[
                "ghn endpoint 17 name e17 mac-address 00:0e:d8:00:01:ff port 2",
                "ghn port 1 mode mimo",
                "ghn bw-profile 3 name p rate-downstream 801",
            ]
        ),
        [
            "% Maximum number of endpoints reached for that port",
            "% Invalid port mode",
            "% Invalid downstream bandwidth",
        ]
    );
}

#[test]
fn vlans_are_accepted_up_to_the_ends_of_their_ranges() {
    const DATA: &str = "% Invalid data VLAN";
    const ALLOWED: &str = "% Invalid allowed tagged VLAN";
    let twelve = "3,5,7,9,11,13,15,17,19,21,23,4093";
    let thirteen = format!("{twelve},25");
    let cases = [
        ("vid 3", ""),
        ("vid 3839", ""),
        ("vid 3840", DATA),
        ("vid 3842", DATA),
        ("vid 3843", ""),
        ("vid 4094", ""),
        ("remapped-vid 3841", ""),
        ("allowed-vlan 3840-3842,4085-4093", ""),
        ("allowed-vlan 3841-3853", "% Too many allowed tagged VLANs"),
        ("allowed-vlan 2-9", ALLOWED),
        ("allowed-vlan 4090-4094", ALLOWED),
        (&format!("allowed-vlan {twelve}"), ""),
        (
            &format!("allowed-vlan {thirteen}"),
            "% Too many allowed tagged VLANs",
        ),
    ];
    for (option, answer) in cases {
        let line = format!("ghn subscriber 1 name s1 {option}");
        let mut gam = gam(GamModel::Gam4Cx);
        assert_eq!(answers(&mut gam, &[&line]), [answer], "{option}");
    }
}

#[test]
fn an_endpoint_cannot_have_an_address_of_the_device_itself() {
    let mut gam = gam(GamModel::Gam4Cx);
    let hardware = gam.hardware();
    let interfaces = hardware.interfaces();
    let own: Vec<_> = interfaces
        .map(|interface| hardware.interface_mac(interface))
        .chain([hardware.mac])
        .collect();
    for mac in own {
        let line = format!("ghn endpoint 1 name e1 mac-address {mac}");
        let refused = "% Invalid or non-unique endpoint MAC";
        assert_eq!(answers(&mut gam, &[&line]), [refused]);
    }
}

#[test]
fn the_mark_is_under_the_wrong_word_after_do_as_well() {
    let mut gam = gam(GamModel::Gam4Cx);
    let answers = answers(&mut gam, &["hostname gam", "do show vershun"]);
    let mark = " ".repeat("gam(config)# do show ".len());
    let expected = format!("{mark}^\n% Invalid word detected at '^' marker.");
    assert_eq!(answers, ["", expected.as_str()]);
}

#[test]
fn an_exclamation_mark_ends_an_interface() {
    let text = "interface 10GigabitEthernet 1/1\n shutdown\n!\nno shutdown\n";
    let rejected = load(text, gam(GamModel::Gam4Cx).hardware()).unwrap_err();
    let lines: Vec<usize> = rejected.iter().map(|rejected| rejected.line).collect();
    assert_eq!(lines, [4]);
}

#[test]
fn a_contact_is_not_longer_than_snmp_can_carry() {
    let mut gam = gam(GamModel::Gam4Cx);
    let contact = |length| format!("snmp-server contact {}", "x".repeat(length));
    let answers = answers(&mut gam, &[&contact(255), &contact(256)]);
    assert_eq!(answers[0], "");
    assert!(answers[1].ends_with("% Invalid word detected at '^' marker."));
    assert_eq!(gam.running().contact.len(), 255);
}

#[test]
fn the_startup_config_is_loaded_on_top_of_the_running_config() {
    let mut gam = gam(GamModel::Gam4Cx);
    let load = "do copy startup-config running-config";
    let none = "% Error: flash:startup-config: No such file";
    assert_eq!(answers(&mut gam, &[load]), [none]);
    answers(
        &mut gam,
        &["snmp-server contact saved", "ghn bw-profile 2 name saved"],
    );
    gam.save(1, NOW);
    let lines = [
        "snmp-server contact running",
        "ghn bw-profile 3 name running",
        load,
    ];
    assert_eq!(answers(&mut gam, &lines), ["", "", ""]);
    assert_eq!(gam.running().contact, "saved");
    assert!(
        [2, 3]
            .iter()
            .all(|id| gam.running().profiles.contains_key(id))
    );
}

#[test]
fn an_endpoint_that_is_not_heard_cannot_be_restarted() {
    let mut gam = gam(GamModel::Gam4Cx);
    let lines = [
        "ghn endpoint 1 name e1 mac-address 00:0e:d8:00:00:01 port 1",
        "do reboot ghn endpoint 1",
        "do reboot ghn endpoint 2",
        "do show ghn maxsnr endpoint-mac 00:0e:d8:00:00:01 upstream",
    ];
    let (unheard, unknown) = ("% Invalid endpoint", "% Non-existing endpoint");
    assert_eq!(answers(&mut gam, &lines), ["", unheard, unknown, unheard]);
}

#[test]
fn every_option_of_an_object_has_help_of_its_own() {
    let grammar = &super::syntax::GRAMMARS.configuration;
    for (line, of_the_line) in [
        ("ghn subscriber 1 ", "Subscriber"),
        ("ghn endpoint 1 ", "Endpoint"),
        ("ghn bw-profile 1 ", "Bandwidth profile"),
        ("ghn port 1 ", "G.hn port"),
    ] {
        let options = grammar.help(line).into_iter();
        let without = options.filter(|entry| entry.text == of_the_line);
        let without: Vec<String> = without.map(|entry| entry.word).collect();
        assert_eq!(without, [""; 0], "{line}: add their help");
    }
}
