//! One device's plan: made, dressed in lines and read once more.

use std::collections::BTreeMap;

use super::{Fleet, Sighting};
use crate::inventory::{DeviceObject, IntendedDevice};
use crate::model::{ConfigSource, DeviceState, Observation, Part, SubscriberName};
use crate::plan::lint::{Complaint, lint};
use crate::plan::{DeviceComplaint, DevicePlan, Ledger, ReadOverSsh, Request, plan};
use crate::render::dress;

/// Returns the plan of a device that was seen, and what the lint has against it; nothing where the inventory does not have it.
pub(super) fn plan_one(
    fleet: &Fleet<'_>,
    intended: &IntendedDevice,
    sighting: &Sighting,
) -> Option<(DevicePlan, Vec<DeviceComplaint>)> {
    let observation = sighting.observation();
    let object = fleet.inventory.device(intended.name.as_str())?;
    let ledger = fleet.ledger(&intended.name);
    let renamed = fleet.renamed(&intended.name);
    let request = request(fleet, intended, object, &renamed, ledger.as_ref())?;
    let mut device_plan = plan(&request, observation);
    if intended.state != DeviceState::Preprovision {
        device_plan.observed = Some(sighting.observed());
    }
    let mut complaints = Vec::new();
    match dress(&mut device_plan) {
        Ok(()) => complaints = lint(&device_plan, observation, &request),
        // What cannot be typed should have been refused by the planner.
        Err(error) => complaints.push(Complaint {
            step: 0,
            is_inverse: false,
            line: None,
            message: error.to_string(),
        }),
    }
    let complaints = complaints.into_iter().map(|complaint| DeviceComplaint {
        device: intended.name.clone(),
        complaint,
    });
    Some((device_plan, complaints.collect()))
}

/// Returns which parts of a device were read from its running-config, where some were.
pub(super) fn read_over_ssh(observation: &Observation) -> Option<ReadOverSsh> {
    let from_text = |part: &Part| {
        observation.sources.get(part) == Some(&ConfigSource::RunningConfig)
            && observation.incomplete(*part).is_none()
    };
    let parts: Vec<String> = Part::ALL
        .into_iter()
        .filter(from_text)
        .map(|part| part.as_str().to_owned())
        .collect();
    (!parts.is_empty()).then(|| ReadOverSsh {
        device: observation.device.clone(),
        parts,
    })
}

fn request<'a>(
    fleet: &Fleet<'_>,
    intended: &'a IntendedDevice,
    object: &'a DeviceObject,
    renamed: &'a BTreeMap<SubscriberName, SubscriberName>,
    ledger: Option<&'a Ledger>,
) -> Option<Request<'a>> {
    let text = &object.text;
    Some(Request {
        device: &intended.name,
        state: intended.state,
        // An inventory without errors names the model.
        model: text.model?,
        serial: text.serial.as_ref(),
        mac: text.mac,
        management_vlan: text
            .management_vlan
            .unwrap_or(fleet.inventory.defaults().management_vlan),
        authoritative: text.authoritative.unwrap_or(false),
        removes_unmanaged: fleet.policy.removes_unmanaged,
        intended: &intended.config,
        renamed,
        ledger,
        allows_management: fleet.allows_management,
    })
}
