//! Samples of refusals, interruptions and remarks.

use super::{LINE, boards, by_planner, field, ssh, text};
use crate::apply::cause::{
    FoundByRecovery, Interruption, Outdated, Refusal, Remark, SoFar, SshProblem, StoppedAt,
};
use crate::model::{DeviceName, DeviceState};

/// Every refusal, and whether another run can help.
pub(crate) fn refusals() -> Vec<(Refusal, bool)> {
    let (ssh, snmp) = boards();
    let why = Outdated::OtherSteps {
        now: 3,
        approved: 2,
    };
    vec![
        (
            Refusal::NotManaged {
                state: DeviceState::Observe,
            },
            false,
        ),
        (
            Refusal::OtherDevice {
                plan_for: DeviceName::new("elm").unwrap(),
            },
            true,
        ),
        (
            Refusal::PlanRefused {
                refusal: by_planner(),
            },
            false,
        ),
        (
            Refusal::LinesDiffer {
                step: 2,
                object: text("subscriber apt-101"),
            },
            true,
        ),
        (
            Refusal::CannotBeSent {
                step: 2,
                error: text("it has 300 characters"),
            },
            false,
        ),
        (Refusal::WrongBoard { ssh, snmp }, false),
        (Refusal::PlanOutdated { why }, true),
        (
            Refusal::NoLogin {
                why: text("no password"),
            },
            false,
        ),
        (
            Refusal::Earlier {
                rule: text("wrong-serial"),
                because: text("another device answers"),
                hint: text("correct `serial`"),
            },
            false,
        ),
    ]
}

/// Every reason that a plan is outdated, and whether another run can help.
pub(crate) fn outdated() -> Vec<(Outdated, bool)> {
    vec![
        (Outdated::NoLook, true),
        (
            Outdated::CannotPlan {
                error: text("a line is too long"),
            },
            false,
        ),
        (
            Outdated::OtherSteps {
                now: 3,
                approved: 2,
            },
            true,
        ),
        (Outdated::MoreThanSaving { steps: 1 }, true),
    ]
}

/// Every interruption, and whether another run can help.
pub(crate) fn interruptions() -> Vec<(Interruption, bool)> {
    let so_far = SoFar::Steps { step: 1, of: 2 };
    vec![
        (
            Interruption::StopRequested {
                at: StoppedAt::AfterStep {
                    step: 1,
                    of: 2,
                    not_left: None,
                },
            },
            true,
        ),
        (
            Interruption::LeaseExpired {
                error: ssh(SshProblem::LeaseExpired, Some(LINE), "lease expired"),
                so_far: None,
            },
            true,
        ),
        (Interruption::TakenOver { so_far }, true),
        (
            Interruption::StoreUnreachable {
                error: text("no disk"),
                so_far,
            },
            true,
        ),
        (
            Interruption::ProcessEnded {
                found: FoundByRecovery::Steps { steps: 1, of: 2 },
            },
            true,
        ),
        (
            Interruption::Earlier {
                text: text("a signal"),
            },
            false,
        ),
    ]
}

/// Every remark.
pub(crate) fn remarks() -> Vec<Remark> {
    vec![
        Remark::OthersChanged { what: field() },
        Remark::SavedByReplyAlone {
            why: text("the agent has no such table"),
        },
        Remark::NotRecorded {
            error: text("no disk"),
        },
        Remark::Earlier {
            text: text("another user changed the device"),
        },
    ]
}
