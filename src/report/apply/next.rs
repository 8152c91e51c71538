//! Suggests the next step after a device failed.

use crate::apply::Ended;
use crate::apply::cause::{Failure, NotReached};

/// Returns the next step for a device that was rolled back or not reached; the text names it for other outcomes.
pub(super) fn next_step(ended: &Ended) -> Option<&'static str> {
    Some(match ended {
        Ended::RolledBack { cause, .. } => after_rollback(cause),
        Ended::Unreachable { cause } if matches!(**cause, NotReached::Earlier { .. }) => {
            return None;
        }
        Ended::Unreachable { .. } if ended.retry_helps() => {
            "Run `gamctl apply` again when it answers."
        }
        Ended::Unreachable { .. } => "Fix the cause shown, then run `gamctl apply` again.",
        _ => return None,
    })
}

fn after_rollback(cause: &Failure) -> &'static str {
    match cause {
        Failure::Earlier { .. } | Failure::ProcessEnded { .. } => {
            "Run `gamctl plan` to see what is left to do."
        }
        Failure::LineRefused { .. } => {
            "Check the reply of the device, correct the inventory, then run `gamctl plan`."
        }
        Failure::NotFoundAfterWriting { .. } => {
            "Check on the device why it does not keep what it accepted, then run `gamctl plan`."
        }
        cause if cause.retry_helps() => "Run `gamctl apply` again.",
        _ => "Fix the cause shown, then run `gamctl apply` again.",
    }
}
