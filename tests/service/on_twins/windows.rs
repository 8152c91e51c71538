//! Tests that a closed window waits and says until when, and that a person can override it.

use chrono::{DateTime, Days, Utc};
use gamctl::history::RolloutState;
use gamctl::model::ConditionWord;

use super::{ServiceBed, one_each, seconds};

/// Returns a window that is closed now, whatever the day is.
fn closed_window() -> String {
    let now = DateTime::<Utc>::from_timestamp(i64::try_from(seconds()).unwrap(), 0).unwrap();
    let later = now.checked_add_days(Days::new(3)).unwrap();
    let day = later.format("%a").to_string().to_lowercase();
    format!(
        "[waves]\nsettle = \"0s\"\n[[window]]\nsites = [\"*\"]\ndays = \"{day}\"\nfrom = \"09:00\"\nto = \"16:00\"\nzone = \"UTC\"\n"
    )
}

#[test]
fn a_closed_window_waits_says_when_it_opens_and_approve_now_goes() {
    let mut bed = ServiceBed::applied(1, &closed_window(), one_each(1, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let commit = bed.intend(one_each(1, "home-500"));
    bed.until("a plan", |seen| {
        seen.rollout(RolloutState::WaitingForApproval).is_some()
    });
    let approve = ["approve", "latest", "--yes", "--reason", "reviewed"];
    bed.site.run(&approve).exits(0);
    bed.until("the closed window", |seen| {
        let (state, because) = seen.last();
        state == RolloutState::Ready.word()
            && because.contains("the window for oak-0 opens at")
            && because.contains("09:00")
    });
    bed.another_round();
    assert_eq!(bed.all_written(), before);
    bed.site.run(&[&approve[..], &["--now"]].concat()).exits(0);
    bed.until("now", |seen| seen.has_reached(&commit));
}
