//! Tests that a run with nothing to start stores no row, with frozen, refused or unreachable devices.

use gamctl::apply::{RunResult, SkipReason};
use gamctl::model::NotObserved;
use gamctl::reconcile::run::Watcher;
use gamctl::simulator::fault::Fault;

use super::{Bed, on_both, options, prepared, request};

on_both! { a_run_with_nothing_to_start_leaves_no_row }

fn a_run_with_nothing_to_start_leaves_no_row(bed: &Bed) {
    // One is frozen, the other no longer answers.
    bed.freeze("oak-0");
    bed.site.twin(1).set_fault(Fault::SnmpSilence {});
    let caller = bed.caller();
    for _ in 0..2 {
        let run = bed.wait(prepared(&caller, request()));
        let [skipped] = run.skipped() else {
            panic!("{run:?}");
        };
        assert!(matches!(skipped.reason, SkipReason::Frozen { .. }));
        let silent = Watcher::silent();
        let executed = caller.execute(run.confirm(true), options(), &silent);
        let report = bed.wait(executed).unwrap();
        assert_eq!((report.run, report.result()), (None, RunResult::Refused));
        let reason = &report.unobservable[0].reason;
        assert!(matches!(reason, NotObserved::NoAnswer { .. }), "{reason:?}");
        assert!(reason.retry_helps());
    }
    for table in [
        "run",
        "plan_document",
        "plan_made",
        "plan_taken",
        "entry",
        "converged",
    ] {
        assert_eq!(bed.rows(table), 0, "{table}");
    }
}
