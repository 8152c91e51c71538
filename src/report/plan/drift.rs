//! Separates what devices changed from what the inventory changed, for a job that reports only drift.

use std::collections::BTreeSet;

use super::super::{Exit, counted, listed};
use super::verdict::exit;
use crate::model::DeviceName;
use crate::plan::{Cause, DevicePlan, Planned};

/// The rules of refusals that say that another device answers, or that this cannot be excluded.
pub const OTHER_DEVICE: [&str; 3] = ["wrong-device", "identity-not-read", "unknown-model"];

/// The drift that a plan contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Steps that restore a verified value or object.
    objects: usize,
    /// Devices that drifted, also locked ones.
    devices: Vec<DeviceName>,
    /// Devices with differences and without a record of what was applied.
    unknown: usize,
    /// Steps with another reason, such as a new commit.
    pending: usize,
    exit: Exit,
}

impl Drift {
    /// Returns nothing if there is no record of what was applied, so that drift and new commits cannot be distinguished.
    pub fn of(planned: &Planned) -> Option<Self> {
        let memory = planned.memory.as_ref();
        if memory.is_none() && planned.applied.is_none() {
            return None;
        }
        let is_recorded =
            |device: &DeviceName| memory.is_none_or(|memory| !memory.unknown.contains(device));
        let mut drift = Self {
            objects: 0,
            devices: Vec::new(),
            unknown: 0,
            pending: 0,
            exit: Exit::Done,
        };
        for plan in &planned.devices {
            if !is_recorded(&plan.device) {
                drift.unknown += usize::from(!plan.steps.is_empty());
                continue;
            }
            let drifted = drifted(plan);
            drift.objects += drifted;
            drift.pending += plan.steps.len() - drifted;
            if drifted > 0 || plan.notes.iter().any(|note| note.rule == "drift") {
                drift.devices.push(plan.device.clone());
            }
        }
        drift.exit = drift.exit_of(planned);
        Some(drift)
    }

    /// Returns the exit code, by the first of these that holds: a fault of gamctl 1, another device answers 4, drift 2,
    /// something could not be observed, or nothing is recorded of any device 6.
    fn exit_of(&self, planned: &Planned) -> Exit {
        let mut refusals = planned.devices.iter().flat_map(|plan| &plan.refusals);
        let is_another = refusals.any(|refusal| OTHER_DEVICE.contains(&refusal.rule.as_str()));
        let is_recorded_nowhere = planned.memory.as_ref().is_some_and(|memory| {
            let unknown: BTreeSet<&DeviceName> = memory.unknown.iter().collect();
            let mut devices = planned.devices.iter();
            !planned.devices.is_empty() && devices.all(|plan| unknown.contains(&plan.device))
        });
        match exit(planned) {
            Exit::Failed => Exit::Failed,
            _ if is_another => Exit::Refused,
            _ if !self.devices.is_empty() => Exit::ChangesPending,
            _ if is_recorded_nowhere || is_partly_unread(planned) => Exit::Unobservable,
            _ => Exit::Done,
        }
    }

    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Returns the result in one or two sentences.
    pub fn verdict(&self) -> String {
        let mut text = match self.devices.len() {
            0 => "No drift.".to_owned(),
            1..=8 => {
                let names: Vec<String> = self.devices.iter().map(ToString::to_string).collect();
                format!("Drift on {}: {}.", listed(&names), self.drifted_objects())
            }
            many => format!(
                "Drift on {}: {}.",
                counted(many, "device"),
                self.drifted_objects()
            ),
        };
        if self.pending > 0 {
            text.push_str(&format!(
                " {} of the inventory not applied yet.",
                counted(self.pending, "change")
            ));
        }
        if self.unknown > 0 {
            text.push_str(&format!(
                " {} never applied: drift is not known there.",
                counted(self.unknown, "device")
            ));
        }
        text
    }

    fn drifted_objects(&self) -> String {
        match self.objects {
            0 => "locked, and different from the inventory".to_owned(),
            objects => format!("{} changed on the device", counted(objects, "object")),
        }
    }
}

/// Returns the number of steps with a field or an object that the device lost.
fn drifted(plan: &DevicePlan) -> usize {
    let is_drift = |cause: &Cause| matches!(cause, Cause::Drift { .. });
    let steps = plan.steps.iter();
    steps
        .filter(|step| step.because.iter().any(|because| is_drift(&because.cause)))
        .count()
}

fn is_partly_unread(planned: &Planned) -> bool {
    let mut notes = planned.devices.iter().flat_map(|plan| &plan.notes);
    !planned.unobservable.is_empty()
        || notes.any(|note| crate::plan::UNREAD_NOTES.contains(&note.rule.as_str()))
}
