//! Tests that two runs of one process lease a device one after the other, like two processes.

use gamctl::apply::SkipReason;
use gamctl::reconcile::run::Watcher;

use super::{Bed, confirmed, first_lines, oak, on_both, options, shared, words};
use crate::crash::judge::writings;

on_both! { two_runs_of_one_process_never_write_to_one_device_at_the_same_time }

fn two_runs_of_one_process_never_write_to_one_device_at_the_same_time(bed: &Bed) {
    bed.slow_down();
    let caller = shared(bed.caller());
    let (watcher, mut first) = first_lines();
    let (one, two) = bed.wait(async {
        let (one, two) = (confirmed(&caller).await, confirmed(&caller).await);
        let executing = {
            let caller = caller.clone();
            tokio::spawn(async move { caller.execute(one, options(), &watcher).await })
        };
        while first.recv().await.unwrap() != oak(0) {}
        let two = caller.execute(two, options(), &Watcher::silent()).await;
        (executing.await.unwrap().unwrap(), two.unwrap())
    });
    assert!(words(&one).contains(&(oak(0), "applied")), "{one:?}");
    let held = two.skipped.iter().find(|one| one.device.as_str() == oak(0));
    let held = held.unwrap_or_else(|| panic!("{two:?}"));
    assert!(matches!(held.reason, SkipReason::Held { .. }), "{held:?}");
    assert!(held.reason.retry_helps());
    assert_eq!(writings(bed.site.twin(0)).len(), 1, "one session wrote");
}
