//! Tests the entries of a device in a run: in order, each once, and the outcome with its records.

use gamctl::apply::cause::{Failure, FoundByRecovery};
use gamctl::apply::{Ended, Entry, LookReason, Purpose, RunResult};
use gamctl::history::{Filter, NewRun, StoreError};
use gamctl::model::Fingerprint;
use uuid::Uuid;

use super::sample::{applied, device, exchange, intent, ledger, look, looked, outcome, typed};
use super::{Bed, lease, on_both};

on_both!(
    an_apply_is_read_back_as_it_was_recorded,
    the_same_entry_again_changes_nothing,
    another_entry_with_the_same_number_is_refused,
    an_entry_that_does_not_follow_is_refused,
    an_entry_of_a_run_that_is_not_there_is_refused,
    the_end_is_written_with_the_ledger_or_not_at_all,
    an_unsaved_device_is_listed_until_it_is_saved,
    what_was_interrupted_is_unfinished_until_its_end_is_known,
    an_end_counts_once,
    entries_of_many_devices_at_once_are_all_there,
    entries_that_belong_together_are_stored_all_or_none,
    an_entry_that_is_rejected_harms_no_other_device,
    any_byte_that_a_device_says_comes_back,
    history_is_only_added_to,
);

async fn an_apply_is_read_back_as_it_was_recorded(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    applied(&bed.store, run.id, &lease, Ended::Applied).await;
    let entries = bed.store.entries(run.id, &oak).await.unwrap();
    let now = bed.store.clock().await.unwrap();
    assert!(
        entries
            .iter()
            .all(|row| row.at <= now && row.at + 120 > now)
    );
    let numbers: Vec<u32> = entries.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    assert_eq!(entries[1].entry, intent(&oak));
    assert_eq!(entries[3].entry, typed(2, "subscriber 1"));
    let Entry::Looked { observation, .. } = &entries[6].entry else {
        panic!("{entries:?}");
    };
    assert_eq!(observation.config, look(&oak, "after").config);
    assert_eq!(
        entries[9].entry,
        Entry::Ended {
            outcome: outcome(&oak, Ended::Applied)
        }
    );
    assert_eq!(bed.store.unfinished().await.unwrap(), []);
    let kept = bed.store.ledger(&oak).await.unwrap().unwrap();
    assert_eq!(kept.ledger, ledger(&["apt-101"], "").ledger);
    assert_eq!((kept.commit.as_deref(), kept.version), (Some("0a1b2c"), 1));
    assert!(!kept.is_unsaved);
    let outcomes = bed.store.outcomes(&Filter::default()).await.unwrap();
    assert_eq!(outcomes[0].outcome, outcome(&oak, Ended::Applied));
    assert_eq!(outcomes.len(), 1);
}

async fn the_same_entry_again_changes_nothing(bed: Bed) {
    let oak = device("oak");
    let (run, first) = bed.at_work(&oak).await;
    let all = [
        looked(LookReason::Before, &look(&oak, "before")),
        intent(&oak),
        typed(1, "profile 1"),
    ];
    for _ in 0..2 {
        for (number, entry) in (1..).zip(&all) {
            bed.store
                .record(run.id, &first, number, entry)
                .await
                .unwrap();
        }
    }
    let ended = outcome(&oak, Ended::Applied);
    let mine = ledger(&["apt-1"], "0a1b2c");
    for _ in 0..2 {
        let done = bed.store.finish(run.id, &first, 4, &ended, Some(&mine));
        done.await.unwrap();
    }
    // A process that lost the device may repeat it: the entry is there.
    bed.store.release(&first).await.unwrap();
    lease(&bed.store, &oak, Uuid::now_v7()).await;
    bed.store.record(run.id, &first, 2, &all[1]).await.unwrap();
    assert_eq!(bed.number("select count(*) from entry").await, 4);
    assert_eq!(bed.number("select count(*) from effect").await, 5);
    assert_eq!(bed.number("select count(*) from ledger_version").await, 1);
}

async fn entries_that_belong_together_are_stored_all_or_none(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    let store = &bed.store;
    let before = looked(LookReason::Before, &look(&oak, "before"));
    let both = [before.clone(), intent(&oak)];
    for _ in 0..2 {
        let stored = store.record_all(run.id, &lease, 1, &both);
        stored.await.unwrap();
    }
    let entries = store.entries(run.id, &oak).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].entry, intent(&oak));
    assert_eq!(bed.number("select count(*) from effect").await, 5);
    // One is there already, the next one is new.
    store
        .record(run.id, &lease, 3, &typed(1, "profile 1"))
        .await
        .unwrap();
    let after = looked(LookReason::After, &look(&oak, "after"));
    let later = [typed(1, "profile 1"), after];
    let stored = store.record_all(run.id, &lease, 3, &later);
    stored.await.unwrap();
    // The first one is there already, the second one has the number of another.
    let others = [typed(1, "profile 1"), typed(2, "other")];
    let why = store.record_all(run.id, &lease, 3, &others).await;
    assert!(matches!(why, Err(StoreError::Conflict { .. })), "{why:?}");
    let gap = [typed(2, "subscriber 1"), typed(3, "subscriber 2")];
    let why = store.record_all(run.id, &lease, 6, &gap).await;
    assert!(matches!(why, Err(StoreError::Rewound { .. })), "{why:?}");
    assert_eq!(store.entries(run.id, &oak).await.unwrap().len(), 4);
}

async fn an_entry_that_is_rejected_harms_no_other_device(bed: Bed) {
    let names: Vec<String> = (0..40).map(|number| format!("oak-{number}")).collect();
    let mut at_work = Vec::new();
    for name in &names {
        at_work.push(bed.at_work(&device(name)).await);
    }
    let mut writing = tokio::task::JoinSet::new();
    for (number, (run, lease)) in at_work.iter().enumerate() {
        let (store, run, lease) = (bed.store.clone(), run.id, lease.clone());
        // Every tenth has a gap.
        let first = if number % 10 == 0 { 2 } else { 1 };
        writing.spawn(async move {
            let entry = intent(&lease.device);
            let stored = store.record(run, &lease, first, &entry).await;
            (number, stored)
        });
    }
    while let Some(written) = writing.join_next().await {
        let (number, stored) = written.unwrap();
        match number % 10 {
            0 => assert!(
                matches!(stored, Err(StoreError::Rewound { .. })),
                "{stored:?}"
            ),
            _ => stored.unwrap(),
        }
    }
    assert_eq!(bed.number("select count(*) from entry").await, 36);
}

async fn another_entry_with_the_same_number_is_refused(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    bed.store
        .record(run.id, &lease, 1, &intent(&oak))
        .await
        .unwrap();
    let why = bed
        .store
        .record(run.id, &lease, 1, &typed(1, "other"))
        .await;
    assert!(matches!(why, Err(StoreError::Conflict { .. })), "{why:?}");
    assert_eq!(bed.store.entries(run.id, &oak).await.unwrap().len(), 1);
}

async fn an_entry_that_does_not_follow_is_refused(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    bed.store
        .record(run.id, &lease, 1, &intent(&oak))
        .await
        .unwrap();
    let why = bed.store.record(run.id, &lease, 3, &typed(1, "x")).await;
    assert!(matches!(why, Err(StoreError::Rewound { .. })), "{why:?}");
}

async fn an_entry_of_a_run_that_is_not_there_is_refused(bed: Bed) {
    let oak = device("oak");
    let lease = lease(&bed.store, &oak, Uuid::now_v7()).await;
    let run = super::sample::run();
    let why = bed.store.record(run.id, &lease, 1, &intent(&oak)).await;
    let Err(StoreError::Rewound { missing, .. }) = why else {
        panic!("{why:?}");
    };
    assert!(missing.contains(&run.id.0.to_string()), "{missing}");
}

async fn the_end_is_written_with_the_ledger_or_not_at_all(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    bed.store
        .record(run.id, &lease, 1, &intent(&oak))
        .await
        .unwrap();
    let ended = outcome(&oak, Ended::Applied);
    // The number does not follow: nothing of it is there.
    let mine = ledger(&["apt-1"], "0a1b2c");
    let why = bed
        .store
        .finish(run.id, &lease, 5, &ended, Some(&mine))
        .await;
    assert!(why.is_err());
    assert_eq!(bed.store.ledger(&oak).await.unwrap(), None);
    assert_eq!(bed.number("select count(*) from ledger_version").await, 0);
    bed.store
        .finish(run.id, &lease, 2, &ended, Some(&mine))
        .await
        .unwrap();
    assert_eq!(bed.store.ledgers().await.unwrap().len(), 1);
}

async fn an_unsaved_device_is_listed_until_it_is_saved(bed: Bed) {
    let oak = device("oak");
    let (run, first) = bed.at_work(&oak).await;
    let unsaved = Ended::found_by_recovery(FoundByRecovery::Everything);
    let mine = ledger(&["apt-1"], "0a1b2c");
    let ended = outcome(&oak, unsaved);
    bed.store
        .finish(run.id, &first, 1, &ended, Some(&mine))
        .await
        .unwrap();
    let listed = bed.store.unsaved().await.unwrap();
    assert_eq!((&listed[0].device, listed[0].run), (&oak, run.id));
    assert!(bed.store.ledger(&oak).await.unwrap().unwrap().is_unsaved);

    let next = super::sample::run();
    bed.store.begin_run(&next).await.unwrap();
    let saved = Entry::Saved {
        bytes: None,
        proof: "the reply".to_owned(),
        exchanges: Vec::new(),
    };
    bed.store.record(next.id, &first, 1, &saved).await.unwrap();
    assert_eq!(bed.store.unsaved().await.unwrap(), []);
    assert!(!bed.store.ledger(&oak).await.unwrap().unwrap().is_unsaved);
}

async fn what_was_interrupted_is_unfinished_until_its_end_is_known(bed: Bed) {
    let oak = device("oak");
    let (run, first) = bed.at_work(&oak).await;
    let before = look(&oak, "before");
    let mut undo = intent(&oak);
    let Entry::Intent { purpose, .. } = &mut undo else {
        panic!("{undo:?}");
    };
    *purpose = Purpose::Undo;
    let entries = [
        looked(LookReason::Before, &before),
        intent(&oak),
        typed(1, "profile 1"),
        looked(LookReason::Failed, &look(&oak, "failed")),
        undo,
        typed(2, "subscriber 1"),
    ];
    for (number, entry) in (1..).zip(&entries) {
        bed.store
            .record(run.id, &first, number, entry)
            .await
            .unwrap();
    }
    let interrupted = Ended::found_by_recovery(FoundByRecovery::SomethingElse);
    for is_said in [false, true] {
        let listed = bed.another().await.unfinished().await.unwrap();
        assert_eq!(listed.len(), 1);
        let one = &listed[0];
        assert_eq!((one.run, &one.device), (run.id, &oak));
        assert_eq!(one.inventory, run.inventory);
        assert_eq!(one.held_by, Some(first.holder));
        let purposes: Vec<Purpose> = one.intents.iter().map(|(purpose, _)| *purpose).collect();
        assert_eq!(purposes, [Purpose::Apply, Purpose::Undo]);
        assert_eq!(one.intents[0].1, super::sample::plan(&oak));
        assert_eq!(one.before, Some(Fingerprint::of(&before)));
        let steps: Vec<usize> = one.steps.iter().map(|step| step.step).collect();
        assert_eq!(steps, [2]);
        assert_eq!(one.next_entry, if is_said { 8 } else { 7 });
        if !is_said {
            let ended = outcome(&oak, interrupted.clone());
            bed.store
                .finish(run.id, &first, 7, &ended, None)
                .await
                .unwrap();
        }
    }
    // The next start leases the device, looks, and records the outcome.
    bed.store.release(&first).await.unwrap();
    let second = lease(&bed.store, &oak, Uuid::now_v7()).await;
    let again = looked(LookReason::Recovery, &before);
    bed.store.record(run.id, &second, 8, &again).await.unwrap();
    let ended = outcome(&oak, Ended::found_by_recovery(FoundByRecovery::Nothing));
    bed.store
        .finish(run.id, &second, 9, &ended, None)
        .await
        .unwrap();
    assert_eq!(bed.store.unfinished().await.unwrap(), []);
    let outcomes = bed.store.outcomes(&Filter::default()).await.unwrap();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].outcome, ended);
}

async fn an_end_counts_once(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    let ended = outcome(&oak, Ended::Applied);
    bed.store
        .finish(run.id, &lease, 1, &ended, None)
        .await
        .unwrap();
    let other = outcome(&oak, Ended::Unchanged);
    let why = bed.store.finish(run.id, &lease, 2, &other, None).await;
    assert!(why.is_err());
    let outcomes = bed.store.outcomes(&Filter::default()).await.unwrap();
    assert_eq!(outcomes[0].outcome, ended);
}

async fn entries_of_many_devices_at_once_are_all_there(bed: Bed) {
    let run: NewRun = super::sample::run();
    bed.store.begin_run(&run).await.unwrap();
    // Two processes: an error of one does not affect the other.
    let stores = [bed.store.clone(), bed.another().await];
    let devices = (0..60).map(|number| {
        let store = stores[number % 2].clone();
        let run = run.id;
        tokio::spawn(async move {
            let device = device(&format!("oak-{number}"));
            let lease = lease(&store, &device, Uuid::now_v7()).await;
            applied(&store, run, &lease, Ended::Applied).await;
            let twice = store.record(run, &lease, 3, &intent(&device)).await;
            assert!(matches!(twice, Err(StoreError::Conflict { .. })));
        })
    });
    let devices: Vec<_> = devices.collect();
    for device in devices {
        device.await.unwrap();
    }
    assert_eq!(bed.number("select count(*) from entry").await, 600);
    let runs = bed.store.runs(&Filter::default()).await.unwrap();
    assert_eq!(runs[0].devices, [("applied".to_owned(), 60)].into());
    assert_eq!(bed.store.ledgers().await.unwrap().len(), 60);
}

async fn any_byte_that_a_device_says_comes_back(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    let mut said = exchange("show \u{0} version");
    said.reply = vec![
        "nul \u{0}\u{0}0 and \u{f8ff}, \u{f8ff}0 and \u{f8ff}1".to_owned(),
        "quotes ' \" \\ \\u0000 and signs \u{1b}[2J \u{feff}\u{10ffff}".to_owned(),
        String::new(),
    ];
    let entry = Entry::Sent {
        purpose: Purpose::Apply,
        step: 1,
        exchanges: vec![said],
        failure: Some(Failure::Earlier {
            text: "\u{0}".to_owned(),
        }),
    };
    bed.store.record(run.id, &lease, 1, &entry).await.unwrap();
    assert_eq!(
        bed.store.entries(run.id, &oak).await.unwrap()[0].entry,
        entry
    );
}

async fn history_is_only_added_to(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    applied(&bed.store, run.id, &lease, Ended::Applied).await;
    bed.store.end_run(run.id, RunResult::Done).await.unwrap();
    bed.store
        .audit(&super::sample::audit("adopted"))
        .await
        .unwrap();
    for statement in [
        "update run set result = 'failed'",
        "update run set who = 'nobody'",
        "update outcome set ended = 'stuck'",
        "update entry set kind = 'left'",
        "update effect set step = step + 10",
        "update look set fingerprint = 'x'",
        "update ledger_version set inventory_commit = 'x'",
        "update audit set what = 'nothing'",
        "delete from audit",
        "delete from effect",
        "delete from outcome",
        "delete from ledger_version",
    ] {
        let said = bed.past(statement).await.unwrap_err();
        assert!(said.contains("gamctl: append-only"), "{statement}: {said}");
    }
    // The first end of a run counts, and asking twice is no mistake.
    bed.store
        .end_run(run.id, RunResult::DeviceFailed)
        .await
        .unwrap();
    assert_eq!(
        bed.store.runs(&Filter::default()).await.unwrap()[0].result,
        Some(RunResult::Done)
    );
}
