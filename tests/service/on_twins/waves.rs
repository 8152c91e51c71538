//! Tests waves, gates, pauses, and what a newer target does to a rollout in progress.

use gamctl::history::RolloutState;
use gamctl::model::{ConditionWord, DeviceName};
use gamctl::reconcile::ConcurrencyLimits;
use gamctl::reconcile::run::RunOptions;
use tokio::sync::watch;

use super::{EVERYTHING, Seen, ServiceBed, one_each};
use crate::crash::site::device;

fn one_at_a_time(stop: watch::Receiver<bool>) -> RunOptions {
    RunOptions {
        limits: ConcurrencyLimits {
            at_once: 1,
            ..ConcurrencyLimits::default()
        },
        ..RunOptions::of_service(stop)
    }
}

fn names(numbers: &[usize]) -> Vec<DeviceName> {
    numbers.iter().map(|number| device(*number)).collect()
}

/// Three devices that match, and a commit for all of them whose first device refuses every line.
fn paused() -> (ServiceBed, String, Vec<Vec<String>>) {
    let mut bed = ServiceBed::applied(3, EVERYTHING, one_each(3, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    bed.refuse_lines(0);
    let commit = bed.intend(one_each(3, "home-500"));
    let seen = bed.until("paused", |seen| {
        seen.rollout(RolloutState::Paused).is_some()
    });
    assert!(seen.last().1.contains("oak-0"), "{}", seen.brief());
    let seen = bed.another_round();
    assert_eq!(seen.rollouts.len(), 1, "{}", seen.brief());
    assert_eq!(bed.all_written()[1..], before[1..], "no further device");
    (bed, commit, before)
}

#[test]
fn a_failing_canary_pauses_the_rollout_and_a_resumed_one_goes_on() {
    let (bed, commit, _) = paused();
    bed.site.twin(0).clear_faults();
    let arguments = ["rollout", "resume", "latest", "--reason", "repaired"];
    bed.site.run(&arguments).exits(0);
    bed.until("the others", |seen| {
        let is_done = |number| seen.word(number) == ConditionWord::Converged;
        seen.target() == Some(commit.as_str()) && is_done(1) && is_done(2)
    });
    bed.until("the canary after its repair", |seen| {
        seen.has_reached(&commit)
    });
}

#[test]
fn an_abandoned_rollout_ends_and_does_not_begin_again() {
    let (bed, _, before) = paused();
    bed.site.twin(0).clear_faults();
    let arguments = ["rollout", "abandon", "latest", "--reason", "not today"];
    bed.site.run(&arguments).exits(0);
    bed.until("abandoned", |seen| {
        seen.rollout(RolloutState::Abandoned).is_some()
    });
    bed.another_round();
    let seen = bed.another_round();
    assert_eq!(seen.rollouts.len(), 1, "{}", seen.brief());
    assert_eq!(bed.all_written()[1..], before[1..]);
    assert!(seen.all_are(ConditionWord::Held), "{}", seen.brief());
    let shown = bed.site.run(&["status", "oak-1"]);
    shown.says("abandoned rollout").says("not today");
}

#[test]
fn the_canary_goes_first_and_the_rest_only_after_its_gate() {
    let policy = "[reconcile]\ncommits = \"everything\"\n[waves]\nsettle = \"2s\"\n";
    let mut bed = ServiceBed::new(3, policy, one_each(3, "home-100"));
    let text = bed.site.world.read("devices/oaks.toml");
    let canary = "[device.oak-2]\nlabels = { canary = \"true\" }\n";
    let text = text.replace("[device.oak-2]\n", canary);
    bed.site.world.write("devices/oaks.toml", text);
    let commit = bed.site.world.commit_all("a canary");
    bed.start();
    let seen = bed.until("done", |seen| seen.has_reached(&commit));
    let [rollout] = seen.rollouts.as_slice() else {
        panic!("{}", seen.brief());
    };
    assert_eq!(rollout.plan.waves, [names(&[2]), names(&[0, 1])]);
    let steps = bed.steps(rollout);
    let mut states: Vec<&str> = steps.iter().map(|step| step.state.word()).collect();
    states.dedup();
    assert_eq!(
        states,
        ["ready", "wave", "gate", "ready", "wave", "gate", "done"]
    );
    let gate = steps.iter().find(|step| step.state == RolloutState::Gate);
    let ended = gate.unwrap().content.wave_ended.unwrap();
    for number in [0, 1] {
        let lines = bed.site.twin(number).lines();
        let mut lines = lines.iter();
        let first = lines.find(|logged| logged.line == "configure terminal");
        let first = first.unwrap().at.unix_millis();
        assert!(
            first >= (ended + 2) * 1000,
            "{number} began at {first}, the wave before ended at {ended}"
        );
    }
}

#[test]
fn a_newer_target_stops_a_wave_after_the_devices_in_progress() {
    let mut bed = ServiceBed::applied(4, EVERYTHING, one_each(4, "home-100"));
    bed.run_options = one_at_a_time;
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let with_vlan = |vlan: u16| {
        let mut flats = one_each(4, "home-100");
        for (flat, number) in flats.iter_mut().zip(0..) {
            flat.vlan = vlan + number;
        }
        flats
    };
    for number in 1..4 {
        bed.slow_down(number);
    }
    let before: Vec<usize> = bed.all_written().iter().map(Vec::len).collect();
    bed.intend(with_vlan(700));
    bed.until_written(1, before[1]);
    let newer = bed.intend(with_vlan(800));
    let seen = bed.until("the newer target", |seen| seen.has_reached(&newer));
    let has_older = |number: usize| {
        let vlan = format!("70{number}");
        bed.written(number).iter().any(|line| line.contains(&vlan))
    };
    assert!(has_older(0) && has_older(1), "{}", bed.brief());
    assert!(!has_older(3), "the last one never got it: {}", bed.brief());
    assert_eq!(seen.rollouts.len(), 2, "{:#?}", seen.rollouts);
    assert_eq!(seen.rollouts[1].last.state, RolloutState::Superseded);
    let is_done = |seen: &Seen| seen.rollouts[0].last.state == RolloutState::Done;
    assert!(is_done(&seen));
}

#[test]
fn a_rollout_that_pauses_after_its_only_wave_needs_a_person() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    bed.refuse_lines(0);
    let commit = bed.intend(one_each(1, "home-500"));
    bed.until("paused", |seen| {
        seen.last().0 == "paused" && seen.all_are(ConditionWord::WaitingForWave)
    });
    let said = bed.site.run(&["status"]).exits(0).text;
    assert!(said.starts_with("Needs attention\n  rollout "), "{said}");
    bed.site.twin(0).clear_faults();
    let arguments = ["rollout", "resume", "latest", "--reason", "it is repaired"];
    bed.site.run(&arguments).exits(0);
    bed.until("another rollout", |seen| seen.has_reached(&commit));
}
