//! Tests every SNMP fault from the manager's side.

use std::time::{Duration, Instant};

use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::server::Twin;
use gamctl::simulator::snmp::Oid;

use super::snmp::{Manager, SYS_NAME, SYSTEM};
use super::twin;

async fn with(order: impl Into<FaultOrder>) -> (Twin, Manager) {
    let twin = twin().await;
    twin.set_fault(order);
    let manager = Manager::of(&twin).await;
    (twin, manager)
}

#[tokio::test]
async fn a_sound_agent_answers_with_the_name_of_the_device() {
    let twin = twin().await;
    let mut manager = Manager::of(&twin).await;
    let answer = manager.get(SYS_NAME).await;
    let hostname = twin.gam(|gam| gam.running().hostname.clone());
    assert_eq!(answer.bindings[0].2, hostname.as_bytes());
    assert_eq!(answer.from, twin.snmp_address());
    assert!(manager.walk(SYSTEM).await.len() >= 7);
}

#[tokio::test]
async fn silence_is_silence_until_it_is_cleared() {
    let (twin, mut manager) = with(Fault::SnmpSilence {}).await;
    manager.ask(0xa0, SYS_NAME).await;
    assert!(manager.hears_nothing().await);
    assert_eq!(
        twin.state(|state| (state.counts.requests, state.counts.answers)),
        (1, 0)
    );
    twin.clear_faults();
    assert_eq!(manager.get(SYS_NAME).await.status, 0);
}

#[tokio::test]
async fn silence_can_begin_and_end_with_a_request() {
    let (_twin, mut manager) = with(FaultOrder::new(Fault::SnmpSilence {}).nth(2)).await;
    assert_eq!(manager.get(SYS_NAME).await.request_id, 1);
    manager.ask(0xa0, SYS_NAME).await;
    assert!(manager.hears_nothing().await);
    assert_eq!(manager.get(SYS_NAME).await.request_id, 3);
}

#[tokio::test]
async fn some_requests_are_lost_and_some_are_not() {
    let (_twin, mut manager) = with(Fault::SnmpLoss { percent: 50 }).await;
    for _ in 0..60 {
        manager.ask(0xa0, SYS_NAME).await;
    }
    let mut answered = 0;
    while manager.hear_within(super::SHORT).await.is_some() {
        answered += 1;
    }
    assert!((10..50).contains(&answered), "{answered} of 60");
}

#[tokio::test]
async fn answers_are_delayed() {
    let (_twin, mut manager) = with(Fault::SnmpDelay { millis: 80 }).await;
    let asked = Instant::now();
    manager.get(SYS_NAME).await;
    assert!(asked.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn answers_come_three_times() {
    let (_twin, mut manager) = with(Fault::SnmpDuplicate { copies: 2 }).await;
    let first = manager.get(SYS_NAME).await;
    assert_eq!(manager.hear().await, first);
    assert_eq!(manager.hear().await, first);
    assert!(manager.hears_nothing().await);
}

#[tokio::test]
async fn an_answer_comes_after_the_answer_to_the_next_request() {
    let (_twin, mut manager) = with(FaultOrder::new(Fault::SnmpLate {}).nth(1)).await;
    manager.ask(0xa0, SYS_NAME).await;
    assert!(manager.hears_nothing().await);
    manager.ask(0xa0, SYS_NAME).await;
    assert_eq!(manager.hear().await.request_id, 2);
    assert_eq!(manager.hear().await.request_id, 1);
}

#[tokio::test]
async fn every_answer_is_one_request_late() {
    let (_twin, mut manager) = with(Fault::SnmpLate {}).await;
    for asked in 1..5 {
        manager.ask(0xa0, SYS_NAME).await;
        if asked > 1 {
            assert_eq!(manager.hear().await.request_id, asked - 1);
        }
    }
}

#[tokio::test]
async fn answers_change_places_and_one_alone_comes_alone() {
    let (_twin, mut manager) = with(Fault::SnmpReorder { among: 3 }).await;
    for _ in 0..3 {
        manager.ask(0xa0, SYS_NAME).await;
    }
    for expected in [3, 2, 1] {
        assert_eq!(manager.hear().await.request_id, expected);
    }
    assert_eq!(manager.get(SYS_NAME).await.request_id, 4);
}

#[tokio::test]
async fn an_answer_comes_from_another_port() {
    let (twin, mut manager) = with(Fault::SnmpWrongSourcePort {}).await;
    let answer = manager.get(SYS_NAME).await;
    assert_eq!(answer.from.ip(), twin.snmp_address().ip());
    assert_ne!(answer.from.port(), twin.snmp_address().port());
}

#[tokio::test]
async fn a_table_ends_early() {
    let after = Oid::new(&[1, 3, 6, 1, 2, 1, 1, 4]);
    let (twin, mut manager) = with(Fault::SnmpTruncate { after }).await;
    let cut = manager.walk(SYSTEM).await;
    twin.clear_faults();
    let whole = manager.walk(SYSTEM).await;
    assert_eq!(whole[..cut.len()], cut);
    assert_eq!(cut.last().unwrap()[7], 4);
    assert!(cut.len() < whole.len());
}

#[tokio::test]
async fn a_walk_goes_in_circles() {
    let at = Oid::new(SYS_NAME);
    let (_twin, mut manager) = with(Fault::SnmpNonIncreasing { at }).await;
    let names = manager.walk(SYSTEM).await;
    assert_eq!(names.len(), 50);
    assert_eq!(names[48], names[49]);
}

#[tokio::test]
async fn a_value_has_another_type() {
    let at = Oid::new(SYS_NAME);
    let (twin, mut manager) = with(Fault::SnmpWrongType { at }).await;
    assert_eq!(manager.get(SYS_NAME).await.bindings[0].1, 0x02);
    twin.clear_faults();
    assert_eq!(manager.get(SYS_NAME).await.bindings[0].1, 0x04);
}

#[tokio::test]
async fn too_much_is_too_big() {
    let (_twin, mut manager) = with(Fault::SnmpTooBig { above: 0 }).await;
    assert_eq!(manager.get(SYS_NAME).await.status, 1);
}

#[tokio::test]
async fn a_bulk_has_fewer_rows_than_asked_for() {
    let (twin, mut manager) = with(Fault::SnmpFewRows { rows: 2 }).await;
    manager.ask(0xa5, SYSTEM).await;
    assert_eq!(manager.hear().await.bindings.len(), 2);
    twin.clear_faults();
    manager.ask(0xa5, SYSTEM).await;
    assert!(manager.hear().await.bindings.len() > 2);
}

#[tokio::test]
async fn an_object_is_a_general_error() {
    let at = Oid::new(SYS_NAME);
    let (_twin, mut manager) = with(Fault::SnmpGenericError { at }).await;
    assert_eq!(manager.get(SYS_NAME).await.status, 5);
}

#[tokio::test]
async fn a_row_appears_behind_the_back_of_a_walk() {
    let appears = Fault::SnmpRowAppears {
        endpoint: 300,
        subscriber: Some(301),
    };
    let (twin, mut manager) = with(FaultOrder::new(appears).nth(3)).await;
    let rows = |twin: &Twin| {
        twin.gam(|gam| {
            (
                gam.running().endpoints.len(),
                gam.running().subscribers.len(),
            )
        })
    };
    for expected in [0, 0, 1, 1] {
        manager.get(SYS_NAME).await;
        assert_eq!(rows(&twin), (expected, expected));
    }
    twin.gam(|gam| assert_eq!(gam.running().subscribers[&301].endpoint, Some(300)));
}

#[tokio::test]
async fn a_device_that_boots_answers_nothing_and_loses_the_requests() {
    let twin = twin().await;
    let mut manager = Manager::of(&twin).await;
    twin.reboot();
    manager.ask(0xa0, SYS_NAME).await;
    let is_up = |state: &gamctl::simulator::server::State| state.is_up;
    twin.wait_until(is_up, super::LONG).await.unwrap();
    assert_eq!(manager.get(SYS_NAME).await.request_id, 2);
}

#[tokio::test]
async fn bytes_that_are_no_request_are_not_answered_and_harm_nothing() {
    let twin = twin().await;
    let mut manager = Manager::of(&twin).await;
    for datagram in [&[][..], &[0x30], &[0xff; 600], &[0x30; 9000], &[0; 60_000]] {
        manager.send(datagram).await;
    }
    assert_eq!(manager.get(SYS_NAME).await.request_id, 1);
}
