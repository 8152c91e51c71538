//! Tests our SNMP session against the twin's agent.

mod community;
mod debian;
mod faults;
mod forged;
mod spoofed;
mod traps;
mod users;

use std::fmt::Write as _;
use std::time::Duration;

use gamctl::model::GamModel;
use gamctl::secrets::Secret;
use gamctl::simulator::commands::load;
use gamctl::simulator::gam::{Build, FirmwareProfile, Hardware};
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::transport::snmp::{Access, Oid, Session, SnmpOptions};

/// The G.hn agent's configuration tables: …143.1.2.
const GHN: &[u32] = &[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2];
const SYSTEM: &[u32] = &[1, 3, 6, 1, 2, 1, 1];
const SYS_NAME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 5, 0];

/// The time limit of any operation in a test.
const LONG: Duration = Duration::from_secs(20);

/// Options of a test: loss is noticed soon, but a busy machine does not count as unreachable.
const PATIENT: SnmpOptions = SnmpOptions {
    timeout: Duration::from_millis(400),
    retries: 5,
    silence: Duration::from_secs(60),
    rows: 25,
    in_flight: 4,
};

fn oid(arcs: &[u32]) -> Oid {
    Oid::new(arcs)
}

fn public() -> Access {
    Access::V2c {
        community: Secret::new(b"public".to_vec()),
    }
}

/// Returns a device with this many subscribers, on any free ports.
fn settings(subscribers: u16) -> TwinSettings {
    let hardware = Hardware::of(GamModel::Gam24C, 11);
    let mut text =
        String::from("ghn bw-profile 2 name gold rate-downstream 500 rate-upstream 100\n");
    for id in 1..=subscribers {
        let (port, high, low) = ((id - 1) / 16 % 24 + 1, id >> 8, id & 0xff);
        writeln!(text, "ghn endpoint {id} name cpe-{id} mac-address 00:0e:d8:70:{high:02x}:{low:02x} port {port}").unwrap();
        let vlan = 100 + id;
        writeln!(
            text,
            "ghn subscriber {id} name acct-{id} endpoint {id} vid {vlan} bw-profile 2"
        )
        .unwrap();
    }
    TwinSettings {
        boot_time: Duration::from_millis(50),
        ..TwinSettings::new(Build {
            configuration: Some(load(&text, &hardware).unwrap()),
            hardware,
            firmware: FirmwareProfile::default(),
            seed: 11,
        })
    }
}

async fn twin(subscribers: u16) -> Twin {
    Twin::start(settings(subscribers)).await.unwrap()
}

async fn session(twin: &Twin) -> Session {
    Session::open(twin.snmp_address(), &public(), PATIENT)
        .await
        .unwrap()
}
