//! Tests changes that no line can undo: applied all the same, and named after a failed rollback.

use gamctl::apply::Ended;
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
