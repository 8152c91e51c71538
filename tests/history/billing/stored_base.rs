//! Tests the base of a sync, cursors, numbers of requests, and the memory of write-back.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::history::{BaseChange, ClassifiedScope, FinishedSync, StoredBase, SyncOutcome};
use gamctl::model::billing::BillingName;
use gamctl::sync::Classification;
use uuid::Uuid;

use super::{Cursor, base, classified, key, leader, memory, replace, run, splynx, stored};
use crate::history::{Bed, on_both};

on_both!(
    a_base_is_absent_at_first_and_then_read_back_as_it_was_written,
    of_two_syncs_at_once_the_later_one_is_refused,
    a_base_that_only_has_the_same_number_is_another_one,
    only_the_services_that_changed_are_written,
    numbers_of_requests_only_grow_and_no_two_processes_get_the_same,
    a_cursor_is_replaced_and_one_of_another_client_is_an_error,
    the_memory_of_write_back_is_kept_beside_the_base,
    ten_thousand_services_are_stored_at_once,
);

async fn a_base_is_absent_at_first_and_then_read_back_as_it_was_written(bed: Bed) {
    let store = &bed.store;
    assert_eq!(store.sync_base(&splynx()).await.unwrap(), None);
    let first = base("1042/7001", "home-500");
    assert!(replace(store, None, &first, "c1").await);
    let one = stored(store).await;
    assert_eq!((one.number, one.commit.as_str()), (1, "c1"));
    assert_eq!(one.base, first);
    assert!(one.at > 0);
    // One service is replaced by another, and a claim goes with it.
    let mut second = base("1043/7002", "home-100");
    second.claims.clear();
    assert!(replace(store, Some(&one), &second, "c2").await);
    let two = stored(store).await;
    assert_eq!((two.number, two.commit.as_str()), (2, "c2"));
    assert_eq!(two.base, second);
    let sonar = BillingName::new("sonar").unwrap();
    assert_eq!(store.sync_base(&sonar).await.unwrap(), None);
    let refused = bed.past("update billing_base set number = 1").await;
    assert!(refused.unwrap_err().contains("gamctl: append-only"));
}

async fn of_two_syncs_at_once_the_later_one_is_refused(bed: Bed) {
    let store = &bed.store;
    let first = base("1042/7001", "home-500");
    // Nothing was stored for either of them.
    assert!(replace(store, None, &first, "c1").await);
    assert!(!replace(store, None, &base("1043/7002", "x"), "c2").await);
    let before = stored(store).await;
    assert_eq!(before.base, first);
    let writers = (0..8).map(|number| {
        let (store, before) = (store.clone(), before.clone());
        tokio::spawn(async move {
            let after = base(&format!("1{number}/1"), "home-500");
            replace(&store, Some(&before), &after, &format!("c{number}")).await
        })
    });
    let mut replaced = 0;
    for writer in writers.collect::<Vec<_>>() {
        replaced += usize::from(writer.await.unwrap());
    }
    assert_eq!(replaced, 1);
    let after = stored(store).await;
    assert_eq!((after.number, after.base.services.len()), (2, 1));
    // Its answer was lost, so it is asked again.
    let change = BaseChange {
        before: Some(&after),
        after: &first,
        commit: "c9",
    };
    let id = Uuid::now_v7();
    for _ in 0..2 {
        let asked = store.replace_sync_base(&splynx(), &change, id).await;
        assert!(asked.unwrap());
    }
    assert_eq!(stored(store).await.number, 3);
}

async fn a_base_that_only_has_the_same_number_is_another_one(bed: Bed) {
    let store = &bed.store;
    assert!(replace(store, None, &base("1042/7001", "a"), "c1").await);
    let of_another_store = StoredBase {
        run: Uuid::now_v7(),
        ..stored(store).await
    };
    let after = base("1042/7001", "b");
    assert!(!replace(store, Some(&of_another_store), &after, "c2").await);
}

async fn only_the_services_that_changed_are_written(bed: Bed) {
    let store = &bed.store;
    let mut first = base("1042/7001", "home-500");
    let same = first.services[&key("1042/7001")].clone();
    first.services.insert(key("1043/7002"), same);
    assert!(replace(store, None, &first, "c1").await);
    // A row that is not written keeps what a test put there.
    bed.past("update billing_base_part set content = '{\"version\":1,\"login\":\"kept\"}' where name = '1043/7002'")
        .await
        .unwrap();
    let mut expected = stored(store).await.base.services;
    expected.get_mut(&key("1042/7001")).unwrap().since = 9;
    let before = StoredBase {
        base: first.clone(),
        ..stored(store).await
    };
    let mut after = first;
    after.services.get_mut(&key("1042/7001")).unwrap().since = 9;
    assert!(replace(store, Some(&before), &after, "c2").await);
    assert_eq!(stored(store).await.base.services, expected);
}

async fn numbers_of_requests_only_grow_and_no_two_processes_get_the_same(bed: Bed) {
    let store = &bed.store;
    assert_eq!(
        store.reserve_nonces(&splynx(), 5000, 1000).await.unwrap(),
        0
    );
    // A clock that was put back lowers nothing.
    assert_eq!(
        store.reserve_nonces(&splynx(), 10, 1000).await.unwrap(),
        5000
    );
    assert_eq!(
        store.reserve_nonces(&splynx(), 10, 1000).await.unwrap(),
        6000
    );
    let sonar = BillingName::new("sonar").unwrap();
    assert_eq!(store.reserve_nonces(&sonar, 1, 1).await.unwrap(), 0);
    let processes = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.reserve_nonces(&splynx(), 0, 10).await.unwrap() })
    });
    let mut before = BTreeSet::new();
    for process in processes.collect::<Vec<_>>() {
        before.insert(process.await.unwrap());
    }
    let expected: BTreeSet<u64> = (0..8).map(|number| 7000 + 10 * number).collect();
    assert_eq!(before, expected);
    // Larger than a time in milliseconds.
    let large = 1 << 60;
    store.reserve_nonces(&splynx(), large, 1).await.unwrap();
    assert_eq!(store.reserve_nonces(&splynx(), 0, 1).await.unwrap(), large);
    for statement in [
        "update billing_nonce set number = 1",
        "delete from billing_nonce",
    ] {
        let refused = bed.past(statement).await.unwrap_err();
        assert!(refused.contains("gamctl: append-only"), "{refused}");
    }
}

async fn a_cursor_is_replaced_and_one_of_another_client_is_an_error(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let none: Option<Cursor> = store.delta_cursor(&splynx()).await.unwrap();
    assert_eq!(none, None);
    for last_change in [501, 502, 400] {
        let cursor = Cursor {
            last_change,
            customers: vec!["1042".to_owned()],
        };
        store
            .set_delta_cursor(&splynx(), &cursor, &leader)
            .await
            .unwrap();
        let read: Option<Cursor> = store.delta_cursor(&splynx()).await.unwrap();
        assert_eq!(read, Some(cursor));
    }
    let other = store.delta_cursor::<Vec<u64>>(&splynx()).await.unwrap_err();
    assert!(!other.is_away(), "{other}");
}

async fn the_memory_of_write_back_is_kept_beside_the_base(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let none = store.write_back_memory(&splynx()).await.unwrap();
    assert!(none.is_empty());
    let first = BTreeMap::from([
        (key("1/1"), memory("served")),
        (key("2/2"), memory("served")),
    ]);
    let set = async |before: &_, after: &_| {
        let set = store
            .set_write_back_memory(&splynx(), before, after, &leader)
            .await;
        set.unwrap();
        store.write_back_memory(&splynx()).await.unwrap()
    };
    assert_eq!(set(&none, &first).await, first);
    assert!(replace(store, None, &base("1042/7001", "home-500"), "c1").await);
    assert_eq!(stored(store).await.base.services.len(), 1);
    let second = BTreeMap::from([(key("2/2"), memory("suspended"))]);
    assert_eq!(set(&first, &second).await, second);
    assert_eq!(stored(store).await.base, base("1042/7001", "home-500"));
}

async fn ten_thousand_services_are_stored_at_once(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let mut after = base("1042/7001", "home-500");
    let one = after.services[&key("1042/7001")].clone();
    let mut services = Vec::new();
    for number in 0..10_000 {
        let name = format!("{}/{number}", number / 2);
        after.services.insert(key(&name), one.clone());
        services.push(classified(&name, Classification::InSync, &[]));
    }
    let run = run(SyncOutcome::Pushed, 1);
    let all = FinishedSync {
        run: &run,
        base: Some(BaseChange {
            before: None,
            after: &after,
            commit: "c1",
        }),
        classified: Some((ClassifiedScope::Everything, &services)),
        held: &[],
    };
    assert!(store.finish_sync(&splynx(), &all, &leader).await.unwrap());
    assert_eq!(stored(store).await.base, after);
    let counts = store.classification_counts(&splynx()).await.unwrap();
    assert_eq!(counts[&Classification::InSync], 10_000);
}
