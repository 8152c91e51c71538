//! From a plan to what is to be done on which device, and which devices are left alone and why.

use std::collections::{BTreeMap, BTreeSet};

use super::permit::by_freeze;
use crate::apply::Work;
use crate::history::Freeze;
use crate::model::{DeviceName, DeviceState, Observation};
use crate::plan::{DevicePlan, Planned};
use crate::reconcile::{AutoApproval, Errand, Fleet, Opening, Sightings, Wanted, needs_no_person};
use crate::report::{NotBegun, Why, moment};

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Errands {
    pub errands: Vec<Errand>,
    pub left: Vec<NotBegun>,
    /// Some of it needs a person to say yes.
    pub is_to_be_asked: bool,
}

/// What errands are made from.
pub(super) struct From<'a> {
    pub fleet: &'a Fleet<'a>,
    /// What was approved, or will be.
    pub planned: &'a Planned,
    pub sightings: &'a Sightings,
    /// The looks that the plan was made from, where it is of an earlier time.
    pub then: BTreeMap<DeviceName, Observation>,
    pub openings: BTreeMap<DeviceName, Result<Opening, String>>,
    pub freezes: &'a [Freeze],
    /// Verified and never saved.
    pub unsaved: &'a BTreeSet<DeviceName>,
    pub approval: AutoApproval,
}

/// Returns what is to be done on which device.
pub(super) fn errands(mut from: From<'_>) -> Errands {
    let mut all = Errands::default();
    for plan in &from.planned.devices {
        // What is only observed, or locked, is never written to; its plan says so.
        if !matches!(plan.state, DeviceState::Managed | DeviceState::Retired) {
            continue;
        }
        let is_to_save =
            plan.steps.is_empty() && from.unsaved.contains(&plan.device) && !plan.is_refused();
        if plan.steps.is_empty() && !is_to_save && !plan.is_refused() {
            continue;
        }
        match errand(&mut from, plan, is_to_save) {
            Ok(Some(errand)) => {
                all.is_to_be_asked |= !needs_no_person(plan, from.approval);
                all.errands.push(errand);
            }
            Ok(None) => {}
            Err(left) => all.left.push(left),
        }
    }
    all
}

fn errand(
    from: &mut From<'_>,
    plan: &DevicePlan,
    is_to_save: bool,
) -> Result<Option<Errand>, NotBegun> {
    let left = |why, because: String| NotBegun {
        device: plan.device.clone(),
        why,
        because,
    };
    if let Some(refusal) = plan.refusals.first() {
        return Err(left(
            Why::Refused,
            format!("{} [{}]; {}", refusal.message, refusal.rule, refusal.hint),
        ));
    }
    if let Some(frozen) = by_freeze(from.fleet.inventory, &plan.device, from.freezes, &moment) {
        return Err(frozen);
    }
    let intended = from
        .fleet
        .devices
        .iter()
        .find(|device| device.name == plan.device);
    let Some(wanted) = intended.and_then(|device| Wanted::of(from.fleet, device)) else {
        return Ok(None);
    };
    let opening = match from.openings.remove(&plan.device) {
        Some(Ok(opening)) => opening,
        Some(Err(why)) => return Err(left(Why::Refused, why)),
        None => return Ok(None),
    };
    let then = from.then.remove(&plan.device).or_else(|| {
        let sighting = from.sightings.get(&plan.device)?.as_ref().ok()?;
        Some(sighting.observation().clone())
    });
    let object = from.fleet.inventory.device(plan.device.as_str());
    let site = object.and_then(|device| device.text.site.as_ref());
    Ok(Some(Errand {
        wanted: wanted.into_owned(from.fleet),
        opening,
        plan: plan.clone(),
        then,
        work: if is_to_save {
            Work::SaveOnly
        } else {
            Work::Steps
        },
        site: site.map(ToString::to_string),
    }))
}
