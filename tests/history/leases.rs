//! Tests one writer per device: leases that expire by the store's clock, and late writes.

use std::time::Duration;

use gamctl::apply::{Ended, LookReason};
use gamctl::history::{AcquiredLease, Lease, StoreError};
use uuid::Uuid;

use super::sample::{device, intent, look, looked, outcome, typed};
use super::{Bed, lease, on_both};

const MINUTE: Duration = Duration::from_secs(60);

on_both!(
    a_device_that_is_held_is_not_given_to_another,
    a_lease_that_ran_out_goes_to_the_next_with_a_higher_epoch,
    the_claim_that_has_it_may_ask_again,
    another_claim_of_the_same_holder_waits_and_counts_the_epoch_up,
    a_claim_that_gave_its_lease_back_gets_a_new_epoch,
    a_lease_never_lasts_longer_than_its_length_from_when_it_is_seen,
    a_lease_whose_holder_lives_is_not_shortened,
    a_dead_holder_loses_all_its_leases_at_once,
    a_lease_that_was_given_back_is_not_renewed,
    of_many_that_ask_at_once_one_gets_it,
    devices_that_are_held_do_not_hold_up_others_that_are_leased_at_once,
    what_is_written_too_late_is_rejected_by_the_database,
    what_ran_out_and_nobody_took_may_still_be_recorded,
    an_epoch_is_never_counted_back,
    the_end_of_a_late_writer_is_rejected_whole,
);

async fn a_device_that_is_held_is_not_given_to_another(bed: Bed) {
    let oak = device("oak");
    let holder = Uuid::now_v7();
    let first = lease(&bed.store, &oak, holder).await;
    assert_eq!(first.epoch, 1);
    let now = bed.store.clock().await.unwrap();
    let asked = bed.another().await;
    match asked
        .acquire(&oak, Uuid::now_v7(), Uuid::now_v7(), MINUTE)
        .await
        .unwrap()
    {
        AcquiredLease::Held { by, since, until } => {
            assert_eq!(by, holder);
            assert!(since <= now + 1 && until >= since + 59, "{since} {until}");
        }
        AcquiredLease::Lease(lease) => panic!("{lease:?}"),
    }
    bed.store.renew(&first, MINUTE).await.unwrap();
    bed.store.release(&first).await.unwrap();
    assert_eq!(lease(&asked, &oak, Uuid::now_v7()).await.epoch, 2);
}

async fn devices_that_are_held_do_not_hold_up_others_that_are_leased_at_once(bed: Bed) {
    let names: Vec<String> = (0..40).map(|number| format!("oak-{number}")).collect();
    let other = bed.another().await;
    for name in names.iter().step_by(4) {
        lease(&other, &device(name), Uuid::now_v7()).await;
    }
    let holder = Uuid::now_v7();
    let mut asking = tokio::task::JoinSet::new();
    for (number, name) in names.iter().enumerate() {
        let (store, name) = (bed.store.clone(), device(name));
        asking.spawn(async move {
            let acquired = store.acquire(&name, holder, Uuid::now_v7(), MINUTE).await;
            (number, acquired.unwrap())
        });
    }
    let mut leases = Vec::new();
    while let Some(asked) = asking.join_next().await {
        match asked.unwrap() {
            (number, AcquiredLease::Lease(lease)) => {
                assert_ne!(number % 4, 0);
                assert_eq!((lease.epoch, lease.holder), (1, holder));
                leases.push(lease);
            }
            (number, AcquiredLease::Held { by, .. }) => {
                assert_eq!(number % 4, 0);
                assert_ne!(by, holder);
            }
        }
    }
    assert_eq!(leases.len(), 30);
    let mut releasing = tokio::task::JoinSet::new();
    for lease in leases {
        let store = bed.store.clone();
        releasing.spawn(async move { store.release(&lease).await });
    }
    while let Some(released) = releasing.join_next().await {
        released.unwrap().unwrap();
    }
    let held = bed.number("select count(*) from lease where not is_released");
    assert_eq!(held.await, 10);
}

async fn a_lease_that_ran_out_goes_to_the_next_with_a_higher_epoch(bed: Bed) {
    let oak = device("oak");
    let first = Uuid::now_v7();
    let ran_out = match bed
        .store
        .acquire(&oak, first, Uuid::now_v7(), Duration::ZERO)
        .await
        .unwrap()
    {
        AcquiredLease::Lease(lease) => lease,
        held => panic!("{held:?}"),
    };
    let second = lease(&bed.store, &oak, Uuid::now_v7()).await;
    assert_eq!((ran_out.epoch, second.epoch), (1, 2));
    let late = bed.store.renew(&ran_out, MINUTE).await.unwrap_err();
    assert_eq!(
        late.to_string(),
        "lost the lease on oak: another process took it over (lease 2, this one had 1)"
    );
    // Releasing a lease of another process changes nothing.
    bed.store.release(&ran_out).await.unwrap();
    bed.store.renew(&second, MINUTE).await.unwrap();
}

async fn the_claim_that_has_it_may_ask_again(bed: Bed) {
    let oak = device("oak");
    let (holder, claim) = (Uuid::now_v7(), Uuid::now_v7());
    let ask = || bed.store.acquire(&oak, holder, claim, MINUTE);
    let first = given(ask().await);
    // As when the answer to the first question was lost.
    let again = given(ask().await);
    assert_eq!(first, again);
    // A renewal never shortens.
    bed.store.renew(&again, Duration::ZERO).await.unwrap();
    let by_another = bed
        .store
        .acquire(&oak, Uuid::now_v7(), Uuid::now_v7(), MINUTE);
    assert!(matches!(
        by_another.await.unwrap(),
        AcquiredLease::Held { .. }
    ));
}

fn given(acquired: Result<AcquiredLease, StoreError>) -> Lease {
    match acquired.unwrap() {
        AcquiredLease::Lease(lease) => lease,
        held => panic!("{held:?}"),
    }
}

async fn another_claim_of_the_same_holder_waits_and_counts_the_epoch_up(bed: Bed) {
    let oak = device("oak");
    let holder = Uuid::now_v7();
    let first = lease(&bed.store, &oak, holder).await;
    let second = Uuid::now_v7();
    let asked = bed.store.acquire(&oak, holder, second, MINUTE).await;
    assert!(
        matches!(asked.unwrap(), AcquiredLease::Held { by, .. } if by == holder),
        "two runs of one process would write to one device"
    );
    bed.store.release(&first).await.unwrap();
    let next = given(bed.store.acquire(&oak, holder, second, MINUTE).await);
    assert_eq!((first.epoch, next.epoch), (1, 2));
    let late = bed.store.renew(&first, MINUTE).await.unwrap_err();
    assert!(late.is_fenced(), "{late}");
}

async fn a_claim_that_gave_its_lease_back_gets_a_new_epoch(bed: Bed) {
    let oak = device("oak");
    let (holder, claim) = (Uuid::now_v7(), Uuid::now_v7());
    let first = given(bed.store.acquire(&oak, holder, claim, MINUTE).await);
    bed.store.release(&first).await.unwrap();
    let second = given(bed.store.acquire(&oak, holder, claim, MINUTE).await);
    assert_eq!(second.epoch, 2);
}

/// Moves the end of all leases, as a process whose clock is ahead would have written it.
async fn two_hours_ahead(bed: &Bed) {
    bed.past(match bed.database {
        Some(_) => "update lease set since = since + interval '2 hours', until = until + interval '2 hours'",
        None => "update lease set since = since + 7200000, until = until + 7200000",
    })
    .await
    .unwrap();
}

async fn a_lease_never_lasts_longer_than_its_length_from_when_it_is_seen(bed: Bed) {
    let oak = device("oak");
    lease(&bed.store, &oak, Uuid::now_v7()).await;
    two_hours_ahead(&bed).await;
    let mut ends = Vec::new();
    for _ in 0..2 {
        let asked = bed
            .store
            .acquire(&oak, Uuid::now_v7(), Uuid::now_v7(), MINUTE);
        let AcquiredLease::Held { until, .. } = asked.await.unwrap() else {
            panic!("it is held");
        };
        ends.push(until);
    }
    let now = bed.store.clock().await.unwrap();
    assert!(ends[0] <= now + 60, "{} seconds more", ends[0] - now);
    assert_eq!(ends[0], ends[1], "it is shortened once");

    // A lease of no duration has expired when it is seen.
    let ash = device("ash");
    let asked = bed
        .store
        .acquire(&ash, Uuid::now_v7(), Uuid::now_v7(), Duration::ZERO);
    asked.await.unwrap();
    two_hours_ahead(&bed).await;
    let mut asked = AcquiredLease::Held {
        by: Uuid::nil(),
        since: 0,
        until: 0,
    };
    while matches!(asked, AcquiredLease::Held { .. }) {
        let again = bed
            .store
            .acquire(&ash, Uuid::now_v7(), Uuid::now_v7(), MINUTE);
        asked = again.await.unwrap();
    }
    assert_eq!(given(Ok(asked)).epoch, 2);
}

async fn a_lease_whose_holder_lives_is_not_shortened(bed: Bed) {
    let oak = device("oak");
    let first = lease(&bed.store, &oak, Uuid::now_v7()).await;
    let long = MINUTE * 10;
    bed.store.renew(&first, long).await.unwrap();
    let asked = bed
        .store
        .acquire(&oak, Uuid::now_v7(), Uuid::now_v7(), Duration::ZERO);
    let AcquiredLease::Held { until, .. } = asked.await.unwrap() else {
        panic!("it is held");
    };
    assert!(until + 60 > bed.store.clock().await.unwrap() + long.as_secs());
}

async fn a_dead_holder_loses_all_its_leases_at_once(bed: Bed) {
    let (dead, lives) = (Uuid::now_v7(), Uuid::now_v7());
    for name in ["oak", "ash", "elm"] {
        lease(&bed.store, &device(name), dead).await;
    }
    let given_back = lease(&bed.store, &device("fir"), dead).await;
    bed.store.release(&given_back).await.unwrap();
    let kept = lease(&bed.store, &device("yew"), lives).await;
    let devices = bed.store.release_of_dead(dead).await.unwrap();
    assert_eq!(devices, ["ash", "elm", "oak"].map(device));
    assert_eq!(bed.store.release_of_dead(dead).await.unwrap(), []);
    for device in &devices {
        assert_eq!(lease(&bed.store, device, lives).await.epoch, 2);
    }
    bed.store.renew(&kept, MINUTE).await.unwrap();
}

async fn a_lease_that_was_given_back_is_not_renewed(bed: Bed) {
    let oak = device("oak");
    let lease = lease(&bed.store, &oak, Uuid::now_v7()).await;
    bed.store.release(&lease).await.unwrap();
    let why = bed.store.renew(&lease, MINUTE).await.unwrap_err();
    assert!(why.is_fenced(), "{why}");
}

async fn of_many_that_ask_at_once_one_gets_it(bed: Bed) {
    let stores = [bed.another().await, bed.another().await];
    let asked = (0..16).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            let oak = device("oak");
            let asked = store
                .acquire(&oak, Uuid::now_v7(), Uuid::now_v7(), MINUTE)
                .await;
            matches!(asked.unwrap(), AcquiredLease::Lease(_))
        })
    });
    let asked: Vec<_> = asked.collect();
    let mut given = 0;
    for asked in asked {
        given += usize::from(asked.await.unwrap());
    }
    assert_eq!(given, 1);
}

async fn what_is_written_too_late_is_rejected_by_the_database(bed: Bed) {
    let oak = device("oak");
    let (run, first) = bed.at_work(&oak).await;
    let entry = looked(LookReason::Before, &look(&oak, "before"));
    bed.store.record(run.id, &first, 1, &entry).await.unwrap();
    bed.store.release(&first).await.unwrap();
    let second = lease(&bed.store, &oak, Uuid::now_v7()).await;

    let why = bed.store.record(run.id, &first, 2, &intent(&oak)).await;
    assert!(
        matches!(
            why,
            Err(StoreError::Fenced {
                epoch: 1,
                stores: Some(2),
                ..
            })
        ),
        "{why:?}"
    );
    // Another holder with the right epoch is as late.
    let guessed = Lease {
        epoch: 2,
        ..first.clone()
    };
    let why = bed.store.record(run.id, &guessed, 2, &intent(&oak)).await;
    assert!(why.unwrap_err().is_fenced());
    // It is the database that rejects it, not only the program.
    let past = format!(
        "insert into entry (run, device, number, epoch, holder, at, kind, digest, content) \
        select run, device, 2, epoch, holder, at, kind, digest, content from entry where run = '{}'",
        run.id.0
    );
    let said = bed.past(&past).await.unwrap_err();
    assert!(said.contains("gamctl: fenced"), "{said}");
    assert_eq!(bed.number("select count(*) from entry").await, 1);
    assert_eq!(bed.number("select count(*) from effect").await, 0);
    bed.store
        .record(run.id, &second, 2, &intent(&oak))
        .await
        .unwrap();
    // The numbers of the run go on under the second lease, so the first one's next entry may have one that is stored.
    for late in [intent(&oak), typed(1, "a line")] {
        let why = bed.store.record(run.id, &first, 2, &late).await;
        assert!(why.unwrap_err().is_fenced());
    }
}

async fn what_ran_out_and_nobody_took_may_still_be_recorded(bed: Bed) {
    let oak = device("oak");
    let run = super::sample::run();
    bed.store.begin_run(&run).await.unwrap();
    let holder = Uuid::now_v7();
    let AcquiredLease::Lease(lease) = bed
        .store
        .acquire(&oak, holder, Uuid::now_v7(), Duration::ZERO)
        .await
        .unwrap()
    else {
        panic!("it is free");
    };
    bed.store
        .record(run.id, &lease, 1, &intent(&oak))
        .await
        .unwrap();
    assert_eq!(bed.store.unfinished().await.unwrap()[0].held_by, None);
}

async fn an_epoch_is_never_counted_back(bed: Bed) {
    lease(&bed.store, &device("oak"), Uuid::now_v7()).await;
    let said = bed.past("update lease set epoch = epoch - 1").await;
    assert!(said.is_err(), "{said:?}");
    let said = bed.past("delete from lease").await.unwrap_err();
    assert!(said.contains("gamctl: append-only"), "{said}");
}

async fn the_end_of_a_late_writer_is_rejected_whole(bed: Bed) {
    let oak = device("oak");
    let (run, first) = bed.at_work(&oak).await;
    bed.store
        .record(run.id, &first, 1, &intent(&oak))
        .await
        .unwrap();
    bed.store.release(&first).await.unwrap();
    lease(&bed.store, &oak, Uuid::now_v7()).await;
    let ledger = super::sample::ledger(&["apt-1"], "0a1b2c");
    let ended = outcome(&oak, Ended::Applied);
    let why = bed
        .store
        .finish(run.id, &first, 2, &ended, Some(&ledger))
        .await;
    assert!(why.unwrap_err().is_fenced());
    assert_eq!(bed.store.ledger(&oak).await.unwrap(), None);
    assert_eq!(bed.store.outcomes(&Default::default()).await.unwrap(), []);
    assert_eq!(bed.store.unfinished().await.unwrap().len(), 1);
}
