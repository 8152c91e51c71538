//! Rehearses a device's plan on a simulated GAM that begins as the device was seen, before any line is sent.
//!
//! `stage` sets up the simulated device from a look, `read_back` reads it as a look would. The simulated device is the
//! second opinion on every line: it answers each as a GAM would, by default and by the strictest answer to each open
//! question (docs/gam.md).

mod read_back;
mod stage;

use crate::inventory::map_with;
use crate::model::{DeviceConfig, Observation};
use crate::plan::{DevicePlan, Planned, Refusal, after};
use crate::reconcile::{DevicePlanInputs, Fleet, LookResults};
use crate::simulator::commands::merge;
use crate::simulator::gam::{Assumptions, Configuration, Hardware};

use read_back::read_back;
use stage::Stage;

/// The reason that a plan did not pass its rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RehearsalFailure {
    /// The simulated device does not accept a line.
    LineRefused {
        /// Counted from 1.
        step: usize,
        line: String,
        reply: String,
    },
    /// The lines lead to another configuration than the plan says.
    OtherEnd { objects: Vec<String> },
    /// Planning again finds more to do.
    MoreToDo { objects: Vec<String> },
    /// The simulated device ends with something that no look could read.
    NotReadable { what: String },
}

/// A failed rehearsal, with what was assumed about the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRehearsal {
    pub failure: RehearsalFailure,
    /// As `gamctl twin --assume` takes it; left out: the default answers.
    pub assumption: Option<&'static str>,
    /// What the look could not read: the simulated device lacks it, which may be the cause.
    pub not_read: Vec<String>,
}

/// Rehearses the plan of every device that has steps; a plan that fails is refused, all others go on.
///
/// Returns the number of devices whose plans were rehearsed.
pub fn rehearse_all(fleet: &Fleet<'_>, sightings: &LookResults, planned: &mut Planned) -> usize {
    let mut questions = Vec::new();
    for (index, device_plan) in planned.devices.iter().enumerate() {
        let intended = fleet
            .devices
            .iter()
            .find(|one| one.name == device_plan.device);
        let inputs = intended.and_then(|intended| DevicePlanInputs::of(fleet, intended));
        let sighting = sightings.get(&device_plan.device);
        if let (Some(inputs), Some(Ok(sighting))) = (inputs, sighting)
            && !device_plan.steps.is_empty()
            && !device_plan.is_refused()
        {
            questions.push((index, inputs, device_plan, sighting.observation()));
        }
    }
    type Question<'q> = (usize, DevicePlanInputs<'q>, &'q DevicePlan, &'q Observation);
    let rehearse_one = |(): &mut (), (index, inputs, device_plan, look): &Question<'_>| {
        let failed = rehearse(inputs, device_plan, look).err()?;
        Some((*index, failed.refusal()))
    };
    let rehearsed = questions.len();
    let refusals: Vec<_> = map_with(&questions, || (), rehearse_one)
        .into_iter()
        .flatten()
        .collect();
    for (index, refusal) in refusals {
        if let Some(device_plan) = planned.devices.get_mut(index) {
            device_plan.refusals.push(refusal);
        }
    }
    rehearsed
}

/// Rehearses a plan, first under the default answers and then under the strictest.
pub fn rehearse(
    inputs: &DevicePlanInputs<'_>,
    plan: &DevicePlan,
    observation: &Observation,
) -> Result<(), FailedRehearsal> {
    let failed = |assumption, failure| FailedRehearsal {
        failure,
        assumption,
        not_read: stage::not_read(observation),
    };
    let under = |assumptions| rehearse_under(assumptions, inputs, plan, observation);
    under(Assumptions::default()).map_err(|failure| failed(None, failure))?;
    let Err(strict) = under(Assumptions::strictest()) else {
        return Ok(());
    };
    for (name, assumptions) in Assumptions::strict_one_by_one() {
        if let Err(failure) = under(assumptions) {
            return Err(failed(Some(name), failure));
        }
    }
    Err(failed(Some("all=strictest"), strict))
}

fn rehearse_under(
    assumptions: Assumptions,
    inputs: &DevicePlanInputs<'_>,
    plan: &DevicePlan,
    observation: &Observation,
) -> Result<(), RehearsalFailure> {
    let hardware = stage::hardware(inputs.model, observation).with_assumptions(assumptions);
    let stage = Stage::of(observation, &hardware);
    let mut running = stage.begins.clone();
    send(plan, &mut running, &hardware)?;
    let config = read_back(observation, &stage.begins, &running)
        .map_err(|what| RehearsalFailure::NotReadable { what })?;
    let planned = after(&observation.config, plan.changes());
    let objects = differences(&planned, &config);
    if !objects.is_empty() {
        return Err(RehearsalFailure::OtherEnd { objects });
    }
    let then = Observation {
        config,
        ..observation.clone()
    };
    let (again, _) = inputs.plan(&then);
    if again.steps.is_empty() {
        return Ok(());
    }
    let mut objects: Vec<String> = again
        .changes()
        .map(|change| change.object().to_string())
        .collect();
    objects.dedup();
    Err(RehearsalFailure::MoreToDo { objects })
}

/// Sends the lines of every step; the first one that is refused is the error.
fn send(
    plan: &DevicePlan,
    running: &mut Configuration,
    hardware: &Hardware,
) -> Result<(), RehearsalFailure> {
    for (number, step) in plan.steps.iter().enumerate() {
        let lines: Vec<&str> = step.lines.iter().map(|line| line.text()).collect();
        if let Some(refused) = merge(&lines.join("\n"), running, hardware).first() {
            return Err(RehearsalFailure::LineRefused {
                step: number + 1,
                line: refused.text.clone(),
                reply: refused.reason.clone(),
            });
        }
    }
    Ok(())
}

/// Returns the objects in which two configurations differ. A power setting that the plan leaves open is no difference.
fn differences(planned: &DeviceConfig, found: &DeviceConfig) -> Vec<String> {
    let mut objects = Vec::new();
    if planned.system != found.system {
        objects.push("the system's settings".to_owned());
    }
    objects.extend(different(&planned.uplinks, &found.uplinks, "uplink"));
    objects.extend(different(&planned.ports, &found.ports, "port"));
    objects.extend(different(&planned.profiles, &found.profiles, "profile"));
    objects.extend(different(&planned.endpoints, &found.endpoints, "endpoint"));
    let mut subscribers = found.subscribers.clone();
    for (name, subscriber) in &mut subscribers {
        if planned
            .subscribers
            .get(name)
            .is_some_and(|one| one.poe.is_none())
        {
            subscriber.poe = None;
        }
    }
    objects.extend(different(&planned.subscribers, &subscribers, "subscriber"));
    objects
}

fn different<K: Ord + ToString, V: PartialEq>(
    planned: &std::collections::BTreeMap<K, V>,
    found: &std::collections::BTreeMap<K, V>,
    kind: &str,
) -> Vec<String> {
    let gone = planned
        .iter()
        .filter(|(key, value)| found.get(key) != Some(value));
    let new = found.iter().filter(|(key, _)| !planned.contains_key(key));
    gone.chain(new)
        .map(|(key, _)| format!("{kind} {}", key.to_string()))
        .collect()
}

impl FailedRehearsal {
    /// Returns the refusal of the device's plan.
    pub fn refusal(&self) -> Refusal {
        let cause = match &self.failure {
            RehearsalFailure::LineRefused { step, line, reply } => {
                format!("step {step}, `{line}`: a simulated GAM answers \"{reply}\"")
            }
            RehearsalFailure::OtherEnd { objects } => format!(
                "a simulated GAM ends with another configuration than planned: {}",
                objects.join(", ")
            ),
            RehearsalFailure::MoreToDo { objects } => format!(
                "after all steps a simulated GAM still differs from the inventory: {}",
                objects.join(", ")
            ),
            RehearsalFailure::NotReadable { what } => {
                format!("a simulated GAM ends with {what}, which no look can read")
            }
        };
        let assumed = match self.assumption {
            None => String::new(),
            Some(name) => format!(
                " (with `--assume {name}`: it is not known whether a real GAM does so, see docs/gam.md)"
            ),
        };
        let not_read = match self.not_read.as_slice() {
            [] => String::new(),
            parts => format!(
                "; the look could not read all of {}, so the simulated device lacks it",
                parts.join(", ")
            ),
        };
        Refusal {
            rule: "rehearsal".to_owned(),
            message: format!("the rehearsal failed at {cause}{assumed}{not_read}"),
            hint: "nothing is written to the device; change the inventory in smaller commits, or apply without `--rehearse` after reading the plan"
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
