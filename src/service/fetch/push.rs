//! Pushes a commit that was built in the mirror to the branch, as a fast-forward or not at all.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::child::Ended;
use super::command::{self, OUTGOING_BRANCH};
use super::commit_id::CommitId;
use super::error::FetchError;
use super::failure::masked;
use super::mirror::{Call, Mirror};
use super::remote::RemoteSettings;

/// The time for a push.
pub const PUSH_DEADLINE: Duration = Duration::from_secs(60);

/// The reason that a commit was not pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// Nothing was pushed: propose again from the new commit.
    #[error("the branch has another commit by now")]
    Moved,
    /// Nothing was pushed.
    #[error(
        "the repository refused the commit: it answered `{said}`; let the user of gamctl push to this branch, or sync with `--commit --branch` for a pull request"
    )]
    Refused { said: String },
    /// Nothing was pushed unless [`PushError::is_certain`] is false.
    #[error("cannot push the commit")]
    Failed(#[source] FetchError),
}

impl PushError {
    /// Returns whether it is certain that the branch does not have the commit.
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Moved | Self::Refused { .. } => true,
            // The answer may be lost after the server moved the branch.
            Self::Failed(error) => matches!(
                error,
                FetchError::HostKeyChanged { .. }
                    | FetchError::HostKeyUnknown { .. }
                    | FetchError::Certificate { .. }
                    | FetchError::AuthenticationRefused { .. }
                    | FetchError::NoSuchBranch { .. }
                    | FetchError::NoSuchRepository { .. }
                    | FetchError::Redirected { .. }
                    | FetchError::GitNotInstalled
                    | FetchError::Busy { .. }
                    | FetchError::Settings(_)
            ),
        }
    }
}

impl Mirror {
    /// Points the branch for new commits at a commit, and returns the repository and the name of that branch.
    pub fn begin_outgoing(&self, base: &CommitId) -> Result<(PathBuf, &'static str), FetchError> {
        let _lock = self.lock(Instant::now() + Duration::from_secs(5))?;
        self.point(&format!("refs/heads/{OUTGOING_BRANCH}"), base)?;
        Ok((self.repository(), OUTGOING_BRANCH))
    }

    /// Pushes a commit to the branch of the remote.
    pub fn push(
        &self,
        remote: &RemoteSettings,
        commit: &CommitId,
        deadline: Duration,
    ) -> Result<(), PushError> {
        let until = Instant::now() + deadline;
        let _lock = self.lock(until).map_err(PushError::Failed)?;
        let call = Call {
            mirror: self,
            remote,
            deadline,
            until,
        };
        let command = command::push(remote, commit, &self.repository(), self.path_variable());
        let command = command.map_err(|error| PushError::Failed(error.into()))?;
        let ended = call.run(&command).map_err(PushError::Failed)?;
        if ended.status.success() {
            return Ok(());
        }
        Err(match rejection(&ended) {
            Some(Rejection::Moved) => PushError::Moved,
            Some(Rejection::Refused(said)) => PushError::Refused { said },
            None => PushError::Failed(call.failure(&ended)),
        })
    }
}

/// The answer of a server that did not move the branch.
#[derive(Debug, PartialEq, Eq)]
enum Rejection {
    Moved,
    Refused(String),
}

/// Reads the line of the branch, which git prints in a fixed form: `!`, both refs, and the answer in brackets.
fn rejection(ended: &Ended) -> Option<Rejection> {
    let text = String::from_utf8_lossy(&ended.output);
    rejection_in(&text)
}

fn rejection_in(output: &str) -> Option<Rejection> {
    let line = output.lines().find_map(|line| line.strip_prefix("!\t"))?;
    let (_, answer) = line.split_once('\t')?;
    // Both mean that the remote has a commit that this one does not follow; the last one that it moved during the push.
    let moved = [
        "(fetch first)",
        "(non-fast-forward)",
        "(stale info)",
        "(incorrect old value provided)",
        "(failed to update ref)",
        "(cannot lock ref",
    ];
    if moved.iter().any(|word| answer.contains(word)) {
        return Some(Rejection::Moved);
    }
    let is_refusal = answer.starts_with("[rejected]") || answer.starts_with("[remote rejected]");
    is_refusal.then(|| Rejection::Refused(masked(answer.as_bytes(), &[])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_that_moved_is_told_from_one_that_is_protected() {
        let line = |answer: &str| {
            format!("To file:///srv/n.git\n!\t1234:refs/heads/main\t{answer}\nDone\n")
        };
        for moved in [
            "[rejected] (fetch first)",
            "[rejected] (non-fast-forward)",
            "[remote rejected] (incorrect old value provided)",
        ] {
            assert_eq!(
                rejection_in(&line(moved)),
                Some(Rejection::Moved),
                "{moved}"
            );
        }
        let protected = "[remote rejected] (pre-receive hook declined)";
        assert_eq!(
            rejection_in(&line(protected)),
            Some(Rejection::Refused(protected.to_owned()))
        );
        for other in ["", "Done\n", "=\ta:b\t[up to date]\n", "!\n", "!\tx\n"] {
            assert_eq!(rejection_in(other), None, "{other}");
        }
    }

    #[test]
    fn a_push_without_an_answer_may_have_worked() {
        let timed_out = FetchError::TimedOut {
            url: "https://git.example/n.git".to_owned(),
            deadline: PUSH_DEADLINE,
        };
        assert!(!PushError::Failed(timed_out).is_certain());
        assert!(PushError::Moved.is_certain());
    }
}
