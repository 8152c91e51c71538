//! Tests that every cause decides whether another run can help, and is stored and read back.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::apply::cause::samples;
use crate::apply::{DeviceOutcome, Ended, StepOutcome};
use crate::model::DeviceName;

/// Checks that each variant has a sample: a new variant does not compile in `number`, and then fails here without one.
fn has_all<T>(samples: &[T], of: usize, number: impl Fn(&T) -> usize) {
    let found: BTreeSet<usize> = samples.iter().map(number).collect();
    assert_eq!(found, (1..=of).collect());
}

fn is_read_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(fact: &T) {
    let text = serde_json::to_string(fact).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *fact, "{text}");
}

fn only<T>(samples: Vec<(T, bool)>) -> Vec<T> {
    samples.into_iter().map(|(sample, _)| sample).collect()
}

#[test]
fn another_run_can_help_or_not_as_each_cause_says() {
    for (cause, helps) in samples::ssh_problems() {
        assert_eq!(cause.retry_helps(), helps, "{cause:?}");
    }
    for (cause, helps) in samples::look_problems() {
        assert_eq!(cause.retry_helps(), helps, "{cause:?}");
    }
    for (cause, helps) in samples::save_failures() {
        assert_eq!(cause.retry_helps(), helps, "{cause:?}");
    }
    for (cause, helps) in samples::outdated() {
        assert_eq!(cause.retry_helps(), helps, "{cause:?}");
    }
    for (ended, helps) in samples::endings() {
        assert_eq!(ended.retry_helps(), helps, "{ended:?}");
    }
    assert!(!Ended::Applied.retry_helps());
    assert!(!Ended::Unchanged.retry_helps());
    let differences = Vec::new();
    assert!(Ended::Stale { differences }.retry_helps());
}

#[test]
fn every_problem_of_reaching_a_device_has_a_row() {
    has_all(&only(samples::ssh_problems()), 16, |one| match one {
        SshProblem::NoConnection => 1,
        SshProblem::TimedOut => 2,
        SshProblem::Closed => 3,
        SshProblem::NoAgreement => 4,
        SshProblem::HostKeyUnknown { .. } => 5,
        SshProblem::HostKeyChanged { .. } => 6,
        SshProblem::LoginRefused => 7,
        SshProblem::LoginImpossible => 8,
        SshProblem::CommandRefused { .. } => 9,
        SshProblem::Declined { .. } => 10,
        SshProblem::UnexpectedReply { .. } => 11,
        SshProblem::Question { .. } => 12,
        SshProblem::IncompleteReply => 13,
        SshProblem::Unsolicited { .. } => 14,
        SshProblem::LeaseExpired => 15,
        SshProblem::NotSendable => 16,
    });
    has_all(&only(samples::look_problems()), 6, |one| match one {
        LookProblem::NoAnswer => 1,
        LookProblem::AccessDenied => 2,
        LookProblem::FaultyAgent => 3,
        LookProblem::NotAGam { .. } => 4,
        LookProblem::UnknownModel { .. } => 5,
        LookProblem::Restarting => 6,
    });
    has_all(&only(samples::not_reached()), 4, |one| match one {
        NotReached::Look { .. } => 1,
        NotReached::CommandLine { .. } => 2,
        NotReached::PartlyUnread { .. } => 3,
        NotReached::Earlier { .. } => 4,
    });
}

#[test]
fn every_failure_has_a_row() {
    has_all(&only(samples::failures()), 11, |one| match one {
        Failure::LineRefused { .. } => 1,
        Failure::LineUnanswered { .. } => 2,
        Failure::SessionLost { .. } => 3,
        Failure::CannotEnterConfigMode { .. } => 4,
        Failure::CannotLeaveConfigMode { .. } => 5,
        Failure::OtherDevice { .. } => 6,
        Failure::NotFoundAfterWriting { .. } => 7,
        Failure::CannotVerify { .. } => 8,
        Failure::SaveFailed { .. } => 9,
        Failure::ProcessEnded { .. } => 10,
        Failure::Earlier { .. } => 11,
    });
    has_all(&only(samples::save_failures()), 7, |one| match one {
        SaveFailure::Refused { .. } => 1,
        SaveFailure::Unanswered { .. } => 2,
        SaveFailure::NoSession { .. } => 3,
        SaveFailure::OtherDevice { .. } => 4,
        SaveFailure::SizeDiffers { .. } => 5,
        SaveFailure::NoStartupFile { .. } => 6,
        SaveFailure::Earlier { .. } => 7,
    });
    has_all(&only(samples::unsaved()), 5, |one| match one {
        Unsaved::SaveFailed { .. } => 1,
        Unsaved::NotConfirmed { .. } => 2,
        Unsaved::OthersChanged { .. } => 3,
        Unsaved::ProcessEnded { .. } => 4,
        Unsaved::Earlier { .. } => 5,
    });
    has_all(&only(samples::not_restored()), 8, |one| match one {
        NotRestored::CannotLook { .. } => 1,
        NotRestored::CannotLookAfterRollback { .. } => 2,
        NotRestored::Unread => 3,
        NotRestored::RestartedOtherwise => 4,
        NotRestored::NoRollback { .. } => 5,
        NotRestored::RollbackFailed { .. } => 6,
        NotRestored::RollbackIncomplete { .. } => 7,
        NotRestored::ChangedBeforeSave => 8,
    });
    has_all(&samples::left(), 10, |one| match one {
        Left::Field { .. } => 1,
        Left::Missing { .. } => 2,
        Left::Unwanted { .. } => 3,
        Left::NotAsIntended { .. } => 4,
        Left::Unknown { .. } => 5,
        Left::Unread { .. } => 6,
        Left::OtherDevice { .. } => 7,
        Left::CannotPlan { .. } => 8,
        Left::PlanRefused { .. } => 9,
        Left::Earlier { .. } => 10,
    });
}

#[test]
fn every_decision_and_interruption_has_a_row() {
    has_all(&only(samples::refusals()), 9, |one| match one {
        Refusal::NotManaged { .. } => 1,
        Refusal::OtherDevice { .. } => 2,
        Refusal::PlanRefused { .. } => 3,
        Refusal::LinesDiffer { .. } => 4,
        Refusal::CannotBeSent { .. } => 5,
        Refusal::WrongBoard { .. } => 6,
        Refusal::PlanOutdated { .. } => 7,
        Refusal::NoLogin { .. } => 8,
        Refusal::Earlier { .. } => 9,
    });
    has_all(&only(samples::outdated()), 4, |one| match one {
        Outdated::NoLook => 1,
        Outdated::CannotPlan { .. } => 2,
        Outdated::OtherSteps { .. } => 3,
        Outdated::MoreThanSaving { .. } => 4,
    });
    has_all(&only(samples::interruptions()), 6, |one| match one {
        Interruption::StopRequested { .. } => 1,
        Interruption::LeaseExpired { .. } => 2,
        Interruption::TakenOver { .. } => 3,
        Interruption::StoreUnreachable { .. } => 4,
        Interruption::ProcessEnded { .. } => 5,
        Interruption::Earlier { .. } => 6,
    });
    has_all(&samples::remarks(), 4, |one| match one {
        Remark::OthersChanged { .. } => 1,
        Remark::SavedByReplyAlone { .. } => 2,
        Remark::NotRecorded { .. } => 3,
        Remark::Earlier { .. } => 4,
    });
}

#[test]
fn a_stored_value_reads_back_the_same() {
    for problem in only(samples::ssh_problems()) {
        let (sent, text) = (None, "because".to_owned());
        is_read_back(&SshFailure {
            problem,
            sent,
            text,
        });
    }
    for problem in only(samples::look_problems()) {
        let text = "because".to_owned();
        is_read_back(&LookFailure { problem, text });
    }
    for save in only(samples::save_failures()) {
        is_read_back(&save);
    }
    for (ended, _) in samples::endings() {
        let steps = only(samples::failures()).into_iter();
        let steps = (1..).zip(steps).map(|(step, failure)| StepOutcome {
            step,
            failure: Some(failure),
        });
        is_read_back(&DeviceOutcome {
            device: DeviceName::new("oak").unwrap(),
            ended,
            steps: steps.collect(),
            remarks: samples::remarks(),
            not_compared: Vec::new(),
            subscriber_ids: crate::model::SubscriberIds::default(),
            millis: 5,
        });
    }
}

#[test]
fn a_refusal_that_says_nothing_is_no_refusal() {
    let text = r#"{"ended":"refused"}"#;
    let why = serde_json::from_str::<Ended>(text).unwrap_err();
    assert!(why.to_string().contains("rule"), "{why}");
}
