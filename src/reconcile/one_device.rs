//! One device's plan: made, dressed in lines and read once more; and all that takes, so that it can be made again far from the inventory.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::fleet::protected;
use super::{Fleet, Sighting};
use crate::inventory::IntendedDevice;
use crate::model::{
    ConfigSource, DeviceState, GamModel, MacAddress, Observation, Part, Serial, SubscriberName,
    VlanId,
};
use crate::plan::lint::{LintError, lint};
use crate::plan::{DeviceLintError, DevicePlan, Ledger, ReadOverSsh, Refusal, Request, plan};
use crate::render::render;

/// Everything that a device's plan is made from besides a look at it.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub intended: Cow<'a, IntendedDevice>,
    pub model: GamModel,
    pub serial: Option<Serial>,
    pub mac: Option<MacAddress>,
    pub management_vlan: VlanId,
    pub authoritative: bool,
    pub removes_unmanaged: bool,
    pub renamed: BTreeMap<SubscriberName, SubscriberName>,
    pub ledger: Option<Ledger>,
    /// Subscribers that must not be removed in the step after this one; filled in for an apply alone.
    pub protected: BTreeSet<SubscriberName>,
    pub allows_management: bool,
}

impl<'a> Wanted<'a> {
    /// Returns what is wanted of a device; nothing where the inventory does not have it.
    pub fn of(fleet: &Fleet<'_>, intended: &'a IntendedDevice) -> Option<Self> {
        let text = &fleet.inventory.device(intended.name.as_str())?.text;
        Some(Self {
            intended: Cow::Borrowed(intended),
            // An inventory without errors names the model.
            model: text.model?,
            serial: text.serial.clone(),
            mac: text.mac,
            management_vlan: text
                .management_vlan
                .unwrap_or(fleet.inventory.defaults().management_vlan),
            authoritative: text.authoritative.unwrap_or(false),
            removes_unmanaged: fleet.policy.removes_unmanaged,
            renamed: fleet.renamed(&intended.name),
            ledger: fleet.known(&intended.name),
            protected: BTreeSet::new(),
            allows_management: fleet.allows_management,
        })
    }

    /// Returns the same with nothing borrowed, for a task of its own that also tells what is ours afterwards.
    pub fn into_owned(self, fleet: &Fleet<'_>) -> Wanted<'static> {
        Wanted {
            protected: protected(fleet.inventory, &self.intended.name),
            intended: Cow::Owned(self.intended.into_owned()),
            ..self
        }
    }

    pub fn request(&self) -> Request<'_> {
        Request {
            device: &self.intended.name,
            state: self.intended.state,
            model: self.model,
            serial: self.serial.as_ref(),
            mac: self.mac,
            management_vlan: self.management_vlan,
            authoritative: self.authoritative,
            removes_unmanaged: self.removes_unmanaged,
            intended: &self.intended.config,
            renamed: &self.renamed,
            ledger: self.ledger.as_ref(),
            allows_management: self.allows_management,
        }
    }

    /// Returns the plan of the device as it was seen, and what the lint has against it: the plan is refused then.
    pub fn plan(&self, observation: &Observation) -> (DevicePlan, Vec<DeviceLintError>) {
        let request = self.request();
        let (mut device_plan, complaints) = match render(plan(&request, observation)) {
            Ok(plan) => {
                let complaints = lint(&plan, observation, &request);
                (plan, complaints)
            }
            // What has no lines should have been refused by the planner.
            Err(failed) => {
                let complaint = LintError {
                    step: 0,
                    is_inverse: false,
                    line: None,
                    message: failed.error.to_string(),
                };
                (failed.without_lines(), vec![complaint])
            }
        };
        device_plan.refusals.extend(lint_refusal(&complaints));
        let complaints = complaints.into_iter().map(|complaint| DeviceLintError {
            device: self.intended.name.clone(),
            complaint,
        });
        (device_plan, complaints.collect())
    }
}

/// Returns why a device whose plan the lint objects to is left alone; all other devices go on.
fn lint_refusal(complaints: &[LintError]) -> Option<Refusal> {
    let first = complaints.first()?;
    let more = match complaints.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    Some(Refusal {
        rule: "lint".to_owned(),
        message: format!("gamctl does not understand its own plan: {first}{more}"),
        hint: "this is a fault of gamctl and not of the inventory: report it with `gamctl plan --detailed`; other devices are not concerned".to_owned(),
    })
}

/// Returns the plan of a device that was seen, and what the lint has against it; nothing where the inventory does not have it.
pub(super) fn plan_one(
    fleet: &Fleet<'_>,
    intended: &IntendedDevice,
    sighting: &Sighting,
) -> Option<(DevicePlan, Vec<DeviceLintError>)> {
    let wanted = Wanted::of(fleet, intended)?;
    let (mut device_plan, complaints) = wanted.plan(sighting.observation());
    if intended.state != DeviceState::Preprovision {
        device_plan.observed = Some(sighting.observed());
    }
    Some((device_plan, complaints))
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
