//! Decides whether a run or a device may be started: one pure function for each gate.

use crate::apply::{CommitNamedBy, PreflightRefusal, SkipReason};
use crate::history::{Freeze, PlanClaim};
use crate::inventory::ScopeMatcher;
use crate::inventory::source::Ancestry;
use crate::plan::Planned;

use super::{Allowances, PlanFile, Verb};

/// The facts that a freeze's scope is matched against: a device's name, site and labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::reconcile) struct ScopeFacts {
    pub(in crate::reconcile) name: String,
    pub(in crate::reconcile) site: Option<String>,
    pub(in crate::reconcile) labels: Vec<(String, String)>,
}

/// Refuses an inventory with uncommitted changes: the history could not show what was applied.
pub(super) fn committed(
    commit: Option<&str>,
    verb: Verb,
    allows: Allowances,
) -> Result<(), PreflightRefusal> {
    match commit {
        None if verb.writes() && !allows.uncommitted => Err(PreflightRefusal::Uncommitted),
        _ => Ok(()),
    }
}

/// The commit of a run and the last applied one, with their relation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Related<'a> {
    pub(super) commit: &'a str,
    pub(super) applied: &'a str,
    pub(super) ancestry: Ancestry,
    pub(super) named_by: CommitNamedBy,
}

/// Refuses a commit that does not descend from the last applied one. A rollback does so on purpose.
pub(super) fn descends(
    related: Related<'_>,
    verb: Verb,
    allows: Allowances,
) -> Result<(), PreflightRefusal> {
    let is_checked = verb == Verb::Apply && !allows.rewritten_history;
    let (commit, applied) = (related.commit.to_owned(), related.applied.to_owned());
    match related.ancestry {
        Ancestry::Same | Ancestry::Descends => Ok(()),
        _ if !is_checked => Ok(()),
        Ancestry::Precedes => Err(PreflightRefusal::OlderCommit {
            commit,
            applied,
            named_by: related.named_by,
        }),
        Ancestry::Apart => Err(PreflightRefusal::RewrittenHistory { commit, applied }),
        Ancestry::Unknown => Err(PreflightRefusal::UnknownHistory { commit, applied }),
    }
}

/// Refuses a plan file that was made from other inventory content.
pub(super) fn same_inventory(
    file: Option<&PlanFile>,
    digest: &str,
    folder: &str,
) -> Result<(), PreflightRefusal> {
    match file {
        Some(file) if file.planned.inventory.digest != digest => {
            let folder = folder.to_owned();
            Err(PreflightRefusal::OtherInventory { folder })
        }
        _ => Ok(()),
    }
}

/// Refuses all plans if they exceed the limits of the policy together.
pub(super) fn within_limits(planned: &Planned) -> Result<(), PreflightRefusal> {
    match planned.refusals.is_empty() {
        true => Ok(()),
        false => Err(PreflightRefusal::Limits {
            refusals: planned.refusals.clone(),
        }),
    }
}

/// Refuses a plan that was applied already or is too old; returns its age in seconds if the store knows it.
pub(super) fn taken_once(taken: &PlanClaim, hours: u16) -> Result<Option<u64>, PreflightRefusal> {
    match *taken {
        PlanClaim::Now { age } => Ok(age),
        PlanClaim::AlreadyApplied { run, at } => Err(PreflightRefusal::PlanAlreadyApplied {
            run: run.0.to_string(),
            at,
        }),
        PlanClaim::Expired { made, .. } => Err(PreflightRefusal::PlanExpired { made, hours }),
    }
}

/// Returns the freeze that blocks writes to a device. A scope that cannot be read freezes every device.
pub(in crate::reconcile) fn frozen(facts: &ScopeFacts, freezes: &[Freeze]) -> Option<SkipReason> {
    let labels = || {
        let labels = facts.labels.iter();
        labels.map(|(key, value)| (key.as_str(), value.as_str()))
    };
    let freeze = freezes.iter().find(|freeze| {
        ScopeMatcher::of(&freeze.scope).map_or(true, |scope| {
            scope.has(&facts.name, facts.site.as_deref(), labels())
        })
    })?;
    Some(SkipReason::Frozen {
        who: freeze.who.clone(),
        until: freeze.until,
        reason: freeze.reason.clone(),
    })
}

#[cfg(test)]
mod tests;
