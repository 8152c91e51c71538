//! Checks `git` and the remote branch for people, as a fetch would use them, and writes nothing.

use std::time::{Duration, Instant};

use super::child::{ChildLimits, Ended, GitProgram, NotEnded, run};
use super::command::{self, GitCommand};
use super::commit_id::CommitId;
use super::error::FetchError;
use super::failure::{FailureCause, cause_of, masked};
use super::remote::RemoteSettings;

/// Asking for a version reads nothing.
const VERSION_DEADLINE: Duration = Duration::from_secs(5);

/// A version is a line, and a branch is another.
const OUTPUT_BYTES: u64 = 64 << 10;

/// A version of `git`: major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion(pub u32, pub u32);

impl GitVersion {
    /// The oldest version that fetches as gamctl does.
    pub const FOR_FETCHES: Self = Self(2, 29);
    /// The oldest version that reads signatures of ssh.
    pub const FOR_SIGNATURES: Self = Self(2, 34);

    /// Parses `git version 2.39.5 (Apple Git-154)`.
    fn parse(line: &str) -> Option<Self> {
        let number = line.strip_prefix("git version ")?;
        let mut parts = number.split(['.', ' ', '-']);
        let (major, minor) = (parts.next()?, parts.next()?);
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl std::fmt::Display for GitVersion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// Returns the version of the git program; `None` if it prints none. Blocks.
pub fn git_version(git: &GitProgram) -> Result<Option<GitVersion>, FetchError> {
    let command = command::version(git.path.as_ref());
    let ended = run(git, &command, &limits(VERSION_DEADLINE));
    let ended = ended.map_err(|error| match error {
        NotEnded::NotInstalled => FetchError::GitNotInstalled,
        NotEnded::NotStarted(error) => FetchError::of_file(git.program.clone(), "run", error),
        NotEnded::TimedOut | NotEnded::Stopped | NotEnded::TooLarge | NotEnded::TooMuchOutput => {
            let error = std::io::Error::other("it prints no version");
            FetchError::of_file(git.program.clone(), "run", error)
        }
    })?;
    let line = String::from_utf8_lossy(&ended.output);
    Ok(GitVersion::parse(line.trim()))
}

/// Returns the commit of the remote branch. Blocks for at most `deadline`.
pub fn remote_commit(
    git: &GitProgram,
    remote: &RemoteSettings,
    deadline: Duration,
) -> Result<CommitId, FetchError> {
    let url = remote.url.to_string();
    let is_missing = |path: std::path::PathBuf| !path.is_dir();
    if remote.url.local_path().is_some_and(is_missing) {
        let said = "not a folder".to_owned();
        return Err(FetchError::NoSuchRepository { url, said });
    }
    let command: GitCommand = command::list_branch(remote, git.path.as_ref())?;
    let ended = run(git, &command, &limits(deadline)).map_err(|error| match error {
        NotEnded::NotInstalled => FetchError::GitNotInstalled,
        NotEnded::TimedOut => FetchError::TimedOut {
            url: url.clone(),
            deadline,
        },
        NotEnded::Stopped => FetchError::Stopped { url: url.clone() },
        NotEnded::TooLarge | NotEnded::TooMuchOutput => FetchError::Other {
            url: url.clone(),
            said: "more output than gamctl reads".to_owned(),
        },
        NotEnded::NotStarted(error) => FetchError::of_file(git.program.clone(), "run", error),
    })?;
    if !ended.status.success() {
        return Err(failure(&ended, remote));
    }
    let output = String::from_utf8_lossy(&ended.output);
    let wanted = remote.branch.full();
    let mut lines = output.lines().filter_map(|line| line.split_once('\t'));
    let found = lines.find_map(|(commit, name)| {
        let commit = CommitId::parse(commit)?;
        (name == wanted).then_some(commit)
    });
    found.ok_or_else(|| FetchError::NoSuchBranch {
        url,
        branch: remote.branch.as_str().to_owned(),
    })
}

fn failure(ended: &Ended, remote: &RemoteSettings) -> FetchError {
    let login = remote.login.as_ref();
    let password = login.and_then(|login| std::str::from_utf8(login.password.reveal()).ok());
    let said = masked(&ended.errors, password.as_slice());
    let cause = match ended.status.code() {
        Some(_) => cause_of(&String::from_utf8_lossy(&ended.errors)),
        None => FailureCause::Other,
    };
    let (url, branch) = (remote.url.to_string(), remote.branch.as_str());
    // Nothing is written, so no disk of a mirror can be full.
    FetchError::of(cause, url, branch, said, std::path::PathBuf::new())
}

fn limits(deadline: Duration) -> ChildLimits<'static> {
    ChildLimits {
        until: Instant::now() + deadline,
        output_bytes: OUTPUT_BYTES,
        is_too_large: &|| false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_in_every_form_in_which_git_is_shipped() {
        for (line, expected) in [
            ("git version 2.39.5", Some(GitVersion(2, 39))),
            (
                "git version 2.39.5 (Apple Git-154)",
                Some(GitVersion(2, 39)),
            ),
            ("git version 2.47.0.windows.2", Some(GitVersion(2, 47))),
            ("git version 3.0-rc1", Some(GitVersion(3, 0))),
            ("hub version 2.39.5", None),
            ("git version x.1", None),
            ("", None),
        ] {
            assert_eq!(GitVersion::parse(line), expected, "{line}");
        }
        assert!(GitVersion(2, 9) < GitVersion::FOR_FETCHES);
        assert!(GitVersion(3, 0) > GitVersion::FOR_SIGNATURES);
    }
}
