//! Who says no before anything is written: history, an uncommitted inventory, a freeze, policy, and the person who is asked.

use std::path::Path;

use crate::history::{AppliedCommit, Freeze};
use crate::inventory::source::{Ancestry, ancestry};
use crate::inventory::{self, Inventory};
use crate::model::DeviceName;
use crate::report::{NotBegun, Why, visible};

/// A refusal of the whole run: one sentence, and what can be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct No {
    pub because: String,
    pub hint: String,
}

/// Refuses a commit that does not come after what was applied last.
pub(super) fn by_history(
    folder: &Path,
    commit: Option<&str>,
    applied: Option<&AppliedCommit>,
    is_accepted: bool,
) -> anyhow::Result<Option<No>> {
    let (Some(commit), Some(applied)) = (commit, applied) else {
        return Ok(None);
    };
    let (now, before) = (short(commit), short(&applied.commit));
    Ok(match ancestry(folder, commit, &applied.commit)? {
        Ancestry::Same | Ancestry::Descends => None,
        _ if is_accepted => None,
        Ancestry::Precedes => Some(No {
            because: format!(
                "commit {now} is older than {before}, which was applied last: this would go back"
            ),
            hint: format!("to go back on purpose: `gamctl rollback --to {now}`"),
        }),
        Ancestry::Apart => Some(No {
            because: format!(
                "commit {now} does not descend from {before}, which was applied last: what {before} brought is not in its history"
            ),
            hint: format!(
                "find out who rewrote the history: `git log --graph {before} {now}`; where that was meant, add `--accept-history`"
            ),
        }),
        Ancestry::Unknown => Some(No {
            because: format!(
                "commit {before}, which was applied last, is not in this repository, so whether {now} comes after it cannot be told"
            ),
            hint: format!(
                "fetch the whole history (`git fetch --unshallow`, `git fetch --all`); where {before} was removed on purpose, add `--accept-history`"
            ),
        }),
    })
}

/// Refuses an inventory that nobody can look up later.
pub(super) fn by_commit(inventory: &Inventory, is_allowed: bool) -> Option<No> {
    if inventory.commit().is_some() || is_allowed {
        return None;
    }
    Some(No {
        because:
            "the inventory is not committed as it is, so nobody could tell later what was applied"
                .to_owned(),
        hint: "commit it, or give `--allow-uncommitted`, which is recorded".to_owned(),
    })
}

/// Returns why a device may not be written to now, where somebody froze it.
pub(super) fn by_freeze(
    inventory: &Inventory,
    device: &DeviceName,
    freezes: &[Freeze],
    until: &dyn Fn(u64) -> String,
) -> Option<NotBegun> {
    let object = inventory.device(device.as_str())?;
    let mut in_force = freezes.iter();
    let freeze = in_force.find(|freeze| inventory::freezes(&freeze.scope, object))?;
    Some(NotBegun {
        device: device.clone(),
        why: Why::Frozen,
        because: format!(
            "frozen by {} until {}: {}",
            visible(&freeze.who),
            until(freeze.until),
            visible(&freeze.reason)
        ),
    })
}

pub(super) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
