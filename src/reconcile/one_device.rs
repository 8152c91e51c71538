//! Plans, renders and lints one device; holds the inputs, so that a task can plan again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::fleet::protected;
use super::{FingerprintedObservation, Fleet};
use crate::inventory::IntendedDevice;
use crate::model::{
    ConfigSource, DeviceState, GamModel, MacAddress, Observation, Part, Serial, SubscriberIds,
    SubscriberName, VlanId,
};
use crate::plan::lint::{LintError, lint};
use crate::plan::{DeviceLintError, DevicePlan, Ledger, ReadOverSsh, Refusal, Request, plan};
use crate::render::render;

/// The inputs of a device's plan, except a look at it.
#[derive(Debug, Clone)]
pub struct DevicePlanInputs<'a> {
    pub intended: Cow<'a, IntendedDevice>,
    pub model: GamModel,
    pub serial: Option<Serial>,
    pub mac: Option<MacAddress>,
    pub management_vlan: VlanId,
    pub authoritative: bool,
    pub removes_unmanaged: bool,
    pub renamed: BTreeMap<SubscriberName, SubscriberName>,
    /// For people: the planner knows subscribers by their names on the device.
    pub subscriber_ids: SubscriberIds,
    pub ledger: Option<Ledger>,
    /// Subscribers that must not be removed in the next step; set only for an apply.
    pub protected: BTreeSet<SubscriberName>,
    pub allows_management: bool,
}

impl<'a> DevicePlanInputs<'a> {
    /// Returns the inputs of a device, or `None` if the inventory does not have it.
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
            subscriber_ids: fleet.subscriber_ids(&intended.name),
            ledger: fleet.known(&intended.name),
            protected: BTreeSet::new(),
            allows_management: fleet.allows_management,
        })
    }

    /// Returns an owned copy for a separate task, which also computes the new ledger.
    pub fn into_owned(self, fleet: &Fleet<'_>) -> DevicePlanInputs<'static> {
        DevicePlanInputs {
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

    /// Plans the device as observed, and returns lint errors; a plan with any is refused.
    pub fn plan(&self, observation: &Observation) -> (DevicePlan, Vec<DeviceLintError>) {
        let request = self.request();
        let (mut device_plan, lint_errors) = match render(plan(&request, observation)) {
            Ok(plan) => {
                let lint_errors = lint(&plan, observation, &request);
                (plan, lint_errors)
            }
            // The planner should have refused a change that cannot be rendered.
            Err(failed) => {
                let lint_error = LintError {
                    step: 0,
                    is_inverse: false,
                    line: None,
                    message: failed.error.to_string(),
                };
                (failed.without_lines(), vec![lint_error])
            }
        };
        device_plan.refusals.extend(lint_refusal(&lint_errors));
        device_plan.name_subscribers(&self.subscriber_ids);
        let lint_errors = lint_errors.into_iter().map(|lint_error| DeviceLintError {
            device: self.intended.name.clone(),
            lint_error,
        });
        (device_plan, lint_errors.collect())
    }
}

/// Returns the refusal of a plan with lint errors; all other devices go on.
fn lint_refusal(lint_errors: &[LintError]) -> Option<Refusal> {
    let first = lint_errors.first()?;
    let more = match lint_errors.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    Some(Refusal {
        rule: "lint".to_owned(),
        message: format!("gamctl failed to check its own plan: {first}{more}"),
        hint: "this is a bug in gamctl, not an error in the inventory; report it with the output of `gamctl plan --detailed`; other devices are not affected".to_owned(),
    })
}

/// Plans an observed device, with its lint errors; `None` if the inventory does not have it.
pub(super) fn plan_one(
    fleet: &Fleet<'_>,
    intended: &IntendedDevice,
    sighting: &FingerprintedObservation,
) -> Option<(DevicePlan, Vec<DeviceLintError>)> {
    let wanted = DevicePlanInputs::of(fleet, intended)?;
    let (mut device_plan, lint_errors) = wanted.plan(sighting.observation());
    if intended.state != DeviceState::Preprovision {
        device_plan.observed = Some(sighting.observed());
    }
    Some((device_plan, lint_errors))
}

/// Returns the parts of a device that were read from its running-config, if any.
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
