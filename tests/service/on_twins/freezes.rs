//! Tests that a frozen device is not started, whatever the service does with others.

use gamctl::history::RolloutState;
use gamctl::model::ConditionWord;

use super::{EVERYTHING, ServiceBed, one_each};

#[test]
fn a_frozen_device_is_not_written_to_until_it_is_thawed() {
    let mut bed = ServiceBed::applied(2, EVERYTHING, one_each(2, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let freeze = [
        "freeze",
        "--device",
        "oak-1",
        "--for",
        "1h",
        "--reason",
        "electrician",
    ];
    bed.site.run(&freeze).exits(0);
    let commit = bed.intend(one_each(2, "home-500"));
    bed.until("one frozen, one done", |seen| {
        seen.target() == Some(commit.as_str())
            && seen.word(1) == ConditionWord::Frozen
            && seen.rollout(RolloutState::Done).is_some()
    });
    bed.another_round();
    assert_ne!(bed.written(0), before[0]);
    assert_eq!(bed.written(1), before[1]);
    bed.site.run(&["thaw", "--all"]).exits(0);
    bed.until("thawed", |seen| seen.has_reached(&commit));
}

#[test]
fn a_freeze_during_a_rollout_stops_before_the_next_device() {
    let mut bed = ServiceBed::applied(2, EVERYTHING, one_each(2, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    bed.slow_down(0);
    let before = bed.all_written();
    bed.intend(one_each(2, "home-500"));
    bed.until_written(0, before[0].len());
    let freeze = [
        "freeze",
        "--device",
        "oak-1",
        "--for",
        "1h",
        "--reason",
        "electrician",
    ];
    bed.site.run(&freeze).exits(0);
    bed.until("one frozen, one done", |seen| {
        seen.word(0) == ConditionWord::Converged && seen.word(1) == ConditionWord::Frozen
    });
    bed.another_round();
    assert_eq!(bed.written(1), before[1], "{}", bed.brief());
}
