//! Tests that a full disk is reported as such, and that earlier rows stay intact.

use std::path::Path;

use gamctl::apply::Ended;
use gamctl::history::{Journal, JournalError, Store, StoreError, StoreUrl};
use uuid::Uuid;

use crate::small_disk::SmallDisk;

use super::sample::{applied, audit, device, intent, run};
use super::{TIMEOUTS, lease};

async fn opened(path: &Path) -> Store {
    Store::open(&StoreUrl::sqlite(path), TIMEOUTS)
        .await
        .unwrap()
}

#[test]
fn a_full_disk_is_reported_and_earlier_rows_are_intact() {
    let Some(disk) = SmallDisk::new(8 << 10) else {
        return;
    };
    super::run(async {
        let path = disk.path("store.db");
        let store = opened(&path).await;
        let oak = device("oak");
        let run = run();
        store.begin_run(&run).await.unwrap();
        let held = lease(&store, &oak, Uuid::now_v7()).await;
        applied(&store, run.id, &held, Ended::Applied).await;
        let filler = disk.fill(0);
        // What it has allocated already it may still use.
        let why = loop {
            if let Err(why) = store.audit(&audit("something")).await {
                break why;
            }
        };
        assert!(matches!(why, StoreError::Full { .. }), "{why:?}");
        assert!(why.is_away() && why.is_full());
        let said = why.to_string();
        let named = format!("the disk of the store {} is full", store.url());
        assert!(said.starts_with(&named), "{said}");
        assert!(
            said.ends_with("free some space, then run it again"),
            "{said}"
        );
        // An entry of a device is refused in the same words, alone and in a batch.
        let second = super::sample::run();
        let began = store.begin_run(&second).await;
        assert!(began.unwrap_err().is_full());
        let entry = store.record(run.id, &held, 11, &intent(&oak)).await;
        assert!(entry.unwrap_err().is_full());
        // Reading goes on.
        assert_eq!(store.entries(run.id, &oak).await.unwrap().len(), 10);

        std::fs::remove_file(filler).unwrap();
        store.begin_run(&second).await.unwrap();
        store
            .record(second.id, &held, 1, &intent(&oak))
            .await
            .unwrap();
        store.close().await;
        let again = opened(&path).await;
        assert_eq!(again.entries(run.id, &oak).await.unwrap().len(), 10);
        assert_eq!(again.unfinished().await.unwrap().len(), 1);
        again.close().await;
    });
}

#[test]
fn a_run_is_refused_before_it_begins_where_there_is_too_little_room() {
    let Some(disk) = SmallDisk::new(24 << 10) else {
        return;
    };
    super::run(async {
        let store = opened(&disk.path("store.db")).await;
        let journal = Journal::at(disk.path("journal"));
        store.check_room(1).unwrap();
        journal.check_room(1).unwrap();
        let why = store.check_room(100).unwrap_err();
        assert!(why.is_full(), "{why}");
        assert!(why.to_string().contains("kB are free"), "{why}");
        disk.fill(256 << 10);
        let why = store.check_room(1).unwrap_err();
        let said = why.to_string();
        assert!(said.contains("could not record another run"), "{said}");
        let why = journal.check_room(1).unwrap_err();
        assert!(matches!(why, JournalError::DiskFull { .. }), "{why}");
        store.close().await;
    });
}

#[test]
fn a_journal_on_a_full_disk_reports_it_and_keeps_its_entries() {
    let Some(disk) = SmallDisk::new(1 << 10) else {
        return;
    };
    super::run(async {
        let bed = super::Bed::sqlite().await;
        let oak = device("oak");
        let (run, held) = bed.at_work(&oak).await;
        let journal = Journal::at(disk.path("journal"));
        journal
            .record(run.id, &held, 1, &intent(&oak))
            .await
            .unwrap();
        disk.fill(0);
        let mut number = 2;
        let why = loop {
            match journal.record(run.id, &held, number, &intent(&oak)).await {
                Ok(()) => number += 1,
                Err(why) => break why,
            }
        };
        assert!(matches!(why, JournalError::DiskFull { .. }), "{why:?}");
        assert!(why.to_string().contains("is full"), "{why}");
        let replayed = journal.replay(&bed.store, "ada@noc").await.unwrap();
        assert_eq!(replayed.entries, usize::try_from(number).unwrap() - 1);
        assert_eq!(replayed.rejected, [""; 0]);
    });
}
