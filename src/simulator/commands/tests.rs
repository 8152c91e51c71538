//! Sessions as a person types them, without a network: keys in, screen out.

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

/// Types lines into a new session and returns the screen.
fn typed(gam: &mut Gam, keys: &str) -> String {
    let mut session = Session::open(gam, 80, 24);
    session.type_keys(keys.as_bytes());
    while let Some(line) = session.next_line(gam) {
        match session.run(&line, gam, NOW) {
            Outcome::Save => session.finish_save(Ok(()), gam, NOW),
            Outcome::Prompt => {}
            Outcome::Reload | Outcome::SwapFirmware => gam.boot(NOW),
            Outcome::Close => break,
        }
    }
    String::from_utf8(session.take_output()).unwrap()
}

/// Returns what each line of configuration answers, without echo and prompt.
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
fn a_session_makes_a_profile_an_endpoint_and_a_subscriber_with_three_mistakes_and_saves() {
    let mut gam = gam(GamModel::Gam4Cx);
    let screen = typed(
        &mut gam,
        "conf t\r\
         ghn bw-profile 2 name \"home-100\" rate-downstream 106 rate-upstream 106\r\
         ghn endpont 1 name apt-101 mac-address 00:0e:d8:1c:95:08 port 4\r\
         ghn endpoint 1 name apt-101 mac-address 00:0e:d8:1c:95:08 port 4\r\
         ghn subscriber 1 name \"apt 101\" vid 3841 endpoint 1 bw-profile 2\r\
         ghn subscriber 1 name \"apt 101\" vid 101 endpoint 1 bw-profile\r\
         ghn subscriber 1 name \"apt 101\" vid 101 endpoint 1 bw-profile 2\r\
         end\rcopy running-config startup-config\rsh run | include ghn\r",
    );
    println!("{screen}");
    assert_eq!(gam.running().subscribers.len(), 1);
    assert_eq!(gam.startup().unwrap().configuration, *gam.running());
}

#[test]
fn what_is_printed_can_be_loaded_into_a_box_as_delivered() {
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
