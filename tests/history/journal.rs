//! Tests that entries of the journal reach the store exactly once, wherever the file was cut off.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use gamctl::apply::Ended;
use gamctl::history::{Filter, Journal, JournalError, Lease, NewRun, StoreError};
use gamctl::reconcile::StoreWithJournal;
use uuid::Uuid;

use super::sample::{device, intent, ledger, outcome, typed};
use super::{Bed, lease, on_both};

on_both!(
    what_was_journalled_is_put_in_once_and_the_journal_is_empty,
    what_the_store_has_already_is_not_doubled,
    what_somebody_else_took_over_is_kept_aside,
    a_torn_tail_takes_nothing_along,
    entries_that_came_after_a_replay_are_put_in_as_well,
);

/// Journals the rest of an apply whose first entry the store has.
async fn journalled(bed: &Bed) -> (Journal, NewRun, Lease) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    let store = &bed.store;
    store
        .record(run.id, &lease, 1, &intent(&oak))
        .await
        .unwrap();
    let journal = Journal::at(bed.folder.path().join("state/journal"));
    assert!(journal.is_empty());
    for (number, line) in [(2, "profile 1"), (3, "subscriber 1"), (4, "endpoint 1")] {
        let step = usize::try_from(number).unwrap() - 1;
        let entry = typed(step, line);
        journal
            .record(run.id, &lease, number, &entry)
            .await
            .unwrap();
    }
    let ended = outcome(&oak, Ended::Applied);
    let mine = ledger(&["apt-1"], "c1");
    journal
        .finish(run.id, &lease, 5, &ended, Some(&mine))
        .await
        .unwrap();
    assert!(!journal.is_empty());
    (journal, run, lease)
}

async fn what_was_journalled_is_put_in_once_and_the_journal_is_empty(bed: Bed) {
    let (journal, run, _) = journalled(&bed).await;
    let mode = fs::metadata(journal.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Another process of the same state directory does it.
    let journal = Journal::at(journal.path());
    let replayed = journal.replay(&bed.store, "ada@noc").await.unwrap();
    assert_eq!((replayed.entries, replayed.is_torn), (4, false));
    assert_eq!(replayed.rejected, Vec::<String>::new());
    assert!(journal.is_empty());
    let oak = device("oak");
    assert_eq!(bed.store.entries(run.id, &oak).await.unwrap().len(), 5);
    assert_eq!(bed.store.unfinished().await.unwrap(), []);
    assert!(bed.store.ledger(&oak).await.unwrap().is_some());
    let again = journal.replay(&bed.store, "ada@noc").await.unwrap();
    assert_eq!(again.entries, 0);
}

async fn entries_that_came_after_a_replay_are_put_in_as_well(bed: Bed) {
    // A device goes on in the journal although the store has answered another one meanwhile.
    let (journal, run, _) = journalled(&bed).await;
    let state = bed.folder.path().join("state");
    let both = StoreWithJournal::new(bed.store.clone(), &state, "ada@noc".to_owned());
    assert!(!both.is_away());
    assert!(both.is_back().await);
    assert!(journal.is_empty());
    let entries = bed.store.entries(run.id, &device("oak")).await.unwrap();
    assert_eq!(entries.len(), 5);
}

async fn what_the_store_has_already_is_not_doubled(bed: Bed) {
    let (journal, run, lease) = journalled(&bed).await;
    // The store had taken the first of them, and its answer was lost.
    let first = typed(1, "profile 1");
    bed.store.record(run.id, &lease, 2, &first).await.unwrap();
    let kept = fs::read(journal.path()).unwrap();
    for _ in 0..2 {
        // The process died before the journal was emptied.
        fs::write(journal.path(), &kept).unwrap();
        let replayed = journal.replay(&bed.store, "ada@noc").await.unwrap();
        assert_eq!((replayed.entries, replayed.rejected.len()), (4, 0));
    }
    assert_eq!(bed.number("select count(*) from entry").await, 5);
    assert_eq!(bed.number("select count(*) from ledger_version").await, 1);
    assert_eq!(bed.number("select count(*) from audit").await, 0);
}

async fn what_somebody_else_took_over_is_kept_aside(bed: Bed) {
    let (journal, run, first) = journalled(&bed).await;
    bed.store.release(&first).await.unwrap();
    lease(&bed.store, &device("oak"), Uuid::now_v7()).await;
    let replayed = journal.replay(&bed.store, "ada@noc").await.unwrap();
    assert_eq!((replayed.entries, replayed.rejected.len()), (4, 4));
    assert!(
        replayed.rejected[0].contains("another process took it over"),
        "{replayed:?}"
    );
    assert!(journal.is_empty());
    assert_eq!(bed.number("select count(*) from entry").await, 1);
    let filter = Filter {
        run: Some(run.id),
        ..Filter::default()
    };
    let audits = bed.store.audits(&filter).await.unwrap();
    assert_eq!(audits.len(), 4);
    assert!(
        audits
            .iter()
            .all(|row| row.audit.is_refused && row.audit.verb == "replay")
    );
    // With all that was in it.
    assert!(audits[3].audit.what.contains("profile 1"), "{audits:?}");
}

async fn a_torn_tail_takes_nothing_along(bed: Bed) {
    let (journal, run, lease) = journalled(&bed).await;
    let whole = fs::read(journal.path()).unwrap();
    // Where each entry ends, by its own length.
    let mut ends = vec![0];
    while let Some(at) = ends.last().copied().filter(|at| *at < whole.len()) {
        let length: [u8; 4] = whole[at..at + 4].try_into().unwrap();
        ends.push(at + 36 + usize::try_from(u32::from_le_bytes(length)).unwrap());
    }
    assert_eq!(ends.len(), 5);
    for cut in [ends[2] + 1, ends[2] + 36, ends[3] - 1] {
        fs::write(journal.path(), &whole[..cut]).unwrap();
        let replayed = journal.replay(&bed.store, "ada@noc").await.unwrap();
        assert_eq!((replayed.entries, replayed.is_torn), (2, true), "{cut}");
    }
    // A flipped bit hides its entry and those that follow, and is reported.
    let mut wrong = whole.clone();
    wrong[ends[2] + 40] ^= 1;
    fs::write(journal.path(), &wrong).unwrap();
    let replayed = journal.replay(&bed.store, "ada@noc").await.unwrap();
    assert_eq!((replayed.entries, replayed.is_torn), (2, true));
    // What is written after a torn tail is found.
    fs::write(journal.path(), &whole[..ends[2] + 7]).unwrap();
    let third = typed(3, "endpoint 1");
    Journal::at(journal.path())
        .record(run.id, &lease, 4, &third)
        .await
        .unwrap();
    let replayed = journal.replay(&bed.store, "ada@noc").await.unwrap();
    assert_eq!(
        (replayed.entries, replayed.rejected.len(), replayed.is_torn),
        (3, 0, false)
    );
}

#[test]
fn an_unreachable_store_leaves_the_journal_unchanged() {
    super::run(async {
        let bed = Bed::sqlite().await;
        let (journal, ..) = journalled(&bed).await;
        let before = fs::read(journal.path()).unwrap();
        bed.store.close().await;
        let why = journal.replay(&bed.store, "ada@noc").await.unwrap_err();
        assert!(
            matches!(why, JournalError::Store(StoreError::Away { .. })),
            "{why:?}"
        );
        assert_eq!(fs::read(journal.path()).unwrap(), before);
    });
}

#[test]
fn a_journal_of_another_version_is_kept() {
    use sha2::{Digest as _, Sha256};
    super::run(async {
        let bed = Bed::sqlite().await;
        let (journal, ..) = journalled(&bed).await;
        let body = br#"{"what":"something-new"}"#;
        let mut whole = fs::read(journal.path()).unwrap();
        let at = whole.len();
        whole.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
        whole.extend(Sha256::digest(body));
        whole.extend(body);
        fs::write(journal.path(), &whole).unwrap();
        let why = journal.replay(&bed.store, "ada@noc").await.unwrap_err();
        assert!(why.to_string().contains(&format!("at byte {at}")), "{why}");
        assert_eq!(fs::read(journal.path()).unwrap(), whole);
    });
}

#[test]
fn many_may_write_into_a_journal_at_once() {
    super::run(async {
        let bed = Bed::sqlite().await;
        let path = bed.folder.path().join("journal");
        let run = super::sample::run();
        bed.store.begin_run(&run).await.unwrap();
        // Two of the same file, as two processes have.
        let journals = [Journal::at(&path), Journal::at(&path)];
        let writers = (0..12).map(|number| {
            let (journal, store, run) = (journals[number % 2].clone(), bed.store.clone(), run.id);
            tokio::spawn(async move {
                let device = device(&format!("oak-{number}"));
                let lease = lease(&store, &device, Uuid::now_v7()).await;
                for number in 1..=5 {
                    let entry = typed(1, "profile 1");
                    journal.record(run, &lease, number, &entry).await.unwrap();
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let replayed = Journal::at(&path)
            .replay(&bed.store, "ada@noc")
            .await
            .unwrap();
        assert_eq!((replayed.entries, replayed.rejected.len()), (60, 0));
        assert_eq!(bed.number("select count(*) from entry").await, 60);
    });
}
