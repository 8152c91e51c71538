//! Suggests the next step after a device failed.

use crate::apply::Ended;
use crate::apply::cause::{Failure, NotReached, SshProblem};
use crate::model::DeviceName;

/// Returns the next step for a device that was rolled back or not reached; the text names it for other outcomes.
///
/// `looks_new`: the plan found the device as delivered.
pub(super) fn next_step(device: &DeviceName, ended: &Ended, looks_new: bool) -> Option<String> {
    let text = match ended {
        Ended::RolledBack { cause, .. } => after_rollback(cause),
        Ended::Unreachable { cause } => return not_reached(device, ended, cause, looks_new),
        _ => return None,
    };
    Some(text.to_owned())
}

fn not_reached(
    device: &DeviceName,
    ended: &Ended,
    cause: &NotReached,
    looks_new: bool,
) -> Option<String> {
    let problem = match cause {
        NotReached::CommandLine { error } => Some(&error.problem),
        NotReached::Earlier { .. } => return None,
        NotReached::Look { .. } | NotReached::PartlyUnread { .. } => None,
    };
    Some(match problem {
        Some(SshProblem::HostKeyUnknown { .. }) => format!(
            "`gamctl trust {device}` shows the key, and `gamctl trust {device} --pin` pins it; then run `gamctl apply` again."
        ),
        Some(SshProblem::HostKeyChanged { .. }) => format!(
            "Once you know why it changed, `gamctl trust {device} --pin --replace` pins the new key; then run `gamctl apply` again."
        ),
        Some(SshProblem::LoginRefused) if looks_new => format!(
            "It looks factory-new, and a GAM as delivered has an empty password: set the user and the password of its \
             credentials at its console, then run `gamctl apply --device {device}`."
        ),
        _ if ended.retry_helps() => "Run `gamctl apply` again when it answers.".to_owned(),
        _ => "Fix the cause shown, then run `gamctl apply` again.".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::cause::SshFailure;

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

    #[test]
    fn the_command_that_pins_a_changed_host_key_names_the_device() {
        let device = DeviceName::new("oak-a").unwrap();
        let key = || "SHA256:x".to_owned();
        let changed = over_ssh(SshProblem::HostKeyChanged {
            pinned: key(),
            presented: key(),
        });
        let next = next_step(&device, &changed, false).unwrap();
        assert!(
            next.contains("`gamctl trust oak-a --pin --replace`"),
            "{next}"
        );
        let unknown = over_ssh(SshProblem::HostKeyUnknown { presented: key() });
        let next = next_step(&device, &unknown, false).unwrap();
        assert!(next.contains("`gamctl trust oak-a --pin`"), "{next}");
    }

    #[test]
    fn a_factory_new_device_that_refuses_the_login_needs_its_password_set_at_the_console() {
        let device = DeviceName::new("oak-a").unwrap();
        let refused = over_ssh(SshProblem::LoginRefused);
        let next = next_step(&device, &refused, true).unwrap();
        assert!(
            next.contains("factory-new") && next.contains("at its console"),
            "{next}"
        );
        let next = next_step(&device, &refused, false).unwrap();
        assert!(next.starts_with("Fix the cause shown"), "{next}");
    }
}
