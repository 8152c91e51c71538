//! Decides which plans may be carried out without a person's confirmation.

use crate::plan::{DevicePlan, Impact, Verb};

/// The class of plans that need no confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoApproval {
    #[default]
    Nothing,
    /// Changes that no subscriber notices and that lose nothing.
    Harmless,
    /// Everything that the policy allows.
    Everything,
}

/// Returns whether a device's plan may be carried out without a prompt.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceName, PortNumber};
    use crate::plan::{Change, Object, Step};

    fn plan(impact: Impact, verb: Verb) -> DevicePlan {
        let mut plan = DevicePlan::preprovision(DeviceName::new("oak").unwrap());
        plan.steps.push(Step {
            change: Change {
                object: Object::Port(PortNumber::new(1).unwrap()),
                slot: None,
                verb,
                fields: Vec::new(),
            },
            lines: Vec::new(),
            inverse: Vec::new(),
            cannot_undo: None,
            impact,
            because: Vec::new(),
        });
        plan
    }

    #[test]
    fn only_what_nobody_notices_and_nothing_is_lost_by_is_harmless() {
        let interrupts = Impact::Interrupts {
            subscribers: Vec::new(),
        };
        let harmless = AutoApproval::Harmless;
        assert!(needs_no_person(&plan(Impact::None, Verb::Update), harmless));
        assert!(!needs_no_person(
            &plan(Impact::None, Verb::Remove),
            harmless
        ));
        assert!(!needs_no_person(&plan(interrupts, Verb::Update), harmless));
        let touching = plan(Impact::TouchesManagement, Verb::Update);
        assert!(!needs_no_person(&touching, harmless));
        assert!(needs_no_person(&touching, AutoApproval::Everything));
        let none = plan(Impact::None, Verb::Update);
        assert!(!needs_no_person(&none, AutoApproval::Nothing));
    }
}
