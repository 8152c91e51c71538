//! Tests what the service keeps: the target, rollouts, approvals, instances and leader tasks.

use std::time::Duration;

use gamctl::history::{
    AcceptedHistory, BranchState, DeviceStatus, InstanceReport, NewApproval, NewInstance,
    NewRollout, NewRolloutStep, RewrittenHistory, RolloutId, RolloutKind, RolloutPlan,
    RolloutState, RolloutStepContent, StatusMark, StoreError, TargetChange, TaskReport,
};
use gamctl::model::{ConditionWord, DeviceName};
use gamctl::plan::LimitedEffects;
use serde_json::json;
use uuid::Uuid;

use super::sample::device;
use super::{Bed, on_both};

on_both!(
    the_target_moves_only_from_the_commit_that_the_caller_knew,
    the_state_of_the_branch_is_replaced_except_for_a_decision_that_came_meanwhile,
    of_two_writers_of_a_rollout_one_counts,
    a_rollout_and_its_steps_are_kept_for_ever,
    an_approval_needs_a_reason_and_is_stored_once,
    one_instance_leads_a_task_until_its_time_is_over,
    a_late_write_of_an_earlier_leader_is_rejected,
    an_instance_is_known_by_its_last_heartbeat,
    only_the_statuses_that_were_written_since_are_read_again,
);

fn change(before: Option<&str>, commit: &str) -> TargetChange {
    TargetChange {
        commit: commit.to_owned(),
        before: before.map(str::to_owned),
        who: "gamctl@noc".to_owned(),
        reason: None,
    }
}

async fn the_target_moves_only_from_the_commit_that_the_caller_knew(bed: Bed) {
    let store = &bed.store;
    assert_eq!(store.target().await.unwrap(), None);
    assert!(store.move_target(&change(None, "a"), None).await.unwrap());
    // The same again is done already; from another commit it is refused.
    assert!(store.move_target(&change(None, "a"), None).await.unwrap());
    assert!(!store.move_target(&change(None, "b"), None).await.unwrap());
    assert!(
        !store
            .move_target(&change(Some("x"), "b"), None)
            .await
            .unwrap()
    );
    assert!(
        store
            .move_target(&change(Some("a"), "b"), None)
            .await
            .unwrap()
    );
    let target = store.target().await.unwrap().unwrap();
    assert_eq!((target.number, target.commit.as_str()), (2, "b"));
    // Before the first target there was none: it is the beginning.
    let beginning = store.target_before(0).await.unwrap();
    assert_eq!(beginning.as_deref(), Some("a"));
    assert_eq!(store.target_before(target.at + 1).await.unwrap(), None);
    assert_eq!(bed.number("select count(*) from target_change").await, 2);
    for change in [
        "update target_change set who = 'x'",
        "delete from target_change",
        "update target set number = 1",
    ] {
        let refused = bed.past(change).await.unwrap_err();
        assert!(refused.contains("gamctl: append-only"), "{refused}");
    }
    // Many move it at once: one wins.
    let moves = (0..8).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let change = change(Some("b"), &format!("c{number}"));
            store.move_target(&change, None).await.unwrap()
        })
    });
    let mut moved = 0;
    for one in moves.collect::<Vec<_>>() {
        moved += usize::from(one.await.unwrap());
    }
    assert_eq!(moved, 1);
    assert_eq!(store.target().await.unwrap().unwrap().number, 3);
}

async fn the_state_of_the_branch_is_replaced_except_for_a_decision_that_came_meanwhile(bed: Bed) {
    let store = &bed.store;
    assert_eq!(store.branch_state().await.unwrap(), BranchState::default());
    let state = BranchState {
        commit: Some("b".to_owned()),
        fetched: Some(7),
        halted: Some(RewrittenHistory {
            target: "a".to_owned(),
            candidate: "b".to_owned(),
            since: 7,
        }),
        ..BranchState::default()
    };
    let leader = store.lead("fetch", Uuid::from_u128(1), LONG).await;
    let leader = leader.unwrap().unwrap();
    let set = async |state: &BranchState, accepted: Option<&AcceptedHistory>| {
        let set = store.set_branch_state(state, &leader, accepted).await;
        set.unwrap()
    };
    assert!(!set(&state, None).await);
    assert_eq!(store.branch_state().await.unwrap(), state);
    assert!(!set(&BranchState::default(), None).await);
    assert_eq!(store.branch_state().await.unwrap(), BranchState::default());
    // A person accepts the history during a fetch, whose end must not undo it.
    let accepted = AcceptedHistory {
        target: "a".to_owned(),
        candidate: "b".to_owned(),
        who: "alice".to_owned(),
        reason: "secrets removed".to_owned(),
    };
    store.accept_history(&accepted).await.unwrap();
    assert!(set(&state, None).await);
    let stored = store.branch_state().await.unwrap();
    assert_eq!(stored.accepted.as_ref(), Some(&accepted));
    assert_eq!(stored.halted, state.halted);
    // The next fetch uses it.
    assert!(!set(&state, Some(&accepted)).await);
    assert_eq!(store.branch_state().await.unwrap(), state);
}

async fn rollout(bed: &Bed, id: u128) -> NewRollout {
    let document = json!({ "schema": 1, "plan_id": "p" });
    bed.store.keep_plan("p", &document).await.unwrap();
    NewRollout {
        id: RolloutId(Uuid::from_u128(id)),
        plan_id: "p".to_owned(),
        commit: "a".to_owned(),
        plan: RolloutPlan {
            waits_for_hour: false,
            kind: RolloutKind::Commit,
            policy: "q".to_owned(),
            waves: vec![vec![device("oak")], vec![device("ash"), device("elm")]],
            settle: 120,
            authors: vec!["ada@example.net".to_owned()],
            approvals: 1,
            because: Some("it removes a subscriber".to_owned()),
            steps: 3,
            restores: std::collections::BTreeMap::new(),
            effects: [(
                device("oak"),
                LimitedEffects {
                    removals: 1,
                    ..LimitedEffects::default()
                },
            )]
            .into(),
        },
    }
}

fn step(number: u64, state: RolloutState, who: &str) -> NewRolloutStep {
    NewRolloutStep {
        number,
        state,
        who: who.to_owned(),
        content: RolloutStepContent {
            because: Some("a test".to_owned()),
            ..RolloutStepContent::default()
        },
    }
}

async fn of_two_writers_of_a_rollout_one_counts(bed: Bed) {
    let store = &bed.store;
    let new = rollout(&bed, 1).await;
    let first = step(1, RolloutState::WaitingForApproval, "gamctl@noc");
    store.begin_rollout(&new, &first, None).await.unwrap();
    store.begin_rollout(&new, &first, None).await.unwrap();
    assert_eq!(store.open_rollouts().await.unwrap().len(), 1);
    let ready = step(2, RolloutState::Ready, "gamctl@noc");
    let abandoned = step(2, RolloutState::Abandoned, "ada@noc");
    assert!(store.rollout_step(new.id, &ready, None).await.unwrap());
    // Its answer was lost, so it is asked again: it still counts.
    assert!(store.rollout_step(new.id, &ready, None).await.unwrap());
    assert!(!store.rollout_step(new.id, &abandoned, None).await.unwrap());
    // A step without the one before is not stored.
    let later = step(4, RolloutState::Done, "gamctl@noc");
    assert!(!store.rollout_step(new.id, &later, None).await.unwrap());
    let (stored, steps) = store.rollout(new.id).await.unwrap().unwrap();
    assert_eq!(stored.last.state, RolloutState::Ready);
    assert_eq!(stored.plan, new.plan);
    let states: Vec<RolloutState> = steps.iter().map(|step| step.state).collect();
    assert_eq!(
        states,
        [RolloutState::WaitingForApproval, RolloutState::Ready]
    );
}

async fn a_rollout_and_its_steps_are_kept_for_ever(bed: Bed) {
    let store = &bed.store;
    for id in [1, 2] {
        let new = rollout(&bed, id).await;
        let first = step(1, RolloutState::Ready, "gamctl@noc");
        store.begin_rollout(&new, &first, None).await.unwrap();
    }
    let done = step(2, RolloutState::Done, "gamctl@noc");
    let first = RolloutId(Uuid::from_u128(1));
    assert!(store.rollout_step(first, &done, None).await.unwrap());
    let open = store.open_rollouts().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].id, RolloutId(Uuid::from_u128(2)));
    assert_eq!(store.rollouts(10).await.unwrap().len(), 2);
    assert_eq!(store.rollouts(1).await.unwrap().len(), 1);
    for change in [
        "delete from rollout_step",
        "update rollout_step set who = 'x'",
        "update rollout set plan = 'p'",
    ] {
        let refused = bed.past(change).await.unwrap_err();
        assert!(refused.contains("gamctl: append-only"), "{refused}");
    }
}

async fn an_approval_needs_a_reason_and_is_stored_once(bed: Bed) {
    let store = &bed.store;
    let new = rollout(&bed, 1).await;
    let approval = NewApproval {
        id: Uuid::from_u128(7),
        plan: new.plan_id.clone(),
        commit: "a".to_owned(),
        policy: "q".to_owned(),
        who: "bob@noc".to_owned(),
        reason: "agreed with the site".to_owned(),
        now: true,
        addresses: vec!["bob@example.net".to_owned()],
    };
    store.approve(&approval).await.unwrap();
    store.approve(&approval).await.unwrap();
    let approvals = store.approvals("p").await.unwrap();
    assert_eq!(approvals.len(), 1);
    assert_eq!(approvals[0].who, "bob@noc");
    assert!(approvals[0].now && approvals[0].at > 0);
    assert!(store.approvals("other").await.unwrap().is_empty());
    let silent = NewApproval {
        id: Uuid::from_u128(8),
        reason: "  ".to_owned(),
        ..approval
    };
    assert!(store.approve(&silent).await.is_err());
}

const LONG: Duration = Duration::from_secs(3600);

async fn one_instance_leads_a_task_until_its_time_is_over(bed: Bed) {
    let store = &bed.store;
    let [one, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let leader = store.lead("fetch", one, LONG).await.unwrap().unwrap();
    assert_eq!(leader.epoch, 1);
    assert_eq!(store.lead("fetch", other, LONG).await.unwrap(), None);
    // Another task has another leader, and the same instance keeps its epoch.
    assert!(store.lead("rollout", other, LONG).await.unwrap().is_some());
    let again = store.lead("fetch", one, LONG).await.unwrap();
    assert_eq!(again, Some(leader.clone()));
    store.stop_leading(&leader).await.unwrap();
    let next = store.lead("fetch", other, LONG).await.unwrap().unwrap();
    assert_eq!(next.epoch, 2);
    // The one before cannot give up what it no longer has.
    store.stop_leading(&leader).await.unwrap();
    assert_eq!(store.lead("fetch", one, LONG).await.unwrap(), None);
    let leaders = store.leaders().await.unwrap();
    assert_eq!(leaders["fetch"].holder, other);
    assert!(leaders["fetch"].is_in_force);
    // Time over: whoever asks first leads.
    let over = store.lead("alert", one, Duration::ZERO).await.unwrap();
    assert_eq!(over.unwrap().epoch, 1);
    let next = store.lead("alert", other, LONG).await.unwrap().unwrap();
    assert_eq!(next.epoch, 2);
}

async fn a_late_write_of_an_earlier_leader_is_rejected(bed: Bed) {
    let store = &bed.store;
    let [one, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let late = store.lead("fetch", one, LONG).await.unwrap().unwrap();
    store.stop_leading(&late).await.unwrap();
    let leader = store.lead("fetch", other, LONG).await.unwrap().unwrap();
    let refused = store.move_target(&change(None, "a"), Some(&late)).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(&refused, StoreError::NotLeader { task } if task == "fetch"),
        "{refused:?}"
    );
    assert!(!refused.is_away());
    let state = BranchState::default();
    assert!(store.set_branch_state(&state, &late, None).await.is_err());
    let new = rollout(&bed, 1).await;
    let first = step(1, RolloutState::Ready, "gamctl@noc");
    assert!(
        store
            .begin_rollout(&new, &first, Some(&late))
            .await
            .is_err()
    );
    assert!(store.open_rollouts().await.unwrap().is_empty());
    assert_eq!(store.target().await.unwrap(), None);
    let moved = store.move_target(&change(None, "a"), Some(&leader)).await;
    assert!(moved.unwrap());
}

async fn an_instance_is_known_by_its_last_heartbeat(bed: Bed) {
    let store = &bed.store;
    let new = NewInstance {
        id: Uuid::from_u128(1),
        who: "gamctl@noc".to_owned(),
        host: "noc".to_owned(),
        process: 42,
        version: "0.1.0".to_owned(),
    };
    let mut report = InstanceReport {
        devices: 3,
        ..InstanceReport::default()
    };
    store.heartbeat(&new, &report).await.unwrap();
    let task = TaskReport {
        error: Some("the git server is silent".to_owned()),
        failures: 2,
        ..TaskReport::default()
    };
    report.tasks.insert("fetch".to_owned(), task);
    report.is_stopping = true;
    store.heartbeat(&new, &report).await.unwrap();
    let instances = store.instances().await.unwrap();
    assert_eq!(instances.len(), 1);
    let instance = &instances[0];
    assert_eq!((instance.process, instance.host.as_str()), (42, "noc"));
    assert_eq!(instance.report, report);
    assert!(instance.began > 0 && instance.seen >= instance.began);
    store.remove_instance(new.id).await.unwrap();
    assert!(store.instances().await.unwrap().is_empty());
}

fn status(looked: u64) -> DeviceStatus {
    DeviceStatus {
        word: ConditionWord::Converged,
        since: 1,
        facts: json!({}),
        site: None,
        commit: None,
        looked: Some(looked),
        tried: None,
        next_look: None,
        silent_since: None,
        error: None,
        fingerprint: None,
        steps: 0,
        drifted: 0,
        uptime_seconds: None,
        alarms: None,
        lines_up: None,
        lines: None,
    }
}

async fn only_the_statuses_that_were_written_since_are_read_again(bed: Bed) {
    let store = &bed.store;
    // More than are read one by one.
    let names: Vec<DeviceName> = (0..150)
        .map(|number| DeviceName::new(&format!("gam-{number:03}")).unwrap())
        .collect();
    let first: Vec<_> = names.iter().map(|name| (name.clone(), status(1))).collect();
    store.set_device_statuses(&first).await.unwrap();
    let all = store.device_status_changes(|_| None).await.unwrap();
    assert_eq!((all.marks.len(), all.changed.len()), (150, 150));
    assert_eq!(all.changed, store.device_statuses().await.unwrap());

    let known = |device: &DeviceName| all.marks.get(device).copied();
    let none = store.device_status_changes(known).await.unwrap();
    assert_eq!((none.marks.len(), none.changed.len()), (150, 0));

    let second = [(names[7].clone(), status(2))];
    store.set_device_statuses(&second).await.unwrap();
    store.forget_devices(&names[8..9]).await.unwrap();
    let one = store.device_status_changes(known).await.unwrap();
    assert!(!one.marks.contains_key(&names[8]));
    let looked = one
        .changed
        .iter()
        .map(|(name, row)| (name, row.status.looked));
    assert_eq!(looked.collect::<Vec<_>>(), [(&names[7], Some(2))]);

    // A store that was restored from a backup may count to the same number again.
    let at_another_time = |device: &DeviceName| {
        let mark = all.marks.get(device)?;
        Some(StatusMark {
            at: mark.at + 1,
            ..*mark
        })
    };
    let restored = store.device_status_changes(at_another_time).await.unwrap();
    assert_eq!(restored.changed.len(), 149);
}
