//! Lists the reasons why the inventory's branch cannot be fetched.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::command::CommandError;
use super::failure::FailureCause;

/// Why a fetch failed. The last target stays in use.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(
        "cannot reach the git repository {url}: git answered `{said}`; check the network and the server"
    )]
    Unreachable { url: String, said: String },
    #[error(
        "the host key of {url} is not the one in known_hosts: ssh answered `{said}`; if the server was replaced, compare its new fingerprint and write it there"
    )]
    HostKeyChanged { url: String, said: String },
    #[error(
        "the host key of {url} is not in known_hosts: ssh answered `{said}`; get it with `ssh-keyscan`, compare its fingerprint, and write it there"
    )]
    HostKeyUnknown { url: String, said: String },
    #[error(
        "the certificate of {url} is not accepted: git answered `{said}`; name the file of its authority as `ca_file` under `[git]`"
    )]
    Certificate { url: String, said: String },
    #[error(
        "{url} refused the login: it answered `{said}`; check the key or the login under `[git]`"
    )]
    AuthenticationRefused { url: String, said: String },
    #[error("there is no branch `{branch}` in {url}; it was deleted or is spelt in another way")]
    NoSuchBranch { url: String, branch: String },
    #[error("there is no git repository at {url}: git answered `{said}`; check the address")]
    NoSuchRepository { url: String, said: String },
    #[error(
        "git does not read a repository of another user while fetching from {url}: it answered `{said}`; run gamctl as its owner, or use ssh or https"
    )]
    OwnedByAnother { url: String, said: String },
    #[error(
        "the repository {url} is a shallow clone without its history; make it complete with `git fetch --unshallow`"
    )]
    Shallow { url: String },
    #[error(
        "{url} answers with another address, which gamctl does not follow: `{said}`; write the new address as `url` under `[git]`"
    )]
    Redirected { url: String, said: String },
    #[error(
        "{url} sent damaged objects, none of which is used: git answered `{said}`; run `git fsck` there"
    )]
    CorruptObjects { url: String, said: String },
    #[error("no space left on the disk of {}; free some and wait for the next fetch", .mirror.display())]
    DiskFull { mirror: PathBuf },
    #[error("fetching from {url} took longer than {} seconds and was stopped", .deadline.as_secs())]
    TimedOut { url: String, deadline: Duration },
    #[error("fetching from {url} was stopped because gamctl is stopping")]
    Stopped { url: String },
    #[error(
        "the copy of {url} in {} needs more than {limit} bytes, so the fetch was stopped; look for large files in the repository", .mirror.display()
    )]
    TooLarge {
        url: String,
        mirror: PathBuf,
        limit: u64,
    },
    #[error("`git` is not installed, or not in PATH; install it")]
    GitNotInstalled,
    #[error("another gamctl process is using {}; give every instance a state directory of its own", .mirror.display())]
    Busy { mirror: PathBuf },
    #[error(transparent)]
    Settings(#[from] CommandError),
    #[error("failed to {action} {}", .path.display())]
    Mirror {
        path: PathBuf,
        action: &'static str,
        source: io::Error,
    },
    #[error("cannot fetch from {url}: git answered `{said}`")]
    Other { url: String, said: String },
}

impl FetchError {
    /// Returns the error for a cause; `said` is masked.
    pub(super) fn of(
        cause: FailureCause,
        url: String,
        branch: &str,
        said: String,
        mirror: PathBuf,
    ) -> Self {
        match cause {
            FailureCause::Unreachable => Self::Unreachable { url, said },
            FailureCause::HostKeyChanged => Self::HostKeyChanged { url, said },
            FailureCause::HostKeyUnknown => Self::HostKeyUnknown { url, said },
            FailureCause::Certificate => Self::Certificate { url, said },
            FailureCause::AuthenticationRefused => Self::AuthenticationRefused { url, said },
            FailureCause::NoSuchBranch => Self::NoSuchBranch {
                url,
                branch: branch.to_owned(),
            },
            FailureCause::NoSuchRepository => Self::NoSuchRepository { url, said },
            FailureCause::OwnedByAnother => Self::OwnedByAnother { url, said },
            FailureCause::Shallow => Self::Shallow { url },
            FailureCause::Redirected => Self::Redirected { url, said },
            FailureCause::CorruptObjects => Self::CorruptObjects { url, said },
            FailureCause::DiskFull => Self::DiskFull { mirror },
            FailureCause::Other => Self::Other { url, said },
        }
    }

    /// Returns the error of a file of the mirror.
    pub(super) fn of_file(path: PathBuf, action: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { mirror: path }
            }
            _ => Self::Mirror {
                path,
                action,
                source,
            },
        }
    }
}
