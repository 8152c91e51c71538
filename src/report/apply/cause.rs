//! Renders the cause of a device's outcome: what failed, on what object, and the device's reply.

use crate::apply::Ended;
use crate::apply::cause::{
    Failure, IdentityPart, Left, NoLook, NoRollback, NotReached, NotRestored, Remark, Restored,
    SaveFailure, Unsaved,
};
use crate::model::DeviceName;

use super::interruption::{interruption, process_ended, sent, ssh_failure};
use super::refusal::{other_device, refusal};

/// Renders the cause of a device's outcome, if it needs one.
pub fn cause_text(device: &DeviceName, ended: &Ended) -> Option<String> {
    Some(match ended {
        Ended::Unchanged | Ended::Applied | Ended::Stale { .. } => return None,
        Ended::Unsaved { cause } => unsaved(cause),
        Ended::RolledBack { cause, restored } => rolled_back(cause, *restored),
        Ended::Stuck {
            cause,
            not_restored,
            ..
        } => stuck(cause, not_restored.as_deref()),
        Ended::Refused { refusal: why } => refusal(device, why),
        Ended::Unreachable { cause } => not_reached(device, cause),
        Ended::Interrupted { cause } => interruption(cause),
    })
}

/// Renders a failure of the lines of a plan.
pub fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::LineRefused {
            step: _,
            line,
            reply,
            address,
        } => format!("{}: {address} answered: {reply}", sent(line, true)),
        Failure::LineUnanswered { step: _, error }
        | Failure::SessionLost { error }
        | Failure::CannotEnterConfigMode { error } => ssh_failure(error),
        Failure::CannotLeaveConfigMode { error, missing } => {
            with_missing(ssh_failure(error), missing)
        }
        Failure::OtherDevice { ssh, snmp } => other_device(*ssh, *snmp),
        Failure::NotFoundAfterWriting { missing } => with_missing(
            "the device accepted every line, but a second look does not find the change".to_owned(),
            missing,
        ),
        Failure::CannotVerify { look } => no_look(look),
        Failure::SaveFailed { save } => {
            format!(
                "it was verified, but saving failed: {}",
                save_failure_text(save)
            )
        }
        Failure::ProcessEnded { found } => process_ended(*found),
        Failure::Earlier { text } => text.clone(),
    }
}

/// Renders the reason that the running-config is not in the startup-config.
pub fn save_failure_text(failure: &SaveFailure) -> String {
    match failure {
        SaveFailure::Refused {
            line,
            reply,
            address,
        } => format!("{}: {address} answered: {reply}", sent(line, true)),
        SaveFailure::Unanswered { error } | SaveFailure::NoSession { error } => ssh_failure(error),
        SaveFailure::OtherDevice { ssh, snmp } => other_device(*ssh, *snmp),
        SaveFailure::SizeDiffers { reported, has } => {
            format!("the device reports {reported} bytes saved, but its startup file has {has}")
        }
        SaveFailure::NoStartupFile { reported } => {
            format!("the device reports {reported} bytes saved, but has no startup file")
        }
        SaveFailure::Earlier { text } => text.clone(),
    }
}

/// Renders an object that is not as it must be.
pub fn left_text(left: &Left) -> String {
    let or_not_set = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
    match left {
        Left::Field {
            object,
            field,
            wanted,
            has,
        } => {
            let (wanted, has) = (or_not_set(wanted), or_not_set(has));
            format!("`{field}` of {object} is {has} instead of {wanted}")
        }
        Left::Missing { object } => format!("{object} is not there"),
        Left::Unwanted { object } => format!("{object} is there"),
        Left::NotAsIntended { object } => format!("{object} is not as intended"),
        Left::Unknown { object } => format!("{object} is unknown"),
        Left::Unread {
            part,
            number,
            reason,
        } => {
            let part = part.as_str();
            match number {
                Some(number) => format!("number {number} of the {part} is unknown: {reason}"),
                None => format!("some {part} are unknown: {reason}"),
            }
        }
        Left::OtherDevice { by, was, is } => {
            let by = match by {
                IdentityPart::Serial => "serial number",
                IdentityPart::MacAddress => "MAC address",
                IdentityPart::Model => "model",
            };
            format!("another device answers: {by} {is} instead of {was}")
        }
        Left::CannotPlan { error } => format!("it cannot be planned again: {error}"),
        Left::PlanRefused { refusal } => refusal.message.clone(),
        Left::Earlier { text } => text.clone(),
    }
}

pub fn remark_text(remark: &Remark) -> String {
    match remark {
        Remark::OthersChanged { what } => {
            format!(
                "another user changed the device during the run: {}",
                left_text(what)
            )
        }
        Remark::SavedByReplyAlone { why } => {
            format!("only the device's reply confirms that it is saved: {why}")
        }
        Remark::NotRecorded { error } => {
            format!(
                "the outcome could not be recorded: {error}; the next run looks at the device again"
            )
        }
        Remark::Earlier { text } => text.clone(),
    }
}

fn unsaved(cause: &Unsaved) -> String {
    match cause {
        Unsaved::SaveFailed { save } => save_failure_text(save),
        Unsaved::NotConfirmed { failure } => format!(
            "{}; the device is as intended, so nothing is undone; the unconfirmed change is not saved",
            failure_text(failure)
        ),
        Unsaved::OthersChanged { failure: None } => {
            "the plan is written, but not saved: another user changed the device during the run, and saving would include that change".to_owned()
        }
        Unsaved::OthersChanged {
            failure: Some(failure),
        } => format!(
            "{}; the planned changes are there, and so are changes of another user",
            failure_text(failure)
        ),
        Unsaved::ProcessEnded { found } => process_ended(*found),
        Unsaved::Earlier { text } => text.clone(),
    }
}

fn rolled_back(cause: &Failure, restored: Restored) -> String {
    let cause = failure_text(cause);
    match restored {
        Restored::ByPlan | Restored::FoundSo | Restored::NotRecorded => cause,
        Restored::NothingTookEffect => format!("{cause}; none of the lines had taken effect"),
        Restored::ByRestart => {
            format!("{cause}; the device restarted, and is as it was before")
        }
    }
}

fn stuck(cause: &Failure, not_restored: Option<&NotRestored>) -> String {
    let cause = failure_text(cause);
    let Some(why) = not_restored else {
        return cause;
    };
    let why = match why {
        NotRestored::CannotLook { look } => no_look(look),
        NotRestored::CannotLookAfterRollback { look } => {
            format!("during the rollback: {}", no_look(look))
        }
        NotRestored::Unread => {
            "the present configuration cannot be read, so nothing is undone blindly".to_owned()
        }
        NotRestored::RestartedOtherwise => {
            "the device restarted with a configuration other than before".to_owned()
        }
        NotRestored::NoRollback { why } => {
            format!("it cannot be rolled back: {}", no_rollback(why))
        }
        NotRestored::RollbackFailed { failure } => {
            format!("the rollback failed: {}", failure_text(failure))
        }
        NotRestored::RollbackIncomplete { differs } => {
            format!("the rollback failed: {}", few_left(differs))
        }
        NotRestored::ChangedBeforeSave => {
            "it changed before it was saved, and is no longer as intended".to_owned()
        }
    };
    format!("{cause}; {why}")
}

fn no_rollback(why: &NoRollback) -> String {
    match why {
        NoRollback::PlanRefused { refusal } => refusal.message.clone(),
        NoRollback::CannotRender { error }
        | NoRollback::LintError { error }
        | NoRollback::CannotBeSent { error } => error.clone(),
        NoRollback::NoSteps { notes } if notes.is_empty() => {
            "no known command changes it".to_owned()
        }
        NoRollback::NoSteps { notes } => {
            let notes: Vec<String> = notes.iter().map(|note| note.message.to_string()).collect();
            few(&notes)
        }
    }
}

fn not_reached(device: &DeviceName, cause: &NotReached) -> String {
    match cause {
        NotReached::Look { look } => look.text.clone(),
        NotReached::CommandLine { error } => ssh_failure(error),
        NotReached::PartlyUnread {
            part,
            number,
            reason,
            more,
        } => {
            let part = part.as_str();
            let number = number.map_or_else(String::new, |number| format!(" number {number}"));
            let more = match more {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            format!(
                "{device} could not be read in full, unlike when the plan was made: {part}{number}: {reason}{more}"
            )
        }
        NotReached::Earlier { text } => text.clone(),
    }
}

fn no_look(look: &NoLook) -> String {
    let NoLook { seconds, failure } = look;
    format!(
        "the device did not answer for {seconds} s: {}",
        failure.text
    )
}

fn with_missing(text: String, missing: &[Left]) -> String {
    match missing {
        [] => text,
        missing => format!("{text}: {}", few_left(missing)),
    }
}

fn few_left(left: &[Left]) -> String {
    let texts: Vec<String> = left.iter().map(left_text).collect();
    few(&texts)
}

/// Returns the first of some sentences, and the number of the others.
fn few(sentences: &[String]) -> String {
    match sentences {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}
