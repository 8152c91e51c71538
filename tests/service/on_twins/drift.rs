//! Tests what the service does about changes made on a device, and about a device that never matches.

use gamctl::history::{RolloutKind, RolloutState};
use gamctl::model::ConditionWord;

use super::{EVERYTHING, ServiceBed, one_each};

/// A line that another user types, and the value that gamctl restores.
const EDIT: &str = "ghn subscriber 1 vid 777";

fn drifted(drift: &str) -> (ServiceBed, Vec<String>) {
    let policy = format!("[reconcile]\ndrift = \"{drift}\"\n[waves]\nsettle = \"0s\"\n");
    let mut bed = ServiceBed::applied(1, &policy, one_each(1, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let said = bed.site.twin(0).edit_line(EDIT);
    assert!(!said.contains('%'), "{said}");
    let written = bed.written(0);
    (bed, written)
}

fn is_restored(bed: &ServiceBed) -> bool {
    let config = bed
        .site
        .twin(0)
        .gam(gamctl::simulator::commands::running_config);
    !config.contains("777") && config.contains("101")
}

#[test]
fn reported_drift_is_shown_and_nothing_is_written() {
    let (bed, written) = drifted("report");
    bed.until("drifted", |seen| seen.all_are(ConditionWord::Drifted));
    let seen = bed.another_round();
    assert!(seen.rollouts.is_empty(), "{}", seen.brief());
    assert_eq!(bed.written(0), written);
    assert!(!is_restored(&bed));
}

#[test]
fn drift_to_be_restored_is_restored_without_a_person() {
    let (bed, written) = drifted("restore");
    let seen = bed.until("restored", |seen| {
        seen.all_are(ConditionWord::Converged) && seen.rollout(RolloutState::Done).is_some()
    });
    assert!(is_restored(&bed), "{}", bed.brief());
    assert_ne!(bed.written(0), written);
    assert_eq!(seen.rollouts[0].plan.kind, RolloutKind::Drift);
}

#[test]
fn drift_to_be_asked_about_is_restored_after_an_approval() {
    let (bed, written) = drifted("ask");
    let seen = bed.until("a plan", |seen| {
        seen.rollout(RolloutState::WaitingForApproval).is_some()
    });
    bed.another_round();
    assert_eq!(bed.written(0), written);
    bed.approve(&seen.rollouts[0], "ben", false);
    bed.until("restored", |seen| {
        seen.all_are(ConditionWord::Converged) && seen.rollout(RolloutState::Done).is_some()
    });
    assert!(is_restored(&bed), "{}", bed.brief());
}

#[test]
fn a_device_that_never_matches_is_left_after_two_rollouts() {
    let mut bed = ServiceBed::applied(3, EVERYTHING, one_each(3, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    // Not the first device: a failed canary would pause the rollout.
    bed.refuse_lines(2);
    bed.intend(one_each(3, "home-500"));
    bed.until("others", |seen| seen.rollout(RolloutState::Done).is_some());
    bed.until("its own rollout fails", |seen| seen.last().0 == "paused");
    let arguments = ["rollout", "resume", "latest", "--reason", "try once more"];
    bed.site.run(&arguments).exits(0);
    bed.until("over", |seen| {
        seen.rollouts
            .iter()
            .all(|rollout| rollout.last.state == RolloutState::Done)
    });
    bed.another_round();
    let seen = bed.another_round();
    assert_eq!(seen.rollouts.len(), 2, "{}", seen.brief());
    assert_ne!(seen.word(2), ConditionWord::Converged, "{}", seen.brief());
}
