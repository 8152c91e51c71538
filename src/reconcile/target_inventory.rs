//! Holds the inventory at the target commit, and plans one device from a look at it.

use std::collections::{BTreeMap, BTreeSet};

use super::one_device::plan_one;
use super::rollout::{
    BudgetLimits, BudgetSizes, DevicePins, RolloutPolicy, WaveDevice, service_outlook,
};
use super::run::{PlanInputs, Reconciler, RunError, RunRequest, Verb, Watcher};
use super::{DeviceAccess, FingerprintedObservation};
use crate::history::{Freeze, StoredLedger};
use crate::inventory::{IntendedDevice, Inventory, Reading, ScopeMatcher, resolve, service_policy};
use crate::model::{DeviceName, DeviceState, NotObserved, SiteName};
use crate::plan::{DevicePlan, InventoryVersion, LimitedEffects, Planned, limited_effects};
use crate::report::ServiceOutlook;

/// The inventory at the target, with what plans need besides looks and ledgers.
#[derive(Debug)]
pub struct TargetInventory {
    pub version: InventoryVersion,
    inputs: PlanInputs,
}

/// The result of reading the target.
#[derive(Debug)]
pub enum TargetReading {
    Valid(Box<TargetInventory>),
    Invalid(Box<Reading>),
}

/// A device of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetDevice {
    pub name: DeviceName,
    pub site: Option<SiteName>,
    pub state: DeviceState,
    pub labels: Vec<(String, String)>,
    /// The label `canary` is `true`.
    pub is_canary: bool,
    pub subscribers: usize,
}

impl Reconciler {
    /// Reads the inventory at a commit, with what was last applied.
    pub async fn read_target(&self, commit: &str, who: &str) -> Result<TargetReading, RunError> {
        self.read_target_at(Some(commit.to_owned()), who).await
    }

    /// Reads the inventory at a revision, else from disk, with what was last applied.
    pub(super) async fn read_target_at(
        &self,
        revision: Option<String>,
        who: &str,
    ) -> Result<TargetReading, RunError> {
        let request = RunRequest {
            revision,
            ..RunRequest::of(Verb::Plan, who)
        };
        let reading = self.read_aside(&request, &Watcher::silent()).await?;
        if reading.has_errors() {
            return Ok(TargetReading::Invalid(Box::new(reading)));
        }
        let inputs = self.inputs(&request, reading).await?;
        Ok(TargetReading::Valid(Box::new(TargetInventory::of(inputs))))
    }

    /// Returns what the service would do with the plan of a request, by the policy at a revision, else by that of the commit
    /// before. A policy with errors counts as the most careful one.
    pub async fn service_outlook(
        &self,
        request: &RunRequest,
        planned: &Planned,
        policy_at: Option<&str>,
    ) -> Result<ServiceOutlook, RunError> {
        let silent = Watcher::silent();
        let reading = self.read_aside(request, &silent).await?;
        let target = TargetInventory::of(self.inputs(request, reading).await?);
        let (policy, policy_of) = match policy_at {
            Some(revision) => {
                let request = RunRequest {
                    revision: Some(revision.to_owned()),
                    ..RunRequest::of(Verb::Plan, &request.who)
                };
                let reading = self.read_aside(&request, &silent).await?;
                (service_policy(&reading.inventory), revision.to_owned())
            }
            None => {
                let judging = target.inputs.judging_inventory();
                let commit = judging.commit().map(str::to_owned);
                let name = commit.unwrap_or_else(|| "this inventory".to_owned());
                (service_policy(judging), name)
            }
        };
        let devices = target.devices().into_iter();
        let known: Vec<WaveDevice> = devices.map(WaveDevice::from).collect();
        Ok(service_outlook(planned, &policy, policy_of, &known))
    }

    /// Plans a device from a look, its ledger in the store, and what was rolled back on purpose.
    pub async fn plan_at(
        &self,
        target: &TargetInventory,
        device: &DeviceName,
        look: &FingerprintedObservation,
    ) -> Result<Option<DevicePlan>, RunError> {
        let store = self.store().ok_or(RunError::StoreMissing)?;
        let ledger = store.store.ledger(device).await?;
        let Some(plan) = target.plan(device, ledger, look) else {
            return Ok(None);
        };
        let mut planned = Planned {
            inventory: target.version.clone(),
            devices: vec![plan],
            ..Planned::default()
        };
        self.mark_rolled_back(&mut planned, &RunRequest::of(Verb::Plan, ""))
            .await?;
        Ok(planned.devices.pop())
    }

    /// Returns the access to one device of the target.
    pub fn access_to(
        &self,
        target: &TargetInventory,
        device: &DeviceName,
    ) -> Result<DeviceAccess, NotObserved> {
        let names = std::slice::from_ref(device);
        let accesses = self.accesses(target.inventory(), names, &Watcher::silent());
        accesses
            .into_values()
            .next()
            .unwrap_or(Err(NotObserved::NotInInventory))
    }
}

impl From<TargetDevice> for WaveDevice {
    fn from(device: TargetDevice) -> Self {
        Self {
            name: device.name,
            site: device.site,
            is_canary: device.is_canary,
            subscribers: device.subscribers,
            interrupted: 0,
        }
    }
}

impl TargetInventory {
    fn of(inputs: PlanInputs) -> Self {
        Self {
            version: inputs.version(),
            inputs,
        }
    }

    pub fn inventory(&self) -> &Inventory {
        &self.inputs.reading.inventory
    }

    /// Returns the devices that can be looked at, by name: all that are installed.
    pub fn devices(&self) -> Vec<TargetDevice> {
        let devices = self.inventory().devices().map(|object| {
            let labels = object.text.labels.iter().flat_map(|labels| labels.iter());
            let labels: Vec<(String, String)> = labels
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect();
            let mut subscribers = self.inventory().subscribers_of(object.id.as_str());
            TargetDevice {
                name: object.id.clone(),
                site: object.text.site.clone(),
                state: object.text.state.unwrap_or(DeviceState::Managed),
                is_canary: labels
                    .iter()
                    .any(|(key, value)| key == "canary" && value == "true"),
                labels,
                subscribers: subscribers.by_ref().count(),
            }
        });
        let mut devices: Vec<TargetDevice> = devices
            .filter(|device| device.state != DeviceState::Preprovision)
            .collect();
        devices.sort_by(|one, other| one.name.cmp(&other.name));
        devices
    }

    /// Plans a device from a look and its ledger; `None` if the target does not have it.
    ///
    /// Limits are not applied: they need the plans of all devices.
    pub fn plan(
        &self,
        device: &DeviceName,
        ledger: Option<StoredLedger>,
        look: &FingerprintedObservation,
    ) -> Option<DevicePlan> {
        let ledger = ledger.map(|stored| stored.ledger);
        let fleet = self.inputs.fleet_of(device, &self.version, ledger)?;
        let intended = fleet.devices.first()?;
        plan_one(&fleet, intended, look).map(|(plan, _)| plan)
    }

    /// Counts the changes of plans that have a limit, by device.
    pub fn limited_effects(&self, plans: &[DevicePlan]) -> BTreeMap<DeviceName, LimitedEffects> {
        let facts = self.inputs.fleet().inventory_facts();
        let changed = plans.iter().filter(|plan| !plan.steps.is_empty());
        let counted = changed.map(|plan| (plan.device.clone(), limited_effects(plan, &facts)));
        counted.collect()
    }

    /// Returns the limits for an hour, by the policy of the commit before, and the sizes that percentages are of.
    pub fn budget(&self) -> (BudgetLimits, BudgetSizes) {
        let limits = BudgetLimits {
            fleet: self.inputs.policy().limits,
            ..BudgetLimits::default()
        };
        let facts = self.inputs.fleet().inventory_facts();
        let devices = self.devices().into_iter();
        let sizes = BudgetSizes {
            subscribers: facts.subscribers,
            households: facts.subscribers,
            devices: facts.devices,
            on_device: devices
                .map(|device| (device.name, device.subscribers))
                .collect(),
        };
        (limits, sizes)
    }

    /// Returns the digest of the limits that plans are checked with.
    pub fn policy_digest(&self) -> String {
        self.inputs.policy().version.digest
    }

    /// Returns what goes by itself, by the policy of the commit before.
    pub fn rollout_policy(&self) -> RolloutPolicy {
        RolloutPolicy::of(&service_policy(self.inputs.judging_inventory()))
    }

    /// Returns the values by which a device is recognised.
    pub fn pins(&self, device: &DeviceName) -> DevicePins {
        let object = self.inventory().device(device.as_str());
        object.map_or_else(DevicePins::default, |object| DevicePins {
            model: object.text.model,
            serial: object.text.serial.clone(),
            mac: object.text.mac,
        })
    }

    /// Returns the devices that another target intends differently, or that only one of them has.
    pub fn changed_devices(&self, other: &Self) -> BTreeSet<DeviceName> {
        let intended = |target: &Self| -> BTreeMap<DeviceName, IntendedDevice> {
            let devices = resolve(target.inventory()).into_iter();
            devices
                .map(|device| (device.name.clone(), device))
                .collect()
        };
        let (before, now) = (intended(self), intended(other));
        let names: BTreeSet<&DeviceName> = before.keys().chain(now.keys()).collect();
        let changed = names
            .into_iter()
            .filter(|name| before.get(*name) != now.get(*name));
        changed.cloned().collect()
    }
}

impl TargetDevice {
    /// Returns the freezes over it.
    pub fn freezes<'a>(&self, freezes: &'a [Freeze]) -> Vec<&'a Freeze> {
        let freezes = freezes.iter().filter(|freeze| {
            let labels = self.labels.iter();
            let labels = labels.map(|(key, value)| (key.as_str(), value.as_str()));
            // A scope that cannot be read holds every device.
            ScopeMatcher::of(&freeze.scope).map_or(true, |scope| {
                let site = self.site.as_ref().map(SiteName::as_str);
                scope.has(self.name.as_str(), site, labels)
            })
        });
        freezes.collect()
    }
}
