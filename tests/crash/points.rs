//! Aborts the program at every named crash point, and checks the next start.

use std::collections::BTreeSet;

use super::judge::writings;
use super::site::{Flat, Site, device};
use gamctl::crash::POINTS;

/// Passed only while the store is unreachable; tested in `away`.
const WITHOUT_A_STORE: [&str; 4] = [
    "journal-before",
    "journal-after",
    "replay-before",
    "replay-after",
];

/// Passed by a sync with billing and by write-back to it; tested in `billing::lives` and `billing::write_back`.
const TO_BILLING: [&str; 8] = [
    "sync-read",
    "sync-counted",
    "sync-committed",
    "sync-pushed",
    "sync-stored",
    "write-back-queued",
    "write-back-sent",
    "write-back-answered",
];

/// Passed by every apply, with further passes than the first.
const ON_THE_WAY: [&str; 35] = [
    "run-before",
    "run-after",
    "plan-taken",
    "lease-before",
    "lease-after",
    "looked-before",
    "looked-before:3",
    "looked-after",
    "looked-after:3",
    "intent-before",
    "intent-after",
    "line-before",
    "line-before:5",
    "line-before:9",
    "line-sent",
    "line-sent:2",
    "line-sent:9",
    "line-answered",
    "line-answered:9",
    "step-before",
    "step-before:6",
    "step-after",
    "step-after:6",
    "left-after",
    "verified-before",
    "verified-after",
    "save-before",
    "save-sent",
    "save-answered",
    "saved-after",
    "ledger-before",
    "ledger-after",
    "outcome-before",
    "outcome-after",
    "run-ended",
];

/// Nine lines: a profile, four endpoints, four subscribers.
fn nine_lines() -> Vec<Flat> {
    (1..=4)
        .map(|number| Flat::new(number, 0, "home-100"))
        .collect()
}

fn site() -> Site {
    let mut site = Site::with(1);
    site.intend(nine_lines());
    site
}

/// Runs work for each of these, several at a time.
fn for_each(points: &[&'static str], work: impl Fn(&'static str) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failed = std::sync::Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(point) = points.get(number) else {
                        return;
                    };
                    let work = std::panic::AssertUnwindSafe(|| work(point));
                    if std::panic::catch_unwind(work).is_err() {
                        failed.lock().unwrap().insert(*point);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "see above: {failed:?}");
}

#[test]
fn every_point_there_is_is_died_at() {
    let named = |points: &[&'static str]| -> BTreeSet<&'static str> {
        let names = points.iter().map(|point| point.split(':').next().unwrap());
        names.collect()
    };
    let mut died_at = named(&ON_THE_WAY);
    died_at.extend(WITHOUT_A_STORE);
    died_at.extend(TO_BILLING);
    assert_eq!(died_at, named(POINTS));
}

#[test]
fn a_death_at_any_crash_point_is_finished_by_the_next_start() {
    for_each(&ON_THE_WAY, |point| {
        let site = site();
        site.dies_at(point);
        site.is_sound();
        let wrote = writings(site.twin(0));
        if ["run", "plan", "lease", "intent-before"]
            .iter()
            .any(|early| point.starts_with(early))
            && point != "run-ended"
        {
            assert!(wrote.is_empty(), "{point}: {wrote:?}");
        }
        let left = site.store();
        let left = site.runtime.block_on(left.unfinished()).unwrap();
        site.time_passes();
        let said = site.apply().exits(0);
        if !left.is_empty() {
            said.says("oak-0: an earlier run ended in the middle of writing");
        }
        site.is_done();
    });
}

#[test]
fn after_kill_9_at_line_4_of_9_the_next_start_reports_the_state_and_finishes() {
    let site = site();
    site.dies_at("line-answered:4");
    site.is_sound();
    let wrote = writings(site.twin(0));
    assert_eq!(wrote.len(), 1);
    assert_eq!(wrote[0].lines.len(), 4);
    let intents = site.intents(&device(0));
    assert_eq!(intents.len(), 1);
    assert_eq!(intents[0].lines.len(), 9);
    assert_eq!(intents[0].lines[..4], wrote[0].lines);
    // At once: on the same host the process is known to be dead, so its lease need not expire.
    site.apply()
        .exits(0)
        .says("oak-0: an earlier run ended in the middle of writing; 4 of 9 steps took effect; the rest is planned again.")
        .says("1 device changed, verified and saved");
    let wrote = writings(site.twin(0));
    assert_eq!(wrote.len(), 2);
    // Lines that took effect are not sent again.
    assert_eq!(wrote[1].lines, intents[0].lines[4..]);
    site.is_done();
}

#[test]
fn a_recovery_that_dies_is_repeated_by_the_next_start() {
    for_each(
        &[
            "lease-before",
            "lease-after",
            "looked-before",
            "looked-after",
            "ledger-before",
            "ledger-after",
            "outcome-before",
            "outcome-after",
            "run-before",
            "intent-before",
            "line-sent:2",
            "save-sent",
        ],
        |point| {
            let site = site();
            site.dies_at("line-answered:4");
            site.time_passes();
            site.dies_at(point);
            site.is_sound();
            site.time_passes();
            site.apply().exits(0);
            site.is_done();
        },
    );
}
