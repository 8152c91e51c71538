//! Tests the twin from outside: configuration, SSH, SNMP, fleets and faults.

mod bytes;
mod client;
mod configuration;
mod faults_of_device;
mod faults_of_snmp;
mod faults_of_ssh;
mod fleet;
mod fleet_inventory;
mod handle;
mod rude;
mod running_fleet;
mod sessions;
mod slow_agent;
mod snmp;
mod ssh;
mod story;
mod traps;
mod typing;

use std::net::Ipv4Addr;
use std::time::Duration;

use gamctl::model::GamModel;
use gamctl::simulator::gam::{Build, FirmwareProfile, Hardware};
use gamctl::simulator::server::{Twin, TwinSettings};

/// The time limit of any operation in a test: a busy machine is slow, a broken twin is silent.
const LONG: Duration = Duration::from_secs(20);

/// The time without output that counts as silence.
const SHORT: Duration = Duration::from_millis(150);

/// Returns a loopback address for this test run alone: a free port of 127.0.0.1 could be taken by another test.
fn own_address(last: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 100 + high % 100, low, last)
}

fn settings() -> TwinSettings {
    TwinSettings {
        save_time: Duration::from_millis(10),
        boot_time: Duration::from_millis(100),
        ..TwinSettings::new(Build {
            hardware: Hardware::of(GamModel::Gam4Cx, 7),
            firmware: FirmwareProfile::default(),
            seed: 7,
            configuration: None,
        })
    }
}

async fn twin() -> Twin {
    Twin::start(settings()).await.unwrap()
}
