//! Notices that the store was restored to an older state: its target lacks commits that this instance had or fetched.
//!
//! Devices would otherwise be brought back to the older target, until a fetch moves it on.

use std::sync::Arc;

use super::branch;
use super::fetch::CommitId;
use super::instance_state::Shared;
use super::task::TaskError;
use crate::history::Target;

/// Whether a target of the store may be served.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TargetAge {
    Current,
    /// This instance served a later commit, and the store does not know that it was the target.
    Older {
        than: CommitId,
    },
    /// The branch has a later commit, and the leader of fetches has not judged it yet.
    NotJudged {
        newer: CommitId,
    },
}

/// Judges a target that this instance does not serve yet. `is_fetched` says that the branch was fetched a moment ago.
pub(super) async fn age(
    shared: &Arc<Shared>,
    target: &Target,
    is_fetched: bool,
) -> Result<TargetAge, TaskError> {
    let Some(commit) = CommitId::parse(&target.commit) else {
        return Ok(TargetAge::Current);
    };
    let served = shared.served_target();
    let served = served.and_then(|served| CommitId::parse(&served.target.commit));
    for before in [shared.mirror.kept(), served].into_iter().flatten() {
        if branch::descends(shared, before.clone(), commit.clone()).await?
            && !shared.store.store.was_target(before.as_str()).await?
        {
            return Ok(TargetAge::Older { than: before });
        }
    }
    let newer = not_judged(shared, &commit).await?;
    // What was fetched earlier may have left the branch: only its present state says that something is to be judged.
    if newer.is_none() || (!is_fetched && branch::fetch(shared).await.is_err()) {
        return Ok(TargetAge::Current);
    }
    let newer = not_judged(shared, &commit).await?;
    Ok(newer.map_or(TargetAge::Current, |newer| TargetAge::NotJudged { newer }))
}

/// Returns the newest commit that was fetched here, if it comes after the target and after what the leader of fetches has
/// judged.
async fn not_judged(
    shared: &Arc<Shared>,
    target: &CommitId,
) -> Result<Option<CommitId>, TaskError> {
    let Some(newest) = shared.mirror.newest() else {
        return Ok(None);
    };
    if !branch::descends(shared, newest.clone(), target.clone()).await? {
        return Ok(None);
    }
    let judged = shared.store.store.branch_state().await?.commit;
    let Some(judged) = judged.as_deref().and_then(CommitId::parse) else {
        return Ok(Some(newest));
    };
    // One that is not in the mirror was fetched later than the mirror's newest.
    let is_judged = judged == newest
        || !shared.mirror.has(&judged)
        || branch::descends(shared, judged, newest.clone()).await?;
    Ok((!is_judged).then_some(newest))
}
