//! Tests the limits for an hour: what is over one waits and says so, and `/metrics` shows how much of each is used.

use gamctl::history::RolloutState;
use gamctl::model::ConditionWord;

use super::web::metrics_of;
use super::{ASK, EVERYTHING, ServiceBed, one_each};
use crate::crash::site::Flat;

/// A service with two devices that match, under a policy that allows one effect of a kind an hour.
fn limited_to_one(policy: &str, limit: &str) -> ServiceBed {
    let mut bed = ServiceBed::applied(2, policy, one_each(2, "home-100"));
    let policy = bed.site.world.read("policy.toml");
    let one = policy.replace(
        &format!("{limit} = {{ count = 1000 }}"),
        &format!("{limit} = {{ count = 1 }}"),
    );
    assert_ne!(one, policy);
    bed.site.world.write("policy.toml", one);
    let limited = bed.site.world.commit_all("one an hour");
    bed.start();
    bed.until("the limit", |seen| seen.has_reached(&limited));
    bed
}

/// The first device used the one interruption of the hour.
fn used_up() -> (ServiceBed, Vec<Flat>) {
    let mut bed = limited_to_one(EVERYTHING, "interruptions");
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
        seen.word(1) == ConditionWord::WaitingForBudget
    });
    let rollout = seen.rollout(RolloutState::WaitingForApproval).unwrap();
    assert_eq!(
        rollout.plan.because.as_deref(),
        Some(
            "with what was done within the last hour, it exceeds `limits.interruptions`; it starts by itself when enough \
             of the hour is over"
        )
    );
    assert_eq!(seen.word(0), ConditionWord::Converged);
    let facts = &seen.statuses[&crate::crash::site::device(1)].status.facts["budget"];
    for (fact, expected) in [("used", 1), ("planned", 1), ("limit", 1)] {
        assert_eq!(facts[fact], expected, "{facts}");
    }
    let free_at = facts["free_at"].as_u64().unwrap();
    let now = super::seconds();
    assert!(
        free_at > now + 3_000 && free_at <= now + 3_660,
        "{free_at} {now}"
    );
    bed.another_round();
    assert_eq!(bed.all_written(), before);
    assert_eq!(budget(&bed, used), Some(1.0), "what waits is not used");
    bed.approve(rollout, "ben", false);
    bed.until("the second", |seen| seen.has_reached(&second));
    assert!(bed.written(1).iter().any(|line| line.contains("778")));
    assert_eq!(budget(&bed, used), Some(2.0));
}

#[test]
fn a_rollout_over_a_limit_for_an_hour_starts_by_itself_when_the_hour_is_over() {
    let (mut bed, mut flats) = used_up();
    flats[1].vlan = 778;
    let second = bed.intend(flats);
    bed.until("a wait", |seen| {
        seen.word(1) == ConditionWord::WaitingForBudget
    });
    bed.stop();
    bed.store_is_older_by(3_600);
    bed.start();
    let seen = bed.until("the second", |seen| seen.has_reached(&second));
    let approvals = seen.rollouts.iter().map(|rollout| {
        let approvals = bed.wait(bed.store.approvals(&rollout.plan_id));
        approvals.unwrap().len()
    });
    assert_eq!(approvals.sum::<usize>(), 0);
    let rollout = seen.rollouts.first().unwrap();
    let because = bed.steps(rollout).into_iter();
    let because: Vec<String> = because.filter_map(|step| step.content.because).collect();
    assert!(
        because
            .iter()
            .any(|why| why == "the limits for an hour allow it now"),
        "{because:?}"
    );
}

#[test]
fn what_also_needs_a_person_waits_for_one() {
    let mut bed = limited_to_one(ASK, "devices");
    let mut flats = one_each(2, "home-100");
    flats[0].vlan = 777;
    let first = bed.intend(flats.clone());
    let seen = bed.until("a question", |seen| {
        seen.word(0) == ConditionWord::WaitingForApproval
    });
    let rollout = seen.rollout(RolloutState::WaitingForApproval).unwrap();
    bed.approve(rollout, "ben", false);
    bed.until("the first", |seen| seen.has_reached(&first));
    flats[1].vlan = 778;
    bed.intend(flats);
    let seen = bed.until("another question", |seen| {
        seen.word(1) == ConditionWord::WaitingForApproval
    });
    let rollout = seen.rollout(RolloutState::WaitingForApproval).unwrap();
    assert_eq!(
        rollout.plan.because.as_deref(),
        Some("with what was done within the last hour, it exceeds `limits.devices`")
    );
    assert!(!rollout.plan.waits_for_hour);
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
