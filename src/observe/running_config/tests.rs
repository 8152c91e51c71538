//! Tests the parsing of a running-config: values, defaults, and lines that must not be misread.

use proptest::prelude::*;

use super::*;
use crate::model::{Poe, PortMode, UplinkMode};
use crate::observe::rows::{ExpectedPort, Table};

/// In the form of a real device, with invented values.
const WHOLE: &str = r#"Building configuration...
hostname GAM-closet-1
username admin privilege 15 password encrypted 0123abcd
!
ip route 0.0.0.0 0.0.0.0 192.168.111.1
snmp-server contact noc at example dot org
snmp-server location closet 3, row "B"
snmp-server community v2c public ro
!
vlan 1,100
 name with spaces
!
ghn port 2 name "riser b"
ghn port 3 shutdown
no ghn port 4 shutdown
ghn bw-profile 1 name "default" rate-downstream 800 rate-upstream 800
ghn bw-profile 3 rate-upstream 53 name "home 50" service-limit-level 2 rate-downstream 106 description "Home 100/50"
ghn endpoint 1 name "Positron_1C9508" mac-address 00:0e:d8:1c:95:08 port 4
ghn endpoint 2 mac-address 00-0E-D8-1C-95-09 allow-management-access name x
ghn endpoint 7 name "y" mac-address 00:0e:d8:1c:95:0a port auto description "spare"
ghn subscriber 1 name "test" vid 100 endpoint 1 bw-profile unthrottled poe disable
ghn subscriber 9 name "b c" description "d e" endpoint 2 vid 200 tagged remapped-vid 300 bw-profile 3 allowed-vlan 10,20-22 port2-vid 201 poe force
ghn subscriber 10 name bare
!
interface G.hn 1/1
 switchport hybrid native vlan 4095
 switchport mode hybrid
!
interface 10GigabitEthernet 1/1
 switchport trunk native vlan 100
 switchport trunk allowed vlan 3-4094
 switchport mode trunk
!
interface vlan 100
 ip address 192.168.111.11 255.255.255.0
!
line vty 0 15
 exec-timeout 0
!
end
"#;

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

fn parsed(text: &str) -> RunningConfig {
    parse(&lines(text), GamModel::Gam4Cx).unwrap()
}

/// Returns the rows with these lines in place of the G.hn lines.
fn with(ghn: &str) -> Rows {
    parsed(&format!("hostname x\n{ghn}\nend")).rows
}

#[test]
fn a_whole_configuration_is_read() {
    let config = parsed(WHOLE);
    let rows = &config.rows;
    assert_eq!(rows.system.hostname, Ok("GAM-closet-1".to_owned()));
    assert_eq!(rows.system.location, Ok("closet 3, row \"B\"".to_owned()));
    assert_eq!(rows.system.contact, Ok("noc at example dot org".to_owned()));
    for lost in [
        &rows.ports.lost,
        &rows.profiles.lost,
        &rows.endpoints.lost,
        &rows.subscribers.lost,
        &rows.uplinks.lost,
    ] {
        assert_eq!(lost, &Vec::<String>::new());
    }
    let port = |number: u32| rows.ports.rows[&number].clone();
    assert_eq!(rows.ports.rows.len(), 4);
    assert_eq!(port(2).name, Ok("riser b".to_owned()));
    let enabled: Vec<_> = (1..=4)
        .map(|number| port(number).enabled.unwrap())
        .collect();
    assert_eq!(enabled, [true, true, false, true]);
    assert_eq!(port(1).mode, Ok(PortMode::Coax));
    let profile = &rows.profiles.rows[&3];
    assert_eq!(
        (profile.down.clone(), profile.up.clone()),
        (Ok(106), Ok(53))
    );
    assert_eq!(profile.description, Ok("Home 100/50".to_owned()));
    let places = rows
        .endpoints
        .rows
        .values()
        .map(|row| row.port.clone().unwrap());
    assert_eq!(
        places.collect::<Vec<_>>(),
        [
            ExpectedPort::Port(4),
            ExpectedPort::Unassigned,
            ExpectedPort::Auto
        ]
    );
    assert_eq!(
        rows.endpoints.rows[&2].mac,
        Ok([0, 0x0e, 0xd8, 0x1c, 0x95, 9])
    );
    let full = &rows.subscribers.rows[&9];
    assert_eq!(
        (&full.name, &full.endpoint),
        (&Ok("b c".to_owned()), &Ok(Some(2)))
    );
    assert_eq!((&full.vlan, &full.tagged), (&Ok(200), &Ok(true)));
    assert_eq!((&full.profile, &full.poe), (&Ok(Some(3)), &Ok(Poe::Force)));
    assert_eq!(
        (&full.remapped_vlan, &full.port2_vlan),
        (&Ok(Some(300)), &Ok(Some(201)))
    );
    assert_eq!(full.allowed_vlans.clone().unwrap().to_string(), "10,20-22");
    let uplink = &rows.uplinks.rows[&1];
    assert_eq!(
        (&uplink.mode, &uplink.native_vlan),
        (&Ok(UplinkMode::Trunk), &Ok(100))
    );
    assert_eq!(uplink.allowed_vlans.clone().unwrap().to_string(), "3-4094");
    let vlan = |address: &str| config.management_vlan(address.parse().unwrap());
    assert_eq!(vlan("192.168.111.11"), VlanId::new(100).ok());
    assert_eq!(vlan("192.168.111.12"), None);
    assert!(
        rows.subscribers
            .rows
            .values()
            .all(|row| row.unheld.is_empty())
    );
}

#[test]
fn omitted_lines_have_factory_defaults() {
    let bare = parsed(WHOLE).rows.subscribers.rows[&10].clone();
    assert_eq!(bare.endpoint, Ok(None));
    // Whether that is none or the built-in one is not known.
    assert!(bare.profile.is_err(), "{:?}", bare.profile);
    assert_eq!((bare.vlan, bare.tagged), (Ok(4094), Ok(false)));
    assert_eq!((bare.remapped_vlan, bare.port2_vlan), (Ok(None), Ok(None)));
    assert_eq!(
        (bare.poe, bare.description),
        (Ok(Poe::Disable), Ok(String::new()))
    );
    let copper = parse(&["end"], GamModel::Gam8Mx).unwrap().rows;
    assert_eq!(copper.ports.rows.len(), 8);
    assert!(
        copper
            .ports
            .rows
            .values()
            .all(|row| row.mode == Ok(PortMode::Mimo))
    );
    assert!(copper.subscribers.rows.is_empty() && copper.subscribers.lost.is_empty());
    // Not documented, so not known.
    assert!(copper.system.hostname.is_err());
    assert!(!copper.uplinks.lost.is_empty());
    assert!(!copper.profiles.rows[&1].unheld.is_empty());
}

#[test]
fn an_option_that_is_not_known_makes_its_object_unclear_and_nothing_else() {
    let rows = with(
        "ghn subscriber 1 name a trunk-mode endpoint 5 vid 101\nghn subscriber 2 name b vid 102\nghn endpoint 5 name c mac-address 00:0e:d8:1c:95:08 role 1",
    );
    let odd = &rows.subscribers.rows[&1];
    assert!(odd.unheld[0].contains("trunk-mode"));
    assert_eq!((&odd.endpoint, &odd.vlan), (&Ok(Some(5)), &Ok(101)));
    assert!(rows.subscribers.rows[&2].unheld.is_empty());
    assert_eq!(rows.endpoints.rows[&5].unheld.len(), 2);
    assert!(rows.subscribers.lost.is_empty());
}

#[test]
fn an_invalid_value_is_unknown() {
    let rows = with(
        "ghn subscriber 1 name a vid x endpoint 5.1 bw-profile fast poe maybe allowed-vlan 9-1\nghn endpoint 1 name b mac-address 00:0e port x\nghn bw-profile 2 name\nghn port 1 mode optical",
    );
    let row = &rows.subscribers.rows[&1];
    assert!(row.vlan.is_err() && row.endpoint.is_err() && row.profile.is_err());
    assert!(row.poe.is_err() && row.allowed_vlans.is_err());
    let endpoint = &rows.endpoints.rows[&1];
    assert!(endpoint.mac.is_err() && endpoint.port.is_err());
    let profile = &rows.profiles.rows[&2];
    assert!(profile.name.is_err() && profile.down.is_err());
    assert!(rows.ports.rows[&1].mode.is_err());
}

#[test]
fn a_line_about_an_unknown_object_makes_its_kind_unknown() {
    let lost = |text: &str| {
        let rows = with(text);
        [
            !rows.ports.lost.is_empty(),
            !rows.profiles.lost.is_empty(),
            !rows.endpoints.lost.is_empty(),
            !rows.subscribers.lost.is_empty(),
        ]
    };
    assert_eq!(lost("ghn subscriber x name a"), [false, false, false, true]);
    assert_eq!(
        lost("ghn endpoint \"1\" name a"),
        [false, false, true, false]
    );
    for all in [
        "ghn",
        "ghn sub",
        "no ghn endpoint 4",
        // Pieces of lines that broke.
        "00 endpoint 3",
        "\"x\" vid 100",
        "e 2 remapped-vid none",
        "scriber 5 bw-profile 2",
        " ghn subscriber 4 name indented",
    ] {
        assert_eq!(lost(all), [true; 4], "{all}");
    }
    assert_eq!(lost("spanning-tree mode rstp\n!\nntp"), [false; 4]);
}

#[test]
fn a_line_about_an_unknown_kind_is_shown_and_spoils_no_object() {
    let read = parsed(
        "hostname x\nghn line-profile 3 name \"vdsl like\"\nno ghn subscriber-model\nghn subscriber 1 name a vid 101\nend",
    );
    assert_eq!(read.unknown_lines.len(), 2, "{:?}", read.unknown_lines);
    assert!(read.unknown_lines[1].contains("no ghn subscriber-model"));
    assert!(read.unknown_lines[0].contains("ghn line-profile 3 name"));
    assert_eq!(read.rows.subscribers.rows[&1].vlan, Ok(101));
}

#[test]
fn a_repeated_line_makes_the_value_unknown() {
    let rows = with("ghn subscriber 1 name a vid 3\nghn subscriber 1 vid 4\nhostname y");
    assert!(!rows.subscribers.rows[&1].unheld.is_empty());
    assert!(rows.system.hostname.is_err());
    let rows = with("ghn port 1 shutdown\nno ghn port 1 shutdown");
    assert!(rows.ports.rows[&1].enabled.is_err());
}

#[test]
fn an_uplink_is_believed_only_where_every_line_about_vlans_is_known() {
    let uplink = |inner: &str| {
        let text = format!("interface 10GigabitEthernet 1/2\n{inner}\nend");
        parsed(&text).rows.uplinks.rows[&2].clone()
    };
    let access = uplink(" switchport access vlan 7\n switchport mode access");
    assert_eq!(
        (access.mode, access.native_vlan),
        (Ok(UplinkMode::Access), Ok(7))
    );
    assert_eq!(access.allowed_vlans.unwrap().to_string(), "7");
    let hybrid = uplink(
        " switchport trunk allowed vlan 5\n switchport hybrid allowed vlan 6\n switchport mode hybrid",
    );
    assert_eq!(hybrid.allowed_vlans.unwrap().to_string(), "6");
    let none = uplink(" switchport trunk allowed vlan none\n switchport mode trunk\n shutdown");
    assert_eq!(none.allowed_vlans, Ok(Default::default()));
    assert!(none.native_vlan.is_err());
    let all = uplink(" switchport trunk allowed vlan all\n switchport mode trunk");
    assert_eq!(all.allowed_vlans.unwrap().to_string(), "1-4095");
    let modeless = uplink(" switchport trunk allowed vlan all");
    assert!(modeless.mode.is_err() && modeless.allowed_vlans.is_err());
    let odd = uplink(
        " switchport trunk allowed vlan 3-4094\n switchport mode trunk\n switchport forbidden vlan add 5",
    );
    assert!(odd.allowed_vlans.is_err());
    for name in [
        "10GigabitEthernet 1/x",
        "10GigabitEthernet 2/1",
        "10GigabitEthernet 1/1-2",
    ] {
        let rows = parsed(&format!("interface {name}\nend")).rows;
        assert_eq!(rows.uplinks.lost.len(), 2, "{name}");
    }
}

#[test]
fn a_truncated_configuration_is_rejected() {
    let whole = lines(WHOLE);
    for length in 0..whole.len() {
        let half = parse(&whole[..length], GamModel::Gam4Cx);
        assert_eq!(half, Err(RunningConfigError::NotWhole), "{length}");
    }
    let behind = parse(&lines("end\nghn endpoint 1 name a"), GamModel::Gam4Cx);
    assert!(matches!(behind, Err(RunningConfigError::Behind(_))));
    assert!(matches!(
        parse(&lines(" end"), GamModel::Gam4Cx),
        Err(RunningConfigError::NotWhole)
    ));
}

/// Returns whether a table has everything that it had before, or reports what is missing.
fn is_honest<R: std::fmt::Debug + PartialEq>(before: &Table<R>, after: &Table<R>) -> bool {
    let is_same_or_loud = |(number, row): (&u32, &R)| {
        after.rows.get(number).is_some_and(|now| {
            let text = format!("{now:?}");
            now == row || text.contains("Err(") || text.contains("unheld: [\"")
        })
    };
    !after.lost.is_empty() || before.rows.iter().all(is_same_or_loud)
}

#[test]
fn a_no_separated_from_its_line_does_not_invert_it() {
    let broken = WHOLE.replace("no ghn port 4 shutdown", "no \nghn port 4 shutdown");
    let rows = parsed(&broken).rows;
    assert!(!rows.ports.lost.is_empty(), "{:#?}", rows.ports);
}

#[test]
fn a_message_behind_a_no_does_not_invert_the_next_line() {
    for message in ["%SYS-5-X: y", "*** Message from port: up"] {
        let broken = WHOLE.replace(
            "no ghn port 4 shutdown",
            &format!("no {message}\nghn port 4 shutdown"),
        );
        let rows = parsed(&broken).rows;
        assert!(!rows.ports.lost.is_empty(), "{message}: {:#?}", rows.ports);
        assert!(rows.system.hostname.is_err());
    }
    let cut = WHOLE.replace("GAM-closet-1", "GAM-clo%LINK-3-UPDOWN: up\nset-1");
    assert!(parsed(&cut).rows.system.hostname.is_err());
}

#[test]
fn a_reason_that_quotes_a_line_has_no_secret_of_it() {
    for line in [
        "snmp-server community v2c CANARY%LINK-3-UPDOWN: up",
        "snmp-server host noc\n version v2 CANARY%LINK-3-UPDOWN: up",
        "controller announcement url 1 http://noc:CANARY@nms.example/x%LINK-3-UPDOWN: up",
        "username noc privilege 15 password encrypted CANARY%LINK-3-UPDOWN: up",
        "port 1 password CANARY",
    ] {
        let rows = with(line);
        let said = format!("{rows:?}");
        assert!(!said.contains("CANARY"), "{line}: {said}");
    }
    let behind = parse(
        &lines("hostname oak\nend\nenable secret CANARY\n"),
        GamModel::Gam4Cx,
    );
    assert!(!behind.unwrap_err().to_string().contains("CANARY"));
}

#[test]
fn an_option_indented_by_a_break_is_not_lost_in_another_section() {
    let broken = WHOLE.replace(
        " description \"Home 100/50\"",
        "\nstray words\n description \"Home 100/50\"",
    );
    let rows = parsed(&broken).rows;
    assert!(!rows.profiles.lost.is_empty(), "{:#?}", rows.profiles);
    // A name below `vlan` is a VLAN's.
    assert!(parsed(WHOLE).rows.profiles.lost.is_empty());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,400}") {
        let _read = parse(&lines(&text), GamModel::Gam24C);
    }

    #[test]
    fn any_words_of_the_grammar_are_read_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "ghn", "no", "port", "endpoint", "subscriber", "bw-profile", "name", "\"a b\"", "\"", "1", "384", "99999999999",
                "vid", "none", "auto", "tagged", "untagged", "mac-address", "00:0e:d8:1c:95:08", "poe", "force", "shutdown",
                "interface", "10GigabitEthernet", "1/1", "\n", "\n ", "switchport", "trunk", "allowed", "vlan", "3-4094", "all", "end",
            ]),
            0..60,
        ),
    ) {
        let text = words.join(" ").replace("\n ", "\n");
        let _read = parse(&lines(&format!("{text}\nend")), GamModel::Gam24C);
    }

    /// A log line may interrupt anywhere: then all is as before, or the missing objects are reported.
    #[test]
    fn a_break_anywhere_never_hides_an_object(at in 0..WHOLE.len(), noise in "(\n|%SYS-5-X: y\n|\n%LINK-3-UPDOWN: up\n|\n ?stray words\n)") {
        let (first, second) = WHOLE.split_at(at);
        // Text without the mark of a message, in the middle of a text without quotes, cannot be told from a shorter text and
        // a line of another section.
        let is_within_word = !first.ends_with([' ', '\n']) && !second.starts_with([' ', '\n']);
        let line = first.rsplit('\n').next().unwrap_or_default();
        let is_unquoted = ["ghn subscriber 10 name ", "hostname ", "snmp-server contact ", "snmp-server location "];
        if is_within_word && !noise.contains('%') && is_unquoted.iter().any(|start| line.starts_with(start)) {
            return Ok(());
        }
        if let Ok(after) = parse(&lines(&format!("{first}{noise}{second}")), GamModel::Gam4Cx) {
            let (before, after) = (parsed(WHOLE).rows, after.rows);
            prop_assert!(is_honest(&before.ports, &after.ports), "{:#?}", after.ports);
            prop_assert!(is_honest(&before.profiles, &after.profiles), "{:#?}", after.profiles);
            prop_assert!(is_honest(&before.endpoints, &after.endpoints), "{:#?}", after.endpoints);
            prop_assert!(is_honest(&before.subscribers, &after.subscribers), "{:#?}", after.subscribers);
            prop_assert!(is_honest(&before.uplinks, &after.uplinks), "{:#?}", after.uplinks);
            // The host name is one word; a contact and a location may end at any space.
            let (name, now) = (before.system.hostname, after.system.hostname);
            prop_assert!(now.is_err() || now == name, "{now:?}");
        }
    }
}
