//! Tests what the service applies by itself, and what waits for a person.

use gamctl::history::{NewRolloutStep, RolloutState, RolloutStepContent};
use gamctl::model::ConditionWord;

use super::{ASK, EVERYTHING, HARMLESS, ServiceBed, one_each};
use crate::crash::site::Flat;

#[test]
fn a_pushed_commit_is_verified_on_the_device_without_a_person_if_the_policy_says_everything() {
    let mut bed = ServiceBed::new(1, EVERYTHING, one_each(1, "home-100"));
    let first = bed.site.world.head();
    bed.start();
    bed.until("the first commit", |seen| seen.has_reached(&first));
    let before = bed.written(0);
    assert!(before.iter().any(|line| line.contains("101")), "{before:?}");
    let second = bed.intend(one_each(1, "home-500"));
    let seen = bed.until("the second commit", |seen| seen.has_reached(&second));
    assert!(bed.written(0).len() > before.len());
    assert_eq!(seen.rollouts.len(), 2);
    for rollout in &seen.rollouts {
        assert_eq!(rollout.last.state, RolloutState::Done);
        let approvals = bed.wait(bed.store.approvals(&rollout.plan_id)).unwrap();
        assert!(approvals.is_empty());
    }
    let written = bed.written(0);
    bed.another_round();
    assert_eq!(
        bed.written(0),
        written,
        "a device that matches is left alone"
    );
}

#[test]
fn without_an_approval_nothing_is_sent_and_an_approval_of_an_older_plan_starts_nothing() {
    let mut bed = ServiceBed::applied(1, ASK, one_each(1, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    bed.intend(one_each(1, "home-300"));
    let waits = |seen: &super::Seen| seen.rollout(RolloutState::WaitingForApproval).cloned();
    let seen = bed.until("a plan", |seen| {
        waits(seen).is_some() && seen.all_are(ConditionWord::WaitingForApproval)
    });
    let older = waits(&seen).unwrap();
    bed.another_round();
    assert_eq!(bed.all_written(), before);
    let commit = bed.intend(one_each(1, "home-500"));
    let seen = bed.until("another plan", |seen| {
        waits(seen).is_some_and(|rollout| rollout.commit == commit)
    });
    let newer = waits(&seen).unwrap();
    let void = seen.rollouts.iter().find(|one| one.id == older.id).unwrap();
    assert_eq!(void.last.state, RolloutState::Superseded);
    bed.approve(&older, "ben", false);
    let seen = bed.another_round();
    assert_eq!(waits(&seen).map(|one| one.id), Some(newer.id));
    assert_eq!(bed.all_written(), before);
    bed.approve(&newer, "ben", false);
    bed.until("the approved plan", |seen| seen.has_reached(&commit));
    assert_ne!(bed.all_written(), before);
}

#[test]
fn what_is_harmless_goes_by_itself_and_the_rest_waits() {
    let mut bed = ServiceBed::applied(2, HARMLESS, one_each(2, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let mut flats = one_each(2, "home-100");
    // Nobody notices a new neighbour; a subscriber notices another VLAN.
    flats.push(Flat::new(7, 0, "home-100"));
    flats[1].vlan = 777;
    let commit = bed.intend(flats);
    let seen = bed.until("both", |seen| {
        seen.word(0) == ConditionWord::Converged
            && seen.word(1) == ConditionWord::WaitingForApproval
            && seen.rollout(RolloutState::Done).is_some()
    });
    assert_ne!(bed.written(0), before[0]);
    bed.another_round();
    assert_eq!(bed.written(1), before[1]);
    let rest = seen.rollout(RolloutState::WaitingForApproval).unwrap();
    bed.approve(rest, "ben", false);
    bed.until("the rest", |seen| seen.has_reached(&commit));
    assert!(bed.written(1).iter().any(|line| line.contains("777")));
}

#[test]
fn two_persons_approve_removals_and_the_author_is_none_of_them() {
    let policy = format!("{EVERYTHING}[approval]\ntwo_persons = [\"removals\"]\n");
    let both = vec![Flat::new(1, 0, "home-100"), Flat::new(2, 0, "home-100")];
    let mut bed = ServiceBed::applied(1, &policy, both.clone());
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let commit = bed.intend(both[..1].to_vec());
    let seen = bed.until("a plan", |seen| {
        seen.rollout(RolloutState::WaitingForApproval).is_some()
    });
    let rollout = seen.rollout(RolloutState::WaitingForApproval).unwrap();
    assert_eq!(rollout.plan.approvals, 2);
    assert_eq!(rollout.plan.authors, ["test@example.org"]);
    bed.approve(rollout, "ben", false);
    // The commit is by test@example.org.
    bed.approve(rollout, "test", false);
    bed.approve(rollout, "ben", false);
    let seen = bed.another_round();
    assert_eq!(seen.last().0, RolloutState::WaitingForApproval.word());
    assert_eq!(bed.all_written(), before);
    bed.approve(rollout, "ada", false);
    bed.until("the removal", |seen| seen.has_reached(&commit));
    assert_ne!(bed.all_written(), before);
}

#[test]
fn a_policy_applies_from_the_commit_after_it_on_even_if_it_came_alone() {
    let mut bed = ServiceBed::applied(1, ASK, one_each(1, "home-100"));
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let text = bed.site.world.read("policy.toml");
    let automatic = format!("{text}\n[reconcile]\ncommits = \"everything\"\n");
    bed.site.world.write("policy.toml", automatic);
    let policy = bed.site.world.commit_all("apply everything");
    bed.until("the policy", |seen| seen.has_reached(&policy));
    bed.another_round();
    let commit = bed.intend(one_each(1, "home-500"));
    let seen = bed.until("a rollout", |seen| !seen.rollouts.is_empty());
    assert_ne!(
        seen.last().0,
        RolloutState::WaitingForApproval.word(),
        "{}",
        seen.brief()
    );
    bed.until("the commit after it", |seen| seen.has_reached(&commit));
}

#[test]
fn a_commit_that_makes_itself_automatic_waits_for_a_person() {
    let mut bed = ServiceBed::applied(1, ASK, one_each(1, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let text = bed.site.world.read("policy.toml");
    let automatic = format!("{text}\n[reconcile]\ncommits = \"everything\"\n");
    bed.site.world.write("policy.toml", automatic);
    bed.intend(one_each(1, "home-500"));
    bed.until("a plan", |seen| {
        seen.rollout(RolloutState::WaitingForApproval).is_some()
    });
    bed.another_round();
    assert_eq!(bed.all_written(), before);
}

#[test]
fn a_rollout_that_is_paused_and_resumed_still_waits_for_its_approval() {
    let mut bed = ServiceBed::applied(1, ASK, one_each(1, "home-100"));
    let before = bed.all_written();
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let commit = bed.intend(one_each(1, "home-500"));
    let waiting = RolloutState::WaitingForApproval;
    bed.until("a plan", |seen| seen.rollout(waiting).is_some());
    let change = |verb| ["rollout", verb, "latest", "--reason", "a look at it first"];
    bed.site.run(&change("pause")).exits(0);
    bed.another_round();
    bed.site.run(&change("resume")).exits(0);
    let seen = bed.another_round();
    assert_eq!(seen.last().0, waiting.word(), "{}", seen.brief());
    // Of another gamctl, which resumes everything at its next wave.
    let rollout = seen.rollouts[0].clone();
    let step = NewRolloutStep {
        number: rollout.last.number + 1,
        state: RolloutState::Ready,
        who: "eve@noc".to_owned(),
        content: RolloutStepContent::default(),
    };
    let counts = bed.wait(bed.store.rollout_step(rollout.id, &step, None));
    assert!(counts.unwrap());
    bed.until("waiting again", |seen| seen.rollout(waiting).is_some());
    bed.another_round();
    assert_eq!(bed.all_written(), before);
    bed.approve(&rollout, "ben@noc", false);
    bed.until("the commit", |seen| seen.has_reached(&commit));
}
