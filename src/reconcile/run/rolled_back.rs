//! Marks the steps of a plan that would bring back what an operator rolled back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::inputs::aside;
use super::rollback::commit_before;
use super::{Baseline, LookSource, Reconciler, RunError, RunRequest, Verb};
use crate::history::{DeviceRollback, RunId};
use crate::inventory::source::{Ancestry, ancestry};
use crate::model::DeviceName;
use crate::plan::{Because, Planned, RolledBack, Step, brings_back};

/// A rollback, and the commit that it went back from.
struct Rollback {
    of_device: DeviceRollback,
    from: Option<String>,
}

/// A commit that changed a value, and the commit that was applied before a rollback.
type Pair = (String, String);

impl Reconciler {
    /// Marks the steps that would bring back what a rollback took away.
    ///
    /// A value that a commit after the one that was rolled back sets again was decided again, and is not marked.
    pub(in crate::reconcile) async fn mark_rolled_back(
        &self,
        planned: &mut Planned,
        request: &RunRequest,
    ) -> Result<(), RunError> {
        let is_marked = matches!(request.verb, Verb::Plan | Verb::Apply)
            && request.baseline == Baseline::Store
            && !matches!(request.looks, LookSource::Baseline);
        let Some(store) = self.store.as_ref().filter(|_| is_marked) else {
            return Ok(());
        };
        let changing = planned.devices.iter().filter(|plan| !plan.steps.is_empty());
        let devices: BTreeSet<DeviceName> = changing.map(|plan| plan.device.clone()).collect();
        if devices.is_empty() {
            return Ok(());
        }
        let mut from: BTreeMap<RunId, Option<String>> = BTreeMap::new();
        let mut rollbacks = Vec::new();
        for of_device in store.store.rollbacks(&devices).await? {
            let run = of_device.run.run.id;
            let from = match from.get(&run) {
                Some(from) => from.clone(),
                None => {
                    let commit = commit_before(&store.store, &of_device.run).await?;
                    from.insert(run, commit.clone());
                    commit
                }
            };
            rollbacks.push(Rollback { of_device, from });
        }
        let pairs = pairs(planned, &rollbacks);
        let folder = self.folder.clone();
        let newer = aside(move || newer(&folder, pairs)).await?;
        mark(planned, &rollbacks, &newer);
        Ok(())
    }
}

/// Returns the reasons of a step that a rollback concerns.
fn concerned<'s>(step: &'s Step, device: &DeviceName, rollback: &Rollback) -> Vec<&'s Because> {
    if rollback.of_device.device != *device {
        return Vec::new();
    }
    let changes = rollback.of_device.changes.iter();
    changes
        .flat_map(|undone| brings_back(step, undone))
        .collect()
}

fn origin(because: &Because) -> Option<&str> {
    Some(&because.origin.as_ref()?.commit.as_ref()?.id)
}

/// Returns the commits to compare.
fn pairs(planned: &Planned, rollbacks: &[Rollback]) -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    for plan in &planned.devices {
        for (step, rollback) in plan
            .steps
            .iter()
            .flat_map(|step| rollbacks.iter().map(move |rollback| (step, rollback)))
        {
            for because in concerned(step, &plan.device, rollback) {
                if let (Some(by), Some(from)) = (origin(because), &rollback.from) {
                    pairs.insert((by.to_owned(), from.clone()));
                }
            }
        }
    }
    pairs
}

/// Returns the pairs whose first commit is known not to be part of the second one.
fn newer(folder: &Path, pairs: BTreeSet<Pair>) -> Result<BTreeSet<Pair>, RunError> {
    let mut newer = BTreeSet::new();
    for (by, from) in pairs {
        match ancestry(folder, &by, &from)? {
            Ancestry::Descends | Ancestry::Apart => {
                newer.insert((by, from));
            }
            Ancestry::Same | Ancestry::Precedes | Ancestry::Unknown => {}
        }
    }
    Ok(newer)
}

fn mark(planned: &mut Planned, rollbacks: &[Rollback], newer: &BTreeSet<Pair>) {
    for plan in &mut planned.devices {
        for step in &mut plan.steps {
            // The newest rollback comes first.
            let found = rollbacks.iter().find(|rollback| {
                let concerned = concerned(step, &plan.device, rollback);
                concerned.iter().any(|because| {
                    let pair = origin(because).zip(rollback.from.as_deref());
                    pair.is_none_or(|(by, from)| !newer.contains(&(by.to_owned(), from.to_owned())))
                })
            });
            step.rolled_back = found.map(|rollback| {
                let run = &rollback.of_device.run;
                RolledBack {
                    run: run.run.id.0.to_string(),
                    who: run.run.who.clone(),
                    at: run.began,
                }
            });
        }
    }
}
