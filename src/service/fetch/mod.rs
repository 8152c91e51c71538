//! Fetches the inventory's branch, judges the new commit, and notices changes of a local repository.
//!
//! `command` builds what `git` is called with, `child` runs it within limits, `mirror` keeps the fetched repository,
//! `push` moves the branch, `signature` parses git's report on signatures, `candidate` decides whether a commit may become the target, and `authors`
//! lists who wrote what it brings. `remote_check` asks git and the remote for people, and fetches nothing.

mod authors;
mod candidate;
mod child;
mod command;
mod commit_id;
mod error;
mod failure;
mod mirror;
mod new_commits;
mod push;
mod remote;
mod remote_check;
mod repository;
mod signature;
mod step;
mod watch;

pub use authors::author_addresses;
pub use candidate::{
    BeforeAndAfter, CandidateError, CandidateOptions, LaneJudge, LaneSteps, Verdict,
    judge_candidate, steps_to,
};
pub use child::{GitProgram, StopRequest};
pub use command::CommandError;
pub use commit_id::CommitId;
pub use error::FetchError;
pub use mirror::{FETCH_DEADLINE, Fetched, Mirror, ReadError};
pub use new_commits::{CommitSummary, MOST_COMMITS};
pub use push::{PUSH_DEADLINE, PushError};
pub use remote::{
    BranchName, BranchNameError, HttpLogin, Protocol, RemoteSettings, RemoteUrl, RemoteUrlError,
};
pub use remote_check::{GitVersion, git_version, remote_commit};
pub use signature::{SignatureReportError, SignatureResult, SignedCommit};
pub use step::AuthoredStep;
pub use watch::{RefWatch, WatchError};
