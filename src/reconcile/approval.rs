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
            .all(|step| matches!(step.impact, Impact::None) && step.change.verb() != Verb::Remove),
        AutoApproval::Everything => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceName;
    use crate::plan::Step;
    use serde_json::json;

    fn plan(impact: Impact, verb: Verb) -> DevicePlan {
        let side = match verb {
            Verb::Create => "to",
            Verb::Update | Verb::Remove => "from",
        };
        let field = |name: &str, kind: &str, value: serde_json::Value| json!({ "field": name, side: { "type": kind, "value": value } });
        let fields = match verb {
            Verb::Update => vec![json!({
                "field": "down",
                "from": { "type": "speed", "value": 10 },
                "to": { "type": "speed", "value": 20 },
            })],
            Verb::Create | Verb::Remove => vec![
                field("name", "text", "home".into()),
                field("down", "speed", 10.into()),
                field("up", "speed", 10.into()),
            ],
        };
        let change = json!({
            "object": { "kind": "profile", "id": "home" }, "slot": 2, "verb": verb, "fields": fields
        });
        let mut plan = DevicePlan::preprovision(DeviceName::new("oak").unwrap());
        plan.steps.push(Step {
            change: serde_json::from_value(change).unwrap(),
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
