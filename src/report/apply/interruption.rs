//! Renders the reason that an apply stopped half-way, and its progress.

use crate::apply::cause::{FoundByRecovery, Interruption, SoFar, SshFailure, StoppedAt};

pub(super) fn interruption(cause: &Interruption) -> String {
    match cause {
        Interruption::StopRequested { at } => stopped(at),
        Interruption::LeaseExpired { error, so_far } => match so_far {
            Some(so_far) => format!("{}; {}", ssh_failure(error), how_far(*so_far)),
            None => ssh_failure(error),
        },
        Interruption::TakenOver { so_far } => {
            format!("another process took over the lease; {}", how_far(*so_far))
        }
        Interruption::StoreUnreachable { error, so_far } => {
            format!("cannot write to the store: {error}; {}", how_far(*so_far))
        }
        Interruption::ProcessEnded { found } => process_ended(*found),
        Interruption::Earlier { text } => text.clone(),
    }
}

fn stopped(at: &StoppedAt) -> String {
    match at {
        StoppedAt::BeforeWriting => "stopped before anything was written".to_owned(),
        StoppedAt::WaitingForLook => "stopped after writing; nothing was saved".to_owned(),
        StoppedAt::AfterStep { step, of, not_left } => {
            let so_far = how_far(SoFar::StoppedAfterStep {
                step: *step,
                of: *of,
            });
            match not_left {
                Some(error) => format!("{so_far}; {}", ssh_failure(error)),
                None => so_far,
            }
        }
    }
}

fn how_far(so_far: SoFar) -> String {
    match so_far {
        SoFar::NothingWritten => "nothing was written".to_owned(),
        SoFar::Steps { step, of } => format!("steps 1 to {step} of {of} were written"),
        SoFar::StoppedAfterStep { step, of } => {
            format!("stopped after step {step} of {of}; nothing was saved")
        }
        SoFar::LineFailed => "a line had failed before that".to_owned(),
        SoFar::EverythingWritten => "everything was written, but not verified".to_owned(),
        SoFar::HalfWritten => "it is partly written".to_owned(),
        SoFar::NothingSaved => "nothing was saved".to_owned(),
        SoFar::VerifiedNotSaved => "it was written and verified, but not saved".to_owned(),
        SoFar::Saved => "it was written, verified and saved".to_owned(),
    }
}

pub(super) fn process_ended(found: FoundByRecovery) -> String {
    format!(
        "the process that applied it ended before it was done; {}",
        found_text(found)
    )
}

/// Renders the state in which recovery found a device.
pub fn found_text(found: FoundByRecovery) -> String {
    match found {
        FoundByRecovery::Everything => {
            "all of the plan is written; it still has to be saved".to_owned()
        }
        FoundByRecovery::Steps { steps, of } => {
            format!("{steps} of {of} steps took effect; the rest is planned again")
        }
        FoundByRecovery::Nothing => "it is as it was before".to_owned(),
        FoundByRecovery::SomethingElse => {
            "it is neither as before nor as intended; the differences are planned again".to_owned()
        }
    }
}

pub(super) fn ssh_failure(error: &SshFailure) -> String {
    match &error.sent {
        Some(line) => format!("{}: {}", sent(&line.line, line.was_sent), error.text),
        None => error.text.clone(),
    }
}

pub(super) fn sent(line: &str, was_sent: bool) -> String {
    match was_sent {
        true => format!("`{line}` was sent, and may have taken effect"),
        false => format!("`{line}` was not sent"),
    }
}
