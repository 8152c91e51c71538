//! Tests that a freeze applies to every device that was not started when it was set.

use gamctl::apply::{RunResult, SkipReason};
use gamctl::reconcile::run::Watcher;

use super::{
    Bed, confirmed, first_lines, oak, on_both, one_at_a_time, options, prepared, request, shared,
    words,
};
use crate::crash::judge::writings;

on_both! {
    a_freeze_set_while_a_person_is_asked_holds,
    a_freeze_set_while_a_device_waits_for_its_turn_holds,
}

fn a_freeze_set_while_a_person_is_asked_holds(bed: &Bed) {
    let caller = bed.caller();
    let run = bed.wait(prepared(&caller, request()));
    assert!(run.skipped().is_empty());
    bed.freeze("oak-1");
    let silent = Watcher::silent();
    let executed = caller.execute(run.confirm(true), options(), &silent);
    let report = bed.wait(executed).unwrap();
    assert_eq!(words(&report), [(oak(0), "applied")]);
    let [skipped] = report.skipped.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(skipped.device.as_str(), oak(1));
    let SkipReason::Frozen { who, reason, .. } = &skipped.reason else {
        panic!("{skipped:?}");
    };
    assert_eq!(
        (who.as_str(), reason.as_str()),
        ("ada@noc", "electrician in the cellar")
    );
    assert_eq!(report.result(), RunResult::Refused);
    assert!(writings(bed.site.twin(1)).is_empty());
}

fn a_freeze_set_while_a_device_waits_for_its_turn_holds(bed: &Bed) {
    bed.slow_down();
    let caller = shared(bed.caller());
    let (watcher, mut first) = first_lines();
    let run = bed.wait(confirmed(&caller));
    let executing = {
        let caller = caller.clone();
        let work = async move { caller.execute(run, one_at_a_time(), &watcher).await };
        bed.site.runtime.spawn(work)
    };
    assert_eq!(bed.wait(first.recv()).unwrap(), oak(0));
    bed.freeze("oak-*");
    let report = bed.wait(executing).unwrap().unwrap();
    assert_eq!(
        words(&report),
        [(oak(0), "applied")],
        "what was started is finished"
    );
    let [skipped] = report.skipped.as_slice() else {
        panic!("{report:?}");
    };
    assert!(
        matches!(skipped.reason, SkipReason::Frozen { .. }),
        "{skipped:?}"
    );
    assert!(writings(bed.site.twin(1)).is_empty());
}
