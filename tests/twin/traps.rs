//! Tests the traps of a twin.

use gamctl::simulator::gam::{AlarmCondition, Edit, Entity, Grade, Severity, UplinkOptions};
use gamctl::simulator::server::{TrapReceiver, Twin};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{LONG, settings, snmp};

/// Returns the name of the next trap, and its number of bindings besides time and name.
async fn next(socket: &UdpSocket) -> (String, usize) {
    let mut buffer = vec![0; 2048];
    let received = timeout(LONG, socket.recv_from(&mut buffer)).await;
    let (length, from) = received.expect("a trap").unwrap();
    let message = snmp::read(&buffer[..length], from);
    let name = &message.bindings[1].2;
    (format!("{name:02x?}"), message.bindings.len() - 2)
}

#[tokio::test]
async fn a_start_an_alarm_and_a_link_send_traps() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let twin = Twin::start(gamctl::simulator::server::TwinSettings {
        trap_receiver: Some(TrapReceiver {
            address: socket.local_addr().unwrap(),
            community: "public".to_owned(),
        }),
        ..settings()
    })
    .await
    .unwrap();
    let standard = |last: u8| format!("{:02x?}", [0x2b, 6, 1, 6, 3, 1, 1, 5, last]);
    assert_eq!(next(&socket).await, (standard(1), 0));
    let grade = Grade {
        severity: Severity::Cr,
        service_affecting: true,
    };
    let entity = Entity::system();
    twin.raise_alarm(AlarmCondition::FanFlt, entity.clone(), grade);
    let raised = until_alarm(&socket, "01]").await;
    twin.clear_alarm(AlarmCondition::FanFlt, entity);
    let cleared = until_alarm(&socket, "03]").await;
    assert_eq!((raised, cleared), (11, 11));
    twin.change(|gam, now| {
        gam.change_world(
            |world| {
                world.dark_uplinks.insert(1);
            },
            now,
        );
    });
    while next(&socket).await != (standard(3), 3) {}
    // A port that somebody turns off is a link that is gone, too.
    twin.change(|gam, now| {
        gam.change_world(|world| world.dark_uplinks.clear(), now);
    });
    while next(&socket).await != (standard(4), 3) {}
    twin.change(|gam, now| {
        let shutdown = UplinkOptions {
            shutdown: Some(true),
            ..UplinkOptions::default()
        };
        let edit = Edit::Uplink {
            uplink: 1,
            options: shutdown,
        };
        gam.edit(&edit, now).unwrap();
    });
    while next(&socket).await != (standard(3), 3) {}
    twin.reboot();
    while next(&socket).await != (standard(1), 0) {}
}

/// Skips traps up to one of the alarm MIB with this ending, and returns its number of columns.
async fn until_alarm(socket: &UdpSocket, end: &str) -> usize {
    loop {
        let (name, columns) = next(socket).await;
        if name.ends_with(end) && columns > 3 {
            return columns;
        }
    }
}
