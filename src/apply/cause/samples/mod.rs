//! Holds one sample of every cause, for the tests of their facts and texts.

mod decisions;

pub(crate) use decisions::*;

use super::*;
use crate::apply::Ended;
use crate::model::Part;
use crate::plan;

pub(crate) const ADDRESS: &str = "192.0.2.7:22";
pub(crate) const LINE: &str = "ghn subscriber 3 vid 9";

fn text(text: &str) -> String {
    text.to_owned()
}

fn ssh(problem: SshProblem, line: Option<&str>, because: &str) -> SshFailure {
    SshFailure {
        problem,
        sent: line.map(|line| SentLine {
            line: text(line),
            was_sent: true,
        }),
        text: format!("{ADDRESS} {because}"),
    }
}

fn closed(line: Option<&str>) -> SshFailure {
    ssh(
        SshProblem::Closed,
        line,
        "closed the connection, while configuring",
    )
}

fn no_look() -> NoLook {
    NoLook {
        seconds: 420,
        failure: LookFailure {
            problem: LookProblem::NoAnswer,
            text: text("oak cannot be reached: 192.0.2.7:161 did not answer"),
        },
    }
}

fn field() -> Left {
    Left::Field {
        object: text("subscriber apt-101"),
        field: text("vlan"),
        wanted: Some(text("7")),
        has: Some(text("9")),
    }
}

fn by_planner() -> plan::Refusal {
    plan::Refusal {
        rule: text("too-many-removals"),
        message: text("9 of 12 subscribers would be removed"),
        hint: text("raise `max_removals`"),
    }
}

fn boards() -> (crate::model::MacAddress, crate::model::MacAddress) {
    let mac = |text: &str| text.parse().unwrap();
    (mac("00:0e:d8:00:00:01"), mac("00:0e:d8:00:00:02"))
}

/// Every problem of a session, and whether another run can help.
pub(crate) fn ssh_problems() -> Vec<(SshProblem, bool)> {
    let reply = || text("% Invalid");
    let key = || text("SHA256:uNiV");
    vec![
        (SshProblem::NoConnection, true),
        (SshProblem::TimedOut, true),
        (SshProblem::Closed, true),
        (SshProblem::NoAgreement, false),
        (SshProblem::HostKeyUnknown { presented: key() }, false),
        (
            SshProblem::HostKeyChanged {
                pinned: key(),
                presented: text("SHA256:3zOP"),
            },
            false,
        ),
        (SshProblem::LoginRefused, false),
        (SshProblem::LoginImpossible, false),
        (SshProblem::CommandRefused { reply: reply() }, false),
        (SshProblem::Declined { reply: reply() }, false),
        (SshProblem::UnexpectedReply { reply: reply() }, false),
        (
            SshProblem::Question {
                question: text("Sure (y/n)?"),
            },
            false,
        ),
        (SshProblem::IncompleteReply, true),
        (
            SshProblem::Unsolicited {
                said: text("%LINK-3-UPDOWN"),
            },
            true,
        ),
        (SshProblem::LeaseExpired, true),
        (SshProblem::NotSendable, false),
    ]
}

/// Every problem of a look, and whether another run can help.
pub(crate) fn look_problems() -> Vec<(LookProblem, bool)> {
    let says = text("Linux");
    vec![
        (LookProblem::NoAnswer, true),
        (LookProblem::AccessDenied, false),
        (LookProblem::FaultyAgent, false),
        (LookProblem::NotAGam { says }, false),
        (LookProblem::UnknownModel { product: 77 }, false),
        (LookProblem::Restarting, true),
    ]
}

/// Every failure, and whether another run can help.
pub(crate) fn failures() -> Vec<(Failure, bool)> {
    let (ssh, snmp) = boards();
    vec![
        (
            Failure::LineRefused {
                step: 2,
                line: text(LINE),
                reply: text("% Invalid endpoint"),
                address: ADDRESS.parse().unwrap(),
            },
            false,
        ),
        (
            Failure::LineUnanswered {
                step: 2,
                error: closed(Some(LINE)),
            },
            true,
        ),
        (
            Failure::SessionLost {
                error: closed(None),
            },
            true,
        ),
        (
            Failure::CannotEnterConfigMode {
                error: closed(Some("configure terminal")),
            },
            true,
        ),
        (
            Failure::CannotLeaveConfigMode {
                error: closed(Some("end")),
                missing: vec![field()],
            },
            true,
        ),
        (Failure::OtherDevice { ssh, snmp }, false),
        (
            Failure::NotFoundAfterWriting {
                missing: vec![field()],
            },
            false,
        ),
        (Failure::CannotVerify { look: no_look() }, true),
        (
            Failure::SaveFailed {
                save: SaveFailure::NoStartupFile { reported: 4711 },
            },
            true,
        ),
        (
            Failure::ProcessEnded {
                found: FoundByRecovery::Nothing,
            },
            true,
        ),
        (
            Failure::Earlier {
                text: text("it did not come back"),
            },
            false,
        ),
    ]
}

/// Every failure of a save, and whether another run can help.
pub(crate) fn save_failures() -> Vec<(SaveFailure, bool)> {
    let (ssh, snmp) = boards();
    let copy = "copy running-config startup-config";
    vec![
        (
            SaveFailure::Refused {
                line: text(copy),
                reply: text("% Error: no space left on flash"),
                address: ADDRESS.parse().unwrap(),
            },
            false,
        ),
        (
            SaveFailure::Unanswered {
                error: closed(Some(copy)),
            },
            true,
        ),
        (
            SaveFailure::NoSession {
                error: closed(None),
            },
            true,
        ),
        (SaveFailure::OtherDevice { ssh, snmp }, false),
        (
            SaveFailure::SizeDiffers {
                reported: 4711,
                has: 1560,
            },
            true,
        ),
        (SaveFailure::NoStartupFile { reported: 4711 }, true),
        (
            SaveFailure::Earlier {
                text: text("the flash is full"),
            },
            false,
        ),
    ]
}

/// Every reason to leave a device unsaved, and whether another run can help.
pub(crate) fn unsaved() -> Vec<(Unsaved, bool)> {
    let failure = || Failure::LineUnanswered {
        step: 2,
        error: closed(Some(LINE)),
    };
    let found = FoundByRecovery::Everything;
    vec![
        (
            Unsaved::SaveFailed {
                save: SaveFailure::NoStartupFile { reported: 4711 },
            },
            true,
        ),
        (Unsaved::NotConfirmed { failure: failure() }, true),
        (
            Unsaved::OthersChanged {
                failure: Some(failure()),
            },
            true,
        ),
        (Unsaved::ProcessEnded { found }, true),
        (
            Unsaved::Earlier {
                text: text("the flash is full"),
            },
            false,
        ),
    ]
}

/// Every reason that a device is not restored, and whether another run can help after a refused line.
pub(crate) fn not_restored() -> Vec<(NotRestored, bool)> {
    let why = NoRollback::PlanRefused {
        refusal: by_planner(),
    };
    vec![
        (NotRestored::CannotLook { look: no_look() }, true),
        (
            NotRestored::CannotLookAfterRollback { look: no_look() },
            true,
        ),
        (NotRestored::Unread, true),
        (NotRestored::RestartedOtherwise, true),
        (NotRestored::NoRollback { why }, false),
        (
            NotRestored::RollbackFailed {
                failure: Box::new(failures().remove(0).0),
            },
            false,
        ),
        (
            NotRestored::RollbackIncomplete {
                differs: vec![field()],
            },
            false,
        ),
        (NotRestored::ChangedBeforeSave, true),
    ]
}

/// Every kind of difference.
pub(crate) fn left() -> Vec<Left> {
    let object = || text("profile home-200");
    vec![
        field(),
        Left::Missing { object: object() },
        Left::Unwanted { object: object() },
        Left::NotAsIntended { object: object() },
        Left::Unknown { object: object() },
        Left::Unread {
            part: Part::Subscribers,
            number: Some(3),
            reason: text("genErr"),
        },
        Left::OtherDevice {
            by: IdentityPart::Serial,
            was: text("1"),
            is: text("2"),
        },
        Left::CannotPlan {
            error: text("a line is too long"),
        },
        Left::PlanRefused {
            refusal: by_planner(),
        },
        Left::Earlier {
            text: text("profile home-200 is there"),
        },
    ]
}

/// Every reason that a device is unreachable, and whether another run can help.
pub(crate) fn not_reached() -> Vec<(NotReached, bool)> {
    vec![
        (
            NotReached::Look {
                look: no_look().failure,
            },
            true,
        ),
        (
            NotReached::CommandLine {
                error: ssh(
                    SshProblem::LoginRefused,
                    None,
                    "refuses user `admin`; check `ssh` in the device's credentials",
                ),
            },
            false,
        ),
        (
            NotReached::PartlyUnread {
                part: Part::Subscribers,
                number: Some(3),
                reason: text("genErr"),
                more: 2,
            },
            true,
        ),
        (
            NotReached::Earlier {
                text: text("no answer"),
            },
            false,
        ),
    ]
}

/// Every outcome but applied, unchanged and changed since the plan, one for each cause, and whether another run can
/// help.
pub(crate) fn endings() -> Vec<(Ended, bool)> {
    let mut endings = Vec::new();
    let mut add = |ended, helps| endings.push((ended, helps));
    for (cause, helps) in unsaved() {
        add(
            Ended::Unsaved {
                cause: Box::new(cause),
            },
            helps,
        );
    }
    for (cause, helps) in failures() {
        let restored = Restored::ByPlan;
        add(
            Ended::RolledBack {
                cause: Box::new(cause),
                restored,
            },
            helps,
        );
    }
    for (why, helps) in not_restored() {
        let ended = Ended::Stuck {
            cause: Box::new(failures().remove(0).0),
            not_restored: Some(Box::new(why)),
            left: left(),
        };
        add(ended, helps);
    }
    for (refusal, helps) in refusals() {
        add(Ended::Refused { refusal }, helps);
    }
    for (cause, helps) in not_reached() {
        add(
            Ended::Unreachable {
                cause: Box::new(cause),
            },
            helps,
        );
    }
    for (cause, helps) in interruptions() {
        add(
            Ended::Interrupted {
                cause: Box::new(cause),
            },
            helps,
        );
    }
    endings
}
