//! Tests the limits for an hour: what is over one waits and says so, and `/metrics` shows how much of each is used.

use gamctl::history::RolloutState;
use gamctl::model::ConditionWord;

use super::web::metrics_of;
use super::{EVERYTHING, ServiceBed, one_each};
use crate::crash::site::Flat;

/// A service whose devices match, with one interruption an hour, of which the first device used it.
fn used_up() -> (ServiceBed, Vec<Flat>) {
    let mut bed = ServiceBed::applied(2, EVERYTHING, one_each(2, "home-100"));
    let policy = bed.site.world.read("policy.toml");
    let one = policy.replace(
        "interruptions = { count = 1000 }",
        "interruptions = { count = 1 }",
    );
    assert_ne!(one, policy);
    bed.site.world.write("policy.toml", one);
    let limited = bed.site.world.commit_all("one interruption");
    bed.start();
    bed.until("the limit", |seen| seen.has_reached(&limited));
    let mut flats = one_each(2, "home-100");
    flats[0].vlan = 777;
    let first = bed.intend(flats.clone());
    bed.until("the first", |seen| seen.has_reached(&first));
    (bed, flats)
}

/// Returns the value of a series of budgets, if it is exported.
fn budget(bed: &ServiceBed, series: &str) -> Option<f64> {
    let text = metrics_of(bed);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("gamctl_budget_{series} ")));
    line.map(|value| value.parse().unwrap())
}

#[test]
fn two_small_rollouts_within_an_hour_may_not_do_what_a_single_one_may_not() {
    let (mut bed, mut flats) = used_up();
    let used = "used{lane=\"fleet\",limit=\"interruptions\"}";
    assert_eq!(budget(&bed, used), Some(1.0));
    assert_eq!(
        budget(&bed, "limit{lane=\"fleet\",limit=\"interruptions\"}"),
        Some(1.0)
    );
    assert_eq!(
        budget(&bed, "used{lane=\"fleet\",limit=\"devices\"}"),
        Some(1.0)
    );
    assert_eq!(
        budget(&bed, "used{lane=\"fleet\",limit=\"removals_per_device\"}"),
        Some(0.0)
    );
    let before = bed.all_written();
    flats[1].vlan = 778;
    let second = bed.intend(flats);
    let seen = bed.until("a wait", |seen| {
        seen.word(1) == ConditionWord::WaitingForApproval
    });
    let rollout = seen.rollout(RolloutState::WaitingForApproval).unwrap();
    bed.another_round();
    assert_eq!(bed.all_written(), before);
    assert_eq!(budget(&bed, used), Some(1.0), "what waits is not used");
    bed.approve(rollout, "ben", false);
    bed.until("the second", |seen| seen.has_reached(&second));
    assert!(bed.written(1).iter().any(|line| line.contains("778")));
    assert_eq!(budget(&bed, used), Some(2.0));
}

#[test]
fn what_lanes_used_is_exported_beside_what_everyone_used() {
    let lane = "[lane.desk]\nauthors = [\"test@example.org\"]\nmay = [\"subscriber.vlan\"]\n\
        limits = { changes = { count = 5 }, removals = { count = 2 } }\n";
    let policy = format!("{EVERYTHING}{lane}");
    let mut bed = ServiceBed::applied(1, &policy, one_each(1, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let mut flats = one_each(1, "home-100");
    flats[0].vlan = 777;
    let first = bed.intend(flats);
    bed.until("the first", |seen| seen.has_reached(&first));
    bed.another_round();
    let values = ["changes", "removals"].map(|limit| {
        let labels = format!("{{lane=\"desk\",limit=\"{limit}\"}}");
        ["used", "limit"].map(|name| budget(&bed, &format!("{name}{labels}")))
    });
    assert_eq!(
        values,
        [[Some(1.0), Some(5.0)], [Some(0.0), Some(2.0)]],
        "{}",
        metrics_of(&bed)
    );
    // The policy sets no such limit.
    assert_eq!(
        budget(&bed, "used{lane=\"desk\",limit=\"additions\"}"),
        None
    );
}
