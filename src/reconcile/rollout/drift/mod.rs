//! Splits the steps of a plan into drift and changes of commits, and finds drift that must not be restored again.
//!
//! The planner has compared each difference with the ledger: `Cause::Drift` means that the device had the intended value when it
//! was last verified. Without a ledger nothing is drift, and every difference counts as a change of a commit.

mod history;

#[cfg(test)]
mod tests;

pub use history::{
    AppliedDifferences, Contested, Difference, DriftEvent, DriftEventKind, contested,
    does_not_converge,
};

use std::collections::BTreeMap;

use crate::plan::{Because, Cause, DevicePlan, Field, Object, Step};

/// The treatment of drift, the most careful first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum DriftPolicy {
    /// It is shown, and nothing is planned.
    #[default]
    Report,
    /// It is planned, and a person is asked.
    Ask,
    /// It is removed.
    Restore,
}

/// The settings of `[drift]` and of `drift` in `[reconcile]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriftSettings {
    pub default: DriftPolicy,
    /// By kind and field as plans name them, such as `subscriber.vlan`.
    pub fields: BTreeMap<String, DriftPolicy>,
}

impl DriftSettings {
    /// Returns the treatment of a field, or of a whole object that is missing on the device. The field that identifies the
    /// object stands for the whole object.
    pub fn policy(&self, object: &Object, field: Option<Field>) -> DriftPolicy {
        let field = field.unwrap_or(match object {
            Object::Endpoint(_) => Field::MacAddress,
            _ => Field::Name,
        });
        let key = format!("{}.{field}", object.kind());
        self.fields.get(&key).copied().unwrap_or(self.default)
    }
}

/// A drifted field of an object, or a whole object that is missing on the device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriftedField {
    pub object: Object,
    /// `None` for the whole object.
    pub field: Option<Field>,
    pub policy: DriftPolicy,
}

/// The cause of a step as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOrigin {
    /// Only changes of commits, and temporary states for them.
    Commit,
    /// Only drift. With several fields, the most careful of their policies applies: a step is sent as a whole.
    Drift(DriftPolicy),
    /// Both. The drift has this policy.
    Mixed(DriftPolicy),
}

impl StepOrigin {
    /// Returns whether the step corrects drift that is only to be shown.
    pub fn is_only_reported(self) -> bool {
        matches!(
            self,
            Self::Drift(DriftPolicy::Report) | Self::Mixed(DriftPolicy::Report)
        )
    }
}

/// The steps of a plan by their origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriftSplit {
    /// One for each step, in their order.
    pub steps: Vec<StepOrigin>,
    /// Every drifted field, sorted.
    pub drifted: Vec<DriftedField>,
}

impl DriftSplit {
    /// Returns whether a commit changes anything.
    pub fn has_commit(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| matches!(step, StepOrigin::Commit | StepOrigin::Mixed(_)))
    }

    /// Returns whether the plan can be applied without steps that are only to be shown. If not, it must be made again, with
    /// the drifted fields kept as observed: steps depend on each other, so none may be left out of a finished plan.
    pub fn has_reported(&self) -> bool {
        self.steps.iter().any(|step| step.is_only_reported())
    }

    /// Returns the drifted fields with one policy.
    pub fn with(&self, policy: DriftPolicy) -> impl Iterator<Item = &DriftedField> {
        self.drifted
            .iter()
            .filter(move |field| field.policy == policy)
    }
}

/// Splits the steps of a plan. A contested field is only reported, whatever the settings are.
pub fn split_drift(
    plan: &DevicePlan,
    settings: &DriftSettings,
    contested: &[Contested],
) -> DriftSplit {
    let is_contested = |object: &Object, field| {
        contested
            .iter()
            .any(|one| one.object == *object && one.field == field)
    };
    let drifted_by = |step: &Step| -> Vec<DriftedField> {
        let object = step.change.object_after();
        let fields = step
            .because
            .iter()
            .filter(|because| is_drift(because))
            .flat_map(fields_of);
        let fields = fields.map(|field| DriftedField {
            policy: match is_contested(&object, field) {
                true => DriftPolicy::Report,
                false => settings.policy(&object, field),
            },
            object: object.clone(),
            field,
        });
        fields.collect()
    };
    let drifted: Vec<Vec<DriftedField>> = plan.steps.iter().map(drifted_by).collect();
    let steps = plan.steps.iter().zip(&drifted).map(|(step, drifted)| {
        let policy = drifted.iter().map(|one| one.policy).min();
        let is_commit = step
            .because
            .iter()
            .any(|because| !is_drift(because) && because.cause != Cause::Temporary);
        match (policy, is_commit) {
            (None, _) => StepOrigin::Commit,
            (Some(policy), false) => StepOrigin::Drift(policy),
            (Some(policy), true) => StepOrigin::Mixed(policy),
        }
    });
    let mut steps: Vec<StepOrigin> = steps.collect();
    follow_later_steps(plan, &mut steps);
    let mut drifted = drifted.concat();
    drifted.sort();
    drifted.dedup();
    DriftSplit { steps, drifted }
}

/// Gives a temporary state the origin of the later step that replaces it.
fn follow_later_steps(plan: &DevicePlan, steps: &mut [StepOrigin]) {
    let mut of_object: BTreeMap<Object, StepOrigin> = BTreeMap::new();
    for (step, origin) in plan.steps.iter().zip(steps).rev() {
        let is_temporary = |because: &Because| because.cause == Cause::Temporary;
        if !step.because.is_empty() && step.because.iter().all(is_temporary) {
            // The later step knows the object by its name after this one.
            if let Some(later) = of_object.get(&step.change.object_after()) {
                *origin = *later;
            }
        }
        of_object.insert(step.change.object(), *origin);
    }
}

fn is_drift(because: &Because) -> bool {
    matches!(because.cause, Cause::Drift { .. })
}

/// Returns the fields of a reason, or `None` once for the whole object.
fn fields_of(because: &Because) -> Vec<Option<Field>> {
    match because.fields.is_empty() {
        true => vec![None],
        false => because.fields.iter().copied().map(Some).collect(),
    }
}
