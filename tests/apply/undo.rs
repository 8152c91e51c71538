//! Tests changes that no line can undo: applied all the same, and named after a failed rollback.

use std::time::Duration;

use gamctl::apply::Ended;
use gamctl::apply::cause::Restored;
use gamctl::report::{cause_text, left_text};
use gamctl::simulator::fault::{Fault, FaultOrder};

use super::stage::{How, Stage};

/// A twin with a configuration, made by hand, that gamctl could not write.
async fn by_hand(intended: &str) -> Stage {
    let mut stage = Stage::new().await;
    for line in [
        "ghn bw-profile 2 description \"a\\b\"",
        "snmp-server contact c\\d",
    ] {
        stage.twin.edit_line(line);
    }
    stage.at_first = stage.running();
    stage.intend(intended);
    stage
}

#[tokio::test]
async fn a_change_without_undo_is_written_verified_and_saved() {
    let stage = by_hand("ghn bw-profile 2 description Home\nsnmp-server contact somebody").await;
    let (seen, plan) = stage.planned().await;
    assert_eq!(seen.unread, []);
    assert_eq!(plan.steps.len(), 2);
    assert!(plan.steps.iter().all(|step| step.cannot_undo.is_some()));
    let record = stage.carry_out(plan, Some(&seen), How::default()).await;
    assert_eq!(record.ending.outcome.ended, Ended::Applied);
    let running = stage.running();
    assert_eq!(running.profiles[&2].description, "Home");
    assert_eq!(running.contact, "somebody");
    assert_eq!(stage.startup(), running);
}

#[tokio::test]
async fn a_change_without_undo_is_named_and_the_rest_is_rolled_back() {
    let stage = by_hand(
        "ghn bw-profile 2 description Home\nghn endpoint 2 port 1\nghn subscriber 1 vid 111",
    )
    .await;
    let (seen, plan) = stage.planned().await;
    let at = plan
        .steps
        .iter()
        .position(|step| step.cannot_undo.is_some());
    assert!(at.unwrap() + 1 < plan.steps.len());
    let last = plan.steps.last().unwrap().lines[0].to_string();
    let error = Fault::SshError {
        text: "% Internal error".to_owned(),
    };
    stage.twin.set_fault(FaultOrder::new(error).matching(&last));
    let record = stage.carry_out(plan, Some(&seen), How::default()).await;
    let outcome = &record.ending.outcome;
    let Ended::Stuck { left, .. } = &outcome.ended else {
        panic!("{outcome:?}");
    };
    let because = cause_text(&outcome.device, &outcome.ended).unwrap();
    assert!(
        because.ends_with(
            "it cannot be rolled back: `description` of profile home 100 cannot be restored: no line of gamctl can write the earlier value"
        ),
        "{because}"
    );
    assert_eq!(
        Vec::from_iter(left.iter().map(left_text)),
        ["`description` of profile home 100 is Home instead of a\\b"]
    );
    let mut expected = stage.at_first.clone();
    expected.profiles.get_mut(&2).unwrap().description = "Home".into();
    assert_eq!(stage.running(), expected);
}

#[tokio::test]
async fn after_a_plain_refusal_no_settle_time_is_waited_out_although_somebody_else_edits() {
    let mut stage = Stage::new().await;
    stage.intend("ghn subscriber 1 vid 111\nghn subscriber 2 vid 112");
    stage.timeouts.settle = Duration::from_secs(3600);
    let (seen, plan) = stage.planned().await;
    let last = plan.steps.last().unwrap().lines[0].to_string();
    assert!(last.starts_with("ghn subscriber 2 "), "{last}");
    // The device is then at the end of no step of the plan.
    for fault in [
        Fault::OtherEdit {
            line: "ghn subscriber 1 vid 199".to_owned(),
        },
        Fault::SshError {
            text: "% Internal error".to_owned(),
        },
    ] {
        let order = FaultOrder::new(fault).matching("ghn subscriber 2").nth(1);
        stage.twin.set_fault(order);
    }
    let running = stage.carry_out(plan, Some(&seen), How::default());
    let record = tokio::time::timeout(Duration::from_secs(60), running);
    let record = record.await.expect("it waits for a device that is still");
    let Ended::RolledBack { restored, .. } = &record.ending.outcome.ended else {
        panic!("{:?}", record.ending.outcome);
    };
    assert_eq!(*restored, Restored::ByPlan);
    assert_eq!(stage.running(), stage.at_first);
}
