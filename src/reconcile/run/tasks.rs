//! Selects the devices of a plan to start, and gives the reasons for those skipped.

use std::collections::{BTreeMap, BTreeSet};

use super::gates::{ScopeFacts, frozen};
use crate::apply::{Recovered, RecoveryResult, SkipReason, Skipped, Work};
use crate::history::Freeze;
use crate::inventory::DeviceObject;
use crate::model::{DeviceName, Observation};
use crate::plan::{DevicePlan, Planned};
use crate::reconcile::apply::DeviceTask;
use crate::reconcile::{Accesses, DevicePlanInputs, Fleet, LookResults};

/// The inputs of task selection.
pub(super) struct TaskInputs<'a> {
    pub(super) fleet: &'a Fleet<'a>,
    /// The approved plans, or those to be approved.
    pub(super) planned: &'a Planned,
    pub(super) looks: &'a LookResults,
    /// The looks that a plan file was made from, if the store has them.
    pub(super) earlier_looks: BTreeMap<DeviceName, Observation>,
    pub(super) accesses: Accesses,
    pub(super) freezes: &'a [Freeze],
    /// Verified but never saved.
    pub(super) unsaved: &'a BTreeSet<DeviceName>,
    pub(super) recovered: &'a [Recovered],
}

/// The devices to start, and the skipped ones.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    pub(super) tasks: Vec<DeviceTask>,
    pub(super) skipped: Vec<Skipped>,
}

/// Returns the tasks of a run.
pub(super) fn tasks(mut inputs: TaskInputs<'_>) -> Tasks {
    let mut all = Tasks::default();
    for plan in &inputs.planned.devices {
        // A device that is only observed, or locked, is never written to; its plan reports that.
        if !plan.state.is_written() {
            continue;
        }
        let left_open = left_open(&plan.device, inputs.recovered);
        let is_to_save =
            plan.steps.is_empty() && inputs.unsaved.contains(&plan.device) && !plan.is_refused();
        if plan.steps.is_empty() && !is_to_save && !plan.is_refused() && left_open.is_none() {
            continue;
        }
        let work = match is_to_save {
            true => Work::SaveOnly,
            false => Work::Steps,
        };
        let made = match left_open {
            Some(reason) => Err(reason),
            None => task(&mut inputs, plan, work),
        };
        match made {
            Ok(Some(task)) => all.tasks.push(task),
            Ok(None) => {}
            Err(reason) => all.skipped.push(Skipped {
                device: plan.device.clone(),
                reason,
            }),
        }
    }
    all
}

/// Returns the reason that a device of a dead process may still be in use.
fn left_open(device: &DeviceName, recovered: &[Recovered]) -> Option<SkipReason> {
    let mut of_device = recovered.iter().filter(|one| one.device == *device);
    of_device.find_map(|one| match &one.found {
        RecoveryResult::Held { until, by } => Some(SkipReason::Held {
            until: *until,
            by: by.clone(),
        }),
        RecoveryResult::NotSeen { error } => Some(SkipReason::NotRecovered {
            error: error.clone(),
        }),
        RecoveryResult::Whole
        | RecoveryResult::Partial { .. }
        | RecoveryResult::Untouched
        | RecoveryResult::Other => None,
    })
}

fn task(
    inputs: &mut TaskInputs<'_>,
    plan: &DevicePlan,
    work: Work,
) -> Result<Option<DeviceTask>, SkipReason> {
    if let Some(refusal) = plan.refusals.first() {
        return Err(SkipReason::Refused(refusal.clone()));
    }
    let object = inputs.fleet.inventory.device(plan.device.as_str());
    let facts = object.map(scope_facts).unwrap_or_default();
    if let Some(frozen) = frozen(&facts, inputs.freezes) {
        return Err(frozen);
    }
    let mut devices = inputs.fleet.devices.iter();
    let intended = devices.find(|device| device.name == plan.device);
    let Some(wanted) = intended.and_then(|device| DevicePlanInputs::of(inputs.fleet, device))
    else {
        return Ok(None);
    };
    let access = match inputs.accesses.remove(&plan.device) {
        Some(Ok(access)) => access,
        Some(Err(why)) => return Err(SkipReason::NoAccess(why)),
        None => return Ok(None),
    };
    let earlier = inputs.earlier_looks.remove(&plan.device);
    let planned_from = earlier.or_else(|| {
        let look = inputs.looks.get(&plan.device)?.as_ref().ok()?;
        Some(look.observation().clone())
    });
    Ok(Some(DeviceTask {
        wanted: wanted.into_owned(inputs.fleet),
        access,
        plan: plan.clone(),
        planned_from,
        work,
        facts,
    }))
}

pub(super) fn scope_facts(object: &DeviceObject) -> ScopeFacts {
    let labels = object.text.labels.iter().flat_map(|labels| labels.iter());
    ScopeFacts {
        name: object.id.to_string(),
        site: object.text.site.as_ref().map(ToString::to_string),
        labels: labels
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::source::Limits as SourceLimits;
    use crate::inventory::{GOOD_INVENTORY, read_texts};
    use crate::model::{DeviceState, NotObserved};
    use crate::plan::{InventoryVersion, Limit, Limits, PolicyVersion, Refusal};
    use crate::reconcile::Policy;

    fn policy() -> Policy {
        let none = Limit {
            count: None,
            percent: None,
        };
        Policy {
            limits: Limits {
                removals_per_device: none,
                removals: none,
                interruptions: none,
                slower: none,
                suspensions: none,
                reassignments: none,
                devices: none,
            },
            removes_unmanaged: false,
            version: PolicyVersion {
                commit: None,
                digest: String::new(),
            },
        }
    }

    /// Returns the choice for a device whose plan is refused, and to which there is no way.
    fn chosen(state: DeviceState) -> Tasks {
        let texts = GOOD_INVENTORY.iter();
        let texts = texts.map(|(path, text)| ((*path).into(), (*text).into()));
        let reading = read_texts(&texts.collect(), &SourceLimits::default());
        let version = InventoryVersion {
            commit: None,
            tree: None,
            digest: String::new(),
        };
        let fleet = Fleet::of(&reading.inventory, version, None, policy());
        let device = DeviceName::new("maple-a").unwrap();
        let mut plan = DevicePlan::preprovision(device.clone());
        plan.state = state;
        plan.refusals.push(Refusal {
            rule: "identity".to_owned(),
            message: "another device answers".to_owned(),
            hint: "check the address".to_owned(),
        });
        let planned = Planned {
            devices: vec![plan],
            ..Planned::default()
        };
        tasks(TaskInputs {
            fleet: &fleet,
            planned: &planned,
            looks: &LookResults::new(),
            earlier_looks: BTreeMap::new(),
            accesses: BTreeMap::from([(device, Err(NotObserved::NoAddress))]),
            freezes: &[],
            unsaved: &BTreeSet::new(),
            recovered: &[],
        })
    }

    #[test]
    fn a_refused_device_is_skipped_for_its_refusal_before_anything_else() {
        for state in [DeviceState::Managed, DeviceState::Retired] {
            let chosen = chosen(state);
            assert!(chosen.tasks.is_empty());
            let reasons: Vec<_> = chosen.skipped.into_iter().map(|one| one.reason).collect();
            assert!(
                matches!(reasons.as_slice(), [SkipReason::Refused(refusal)] if refusal.rule == "identity"),
                "{reasons:?}"
            );
        }
    }

    #[test]
    fn a_device_that_is_only_observed_is_neither_started_nor_skipped() {
        let chosen = chosen(DeviceState::Observe);
        assert!(chosen.tasks.is_empty() && chosen.skipped.is_empty());
    }
}
