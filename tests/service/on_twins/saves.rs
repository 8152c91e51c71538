//! Tests that the service saves what an earlier run verified and could not save.

use gamctl::model::ConditionWord;
use gamctl::simulator::fault::{Fault, FaultOrder};

use super::{ASK, EVERYTHING, ServiceBed, one_each};

/// One device that runs the first commit, and that no run could save.
fn never_saved() -> ServiceBed {
    let bed = ServiceBed::new(1, EVERYTHING, one_each(1, "home-100"));
    let fails = FaultOrder::new(Fault::SaveFails {});
    bed.site.twin(0).set_fault(fails);
    bed.site.apply().exits(5);
    bed.site.twin(0).clear_faults();
    assert!(!is_saved(&bed));
    bed
}

fn is_saved(bed: &ServiceBed) -> bool {
    bed.site.twin(0).state(|state| {
        let saved = state.gam.startup();
        saved.is_some_and(|saved| saved.configuration == *state.gam.running())
    })
}

#[test]
fn a_device_that_runs_as_intended_is_saved_without_another_line() {
    let mut bed = never_saved();
    let target = bed.site.world.head();
    let written = bed.all_written();
    bed.start();
    bed.until("saved", |seen| seen.all_are(ConditionWord::Converged));
    assert!(is_saved(&bed), "{}", bed.brief());
    let lines = |all: &[Vec<String>]| -> Vec<String> {
        let of_device = all[0].iter().filter(|line| line.starts_with("ghn"));
        of_device.cloned().collect()
    };
    assert_eq!(lines(&bed.all_written()), lines(&written));
    // The commit counts as applied by what the service saw, not by the run that saved.
    let runs = bed.wait(bed.store.runs(&gamctl::history::Filter {
        most: 100,
        ..gamctl::history::Filter::default()
    }));
    let verbs: Vec<String> = runs.unwrap().into_iter().map(|run| run.run.verb).collect();
    assert!(verbs.contains(&"save".to_owned()), "{verbs:?}");
    assert_eq!(bed.seen().target(), Some(target.as_str()));
}

#[test]
fn a_device_that_was_never_saved_gets_the_next_commit_and_is_saved_after_it() {
    let mut bed = never_saved();
    let commit = bed.intend(one_each(1, "home-300"));
    bed.start();
    bed.until("the next commit", |seen| seen.has_reached(&commit));
    assert!(is_saved(&bed), "{}", bed.brief());
}

#[test]
fn a_save_brings_no_policy_into_force_that_waits_for_a_person() {
    let mut bed = ServiceBed::new(2, ASK, one_each(2, "home-100"));
    let fails = FaultOrder::new(Fault::SaveFails {});
    bed.site.twin(0).set_fault(fails);
    bed.site.apply().exits(5);
    bed.site.twin(0).clear_faults();
    let before = bed.written(1);
    // The commit makes itself automatic, and changes the other device only.
    let text = bed.site.world.read("policy.toml");
    let automatic = format!("{text}\n[reconcile]\ncommits = \"everything\"\n");
    bed.site.world.write("policy.toml", automatic);
    let mut flats = one_each(2, "home-100");
    flats[1].vlan = 777;
    bed.intend(flats);
    bed.start();
    bed.until("saved, and a plan that waits", |seen| {
        seen.word(0) == ConditionWord::Converged
            && seen.word(1) == ConditionWord::WaitingForApproval
    });
    assert!(is_saved(&bed), "{}", bed.brief());
    let seen = bed.another_round();
    assert_eq!(
        seen.word(1),
        ConditionWord::WaitingForApproval,
        "{}",
        seen.brief()
    );
    assert_eq!(bed.written(1), before);
}
