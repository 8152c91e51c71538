//! Decides whether the approvals that were given let a rollout start.

use std::collections::BTreeSet;

use crate::history::{Approval as StoredApproval, Rollout};
use crate::reconcile::rollout::{
    Approval, ApprovalReason, ApprovalState, CurrentPlan, NeededApprovals, check_approvals,
};

/// Returns the state of the approvals of a rollout.
pub(super) fn consent(
    rollout: &Rollout,
    approvals: &[StoredApproval],
    now: u64,
    expires_hours: u16,
) -> ApprovalState {
    let approvals: Vec<Approval> = approvals.iter().map(approval).collect();
    let needed = NeededApprovals {
        count: usize::try_from(rollout.plan.approvals).unwrap_or(1),
        not_by: rollout
            .plan
            .authors
            .iter()
            .cloned()
            .collect::<BTreeSet<String>>(),
        because: vec![ApprovalReason::NotAutomatic],
    };
    let current = CurrentPlan {
        plan_id: &rollout.plan_id,
        target: &rollout.commit,
        policy_digest: &rollout.plan.policy,
    };
    check_approvals(&approvals, &needed, current, now, expires_hours)
}

fn approval(stored: &StoredApproval) -> Approval {
    Approval {
        who: stored.who.clone(),
        addresses: stored.addresses.clone(),
        at: stored.at,
        plan_id: stored.plan.clone(),
        target: stored.commit.clone(),
        policy_digest: stored.policy.clone(),
        is_used: false,
    }
}
