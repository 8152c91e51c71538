//! Lives through a week with gamctl, compressed: the real program on twins, two instances on Postgres, four authors, faults.
//!
//! `bed` processes and people · `transcript` what is written down · `judge` states to wait for, and the checks at the end ·
//! `days` the week.

mod bed;
mod days;
mod judge;
mod transcript;

use bed::Week;

use crate::golden::assert_golden;

/// The transcript, as a reader finds it.
const TRANSCRIPT: &str = "tests/cli/a-week.transcript";

#[test]
fn after_a_week_everything_is_as_intended_and_nothing_was_done_twice() {
    let mut week = Week::begin();
    days::sunday_before(&mut week);
    days::monday(&mut week);
    days::tuesday(&mut week);
    days::wednesday(&mut week);
    days::thursday(&mut week);
    days::friday(&mut week);
    days::saturday(&mut week);
    days::sunday(&mut week);
    week.ends();
    week.is_sound();
    assert_golden(TRANSCRIPT, week.transcript.text.trim_start());
}
