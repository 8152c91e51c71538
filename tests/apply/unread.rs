//! Tests parts that a look after a write could not read: they are named, and the outcome shows it.

use std::sync::atomic::{AtomicBool, Ordering};

use gamctl::apply::{Ended, NotCompared, NotComparedCause, Progress};
use gamctl::plan::Object;
use gamctl::simulator::fault::Fault;
use gamctl::simulator::snmp::Oid;

use super::stage::{How, Stage};

/// The port of each endpoint.
fn endpoint_ports() -> Oid {
    Oid::new(&[1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2, 20, 1, 50])
}

#[tokio::test]
async fn parts_that_cannot_be_read_after_the_write_are_named_and_not_called_compared() {
    let mut stage = Stage::new().await;
    stage.intend("ghn bw-profile 2 rate-downstream 212");
    let (seen, plan) = stage.planned().await;
    let is_set = AtomicBool::new(false);
    let progress = |progress: Progress| {
        if progress == Progress::Verifying && !is_set.swap(true, Ordering::SeqCst) {
            stage.twin.set_fault(Fault::SnmpGenericError {
                at: endpoint_ports(),
            });
        }
    };
    let how = How {
        progress: Some(&progress),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    let outcome = &record.ending.outcome;
    assert_eq!(outcome.ended, Ended::Applied);
    let objects: Vec<&NotCompared> = outcome
        .not_compared
        .iter()
        .filter(|missing| matches!(missing.object, Some(Object::Endpoint(_))))
        .collect();
    assert_eq!(objects.len(), 3, "{:?}", outcome.not_compared);
    for missing in objects {
        assert_eq!(missing.cause, NotComparedCause::Unread);
        assert!(missing.because.contains("`port`"), "{}", missing.because);
    }
}

#[tokio::test]
async fn nothing_is_named_where_all_could_be_compared() {
    let mut stage = Stage::new().await;
    stage.intend("ghn bw-profile 2 rate-downstream 212");
    let record = stage.apply().await;
    assert_eq!(record.ending.outcome.ended, Ended::Applied);
    assert_eq!(record.ending.outcome.not_compared, []);
}
