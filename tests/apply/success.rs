//! Tests applies without faults: every change is written, verified and saved; the next plan is empty.

use gamctl::apply::cause::{Outdated, Refusal};
use gamctl::apply::{Ended, Entry, Work};
use gamctl::model::DeviceState;
use gamctl::plan::{Ledger, after};
use gamctl::simulator::gam::FirmwareProfile;

use super::stage::{How, NEW_MAC, Stage};

/// Applies the intended lines, and returns the log entries.
async fn applied(stage: &Stage) -> String {
    let (seen, plan) = stage.planned().await;
    assert!(!plan.steps.is_empty());
    let record = stage.carry_out(plan, Some(&seen), How::default()).await;
    assert_eq!(
        record.ending.outcome.ended,
        Ended::Applied,
        "{:?}",
        record.ending.outcome
    );
    assert_eq!(record.ending.outcome.remarks, []);
    let expected = stage.after(&record.plan);
    assert_eq!(stage.running(), expected);
    assert_eq!(stage.startup(), expected);
    let lines: Vec<String> = record
        .plan
        .steps
        .iter()
        .flat_map(|step| step.lines.clone())
        .map(String::from)
        .collect();
    assert_eq!(stage.config_lines(), lines, "each line once, in order");
    let (now, again) = stage.planned().await;
    assert_eq!(again.steps, []);
    assert_eq!(after(&seen.config, record.plan.changes()), now.config);
    let ledger =
        Ledger::default().verified_by(&stage.intended, record.ending.seen.as_ref().unwrap());
    assert_eq!(ledger.verified, stage.intended);
    record.story()
}

#[tokio::test]
async fn every_kind_of_change_is_written_verified_and_saved() {
    for lines in [
        "ghn subscriber 1 vid 111",
        "ghn bw-profile 2 rate-downstream 212",
        "ghn bw-profile 4 name home-200 rate-downstream 212 rate-upstream 212\nghn subscriber 2 bw-profile 4\nno ghn bw-profile 3",
        "no ghn subscriber 3\nno ghn endpoint 3",
        "ghn endpoint 2 port 1",
        "ghn subscriber 1 name flat-1",
        "ghn port 2 name \"riser b\"\nghn port 1 shutdown",
        "hostname oak-1\nsnmp-server location cellar\nsnmp-server contact somebody",
        "ghn subscriber 1 name waiting\nghn subscriber 2 name apt-101\nghn subscriber 1 name apt-102",
    ] {
        let mut stage = Stage::new().await;
        stage.intend(lines);
        let story = applied(&stage).await;
        assert!(
            story.starts_with("looked-before intent-apply typed"),
            "{lines}: {story}"
        );
        assert!(
            story.ends_with("left looked-after verified-apply saved"),
            "{lines}: {story}"
        );
    }
}

#[tokio::test]
async fn a_new_subscriber_is_served_and_allowed_on_the_uplink() {
    let mut stage = Stage::new().await;
    stage.intend(&format!(
        "ghn endpoint 5 name new mac-address {NEW_MAC} port 1\nghn subscriber 5 name apt-105 vid 105 endpoint 5 bw-profile 2\ninterface 10GigabitEthernet 1/1\nswitchport trunk allowed vlan 3-200,4093-4094\nexit"
    ));
    applied(&stage).await;
}

#[tokio::test]
async fn a_device_whose_agent_lacks_the_tables_is_read_and_written_over_ssh() {
    let mut stage = Stage::with(FirmwareProfile::V1_5_4OnCx).await;
    stage.intend("ghn subscriber 1 vid 111");
    applied(&stage).await;
}

#[tokio::test]
async fn a_retired_device_loses_its_owned_objects() {
    let mut stage = Stage::new().await;
    stage.state = DeviceState::Retired;
    stage.intended = Default::default();
    let (seen, plan) = stage.planned().await;
    let record = stage.carry_out(plan, Some(&seen), How::default()).await;
    assert_eq!(record.ending.outcome.ended, Ended::Applied);
    let running = stage.running();
    assert_eq!(running.subscribers.len(), 1, "the guest stays");
    assert_eq!(running, stage.startup());
}

#[tokio::test]
async fn a_device_as_intended_is_unchanged() {
    let stage = Stage::new().await;
    let record = stage.apply().await;
    assert_eq!(record.ending.outcome.ended, Ended::Unchanged);
    assert_eq!(record.story(), "looked-before");
    assert_eq!(stage.twin.lines(), []);
}

#[tokio::test]
async fn an_unsaved_device_is_saved_later() {
    let mut stage = Stage::new().await;
    stage.intend("ghn subscriber 1 vid 111");
    stage.twin.edit_line("ghn subscriber 1 vid 111");
    let running = stage.running();
    assert_ne!(stage.startup(), running);
    let (seen, plan) = stage.planned().await;
    let how = How {
        work: Some(Work::SaveOnly),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    assert_eq!(record.ending.outcome.ended, Ended::Applied);
    assert_eq!(
        record.story(),
        "looked-before intent-apply verified-apply saved"
    );
    assert_eq!(stage.startup(), running);
    let Some(Entry::Saved { bytes, proof, .. }) = record.entries.last() else {
        panic!("{:?}", record.entries);
    };
    let bytes = bytes.unwrap();
    assert!(
        proof.starts_with(&format!(
            "the agent has a startup file of {bytes} bytes, written "
        )),
        "{proof}"
    );
}

#[tokio::test]
async fn nothing_is_saved_for_a_device_where_more_is_to_be_done() {
    let mut stage = Stage::new().await;
    stage.intend("ghn subscriber 1 vid 111");
    let (seen, plan) = stage.planned().await;
    let how = How {
        work: Some(Work::SaveOnly),
        ..How::default()
    };
    let record = stage.carry_out(plan, Some(&seen), how).await;
    let Ended::Refused { refusal } = record.ending.outcome.ended else {
        panic!("{:?}", record.ending.outcome);
    };
    let why = Outdated::MoreThanSaving { steps: 1 };
    assert_eq!(refusal, Refusal::PlanOutdated { why });
    assert_eq!(
        stage
            .twin
            .lines()
            .iter()
            .filter(|one| one.line.starts_with("copy"))
            .count(),
        0
    );
}
