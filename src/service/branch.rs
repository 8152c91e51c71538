//! Fetches the branch and judges commits on threads of their own: git and parsing block.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fetch::{
    AuthoredStep, CandidateError, CandidateOptions, CommitId, FETCH_DEADLINE, FetchError, Fetched,
    LaneJudge, MOST_COMMITS, Verdict, author_addresses, judge_candidate, steps_to,
};
use super::instance_state::Shared;
use super::lanes::{LaneViolation, lane_violations};
use crate::inventory::source::{Ancestry, Limits, ancestry};
use crate::inventory::{Cache, Inventory, service_policy};

/// The reason that the branch could not be fetched or judged. The last good target stays.
#[derive(Debug, thiserror::Error)]
pub enum BranchError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Candidate(#[from] CandidateError),
    #[error("there are more than {MOST_COMMITS} commits, too many to list their authors")]
    TooManyAuthors,
    #[error("gamctl failed while reading the branch: {0}")]
    Panicked(String),
}

/// Fetches the branch into the mirror.
pub(super) async fn fetch(shared: &Arc<Shared>) -> Result<Fetched, BranchError> {
    let shared = shared.clone();
    aside(move || {
        shared.watch.renew(&shared.remote, &shared.triggers.fetch);
        Ok(shared.mirror.fetch(&shared.remote, FETCH_DEADLINE)?)
    })
    .await
}

/// Judges whether a commit may become the target. `accepted` are the target and the candidate of a rewritten history that a
/// person accepted, `recent` is the target of an hour ago, where there is a newer one, `approved` are
/// commits that count to no limit of a lane.
pub(super) async fn judge(
    shared: &Arc<Shared>,
    target: Option<CommitId>,
    candidate: CommitId,
    accepted: Option<(CommitId, CommitId)>,
    (recent, now): (Option<CommitId>, u64),
    approved: BTreeSet<String>,
) -> Result<Verdict<LaneViolation>, BranchError> {
    let shared = shared.clone();
    aside(move || {
        let signers = shared.remote.signers.as_deref();
        let lanes: LaneJudge<'_, LaneViolation> = &|before: &Inventory, steps| {
            let subscribers = before.subscribers().count();
            lane_violations(&service_policy(before), subscribers, steps, &approved, now)
        };
        let (limits, cache) = (Limits::default(), Cache::default());
        let options = CandidateOptions {
            folder: &shared.remote.folder,
            signers,
            lanes: Some(lanes),
            recent: recent.as_ref(),
            accepted_rules: &[],
            accepts_smaller_fleet: accepted.is_some(),
            accepted_history: accepted
                .as_ref()
                .map(|(target, candidate)| (target, candidate)),
            limits: &limits,
            cache: &cache,
        };
        Ok(judge_candidate(
            &shared.mirror,
            target.as_ref(),
            &candidate,
            &options,
        )?)
    })
    .await
}

/// Returns whether a commit comes after an earlier one, as far as the mirror has both.
pub(super) async fn descends(
    shared: &Arc<Shared>,
    commit: CommitId,
    earlier: CommitId,
) -> Result<bool, BranchError> {
    let shared = shared.clone();
    aside(move || {
        let mirror = &shared.mirror;
        if !mirror.has(&commit) || !mirror.has(&earlier) {
            return Ok(false);
        }
        let found = ancestry(&mirror.repository(), commit.as_str(), earlier.as_str());
        Ok(found.map_err(CandidateError::from)? == Ancestry::Descends)
    })
    .await
}

/// Keeps the objects of the target in the mirror, and that it was the target.
pub(super) async fn keep(shared: &Arc<Shared>, target: CommitId) {
    let within = shared.clone();
    let kept = aside(move || match within.mirror.kept() {
        Some(known) if known == target => Ok(()),
        _ => Ok(within.mirror.keep(&target)?),
    });
    if let Err(error) = kept.await {
        tracing::warn!(
            error = crate::model::chain(&error),
            "the mirror may lose the target"
        );
    }
}

/// Returns the steps of the branch from an earlier target to this one, as lanes count them.
pub(super) async fn steps_since(
    shared: &Arc<Shared>,
    before: CommitId,
    target: CommitId,
) -> Result<Vec<AuthoredStep>, BranchError> {
    let shared = shared.clone();
    aside(move || {
        let (limits, cache) = (Limits::default(), Cache::default());
        let options = CandidateOptions::<LaneViolation> {
            folder: &shared.remote.folder,
            signers: shared.remote.signers.as_deref(),
            lanes: None,
            recent: Some(&before),
            accepted_rules: &[],
            accepts_smaller_fleet: false,
            accepted_history: None,
            limits: &limits,
            cache: &cache,
        };
        Ok(steps_to(&shared.mirror, &target, &options)?)
    })
    .await
}

/// Returns the e-mail addresses of the authors of what a target brings beyond the commit applied before, and of the commits
/// in `others`.
pub(super) async fn authors(
    shared: &Arc<Shared>,
    applied: Option<CommitId>,
    target: CommitId,
    others: Vec<CommitId>,
) -> Result<BTreeSet<String>, BranchError> {
    let shared = shared.clone();
    aside(move || {
        let addresses = author_addresses(&shared.mirror, applied.as_ref(), &target, &others)?;
        addresses.ok_or(BranchError::TooManyAuthors)
    })
    .await
}

async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BranchError> + Send + 'static,
) -> Result<T, BranchError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|why| BranchError::Panicked(why.to_string()))?
}
