//! Checks commits against the lanes of the policy: what an author changed, and what the author may change.

use std::collections::BTreeMap;

use super::fetch::AuthoredStep;
use crate::inventory::{KeyChange, PathKind, ServicePolicy, classify};
use crate::reconcile::rollout::{
    ChangedKey, CommitIdentity, InventoryChange, Lane, Lanes, OtherAuthors, OutsideLane,
};

/// A commit outside of the lane of its author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("commit {} (`{subject}`): {outside}", .commit.get(..12).unwrap_or(.commit))]
pub(super) struct LaneViolation {
    pub(super) commit: String,
    pub(super) subject: String,
    pub(super) outside: OutsideLane,
}

/// Returns the commits that change more than their author's lane allows, oldest first.
pub(super) fn lane_violations(
    policy: &ServicePolicy,
    steps: &[AuthoredStep],
) -> Vec<LaneViolation> {
    let lanes = lanes(policy);
    let violations = steps.iter().filter_map(|step| {
        let author = CommitIdentity {
            author: step.commit.email.clone(),
            signer: step.commit.signer_key.clone(),
        };
        let outside = lanes.check(&author, &changes(step)).err()?;
        Some(LaneViolation {
            commit: step.commit.id.as_str().to_owned(),
            subject: crate::report::visible(&step.commit.subject).into_owned(),
            outside,
        })
    });
    violations.collect()
}

/// Returns the lanes. One that cannot be read allows its authors nothing, so it is kept without a permission.
fn lanes(policy: &ServicePolicy) -> Lanes {
    let lanes = policy.lanes.iter().filter_map(|lane| {
        let authors: Vec<String> = lane
            .authors
            .iter()
            .map(|one| escaped(one.as_str()))
            .collect();
        let signers: Vec<String> = lane
            .signers
            .iter()
            .map(|one| one.as_str().to_owned())
            .collect();
        let may: Vec<String> = lane.may.iter().map(ToString::to_string).collect();
        let name = lane.name.as_str();
        let made = Lane::new(name, &authors, &signers, &may, BTreeMap::new());
        made.or_else(|_| Lane::new(name, &authors, &signers, &[], BTreeMap::new()))
            .ok()
    });
    Lanes {
        lanes: lanes.collect(),
        others: OtherAuthors::Everything,
    }
}

/// Returns a pattern that matches only this address: an address may contain signs of patterns.
fn escaped(address: &str) -> String {
    let mut pattern = String::with_capacity(address.len());
    for sign in address.chars() {
        match sign {
            '*' | '?' | '[' | ']' | '{' | '}' => pattern.extend(['[', sign, ']']),
            '\\' => pattern.push_str("\\\\"),
            sign => pattern.push(sign),
        }
    }
    pattern
}

/// Returns the changes of a commit: keys of objects, and every other file as a whole.
fn changes(step: &AuthoredStep) -> Vec<ChangedKey> {
    let mut changes = Vec::new();
    for key in &step.keys {
        let (kind, Some(id)) = (key.kind, key.id.clone()) else {
            // A setting of the network or the policy: its file is among the paths.
            continue;
        };
        let change = match &key.change {
            KeyChange::Added => InventoryChange::Added { kind, id },
            KeyChange::Removed => InventoryChange::Removed { kind, id },
            KeyChange::Key(key) => InventoryChange::Key {
                kind,
                id,
                key: key.clone(),
            },
        };
        let file = format!("{}.toml", kind.stem());
        changes.push(ChangedKey { file, change });
    }
    for path in &step.paths {
        let is_of_objects = matches!(
            classify(path),
            PathKind::Inventory(kind) if kind.object_table().is_some()
        );
        if !is_of_objects {
            changes.push(ChangedKey {
                file: path.clone(),
                change: InventoryChange::File,
            });
        }
    }
    if !step.is_complete {
        // What could not be compared may be anything.
        changes.push(ChangedKey {
            file: "a file that could not be compared".to_owned(),
            change: InventoryChange::File,
        });
    }
    changes
}
