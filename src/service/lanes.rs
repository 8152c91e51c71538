//! Checks commits against the lanes of the policy: what an author changed, and what the author may change.

use std::collections::{BTreeMap, BTreeSet};

use super::fetch::{AuthoredStep, LaneSteps};
use crate::inventory::text::BILLING_LANE;
use crate::inventory::{
    self, FileKind, KeyChange, PathKind, ServicePolicy, classify, outside_billing_lane,
};
use crate::plan::Limit;
use crate::reconcile::rollout::{
    BudgetUse, ChangedKey, CommitIdentity, CountedEffect, InventoryChange, Lane, LaneLimits, Lanes,
    OtherAuthors, OutsideLane, WithinLane, lane_budgets,
};

/// What keeps commits out because of lanes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LaneViolation {
    /// A commit changes more than the lane of its author allows.
    #[error("commit {} (`{subject}`): {outside}", .commit.get(..12).unwrap_or(.commit))]
    Outside {
        commit: String,
        subject: String,
        outside: OutsideLane,
    },
    /// The commits of a lane change too much within an hour.
    #[error("{0}")]
    OverLimit(BudgetUse),
}

/// The use of the limits of lanes, as last read.
#[derive(Debug, Default)]
pub(super) struct LaneHour {
    /// The target, and the one of an hour ago if there was another: only with these does the answer change.
    pub(super) commits: Option<(String, Option<String>)>,
    pub(super) uses: Vec<BudgetUse>,
}

/// Returns the new commits that change more than their author's lane allows, oldest first, and the limits that lanes exceed
/// with what was accepted within the last hour.
///
/// What is in an `approved` commit counts to no limit: a person approved what would exceed it.
pub(super) fn lane_violations(
    policy: &ServicePolicy,
    subscribers: usize,
    steps: &LaneSteps,
    approved: &BTreeSet<String>,
    now: u64,
) -> Vec<LaneViolation> {
    let lanes = lanes(policy);
    let outside = steps.new.iter().filter_map(|step| {
        let outside = match lanes.check(&identity(step), &changes(step)) {
            Ok(within) => outside_of_billing(step, &within)?,
            Err(outside) => outside,
        };
        Some(LaneViolation::Outside {
            commit: step.commit.id.as_str().to_owned(),
            subject: crate::report::visible(&step.commit.subject).into_owned(),
            outside,
        })
    });
    let mut violations: Vec<LaneViolation> = outside.collect();
    for lane in &policy.lanes {
        let name = lane.name.as_str();
        let uses = lane_budgets(
            name,
            &limits(&lane.limits),
            [&steps.recent, &steps.new]
                .map(|steps| counts(&lanes, name, steps, approved))
                .each_ref(),
            subscribers,
            now,
        );
        let exceeded = uses.into_iter().filter(BudgetUse::is_exceeded);
        violations.extend(exceeded.map(LaneViolation::OverLimit));
    }
    violations
}

/// Returns the changes of a commit of the billing sync that billing may not decide: of a new subscriber, the permission to add
/// it does not allow every key.
fn outside_of_billing(step: &AuthoredStep, within: &WithinLane) -> Option<OutsideLane> {
    if within.lane.as_deref() != Some(BILLING_LANE) {
        return None;
    }
    let outside = outside_billing_lane(&step.changed).into_iter();
    let outside: Vec<ChangedKey> = outside.filter_map(change_of_key).collect();
    (!outside.is_empty()).then(|| OutsideLane {
        author: step.commit.email.clone(),
        lanes: vec![BILLING_LANE.to_owned()],
        outside,
    })
}

/// Returns the use of each lane's limits by these commits.
pub(super) fn lane_uses(
    policy: &ServicePolicy,
    subscribers: usize,
    recent: &[AuthoredStep],
    now: u64,
) -> Vec<BudgetUse> {
    let lanes = lanes(policy);
    let each = policy.lanes.iter().flat_map(|lane| {
        let name = lane.name.as_str();
        let counts = [
            counts(&lanes, name, recent, &BTreeSet::new()),
            BTreeMap::new(),
        ];
        lane_budgets(
            name,
            &limits(&lane.limits),
            counts.each_ref(),
            subscribers,
            now,
        )
    });
    each.collect()
}

fn identity(step: &AuthoredStep) -> CommitIdentity {
    CommitIdentity {
        author: step.commit.email.clone(),
        signer: step.commit.signer_key.clone(),
    }
}

fn limits(limits: &inventory::LaneLimits) -> LaneLimits {
    let inventory::LaneLimits {
        additions,
        changes,
        removals,
        suspensions,
        moves,
        // Of readings of the billing system, before there is a commit.
        drop: _,
    } = *limits;
    let all = [
        (CountedEffect::Additions, additions),
        (CountedEffect::Changes, changes),
        (CountedEffect::Removals, removals),
        (CountedEffect::Suspensions, suspensions),
        (CountedEffect::Moves, moves),
    ];
    let limit = |limit: inventory::LaneLimit| Limit {
        count: limit.count,
        percent: limit.percent,
    };
    all.map(|(effect, one)| (effect, limit(one))).into()
}

/// Counts the objects that the commits of a lane change, each object once in a commit.
fn counts(
    lanes: &Lanes,
    lane: &str,
    steps: &[AuthoredStep],
    approved: &BTreeSet<String>,
) -> BTreeMap<CountedEffect, usize> {
    let mut counts = BTreeMap::new();
    let counting = steps
        .iter()
        .filter(|step| !approved.contains(step.commit.id.as_str()));
    for step in counting {
        // Without a change every commit is within its lane: this asks only which one that is.
        let of = lanes.check(&identity(step), &[]);
        if of.is_ok_and(|within| within.lane.as_deref() == Some(lane)) {
            for (effect, objects) in counted(step) {
                *counts.entry(effect).or_default() += objects.len();
            }
        }
    }
    counts
}

type Objects<'a> = BTreeSet<(FileKind, &'a str)>;

fn counted(step: &AuthoredStep) -> BTreeMap<CountedEffect, Objects<'_>> {
    let mut counted: BTreeMap<CountedEffect, Objects<'_>> = BTreeMap::new();
    for changed in &step.changed.keys {
        let Some(id) = changed.id.as_deref() else {
            continue;
        };
        let is_subscriber = changed.kind == FileKind::Subscribers;
        let effects: &[CountedEffect] = match &changed.change {
            KeyChange::Added => &[CountedEffect::Additions],
            KeyChange::Removed => &[CountedEffect::Removals],
            // Which state it became is not compared: a suspension that ends counts too.
            KeyChange::Key(key) if is_subscriber && key == "state" => {
                &[CountedEffect::Changes, CountedEffect::Suspensions]
            }
            KeyChange::Key(key) if is_subscriber && (key == "device" || key == "port") => {
                &[CountedEffect::Changes, CountedEffect::Moves]
            }
            KeyChange::Key(_) => &[CountedEffect::Changes],
        };
        for effect in effects {
            let objects = counted.entry(*effect).or_default();
            objects.insert((changed.kind, id));
        }
    }
    counted
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

/// Returns the change of an object; nothing for a setting.
fn change_of_key(key: &inventory::ChangedKey) -> Option<ChangedKey> {
    let (kind, id) = (key.kind, key.id.clone()?);
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
    Some(ChangedKey { file, change })
}

/// Returns the changes of a commit: keys of objects, and every other file as a whole.
fn changes(step: &AuthoredStep) -> Vec<ChangedKey> {
    // A setting of the network or the policy has no object; its file is among the paths.
    let mut changes: Vec<ChangedKey> = step.changed.keys.iter().filter_map(change_of_key).collect();
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
    if !step.changed.is_complete {
        // What could not be compared may be anything.
        changes.push(ChangedKey {
            file: "a file that could not be compared".to_owned(),
            change: InventoryChange::File,
        });
    }
    changes
}
