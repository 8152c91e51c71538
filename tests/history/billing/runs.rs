//! Tests the runs of a sync: who may store one, and how many rows are kept.

use gamctl::history::{
    BaseChange, ClassifiedScope, FinishedSync, NewSyncRun, ServiceFilter, StoreError, SyncOutcome,
    SyncScope, sync_task,
};
use gamctl::sync::{Classification, HeldBack};
use uuid::Uuid;

use super::{
    LONG, base, classified, digest, finish, finished, held, leader, note, reserve, run, splynx,
    stored, subscriber,
};
use crate::history::{Bed, on_both};

on_both!(
    a_process_without_the_lease_of_the_sync_writes_nothing,
    a_quiet_day_adds_no_rows,
    a_run_that_pushed_is_kept_for_ever_and_stored_once,
    a_run_is_stored_whole_or_not_at_all,
    what_is_held_back_is_replaced_and_keeps_its_time,
);

async fn a_process_without_the_lease_of_the_sync_writes_nothing(bed: Bed) {
    let store = &bed.store;
    let late = leader(store).await;
    // Two runs of one process do not have it at the same time either.
    let task = sync_task(&splynx());
    let second = store.lead(&task, Uuid::now_v7(), LONG).await.unwrap();
    assert_eq!(second, None);
    store.stop_leading(&late).await.unwrap();
    let present = leader(store).await;
    let other = store
        .lead("fetch", late.holder, LONG)
        .await
        .unwrap()
        .unwrap();
    let one = run(SyncOutcome::Nothing, 1);
    let note = [note("activated")];
    for wrong in [&late, &other] {
        let refused = [
            store
                .finish_sync(&splynx(), &finished(&one), wrong)
                .await
                .err(),
            store.set_delta_cursor(&splynx(), &1, wrong).await.err(),
            store.queue_writes(&splynx(), &note, wrong).await.err(),
            store.claim_write(&splynx(), wrong).await.err(),
            store.release_lane(&splynx(), one.id, wrong).await.err(),
            reserve(store, one.id, 1, &[], wrong).await.err(),
        ];
        for error in refused {
            assert!(
                matches!(&error, Some(StoreError::NotLeader { task }) if task == "sync splynx"),
                "{error:?}"
            );
        }
    }
    assert!(store.sync_runs(&splynx(), 9).await.unwrap().is_empty());
    finish(store, &one, &present).await;
}

async fn a_quiet_day_adds_no_rows(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    for minute in 1..=20 {
        finish(store, &run(SyncOutcome::Nothing, minute), &leader).await;
    }
    let runs = store.sync_runs(&splynx(), 100).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].runs, runs[0].first_began), (20, 1));
    assert_eq!(runs[0].run.began, 20);
    // Deltas and readings of everything are counted apart.
    let delta = NewSyncRun {
        scope: SyncScope::Accounts,
        ..run(SyncOutcome::Nothing, 21)
    };
    finish(store, &delta, &leader).await;
    finish(store, &run(SyncOutcome::Pushed, 22), &leader).await;
    finish(store, &run(SyncOutcome::Nothing, 23), &leader).await;
    let runs = store.sync_runs(&splynx(), 100).await.unwrap();
    let began: Vec<u64> = runs.iter().map(|run| run.run.began).collect();
    assert_eq!(began, [23, 22, 21]);
    // After a change the quiet time begins again.
    assert_eq!((runs[0].runs, runs[0].first_began), (1, 23));
    // A night without billing is one row as well, and the reason is a word.
    for minute in 30..60 {
        let mut failed = run(SyncOutcome::Failed, minute);
        failed.digest = None;
        failed.report.proof = None;
        failed.report.failure = Some("unreachable".into());
        finish(store, &failed, &leader).await;
    }
    let runs = store.sync_runs(&splynx(), 100).await.unwrap();
    assert_eq!(runs.len(), 4);
    assert_eq!(runs[0].runs, 30);
    assert_eq!(runs[0].run.report.failure.as_deref(), Some("unreachable"));
    assert_eq!(store.sync_runs(&splynx(), 2).await.unwrap().len(), 2);
}

async fn a_run_that_pushed_is_kept_for_ever_and_stored_once(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let now = store.clock().await.unwrap();
    let first = run(SyncOutcome::Pushed, now);
    for _ in 0..2 {
        finish(store, &first, &leader).await;
    }
    finish(store, &run(SyncOutcome::Pushed, now), &leader).await;
    let runs = store.sync_runs(&splynx(), 100).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[1].run, first);
    assert_eq!(runs[1].system, splynx());
    assert!(runs[1].ended >= now);
    for statement in [
        "update sync_run set who = 'x'",
        "delete from sync_run where outcome = 'pushed'",
    ] {
        let refused = bed.past(statement).await.unwrap_err();
        assert!(refused.contains("gamctl: append-only"), "{refused}");
    }
    // A run that pushed names its commit.
    let mut without = run(SyncOutcome::Pushed, now);
    without.commit = None;
    let refused = store
        .finish_sync(&splynx(), &finished(&without), &leader)
        .await;
    assert!(refused.is_err());
}

async fn a_run_is_stored_whole_or_not_at_all(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let services = [classified("1042/7001", Classification::InSync, &[])];
    let held = [held(1, &["acct-1", "acct-2"])];
    let all = |run, before, after| FinishedSync {
        run,
        base: Some(BaseChange {
            before,
            after,
            commit: "c1",
        }),
        classified: Some((ClassifiedScope::Everything, &services)),
        held: &held,
    };
    let first = run(SyncOutcome::Pushed, 1);
    let after = base("1042/7001", "home-500");
    let done = store
        .finish_sync(&splynx(), &all(&first, None, &after), &leader)
        .await;
    assert!(done.unwrap());
    let stored = stored(store).await;
    assert_eq!((stored.number, stored.run), (1, first.id));
    let filter = ServiceFilter::default();
    let listed = store.classified_services(&splynx(), &filter, 9).await;
    assert_eq!(listed.unwrap().len(), 1);
    assert_eq!(store.held_changes(&splynx()).await.unwrap().len(), 1);
    // Another sync was faster: nothing of this run is stored.
    let second = run(SyncOutcome::Pushed, 2);
    let next = base("1043/7002", "home-100");
    let late = FinishedSync {
        classified: Some((ClassifiedScope::Everything, &[])),
        held: &[],
        ..all(&second, None, &next)
    };
    let done = store.finish_sync(&splynx(), &late, &leader).await;
    assert!(!done.unwrap());
    assert_eq!(store.sync_runs(&splynx(), 9).await.unwrap().len(), 1);
    let listed = store.classified_services(&splynx(), &filter, 9).await;
    assert_eq!(listed.unwrap().len(), 1);
    // The database rejects the last row: nothing before it is kept.
    let mut wrong = run(SyncOutcome::Pushed, 3);
    wrong.commit = None;
    let broken = FinishedSync {
        classified: Some((ClassifiedScope::Everything, &[])),
        held: &[],
        ..all(&wrong, Some(&stored), &next)
    };
    let done = store.finish_sync(&splynx(), &broken, &leader).await;
    assert!(done.is_err());
    assert_eq!(super::stored(store).await, stored);
    assert_eq!(store.held_changes(&splynx()).await.unwrap().len(), 1);
}

async fn what_is_held_back_is_replaced_and_keeps_its_time(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let one = held(1, &["acct-1", "acct-2"]);
    let finish = async |held: &[HeldBack]| {
        let run = run(SyncOutcome::HeldBack, 1);
        let all = FinishedSync {
            classified: Some((ClassifiedScope::Everything, &[])),
            held,
            ..finished(&run)
        };
        assert!(store.finish_sync(&splynx(), &all, &leader).await.unwrap());
        store.held_changes(&splynx()).await.unwrap()
    };
    let rows = finish(std::slice::from_ref(&one)).await;
    assert_eq!(rows[0].digest, digest(1));
    assert_eq!(rows[0].finding, one.finding);
    let ids = [subscriber("acct-1"), subscriber("acct-2")];
    assert_eq!(rows[0].subscribers, ids);
    let long_ago = match bed.database {
        Some(_) => "update billing_held set since = to_timestamp(7)",
        None => "update billing_held set since = 7000",
    };
    bed.past(long_ago).await.unwrap();
    let rows = finish(&[one, held(2, &["acct-3"])]).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].since, 7);
    assert!(rows[1].since > 7);
    // A reading of some accounts does not have what one of everything held back.
    let delta = run(SyncOutcome::HeldBack, 2);
    let accounts = std::collections::BTreeSet::new();
    let some = FinishedSync {
        classified: Some((ClassifiedScope::Accounts(&accounts), &[])),
        held: &[held(3, &["acct-4"])],
        ..finished(&delta)
    };
    assert!(store.finish_sync(&splynx(), &some, &leader).await.unwrap());
    assert_eq!(store.held_changes(&splynx()).await.unwrap().len(), 3);
    assert!(finish(&[]).await.is_empty());
}
