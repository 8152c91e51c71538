//! Tests twins whose agent answers one request at a time, as `--latency snmp-cpu=…` makes them.

use std::time::Duration;

use gamctl::simulator::server::{Twin, TwinSettings};

use super::running_fleet::{RunningFleet, snmp_answer, snmp_noise};
use super::snmp::{Manager, SYS_NAME};
use super::{LONG, settings};

async fn slow(each: Duration) -> Twin {
    let mut settings: TwinSettings = settings();
    settings.latency.snmp_cpu = each;
    Twin::start(settings).await.unwrap()
}

#[tokio::test]
async fn a_slow_agent_answers_in_order_and_drops_what_its_queue_does_not_hold() {
    let twin = slow(Duration::from_millis(100)).await;
    let mut manager = Manager::of(&twin).await;
    for _ in 0..40 {
        manager.ask(0xa0, SYS_NAME).await;
    }
    let is_read = |state: &gamctl::simulator::server::State| state.counts.requests == 40;
    twin.wait_until(is_read, LONG).await.unwrap();
    let (answers, dropped) = twin.state(|state| (state.counts.answers, state.counts.dropped));
    assert_eq!(answers + dropped, 40);
    // One is computed and sixteen wait; a few more if this machine was slow to send them.
    assert!((17..30).contains(&answers), "{answers} answers");
    for request in 1..=17 {
        assert_eq!(manager.hear().await.request_id, request);
    }
}

#[tokio::test]
async fn a_slow_agent_that_is_asked_one_at_a_time_drops_nothing() {
    let twin = slow(Duration::from_millis(2)).await;
    let mut manager = Manager::of(&twin).await;
    for _ in 0..40 {
        manager.get(SYS_NAME).await;
    }
    assert_eq!(twin.state(|state| state.counts.dropped), 0);
}

#[test]
fn the_drops_of_a_slow_agent_are_shown() {
    let arguments = ["--only", "birch-12", "--latency", "snmp-cpu=200ms"];
    let fleet = RunningFleet::start(&arguments);
    let twin = &fleet.twins()[0];
    snmp_noise(twin, 40);
    let shown = || fleet.ask(&["show", "birch-12"]);
    // Each question is a round trip, so this does not spin; what never comes is ended by the test's own patience.
    while shown()["requests"] != 40 {}
    let dropped = shown()["dropped"].as_u64().unwrap();
    assert!((10..=23).contains(&dropped), "{dropped} dropped");
    let (text, _) = fleet.ctl(&["show", "birch-12"]);
    let says = format!("40 requests over SNMP, {dropped} dropped");
    assert!(text.contains(&says), "{text}");
    // Later it has time again.
    assert!(!snmp_answer(twin).is_empty());
}
