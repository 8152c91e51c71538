//! Tests every SNMP fault of a twin: correct columns or a named error, never a part as the whole.

use std::time::Duration;

use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::server::Twin;
use gamctl::simulator::snmp::Oid as Name;
use gamctl::transport::snmp::{Column, Counters, Oid, Session, SnmpError, SnmpOptions, Value};

use super::{GHN, LONG, PATIENT, SYS_NAME, oid, public, session, twin};

const SUBSCRIBERS: u16 = 120;

/// Columns of two tables.
fn roots() -> Vec<Oid> {
    let of = |table: u32, column: u32| oid(GHN).join(&[table, 1, column]);
    vec![of(40, 30), of(40, 50), of(40, 75), of(20, 20), of(20, 30)]
}

fn name(oid: &Oid) -> Name {
    Name::new(oid.arcs())
}

/// Returns the correct values of [`roots`], a twin with a fault, and a session with it.
async fn with(order: impl Into<FaultOrder>, options: SnmpOptions) -> (Vec<Column>, Twin, Session) {
    let twin = twin(SUBSCRIBERS).await;
    let truth = session(&twin).await.columns(&roots()).await.unwrap();
    assert_eq!(truth[0].cells.len(), usize::from(SUBSCRIBERS));
    twin.set_fault(order);
    let session = Session::open(twin.snmp_address(), &public(), options).await;
    (truth, twin, session.unwrap())
}

/// Reads under a fault that must not change the result.
async fn right_under(order: impl Into<FaultOrder>, options: SnmpOptions) -> Counters {
    let (truth, _twin, session) = with(order, options).await;
    assert_eq!(session.columns(&roots()).await.unwrap(), truth);
    session.counters()
}

async fn error_under(order: impl Into<FaultOrder>) -> SnmpError {
    let (_, _twin, session) = with(order, PATIENT).await;
    session.columns(&roots()).await.unwrap_err()
}

const HURRIED: SnmpOptions = SnmpOptions {
    timeout: Duration::from_millis(30),
    retries: 8,
    ..PATIENT
};

#[tokio::test]
async fn lost_requests_are_sent_again() {
    let counters = right_under(Fault::SnmpLoss { percent: 30 }, HURRIED).await;
    assert!(counters.resent > 0, "{counters:?}");
}

#[tokio::test]
async fn a_request_that_is_lost_is_sent_again_and_those_beside_it_are_not() {
    let counters = right_under(FaultOrder::new(Fault::SnmpSilence {}).nth(3), PATIENT).await;
    assert_eq!((counters.resent, counters.stale), (1, 0));
}

#[tokio::test]
async fn silence_ends_in_an_error_that_names_the_agent_and_keeps_the_object_for_the_log() {
    let brief = SnmpOptions {
        retries: 1,
        ..HURRIED
    };
    let (_, twin, session) = with(
        FaultOrder::new(Fault::SnmpSilence {}).nth(4).times(1000),
        brief,
    )
    .await;
    let error = session.columns(&roots()).await.unwrap_err();
    let SnmpError::Timeout {
        tries: 2, asked, ..
    } = &error
    else {
        panic!("{error}");
    };
    let table = "1.3.6.1.4.1.20095.2001.143.1.2.";
    assert!(asked.contains(table), "{asked}");
    let text = error.to_string();
    assert!(text.contains(&twin.snmp_address().to_string()), "{text}");
    assert!(!text.contains(table), "people do not know objects: {text}");
    assert!(text.contains("answered earlier"), "{text}");
}

#[tokio::test]
async fn answers_slower_than_one_attempt_are_still_accepted() {
    let counters = right_under(Fault::SnmpDelay { millis: 100 }, HURRIED).await;
    assert!(counters.resent > 0 && counters.stale > 0, "{counters:?}");
}

#[tokio::test]
async fn duplicates_are_dropped_and_counted() {
    let (truth, _twin, session) = with(Fault::SnmpDuplicate { copies: 2 }, PATIENT).await;
    for _ in 0..3 {
        assert_eq!(session.columns(&roots()).await.unwrap(), truth);
    }
    let counters = session.counters();
    // The last copies may still be on their way.
    assert!(counters.stale + 8 >= 2 * counters.answers, "{counters:?}");
    assert_eq!(counters.resent, 0);
}

#[tokio::test]
async fn late_answers_are_never_matched_to_another_request() {
    let (truth, twin, session) = with(Fault::SnmpLate {}, HURRIED).await;
    assert_eq!(session.columns(&roots()).await.unwrap(), truth);
    let other = oid(SYS_NAME);
    for _ in 0..5 {
        let missing = oid(&[1, 3, 6, 1, 2, 1, 1, 99, 0]);
        let values = session.get(&[other.clone(), missing]).await.unwrap();
        let hostname = twin.gam(|gam| gam.running().hostname.as_bytes().to_vec());
        assert_eq!(values, [Value::Bytes(hostname), Value::NoSuchObject]);
    }
    assert!(session.counters().resent > 0);
}

#[tokio::test]
async fn answers_may_change_places() {
    for among in [2, 3, 4] {
        let counters = right_under(Fault::SnmpReorder { among }, PATIENT).await;
        assert_eq!(counters.stale, 0);
    }
}

#[tokio::test]
async fn datagrams_from_another_port_are_ignored() {
    let (_, _twin, session) = with(
        Fault::SnmpWrongSourcePort {},
        SnmpOptions {
            retries: 1,
            ..HURRIED
        },
    )
    .await;
    let error = session.columns(&roots()).await.unwrap_err();
    assert!(matches!(error, SnmpError::Timeout { .. }), "{error}");
    assert_eq!(session.counters().answers, 0);
}

#[tokio::test]
async fn an_agent_that_answers_out_of_order_is_an_error() {
    let at = oid(GHN).join(&[40, 1, 50, 7]);
    let error = error_under(Fault::SnmpNonIncreasing { at: name(&at) }).await;
    let SnmpError::NotIncreasing {
        column, after, got, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(column.arcs(), roots()[1].arcs());
    assert!(got <= after);
    assert!(error.to_string().contains("not answer in order"), "{error}");
}

#[tokio::test]
async fn too_big_and_few_rows_change_how_often_is_asked_and_nothing_else() {
    let few = right_under(Fault::SnmpFewRows { rows: 3 }, PATIENT).await;
    let one = right_under(Fault::SnmpFewRows { rows: 1 }, PATIENT).await;
    assert!(one.requests > few.requests);
    for above in [1, 2, 7, 40] {
        right_under(Fault::SnmpTooBig { above }, PATIENT).await;
    }
}

/// Asks what follows the rows 0, 2, 4, … of a column, and the end of all objects.
async fn following_under(order: impl Into<FaultOrder>) {
    let (_, _twin, session) = with(order, PATIENT).await;
    let column = oid(GHN).join(&[40, 1, 30]);
    let mut names: Vec<Oid> = (0..60).map(|row| column.join(&[row * 2])).collect();
    names.push(oid(&[1, 3, 6, 1, 7]));
    let found = session.following(&names).await.unwrap();
    assert_eq!(found.len(), names.len());
    for (row, found) in (0..60).zip(&found) {
        assert_eq!(*found, Some(column.join(&[row * 2 + 1])));
    }
    assert_eq!(found.last(), Some(&None));
}

#[tokio::test]
async fn what_follows_many_names_is_found_however_few_an_agent_answers_at_a_time() {
    following_under(Fault::SnmpDuplicate { copies: 1 }).await;
    following_under(Fault::SnmpFewRows { rows: 1 }).await;
    following_under(Fault::SnmpTooBig { above: 7 }).await;
}

#[tokio::test]
async fn an_object_too_big_even_alone_is_an_error() {
    let error = error_under(Fault::SnmpTooBig { above: 0 }).await;
    assert!(matches!(error, SnmpError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_general_error_that_stays_is_named_with_the_place() {
    let at = oid(GHN).join(&[40, 1, 50, 60]);
    let error = error_under(Fault::SnmpGenericError { at: name(&at) }).await;
    let SnmpError::Agent { status, name, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(status, "genErr");
    // The name that was asked behind is the one before it.
    assert_eq!(name.arcs(), oid(GHN).join(&[40, 1, 50, 59]).arcs());
}

#[tokio::test]
async fn a_general_error_that_passes_leaves_no_trace() {
    let at = name(&oid(GHN).join(&[40, 1, 50]));
    let order = FaultOrder::new(Fault::SnmpGenericError { at })
        .nth(2)
        .times(3);
    right_under(order, PATIENT).await;
}

/// The protocol cannot distinguish a table's end from a truncation: `observe` compares columns.
#[tokio::test]
async fn a_truncated_table_is_not_detected_by_the_walk_itself() {
    let after = name(&oid(GHN).join(&[40, 1, 50, 7]));
    let (truth, _twin, session) = with(Fault::SnmpTruncate { after }, PATIENT).await;
    let columns = session.columns(&roots()).await.unwrap();
    assert_eq!(columns[1].cells, truth[1].cells[..7]);
    assert_eq!(columns[0], truth[0]);
}

#[tokio::test]
async fn a_value_of_another_type_is_given_as_it_came() {
    let at = name(&roots()[1]);
    let (truth, _twin, session) = with(Fault::SnmpWrongType { at }, PATIENT).await;
    let columns = session.columns(&roots()).await.unwrap();
    let kind = |column: &Column| std::mem::discriminant(&column.cells[0].value);
    assert_ne!(kind(&columns[1]), kind(&truth[1]));
    assert_eq!(columns[0], truth[0]);
}

#[tokio::test]
async fn a_row_that_appears_is_in_a_column_once_or_not_at_all() {
    let appears = Fault::SnmpRowAppears {
        endpoint: 300,
        subscriber: Some(301),
    };
    let (truth, _twin, session) = with(FaultOrder::new(appears).nth(4), PATIENT).await;
    let columns = session.columns(&roots()).await.unwrap();
    for (column, truth) in columns.iter().zip(&truth) {
        let rows = column
            .cells
            .iter()
            .filter(|cell| !truth.cells.contains(cell));
        assert!(rows.count() <= 1);
        assert!(column.cells.is_sorted_by(|a, b| a.index < b.index));
    }
}

#[tokio::test]
async fn several_faults_at_once_are_overcome_by_retries() {
    let (truth, twin, session) = with(Fault::SnmpLoss { percent: 15 }, HURRIED).await;
    twin.set_fault(Fault::SnmpDuplicate { copies: 1 });
    twin.set_fault(Fault::SnmpReorder { among: 2 });
    twin.set_fault(Fault::SnmpTooBig { above: 12 });
    twin.set_fault(FaultOrder::new(Fault::SnmpLate {}).nth(5).times(5));
    assert_eq!(session.columns(&roots()).await.unwrap(), truth);
}

#[tokio::test]
async fn a_device_that_boots_for_a_moment_is_waited_for() {
    let (truth, twin, session) =
        with(FaultOrder::new(Fault::SnmpDelay { millis: 1 }), PATIENT).await;
    twin.reboot();
    assert_eq!(session.columns(&roots()).await.unwrap(), truth);
    let is_up = |state: &gamctl::simulator::server::State| state.is_up;
    twin.wait_until(is_up, LONG).await.unwrap();
}

#[tokio::test]
async fn a_closed_port_is_reported_quickly() {
    let twin = twin(0).await;
    let address = twin.snmp_address();
    twin.stop().await;
    let options = SnmpOptions {
        timeout: LONG,
        retries: 0,
        ..PATIENT
    };
    let session = Session::open(address, &public(), options).await.unwrap();
    let started = std::time::Instant::now();
    let error = session.get(&[oid(SYS_NAME)]).await.unwrap_err();
    assert!(matches!(error, SnmpError::Refused { .. }), "{error}");
    assert!(started.elapsed() < LONG / 2);
    assert!(
        error.to_string().contains("no SNMP agent listens"),
        "{error}"
    );
}

#[tokio::test]
async fn requests_side_by_side_do_not_take_each_others_answers() {
    let (truth, _twin, session) = with(Fault::SnmpReorder { among: 3 }, HURRIED).await;
    let (roots, name) = (roots(), [oid(SYS_NAME)]);
    let (first, second, value) = tokio::join!(
        session.columns(&roots),
        session.columns(&roots[2..]),
        session.get(&name)
    );
    assert_eq!(first.unwrap(), truth);
    assert_eq!(second.unwrap(), truth[2..]);
    assert!(matches!(value.unwrap().as_slice(), [Value::Bytes(_)]));
}
