//! Tests the trap listener over UDP: a trap of a known device is a hint to look at it, and nothing else is.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use gamctl::model::DeviceName;
use gamctl::secrets::Secret;
use gamctl::simulator::gam::{AlarmCondition, Entity, Grade, Severity};
use gamctl::simulator::server::{TrapReceiver, Twin, TwinSettings};
use gamctl::transport::snmp::{
    Access, Auth, AuthProtocol, Privacy, PrivacyProtocol, TrapLimits, TrapListener, TrapSender,
    TrapSenders,
};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{LONG, public, settings};

/// A linkDown of SNMPv2c, by hand.
const LINK_DOWN: &[u8] = &[
    0x30, 0x41, 0x02, 0x01, 0x01, 0x04, 0x06, 0x70, 0x75, 0x62, 0x6c, 0x69, 0x63, 0xa7, 0x34, 0x02,
    0x01, 0x07, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30, 0x29, 0x30, 0x0e, 0x06, 0x08, 0x2b, 0x06,
    0x01, 0x02, 0x01, 0x01, 0x03, 0x00, 0x43, 0x02, 0x01, 0x00, 0x30, 0x17, 0x06, 0x0a, 0x2b, 0x06,
    0x01, 0x06, 0x03, 0x01, 0x01, 0x04, 0x01, 0x00, 0x06, 0x09, 0x2b, 0x06, 0x01, 0x06, 0x03, 0x01,
    0x01, 0x05, 0x03,
];

fn name(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

fn known(devices: &[(&str, &str, Access)]) -> TrapSenders {
    let mut senders: TrapSenders = BTreeMap::new();
    for (address, device, access) in devices {
        let address: IpAddr = address.parse().unwrap();
        senders.entry(address).or_default().push(TrapSender {
            device: name(device),
            access: access.clone(),
        });
    }
    senders
}

async fn listener(senders: TrapSenders) -> TrapListener {
    let limits = TrapLimits {
        quiet: Duration::from_secs(3600),
        ..TrapLimits::default()
    };
    let address = "127.0.0.1:0".parse().unwrap();
    TrapListener::bind(address, senders, limits).await.unwrap()
}

async fn next(listener: &mut TrapListener) -> String {
    let next = timeout(LONG, listener.next()).await;
    next.expect("a hint").unwrap().to_string()
}

async fn send(from: &str, to: SocketAddr, datagram: &[u8]) {
    let socket = UdpSocket::bind((from, 0)).await.unwrap();
    socket.send_to(datagram, to).await.unwrap();
}

#[tokio::test]
async fn an_alarm_of_a_twin_is_a_hint_to_look_at_it() {
    let mut listener = listener(known(&[("127.0.0.1", "oak", public())])).await;
    let twin = Twin::start(TwinSettings {
        trap_receiver: Some(TrapReceiver {
            address: listener.address(),
            community: "other".to_owned(),
        }),
        ..settings(1)
    })
    .await
    .unwrap();
    let grade = Grade {
        severity: Severity::Cr,
        service_affecting: true,
    };
    twin.raise_alarm(AlarmCondition::FanFlt, Entity::system(), grade);
    assert_eq!(next(&mut listener).await, "oak");
    assert!(listener.counters().taken >= 1);
    assert_eq!(listener.counters().malformed, 0);
}

#[tokio::test]
async fn strangers_and_damaged_datagrams_are_counted_and_are_no_hint() {
    let senders = known(&[
        ("127.0.0.2", "oak", public()),
        ("127.0.0.3", "pine", public()),
    ]);
    let mut listener = listener(senders).await;
    let to = listener.address();
    send("127.0.0.9", to, LINK_DOWN).await;
    send("127.0.0.2", to, &LINK_DOWN[..LINK_DOWN.len() - 1]).await;
    send("127.0.0.2", to, b"").await;
    send("127.0.0.2", to, &[0x30; 9000]).await;
    send("127.0.0.3", to, LINK_DOWN).await;
    assert_eq!(next(&mut listener).await, "pine");
    let counters = listener.counters();
    assert_eq!(
        (counters.unknown, counters.malformed),
        (1, 3),
        "{counters:?}"
    );
    assert_eq!((counters.received, counters.taken), (5, 1));
}

#[tokio::test]
async fn a_storm_of_one_device_is_one_hint_and_delays_no_other() {
    let senders = known(&[
        ("127.0.0.2", "oak", public()),
        ("127.0.0.3", "pine", public()),
        ("127.0.0.3", "fir", public()),
    ]);
    let mut listener = listener(senders).await;
    let to = listener.address();
    for _ in 0..200 {
        send("127.0.0.2", to, LINK_DOWN).await;
    }
    send("127.0.0.3", to, LINK_DOWN).await;
    let mut hints = Vec::new();
    for _ in 0..3 {
        hints.push(next(&mut listener).await);
    }
    hints.sort();
    // Two devices behind one address are both looked at.
    assert_eq!(hints, ["fir", "oak", "pine"]);
    // The inventory lost a device.
    listener.set_senders(known(&[("127.0.0.2", "elm", public())]));
    send("127.0.0.3", to, LINK_DOWN).await;
    send("127.0.0.2", to, LINK_DOWN).await;
    assert_eq!(next(&mut listener).await, "elm");
}

/// Sends a linkDown with net-snmp, in a folder of its own.
fn snmptrap(to: SocketAddr, options: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let is_first = options.contains(&"-v1");
    let content: &[&str] = match is_first {
        true => &["1.3.6.1.4.1.20095.2001.145.1.6", "", "6", "1", ""],
        false => &["", "1.3.6.1.6.3.1.1.5.3"],
    };
    let sent = Command::new("snmptrap")
        .args(options)
        .arg(format!("udp:{to}"))
        .args(content)
        .env("SNMP_PERSISTENT_DIR", folder.path())
        .env("SNMPCONFPATH", folder.path())
        .env("MIBS", "")
        .output()
        .expect("snmptrap is installed");
    assert!(
        sent.status.success(),
        "{}",
        String::from_utf8_lossy(&sent.stderr)
    );
}

const AUTH: &str = "correct-horse";
const HIDE: &str = "battery-staple";

fn user(auth: AuthProtocol, privacy: Option<PrivacyProtocol>) -> Access {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    Access::V3 {
        user: "noc".to_owned(),
        auth: Some(Auth {
            protocol: auth,
            password: secret(AUTH),
        }),
        privacy: privacy.map(|protocol| Privacy {
            protocol,
            password: secret(HIDE),
        }),
    }
}

#[tokio::test]
#[ignore = "needs net-snmp; tests/outside/run runs it"]
async fn traps_of_net_snmp_in_each_version_and_protocol_are_hints_and_wrong_users_are_none() {
    for options in [&["-v1", "-c", "any"][..], &["-v2c", "-c", "any"]] {
        let mut listener = listener(known(&[("127.0.0.1", "oak", public())])).await;
        snmptrap(listener.address(), options);
        assert_eq!(next(&mut listener).await, "oak", "{options:?}");
    }
    for (auth, auth_word) in [(AuthProtocol::Md5, "MD5"), (AuthProtocol::Sha1, "SHA")] {
        for privacy in [
            None,
            Some((PrivacyProtocol::Des, "DES")),
            Some((PrivacyProtocol::Aes128, "AES")),
        ] {
            let access = user(auth, privacy.map(|(protocol, _)| protocol));
            let mut listener = listener(known(&[("127.0.0.1", "oak", access)])).await;
            let to = listener.address();
            let level = match privacy {
                None => "authNoPriv",
                Some(_) => "authPriv",
            };
            let engine = "0x80004e7f0300112233445566";
            let given = |name: &'static str, password: &'static str, hidden: &'static str| {
                let mut options = vec!["-v3", "-e", engine, "-u", name, "-l", level];
                options.extend(["-a", auth_word, "-A", password]);
                if let Some((_, word)) = privacy {
                    options.extend(["-x", word, "-X", hidden]);
                }
                options
            };
            snmptrap(to, &given("eve", AUTH, HIDE));
            snmptrap(to, &given("noc", "another-password", HIDE));
            // A lower level than the user's.
            snmptrap(
                to,
                &["-v3", "-e", engine, "-u", "noc", "-l", "noAuthNoPriv"],
            );
            let mut wrong = 3;
            if privacy.is_some() {
                snmptrap(to, &given("noc", AUTH, "another-password"));
                wrong += 1;
            }
            snmptrap(to, &given("noc", AUTH, HIDE));
            assert_eq!(next(&mut listener).await, "oak", "{auth_word} {level}");
            let counters = listener.counters();
            assert_eq!(
                (counters.unverified, counters.taken),
                (wrong, 1),
                "{counters:?}"
            );
        }
    }
}
