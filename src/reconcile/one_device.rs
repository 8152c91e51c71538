//! One device's plan: made, dressed in lines and read once more.

use std::collections::BTreeMap;

use super::Fleet;
use crate::inventory::{DeviceObject, IntendedDevice};
use crate::model::{ConfigSource, Observation, Part, SubscriberName};
use crate::plan::lint::{Complaint, lint};
use crate::plan::{DeviceComplaint, Ledger, Planned, ReadOverSsh, Request, plan};
use crate::render::dress;

pub(super) fn plan_one(
    fleet: &Fleet<'_>,
    intended: &IntendedDevice,
    observation: &Observation,
    planned: &mut Planned,
) {
    let Some(object) = fleet.inventory.device(intended.name.as_str()) else {
        return;
    };
    let ledger = fleet.ledger(&intended.name);
    let renamed = fleet.renamed(&intended.name);
    let Some(request) = request(fleet, intended, object, &renamed, ledger.as_ref()) else {
        return;
    };
    let mut device_plan = plan(&request, observation);
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
    planned.complaints.extend(complaints);
    let from_text = |part: &Part| {
        observation.sources.get(part) == Some(&ConfigSource::RunningConfig)
            && observation.incomplete(*part).is_none()
    };
    let parts: Vec<String> = Part::ALL
        .into_iter()
        .filter(from_text)
        .map(|part| part.as_str().to_owned())
        .collect();
    if !parts.is_empty() {
        planned.read_over_ssh.push(ReadOverSsh {
            device: intended.name.clone(),
            parts,
        });
    }
    planned.devices.push(device_plan);
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
