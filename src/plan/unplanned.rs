//! Makes plans for devices that were not looked at, and adapts plans of locked or observed devices.

use super::{Census, Change, DevicePlan, Note, Object, PlannedStep, Shown, Verb};
use crate::model::{DeviceName, DeviceState};

impl<S> DevicePlan<S> {
    /// Returns an empty plan.
    pub(crate) fn of(device: DeviceName, state: DeviceState) -> Self {
        Self {
            device,
            state,
            observed: None,
            census: Census::default(),
            steps: Vec::new(),
            refusals: Vec::new(),
            notes: Vec::new(),
            unmanaged: Vec::new(),
        }
    }

    /// Returns the plan of a device that could not be looked at, for a reason that completes "oak could not be observed: …".
    pub fn unobserved(device: DeviceName, state: DeviceState, why: &str) -> Self {
        let message = format!("{device} could not be observed: {why}");
        Self::of(device, state).with_note("not-observed", message)
    }

    /// Returns the plan of a device that is described before it is installed.
    pub fn preprovision(device: DeviceName) -> Self {
        let message = format!("{device} is `preprovision`: it is not contacted");
        Self::of(device, DeviceState::Preprovision).with_note("preprovision", message)
    }

    fn with_note(mut self, rule: &str, message: String) -> Self {
        self.notes.push(Note::new(rule, None, message));
        self
    }
}

/// Adapts a plan to the device's state: adds a note for `observe`, and turns steps into notes of drift for `locked`.
pub(super) fn by_state(plan: &mut DevicePlan<PlannedStep>) {
    let device = plan.device.clone();
    match plan.state {
        DeviceState::Managed | DeviceState::Retired | DeviceState::Preprovision => {}
        DeviceState::Observe if plan.steps.is_empty() => {}
        DeviceState::Observe => {
            let message = format!(
                "{device} is `observe`: this is what would be done, and it is never written to"
            );
            plan.notes.push(Note::new("observe-only", None, message));
        }
        DeviceState::Locked => {
            let mut differing: Vec<(Object, String)> = Vec::new();
            for step in std::mem::take(&mut plan.steps) {
                // A temporary state is not a difference.
                if step
                    .because
                    .iter()
                    .all(|because| because.cause == super::Cause::Temporary)
                {
                    continue;
                }
                let message = difference(&step.change);
                differing.push((step.change.object(), message));
            }
            // Without steps there is nothing to refuse.
            plan.refusals.clear();
            let notes = differing.into_iter();
            let notes = notes.map(|(object, message)| Note::new("drift", Some(object), message));
            plan.notes.extend(notes);
        }
    }
}

/// Returns the difference for people, such as "subscriber apt-101: `vlan` is 100, intended is 101".
fn difference(change: &Change) -> String {
    let object = change.object();
    match change.verb() {
        Verb::Create => format!("{object} is not there"),
        Verb::Remove => format!("{object} exists, but is not intended"),
        Verb::Update => {
            let views = change.fields().into_iter();
            let fields: Vec<String> = views
                .map(|view| {
                    let text = |value: Option<Shown>| {
                        value.map_or("none".to_owned(), |value| value.to_string())
                    };
                    let (from, to) = (text(view.from()), text(view.to()));
                    format!("`{}` is {from}, intended is {to}", view.field)
                })
                .collect();
            format!("{object}: {}", fields.join("; "))
        }
    }
}
