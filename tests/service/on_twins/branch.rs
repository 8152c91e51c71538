//! Tests that a rewritten history and an invalid commit leave the last good target in force.

use gamctl::model::ConditionWord;

use super::{EVERYTHING, ServiceBed, one_each};

#[test]
fn a_rewritten_history_halts_and_nothing_is_written_until_a_person_decides() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    let target = bed.site.world.head();
    bed.start();
    bed.until("converged", |seen| seen.has_reached(&target));
    let before = bed.all_written();
    let text = bed.site.world.read("subscribers/oaks.toml");
    let other = text.replace("vlan = 101", "vlan = 999");
    bed.site.world.write("subscribers/oaks.toml", other);
    bed.site
        .world
        .git(&["commit", "-q", "-a", "--amend", "-m", "rewritten"]);
    let rewritten = bed.site.world.head();
    let seen = bed.until("halted", |seen| seen.branch.halted.is_some());
    let halted = seen.branch.halted.unwrap();
    assert_eq!(
        (halted.target, halted.candidate),
        (target.clone(), rewritten)
    );
    // Drift would be repaired and commits applied; now neither is.
    bed.site.twin(0).edit_line("ghn subscriber 1 vid 777");
    let seen = bed.another_round();
    assert_eq!(seen.target(), Some(target.as_str()));
    assert!(seen.branch.halted.is_some());
    assert!(seen.rollouts.is_empty(), "{}", seen.brief());
    let edits = bed.written(0).len() - before[0].len();
    assert!(
        edits <= 1,
        "only the line of this test: {:?}",
        bed.written(0)
    );
}

#[test]
fn an_invalid_commit_is_held_with_its_findings_and_the_next_good_one_goes_on() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    let target = bed.site.world.head();
    bed.start();
    bed.until("converged", |seen| seen.has_reached(&target));
    let before = bed.all_written();
    let mut wrong = one_each(1, "home-100");
    wrong[0].vlan = 5000;
    let invalid = bed.intend(wrong);
    let seen = bed.until("held", |seen| seen.branch.held.is_some());
    let held = seen.branch.held.unwrap();
    assert_eq!((held.commit, held.word.as_str()), (invalid, "invalid"));
    assert!(held.findings[0].contains("5000"), "{:?}", held.findings);
    assert!(held.sentence.contains("1 finding"), "{}", held.sentence);
    let seen = bed.another_round();
    assert_eq!(seen.target(), Some(target.as_str()));
    assert!(seen.all_are(ConditionWord::Converged));
    assert_eq!(bed.all_written(), before);
    let good = bed.intend(one_each(1, "home-300"));
    let seen = bed.until("the next good commit", |seen| seen.has_reached(&good));
    assert!(seen.branch.held.is_none());
}

#[test]
fn a_lane_may_change_only_so_much_within_an_hour() {
    let lane = "[lane.desk]\nauthors = [\"test@example.org\"]\nmay = [\"subscriber.vlan\"]\n\
        limits = { changes = { count = 1 } }\n";
    let policy = format!("{EVERYTHING}{lane}");
    let mut bed = ServiceBed::applied(2, &policy, one_each(2, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let mut flats = one_each(2, "home-100");
    flats[0].vlan = 777;
    let first = bed.intend(flats.clone());
    bed.until("the first", |seen| seen.has_reached(&first));
    let before = bed.all_written();
    flats[1].vlan = 778;
    let second = bed.intend(flats);
    let seen = bed.until("held", |seen| seen.branch.held.is_some());
    let held = seen.branch.held.unwrap();
    assert_eq!((held.commit, held.word.as_str()), (second, "lane"));
    assert_eq!(
        held.sentence,
        "`lane.desk.limits.changes` allows 1 in an hour: 1 used, 1 planned"
    );
    let seen = bed.another_round();
    assert_eq!(seen.target(), Some(first.as_str()));
    assert_eq!(bed.all_written(), before);
}
