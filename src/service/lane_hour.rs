//! Counts the changes by commits of lanes within the last hour, for the metrics.

use std::sync::Arc;

use super::branch;
use super::fetch::CommitId;
use super::instance_state::Shared;
use super::lanes::{LaneHour, lane_uses};
use super::task::TaskError;
use crate::inventory::service_policy;
use crate::reconcile::rollout::HOUR;

/// Reads the commits of the last hour again, if the target moved or an earlier one became too old to count.
pub(super) async fn read(shared: &Arc<Shared>) -> Result<(), TaskError> {
    let Some(served) = shared.served_target() else {
        return Ok(());
    };
    // The target's own policy judges the next commit, so its limits are the ones in force.
    let policy = service_policy(served.inventory.inventory());
    if policy.lanes.is_empty() {
        *shared.lane_hour() = LaneHour::default();
        return Ok(());
    }
    let target = &served.target.commit;
    let store = &shared.store.store;
    let now = store.clock().await?;
    let before = store.target_before(now.saturating_sub(HOUR)).await?;
    let commits = Some((target.clone(), before.clone()));
    if shared.lane_hour().commits == commits {
        return Ok(());
    }
    let before = before.as_deref().and_then(CommitId::parse);
    let steps = match (before, CommitId::parse(target)) {
        (Some(before), Some(target)) => branch::steps_since(shared, before, target).await?,
        _ => Vec::new(),
    };
    let subscribers = served.inventory.inventory().subscribers().count();
    let uses = lane_uses(&policy, subscribers, &steps, now);
    *shared.lane_hour() = LaneHour { commits, uses };
    Ok(())
}
