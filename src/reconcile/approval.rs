//! What of a plan may be carried out without a person having said yes to it.

use crate::plan::{DevicePlan, Impact, Verb};

/// What needs no person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoApproval {
    #[default]
    Nothing,
    /// What nobody notices and nothing is lost by.
    Harmless,
    /// Everything that policy lets through.
    Everything,
}

/// Returns whether a device's plan may be carried out without asking.
pub fn needs_no_person(plan: &DevicePlan, approval: AutoApproval) -> bool {
    match approval {
        AutoApproval::Nothing => plan.steps.is_empty(),
        AutoApproval::Harmless => plan
            .steps
            .iter()
            .all(|step| matches!(step.impact, Impact::None) && step.change.verb != Verb::Remove),
        AutoApproval::Everything => true,
    }
}
