//! Tests early ends by decision: a wrong or changed device, an old plan, a lost lease, a signal.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gamctl::apply::{Difference, Ended, Entry, NotCommitted, Progress};
use gamctl::model::DeviceState;
use gamctl::plan::Refusal;
use gamctl::report::cause_text;
use gamctl::transport::ssh::Fence;
use tokio::sync::watch;

use super::stage::{ApplyRecord, How, Stage};

/// A twin with a subscriber to move to another VLAN, and an endpoint to another port.
async fn stage() -> Stage {
    let mut stage = Stage::new().await;
    stage.intend("ghn subscriber 1 vid 111\nghn endpoint 2 port 1");
    stage
}

fn is_untouched(stage: &Stage, record: &ApplyRecord) {
    assert_eq!(stage.running(), stage.at_first);
    assert_eq!(stage.startup(), stage.at_first);
    assert_eq!(stage.config_lines(), Vec::<String>::new());
    let lines = stage.twin.lines();
    assert!(lines.iter().all(|one| one.line != "configure terminal"));
    assert!(
        !record
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Sent { .. }))
    );
}

fn rule(record: &ApplyRecord) -> &str {
    match &record.ending.outcome.ended {
        Ended::Refused { refusal } => refusal.rule(),
        other => panic!("{other:?}"),
    }
}

fn because(record: &ApplyRecord) -> String {
    let outcome = &record.ending.outcome;
    assert_eq!(outcome.ended.word(), "interrupted", "{outcome:?}");
    cause_text(&outcome.device, &outcome.ended).unwrap()
}

#[tokio::test]
async fn the_wrong_device_is_not_written_to() {
    let mut stage = stage().await;
    let (seen, plan) = stage.planned().await;
    stage.pin = Some("00:0e:d8:00:00:01".parse().unwrap());
    let record = stage.carry_out(plan, Some(&seen), How::default()).await;
    assert_eq!(rule(&record), "wrong-device");
    is_untouched(&stage, &record);
}

#[tokio::test]
async fn a_device_whose_ssh_and_snmp_differ_is_not_written_to() {
    let stage = stage().await;
    let (mut settings, ..) = super::stage::settings(Default::default());
    settings.build.hardware.mac = "00:0e:d8:00:00:01".parse().unwrap();
    settings.login.password = "correct horse".to_owned();
    let other = Stage::started(settings).await;
    let (seen, plan) = stage.planned().await;
    let how = How {
        login: Some(other.login()),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    assert_eq!(rule(&record), "wrong-device");
    is_untouched(&stage, &record);
    is_untouched(&other, &record);
}

#[tokio::test]
async fn a_changed_device_is_reported_object_by_object() {
    let stage = stage().await;
    let (seen, plan) = stage.planned().await;
    stage.twin.edit_line("ghn subscriber 1 vid 120");
    stage.twin.edit_line("no ghn subscriber 3");
    let moved = stage.running();
    let record = stage
        .carry_out(plan.clone(), Some(&seen), How::default())
        .await;
    let expected = [
        Difference {
            object: "subscriber apt-101".to_owned(),
            field: Some("vlan".to_owned()),
            then: Some("101".to_owned()),
            now: Some("120".to_owned()),
            intended: Some("111".to_owned()),
        },
        Difference {
            object: "subscriber apt-103".to_owned(),
            field: None,
            then: Some("endpoint 00:0e:d8:1c:95:03, number 3, poe disable, rate home 100, tagged false, vlan 103".to_owned()),
            now: None,
            intended: Some("endpoint 00:0e:d8:1c:95:03, poe disable, rate home 100, tagged false, vlan 103".to_owned()),
        },
    ];
    let Ended::Stale { differences } = &record.ending.outcome.ended else {
        panic!("{:?}", record.ending.outcome);
    };
    assert_eq!(*differences, expected);
    assert_eq!(stage.config_lines(), Vec::<String>::new());
    assert_eq!(stage.running(), moved);
    // Without the earlier look, the plan's own values are left.
    let record = stage.carry_out(plan, None, How::default()).await;
    let Ended::Stale { differences } = &record.ending.outcome.ended else {
        panic!("{:?}", record.ending.outcome);
    };
    assert_eq!(*differences, expected[..1]);
}

#[tokio::test]
async fn a_plan_that_differs_from_the_present_one_is_refused() {
    let mut stage = stage().await;
    let (seen, plan) = stage.planned().await;
    let intended = stage.intended.clone();
    stage.intend("ghn subscriber 1 vid 112");
    let record = stage
        .carry_out(plan.clone(), Some(&seen), How::default())
        .await;
    assert_eq!(rule(&record), "plan-outdated");
    is_untouched(&stage, &record);
    stage.intended = intended;

    let mut edited = plan.clone();
    let longer = format!("{} poe enable", edited.steps[0].lines[0]);
    edited.steps[0].lines[0] = gamctl::model::ConfigLine::new(&longer).unwrap();
    let record = stage.carry_out(edited, Some(&seen), How::default()).await;
    assert_eq!(rule(&record), "lines-differ");
    is_untouched(&stage, &record);

    let mut naked = plan.clone();
    naked.steps[0].lines.clear();
    let record = stage.carry_out(naked, Some(&seen), How::default()).await;
    assert_eq!(rule(&record), "lines-differ");

    let mut refused = plan.clone();
    refused.refusals.push(Refusal {
        rule: "too-many-removals".to_owned(),
        message: "too many".to_owned(),
        hint: "fewer".to_owned(),
    });
    let record = stage.carry_out(refused, Some(&seen), How::default()).await;
    assert_eq!(rule(&record), "too-many-removals");

    let mut blind = plan.clone();
    blind.observed = None;
    let record = stage.carry_out(blind, Some(&seen), How::default()).await;
    assert_eq!(rule(&record), "plan-outdated");

    for state in [
        DeviceState::Observe,
        DeviceState::Locked,
        DeviceState::Preprovision,
    ] {
        stage.state = state;
        let record = stage
            .carry_out(plan.clone(), Some(&seen), How::default())
            .await;
        assert_eq!(rule(&record), "not-managed");
        is_untouched(&stage, &record);
    }
}

#[tokio::test]
async fn a_step_that_cannot_be_recorded_is_not_sent() {
    for reason in [
        NotCommitted::Fenced,
        NotCommitted::Lost("no disk".to_owned()),
    ] {
        // The look, then the intent.
        for nth in [1, 2] {
            let stage = stage().await;
            let (seen, plan) = stage.planned().await;
            let how = How {
                fails_at: Some((nth, reason.clone())),
                ..How::default()
            };
            let record = stage.carry_out(plan, Some(&seen), how).await;
            assert_eq!(because(&record), format!("{reason}; nothing was written"));
            is_untouched(&stage, &record);
        }
    }
}

#[tokio::test]
async fn a_step_that_cannot_be_written_down_is_the_last() {
    for (reason, is_left) in [
        (NotCommitted::Fenced, false),
        (NotCommitted::Lost("no disk".to_owned()), true),
    ] {
        let stage = stage().await;
        let (seen, plan) = stage.planned().await;
        let first: Vec<String> = plan.steps[0]
            .lines
            .iter()
            .map(ToString::to_string)
            .collect();
        let how = How {
            fails_at: Some((3, reason.clone())),
            ..How::default()
        };
        let record = stage.carry_out(plan, Some(&seen), how).await;
        assert_eq!(
            because(&record),
            format!("{reason}; steps 1 to 1 of 2 were written")
        );
        assert_eq!(stage.config_lines(), first);
        let ends = stage
            .twin
            .lines()
            .iter()
            .filter(|one| one.line == "end")
            .count();
        assert_eq!(ends == 1, is_left, "left only while the device is ours");
        assert_eq!(stage.startup(), stage.at_first);
    }
}

#[tokio::test]
async fn nothing_is_sent_behind_a_closed_fence() {
    let stage = stage().await;
    let (seen, plan) = stage.planned().await;
    let how = How {
        fence: Some(Fence::until(Instant::now())),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    assert!(
        because(&record).contains("lease on"),
        "{}",
        because(&record)
    );
    assert_eq!(stage.twin.lines(), []);
    is_untouched(&stage, &record);
}

#[tokio::test]
async fn a_fence_that_closes_half_way_ends_everything() {
    let stage = stage().await;
    let (seen, plan) = stage.planned().await;
    let fence = Fence::until(Instant::now() + Duration::from_secs(600));
    let progress = |progress: Progress| {
        if matches!(progress, Progress::Sending { step: 2, .. }) {
            fence.close();
        }
    };
    let first: Vec<String> = plan.steps[0]
        .lines
        .iter()
        .map(ToString::to_string)
        .collect();
    let how = How {
        fence: Some(fence.clone()),
        progress: Some(&progress),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    assert!(
        because(&record).contains("lease on"),
        "{}",
        because(&record)
    );
    assert_eq!(stage.config_lines(), first);
    assert_eq!(stage.startup(), stage.at_first);
    assert_eq!(record.ending.outcome.steps.len(), 2);
}

#[tokio::test]
async fn a_signal_finishes_the_step_and_leaves_the_device_in_good_order() {
    let stage = stage().await;
    let (seen, plan) = stage.planned().await;
    let first: Vec<String> = plan.steps[0]
        .lines
        .iter()
        .map(ToString::to_string)
        .collect();
    let (send, stop) = watch::channel(false);
    let progress = |progress: Progress| {
        if matches!(progress, Progress::Sending { step: 1, .. }) {
            send.send_replace(true);
        }
    };
    let how = How {
        stop: Some(stop),
        progress: Some(&progress),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    assert_eq!(
        because(&record),
        "stopped after step 1 of 2; nothing was saved"
    );
    assert_eq!(record.story(), "looked-before intent-apply typed left");
    assert_eq!(stage.config_lines(), first);
    assert_eq!(stage.twin.lines().last().unwrap().line, "exit");
    assert_eq!(stage.startup(), stage.at_first);
    // The next run looks, and finishes.
    let (seen, plan) = stage.planned().await;
    let record = stage.twice(plan, Some(&seen), How::default()).await;
    assert_eq!(record.ending.outcome.ended, Ended::Applied);
}

#[tokio::test]
async fn a_signal_before_the_first_line_leaves_everything_as_it_was() {
    let stage = stage().await;
    let (seen, plan) = stage.planned().await;
    let (_send, stop) = watch::channel(true);
    let how = How {
        stop: Some(stop),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    assert_eq!(because(&record), "stopped before anything was written");
    is_untouched(&stage, &record);
}

#[tokio::test]
async fn every_step_is_reported_when_it_starts() {
    let stage = stage().await;
    let (seen, plan) = stage.planned().await;
    let count = AtomicUsize::new(0);
    let progress = |progress: Progress| {
        if let Progress::Sending { step, of, .. } = progress {
            assert_eq!((count.fetch_add(1, Ordering::SeqCst) + 1, of), (step, 2));
        }
    };
    let how = How {
        progress: Some(&progress),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    assert_eq!(record.ending.outcome.ended, Ended::Applied);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}
