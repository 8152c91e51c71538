//! Tests that a caller without a terminal gets everything it needs, and may stop waiting at any time.

use gamctl::apply::RunResult;
use gamctl::model::NotObserved;
use gamctl::reconcile::run::{Preparation, Reconciler, Watcher};
use gamctl::secrets::SecretSources;

use super::{
    Bed, confirmed, first_lines, oak, on_both, options, prepared, request, run_ended, shared, words,
};

on_both! {
    a_caller_without_a_terminal_prepares_and_executes_a_run,
    a_caller_that_goes_away_in_the_middle_stops_no_device,
    a_second_run_of_the_same_caller_finds_nothing_to_do_and_parses_nothing_again,
}

fn a_caller_without_a_terminal_prepares_and_executes_a_run(bed: &Bed) {
    let caller = bed.caller();
    let report = bed.wait(async {
        let run = prepared(&caller, request()).await;
        assert_eq!(run.devices().count(), 2);
        assert!(!run.needs_confirmation());
        let run = run.confirm(false);
        caller.execute(run, options(), &Watcher::silent()).await
    });
    let report = report.unwrap();
    assert_eq!(report.result(), RunResult::Done);
    assert_eq!(words(&report), [(oak(0), "applied"), (oak(1), "applied")]);
    let stored = bed.wait(run_ended(&bed.store()));
    assert_eq!(stored.result, Some(RunResult::Done));
    assert_eq!(Some(stored.run.id.0), report.run);
    assert_eq!(
        (stored.run.verb.as_str(), stored.run.who.as_str()),
        ("apply", "timer")
    );
    for number in 0..2 {
        bed.site.twin(number).gam(|gam| {
            let startup = gam.startup().map(|saved| &saved.configuration);
            assert_eq!(startup, Some(gam.running()), "it is saved");
        });
    }
}

fn a_caller_that_goes_away_in_the_middle_stops_no_device(bed: &Bed) {
    bed.slow_down();
    let caller = shared(bed.caller());
    let (watcher, mut first) = first_lines();
    bed.wait(async {
        let run = confirmed(&caller).await;
        let executing = {
            let caller = caller.clone();
            tokio::spawn(async move { caller.execute(run, options(), &watcher).await })
        };
        while first.recv().await.unwrap() != oak(0) {}
        executing.abort();
        assert!(executing.await.unwrap_err().is_cancelled());
    });
    let stored = bed.wait(run_ended(&bed.store()));
    assert_eq!(stored.result, Some(RunResult::Done));
    assert_eq!(stored.devices.get("applied"), Some(&2));
    let typed: Vec<String> = bed
        .site
        .twin(0)
        .lines()
        .into_iter()
        .map(|line| line.line)
        .collect();
    let last = typed
        .iter()
        .rposition(|line| line.starts_with("ghn "))
        .unwrap();
    let after: Vec<&str> = typed[last + 1..].iter().map(String::as_str).collect();
    assert!(
        after.starts_with(&["end"]),
        "it left configuration mode: {after:?}"
    );
    assert!(
        after.contains(&"copy running-config startup-config"),
        "it saved: {after:?}"
    );
    assert_eq!(bed.wait(bed.store().unsaved()).unwrap(), []);
}

fn a_second_run_of_the_same_caller_finds_nothing_to_do_and_parses_nothing_again(bed: &Bed) {
    let caller = bed.caller();
    let again = bed.wait(async {
        let run = confirmed(&caller).await;
        let first = caller.execute(run, options(), &Watcher::silent()).await;
        assert_eq!(first.unwrap().result(), RunResult::Done);
        let (sender, mut notes) = tokio::sync::mpsc::unbounded_channel();
        let watcher = Watcher::new(move |event| {
            let _received = sender.send(format!("{event:?}"));
        });
        let Preparation::Ready(run) = caller.prepare(request(), &watcher).await.unwrap() else {
            panic!("it is refused");
        };
        drop(watcher);
        let mut all = Vec::new();
        while let Ok(note) = notes.try_recv() {
            all.push(note);
        }
        let read = all.iter().find(|note| note.contains("InventoryRead"));
        assert!(!read.unwrap().contains("cached: 0"), "{all:?}");
        let run = run.confirm(false);
        caller
            .execute(run, options(), &Watcher::silent())
            .await
            .unwrap()
    });
    assert_eq!((again.run, again.result()), (None, RunResult::Done));
    assert_eq!(bed.rows("run"), 1);
}

fn broken_clock() -> u64 {
    panic!("the clock broke")
}

#[test]
fn a_look_that_panics_is_a_device_that_was_not_observed() {
    let bed = Bed::sqlite();
    let secrets = SecretSources {
        directory: Some(bed.site.secrets()),
        ..SecretSources::default()
    };
    let mut caller = Reconciler::new(bed.site.world.root(), secrets, broken_clock);
    let location = gamctl::reconcile::StoreLocation {
        url: bed.site.url(),
        state: bed.site.state.clone(),
    };
    let silent = Watcher::silent();
    bed.wait(caller.open_store(&location, "timer", &silent))
        .unwrap();
    let report = bed.wait(async {
        let run = prepared(&caller, request()).await;
        assert_eq!(run.planned().out_of_scope.devices, 0);
        caller.execute(run.confirm(false), options(), &silent).await
    });
    let report = report.unwrap();
    assert_eq!(report.result(), RunResult::Failed);
    assert_eq!(report.unobservable.len(), 2);
    for device in &report.unobservable {
        let NotObserved::Panicked { error } = &device.reason else {
            panic!("{device:?}");
        };
        assert_eq!(error, "the clock broke");
    }
}
