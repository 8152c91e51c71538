//! The recipe over many devices at once, on real sockets.

use std::net::UdpSocket;
use std::time::Duration;

use gamctl::model::{DeviceName, GamModel, NotObserved};
use gamctl::reconcile::{Accesses, DeviceAccess, Looks, look_at_all};
use gamctl::secrets::Secret;
use gamctl::simulator::gam::{Build, Configuration, FirmwareProfile, Hardware};
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::transport::snmp::{Access, SnmpOptions, Turns};

fn name(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

fn device_access(address: std::net::SocketAddr) -> Result<DeviceAccess, NotObserved> {
    Ok(DeviceAccess {
        snmp: address,
        access: Access::V2c {
            community: Secret::new(b"public".to_vec()),
        },
        command_line: gamctl::observe::CommandLine::None("nobody logs in here".to_owned()),
        silence: Duration::from_secs(5),
        turns: Turns::default(),
    })
}

async fn twin() -> Twin {
    let hardware = Hardware::of(GamModel::Gam4Cx, 1);
    let configuration = Configuration::factory(&hardware);
    let settings = TwinSettings::new(Build {
        hardware,
        firmware: FirmwareProfile::default(),
        seed: 7,
        configuration: Some(configuration),
    });
    Twin::start(settings).await.unwrap()
}

#[tokio::test]
async fn a_dead_device_is_reported_last_and_delays_no_other() {
    // It is there and never answers.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (one, two) = (twin().await, twin().await);
    let devices = Accesses::from([
        (name("dead"), device_access(silent.local_addr().unwrap())),
        (name("one"), device_access(one.snmp_address())),
        (name("two"), device_access(two.snmp_address())),
        (name("nowhere"), Err(NotObserved::NoAddress)),
    ]);
    let looks = Looks {
        snmp_options: SnmpOptions {
            timeout: Duration::from_millis(400),
            retries: 2,
            ..SnmpOptions::default()
        },
        ..Looks::new(|| 0)
    };
    let mut order = Vec::new();
    let seen = look_at_all(devices, looks, |device| order.push(device.clone())).await;
    assert_eq!(order.last(), Some(&name("dead")));
    assert_eq!(order.len(), 4);
    assert!(seen[&name("one")].is_ok() && seen[&name("two")].is_ok());
    let reason = seen[&name("dead")].as_ref().unwrap_err();
    assert!(reason.to_string().contains("dead"), "{reason}");
    assert!(reason.retry_helps());
    assert_eq!(seen[&name("nowhere")], Err(NotObserved::NoAddress));
}
