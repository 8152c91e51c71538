//! Tests SNMP 2c against a correct twin: right values, complete columns, few requests.

use gamctl::secrets::Secret;
use gamctl::transport::snmp::{Access, Session, SnmpError, SnmpOptions, Value};

use super::{GHN, PATIENT, SYS_NAME, SYSTEM, oid, session, twin};

/// Columns of endpoints, profiles and subscribers.
fn configuration() -> Vec<gamctl::transport::snmp::Oid> {
    let columns = [
        (20, &[20, 30, 50, 55][..]),
        (30, &[30, 50, 60]),
        (40, &[30, 50, 55, 70, 75, 90, 100, 110, 120, 170]),
    ];
    let of = |(table, columns): (u32, &[u32])| -> Vec<_> {
        let columns = columns.iter();
        columns
            .map(|column| oid(GHN).join(&[table, 1, *column]))
            .collect()
    };
    columns.into_iter().flat_map(of).collect()
}

#[tokio::test]
async fn single_values_come_in_the_order_they_were_asked_for() {
    let twin = twin(0).await;
    let session = session(&twin).await;
    let missing = oid(SYSTEM).join(&[99, 0]);
    let values = session
        .get(&[missing, oid(SYS_NAME), oid(SYSTEM).join(&[5, 1])])
        .await
        .unwrap();
    let hostname = twin.gam(|gam| gam.running().hostname.clone());
    assert_eq!(
        values,
        [
            Value::NoSuchObject,
            Value::Bytes(hostname.as_bytes().to_vec()),
            Value::NoSuchInstance
        ]
    );
}

#[tokio::test]
async fn more_values_than_fit_a_request_are_asked_for_in_several() {
    let twin = twin(0).await;
    let session = session(&twin).await;
    let names = vec![oid(SYS_NAME); 100];
    let values = session.get(&names).await.unwrap();
    assert_eq!(values.len(), 100);
    assert_eq!(session.counters().requests, 3);
}

#[tokio::test]
async fn columns_come_whole_and_in_the_order_they_were_asked_for() {
    let twin = twin(200).await;
    let session = session(&twin).await;
    let roots = configuration();
    let columns = session.columns(&roots).await.unwrap();
    let oids: Vec<_> = columns.iter().map(|column| column.oid.clone()).collect();
    assert_eq!(oids, roots);
    for column in &columns[7..] {
        let rows: Vec<_> = column.cells.iter().map(|cell| cell.index.clone()).collect();
        assert_eq!(rows, (1..=200).map(|id| vec![id]).collect::<Vec<_>>());
    }
    for (place, cell) in columns[7].cells.iter().enumerate() {
        let name = format!("acct-{}", place + 1);
        assert_eq!(cell.value, Value::Bytes(name.into_bytes()));
    }
    let counters = session.counters();
    assert_eq!(
        (counters.resent, counters.stale, counters.undecodable),
        (0, 0, 0)
    );
    assert_eq!(counters.answers, counters.requests);
}

#[tokio::test]
async fn a_table_of_numbered_rows_is_as_whole_from_many_places_as_from_one() {
    let twin = twin(200).await;
    let roots = configuration();
    let walked = session(&twin).await.columns(&roots).await.unwrap();
    // Where pieces end long before the rows do, at the last row, and where most of them are empty.
    for highest in [0, 7, 199, 200, 201, 5_000, u32::MAX] {
        let session = session(&twin).await;
        let divided = session.numbered(&roots, highest).await.unwrap();
        assert_eq!(divided, walked, "{highest}");
    }
}

#[tokio::test]
async fn columns_together_are_as_whole_as_apart_and_a_short_table_needs_one_request() {
    for (subscribers, requests) in [(3, 1..=1), (200, 4..=60)] {
        let twin = twin(subscribers).await;
        let table = oid(GHN).join(&[40, 1]);
        let roots = [30, 50, 55].map(|column| table.join(&[column]));
        let apart = session(&twin).await.columns(&roots).await.unwrap();
        let session = session(&twin).await;
        let together = session.together(&roots).await.unwrap();
        assert_eq!(together, apart);
        assert_eq!(together[0].cells.len(), usize::from(subscribers));
        let needed = session.counters().requests;
        assert!(requests.contains(&needed), "{needed}");
    }
}

#[tokio::test]
async fn a_column_that_is_not_there_is_empty() {
    let twin = twin(1).await;
    let session = session(&twin).await;
    let missing = oid(&[1, 3, 6, 1, 4, 1, 4711, 1]);
    let last = oid(&[1, 3, 6, 1, 7]);
    let columns = session.columns(&[missing, last]).await.unwrap();
    assert!(columns.iter().all(|column| column.cells.is_empty()));
    assert_eq!(columns.len(), 2);
    assert!(session.columns(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_community_times_out_and_the_error_names_what_to_check() {
    let twin = twin(0).await;
    let access = Access::V2c {
        community: Secret::new(b"hunter2".to_vec()),
    };
    let options = SnmpOptions {
        timeout: std::time::Duration::from_millis(20),
        retries: 1,
        ..PATIENT
    };
    let session = Session::open(twin.snmp_address(), &access, options)
        .await
        .unwrap();
    let error = session.get(&[oid(SYS_NAME)]).await.unwrap_err();
    let SnmpError::Timeout {
        tries: 2, asked, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(asked.contains("1.3.6.1.2.1.1.5.0"), "{asked}");
    let text = error.to_string();
    assert!(text.contains("community"), "{text}");
    assert!(!format!("{text} {error:?} {session:?}").contains("hunter2"));
}
