//! Tests the exit code of plans and runs as a table: causes, each with numbers of devices.

use super::{Exit, Paint, Totals, not_carried_out, plan_exit, run_text, verdict};
use crate::apply::cause::{
    Failure, LookFailure, LookProblem, NotReached, Refusal, Restored, SshFailure, SshProblem,
};
use crate::apply::{DeviceOutcome, Ended, RunReport, SkipReason, Skipped};
use crate::model::{DeviceName, DeviceState, NotObserved};
use crate::plan::{DevicePlan, Planned, Unobservable, WaitingChanges};

fn name(number: usize) -> DeviceName {
    DeviceName::new(&format!("dev-{number:03}")).unwrap()
}

fn silent() -> NotObserved {
    NotObserved::NoAnswer {
        error: "no answer in 5 s".to_owned(),
    }
}

fn no_secret() -> NotObserved {
    NotObserved::NoSecret {
        error: "the secret `gam-snmp` has no value".to_owned(),
    }
}

fn denied() -> NotObserved {
    NotObserved::AccessDenied {
        error: "denied SNMP access".to_owned(),
    }
}

fn unobservable(reasons: &[NotObserved]) -> Vec<Unobservable> {
    let reasons = reasons.iter().enumerate();
    reasons
        .map(|(number, reason)| Unobservable {
            device: name(500 + number),
            reason: reason.clone(),
        })
        .collect()
}

fn over_ssh(problem: SshProblem) -> Ended {
    Ended::Unreachable {
        cause: Box::new(NotReached::CommandLine {
            error: SshFailure {
                problem,
                sent: None,
                text: "the SSH session failed".to_owned(),
            },
        }),
    }
}

fn wrong_password() -> Ended {
    over_ssh(SshProblem::LoginRefused)
}

fn not_pinned() -> Ended {
    over_ssh(SshProblem::HostKeyUnknown {
        presented: "SHA256:x".to_owned(),
    })
}

fn no_login() -> Ended {
    Ended::Refused {
        refusal: Refusal::NoLogin {
            why: "the secret `gam-ssh` has no value".to_owned(),
        },
    }
}

fn other_key() -> Ended {
    over_ssh(SshProblem::HostKeyChanged {
        pinned: "SHA256:x".to_owned(),
        presented: "SHA256:y".to_owned(),
    })
}

fn no_ssh() -> Ended {
    over_ssh(SshProblem::NoConnection)
}

fn denied_again() -> Ended {
    Ended::Unreachable {
        cause: Box::new(NotReached::Look {
            look: LookFailure {
                problem: LookProblem::AccessDenied,
                text: "denied SNMP access".to_owned(),
            },
        }),
    }
}

fn rolled_back() -> Ended {
    Ended::RolledBack {
        cause: Box::new(Failure::Earlier {
            text: "it did not take".to_owned(),
        }),
        restored: Restored::ByPlan,
    }
}

fn stale() -> Ended {
    Ended::Stale {
        differences: Vec::new(),
    }
}

fn not_managed() -> Ended {
    Ended::Refused {
        refusal: Refusal::NotManaged {
            state: DeviceState::Observe,
        },
    }
}

/// Returns the report of a run that looked at `observed` devices, with these outcomes.
fn report(observed: usize, ended: &[Ended], missing: &[NotObserved]) -> RunReport {
    let outcomes = ended.iter().enumerate();
    RunReport {
        observed,
        outcomes: outcomes
            .map(|(number, ended)| DeviceOutcome {
                device: name(number),
                ended: ended.clone(),
                steps: Vec::new(),
                remarks: Vec::new(),
                not_compared: Vec::new(),
                subscriber_ids: crate::model::SubscriberIds::default(),
                millis: 0,
            })
            .collect(),
        unobservable: unobservable(missing),
        ..RunReport::default()
    }
}

#[test]
fn a_run_is_called_not_observed_only_where_that_is_all_that_is_left_undone() {
    use Ended::Applied;
    // The devices looked at, the outcomes of those with changes, the devices that could not be looked at.
    let table: &[(usize, &[Ended], &[NotObserved], Exit)] = &[
        (0, &[], &[], Exit::Done),
        (3, &[], &[], Exit::Done),
        (3, &[Applied], &[], Exit::Done),
        // Nothing is left undone but on devices that could not be observed.
        (1, &[], &[silent()], Exit::Unobservable),
        (29, &[], &[no_secret()], Exit::Unobservable),
        (1, &[Applied], &[silent(), denied()], Exit::Unobservable),
        // No device was observed.
        (0, &[], &[silent()], Exit::Failed),
        (0, &[], &[no_secret(), no_secret()], Exit::Failed),
        (0, &[], &[denied(), denied(), denied()], Exit::Failed),
        (0, &[], &[silent(), no_secret()], Exit::Failed),
        // Changes were not carried out, because our own settings lead to no device.
        (1, &[wrong_password()], &[], Exit::Failed),
        (30, &[wrong_password(), wrong_password()], &[], Exit::Failed),
        (3, &[not_pinned(), not_pinned()], &[], Exit::Failed),
        (3, &[no_login(), wrong_password()], &[], Exit::Failed),
        (
            2,
            &[denied_again(), denied_again()],
            &[silent()],
            Exit::Failed,
        ),
        // They lead to some devices, so the others failed.
        (2, &[Applied, wrong_password()], &[], Exit::DeviceFailed),
        (2, &[no_ssh(), wrong_password()], &[], Exit::DeviceFailed),
        (2, &[not_pinned(), Applied], &[silent()], Exit::DeviceFailed),
        // Changes were not carried out, because devices were not reached.
        (1, &[no_ssh()], &[], Exit::DeviceFailed),
        (3, &[no_ssh(), no_ssh(), no_ssh()], &[], Exit::DeviceFailed),
        (2, &[Applied, no_ssh()], &[silent()], Exit::DeviceFailed),
        (1, &[other_key()], &[], Exit::DeviceFailed),
        // Worse things, and policy.
        (
            2,
            &[rolled_back(), wrong_password()],
            &[],
            Exit::DeviceFailed,
        ),
        (2, &[rolled_back()], &[silent()], Exit::DeviceFailed),
        (2, &[not_managed(), Applied], &[silent()], Exit::Refused),
        (2, &[not_managed(), no_ssh()], &[], Exit::DeviceFailed),
        (2, &[stale(), Applied], &[silent()], Exit::Stale),
        (2, &[stale(), wrong_password()], &[], Exit::DeviceFailed),
    ];
    for (row, (observed, ended, missing, expected)) in table.iter().enumerate() {
        let report = report(*observed, ended, missing);
        assert_eq!(Exit::from(report.result()), *expected, "row {row}");
    }
}

#[test]
fn changes_that_wait_for_a_device_without_a_look_were_not_carried_out() {
    use Ended::Applied;
    // As above; each device that could not be looked at has changes that wait.
    let table: &[(usize, &[Ended], &[NotObserved], Exit)] = &[
        (1, &[], &[silent()], Exit::DeviceFailed),
        (2, &[Applied], &[silent()], Exit::DeviceFailed),
        (0, &[], &[silent()], Exit::DeviceFailed),
        (1, &[], &[no_secret()], Exit::Failed),
        (2, &[Applied], &[no_secret()], Exit::DeviceFailed),
        (2, &[not_managed()], &[silent()], Exit::DeviceFailed),
    ];
    for (row, (observed, ended, missing, expected)) in table.iter().enumerate() {
        let mut report = report(*observed, ended, missing);
        let waiting = report.unobservable.iter().map(|one| WaitingChanges {
            device: one.device.clone(),
            changes: 11,
            last_reached: None,
        });
        report.waiting = waiting.collect();
        assert_eq!(Exit::from(report.result()), *expected, "row {row}");
        let text = run_text(&report, Paint::Plain);
        assert!(text.contains("11 changes not carried out"), "{text}");
        assert!(text.contains("; 11 changes wait"), "{text}");
        let recorded = not_carried_out(&report).unwrap();
        assert!(
            recorded.starts_with("dev-500: 11 changes wait; "),
            "{recorded}"
        );
    }
}

#[test]
fn a_run_that_skips_every_device_records_which_and_why() {
    let mut all = report(2, &[], &[]);
    assert_eq!(not_carried_out(&all), None);
    let held = |number| Skipped {
        device: name(number),
        reason: SkipReason::Held { until: 7, by: None },
    };
    all.skipped = vec![held(1), held(2)];
    assert_eq!(Exit::from(all.result()), Exit::Refused);
    let recorded = not_carried_out(&all).unwrap();
    assert!(
        recorded.starts_with("dev-001 and dev-002: another gamctl holds the lease"),
        "{recorded}"
    );
}

#[test]
fn a_device_whose_changes_wait_for_our_settings_or_its_recovery_did_not_get_them() {
    let skipped = |reason| Skipped {
        device: name(400),
        reason,
    };
    let mut all = report(2, &[Ended::Applied], &[]);
    let error = "no answer".to_owned();
    all.skipped = vec![skipped(SkipReason::NotRecovered { error })];
    assert_eq!(Exit::from(all.result()), Exit::DeviceFailed);
    all.skipped = vec![skipped(SkipReason::NoAccess(no_secret()))];
    assert_eq!(Exit::from(all.result()), Exit::DeviceFailed);
    all.outcomes.clear();
    assert_eq!(Exit::from(all.result()), Exit::Failed);
    all.skipped = vec![skipped(SkipReason::Held { until: 7, by: None })];
    assert_eq!(Exit::from(all.result()), Exit::Refused);
    all.partly_unread = vec![name(1)];
    assert_eq!(Exit::from(all.result()), Exit::Refused);
    all.skipped.clear();
    assert_eq!(Exit::from(all.result()), Exit::Unobservable);
}

#[test]
fn a_run_that_our_own_settings_keep_from_every_device_names_the_cause_once() {
    for (ended, cause) in [
        (
            wrong_password(),
            "no device accepts our login; check user and password",
        ),
        (
            not_pinned(),
            "no host key is pinned; `gamctl trust` shows the keys",
        ),
        (no_login(), "the secret `gam-ssh` has no value."),
        (denied_again(), "no device gives us SNMP access"),
    ] {
        let text = run_text(
            &report(30, &[ended.clone(), ended.clone()], &[]),
            Paint::Plain,
        );
        let first = text.lines().next().unwrap();
        assert!(
            first.contains(&format!("The cause is in our own settings: {cause}")),
            "{text}"
        );
        let some = run_text(&report(30, &[ended, Ended::Applied], &[]), Paint::Plain);
        assert!(!some.contains("our own settings"), "{some}");
    }
    let both = run_text(
        &report(2, &[wrong_password(), not_pinned()], &[]),
        Paint::Plain,
    );
    assert!(both.contains("; and 1 other cause."), "{both}");
}

#[test]
fn a_plan_that_could_observe_no_device_failed_and_names_the_one_cause() {
    let fine = |number: usize| DevicePlan::of(name(number), DeviceState::Managed);
    let table: &[(usize, &[NotObserved], Exit, &str)] = &[
        (0, &[], Exit::Done, "No device was planned."),
        (
            2,
            &[],
            Exit::Done,
            "Nothing to do: 2 devices are as the inventory says.",
        ),
        (
            1,
            &[silent()],
            Exit::Unobservable,
            "Nothing to do: the device is as the inventory says. 1 device could not be observed; nothing is known of it.",
        ),
        (
            1,
            &[no_secret(), no_secret()],
            Exit::Unobservable,
            "Nothing to do: the device is as the inventory says. 2 devices could not be observed; nothing is known of them.",
        ),
        (
            0,
            &[silent()],
            Exit::Failed,
            "No device was planned: dev-500: no answer in 5 s.",
        ),
        (
            0,
            &[no_secret(), no_secret()],
            Exit::Failed,
            "No device was planned: none of 2 devices can be asked: the secret `gam-snmp` has no value.",
        ),
        (
            0,
            &[denied(), denied()],
            Exit::Failed,
            "No device was planned: none of 2 devices gives us SNMP access; check the community or user in `credentials.toml`, and its secrets.",
        ),
        (
            0,
            &[silent(), no_secret()],
            Exit::Failed,
            "No device was planned: none of 2 devices could be observed.",
        ),
    ];
    for (count, missing, expected, sentence) in table {
        let planned = Planned {
            devices: (0..*count).map(fine).collect(),
            unobservable: unobservable(missing),
            ..Planned::default()
        };
        assert_eq!(plan_exit(&planned), *expected, "{sentence}");
        assert_eq!(&verdict(&planned, &Totals::of(&planned)), sentence);
    }
}
