//! Decides which plans may be carried out without a person's confirmation.

use crate::plan::{Change, DevicePlan, Impact, Step, Verb};

/// The class of plans that need no confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoApproval {
    #[default]
    Nothing,
    /// Changes that no subscriber notices, that make nobody slower and lose nothing.
    Harmless,
    /// Everything that the policy allows.
    Everything,
}

/// Returns whether a device's plan may be carried out without a prompt.
pub fn needs_no_person(plan: &DevicePlan, approval: AutoApproval) -> bool {
    match approval {
        AutoApproval::Nothing => plan.steps.is_empty(),
        AutoApproval::Harmless => plan.steps.iter().all(is_harmless),
        AutoApproval::Everything => true,
    }
}

/// Returns whether a step loses nothing and no subscriber notices it.
fn is_harmless(step: &Step) -> bool {
    // A profile is removed only when no subscriber uses it any more.
    let is_loss = step.change.verb() == Verb::Remove && !matches!(step.change, Change::Profile(..));
    matches!(step.impact, Impact::None) && step.effects.slower().next().is_none() && !is_loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceName, Mbps};
    use crate::plan::{Effects, Limiter, SpeedChange};
    use serde_json::json;

    fn step(kind: &str, impact: Impact, verb: Verb) -> Step {
        let side = match verb {
            Verb::Create => "to",
            Verb::Update | Verb::Remove => "from",
        };
        let field = |name: &str, kind: &str, value: serde_json::Value| json!({ "field": name, side: { "type": kind, "value": value } });
        let fields = match (verb, kind) {
            (Verb::Update, _) => vec![json!({
                "field": "down",
                "from": { "type": "speed", "value": 10 },
                "to": { "type": "speed", "value": 20 },
            })],
            (_, "endpoint") => vec![
                field("name", "text", "home".into()),
                field("mac_address", "mac", "00:0e:d8:1c:95:08".into()),
                field("port", "port", 1.into()),
            ],
            _ => vec![
                field("name", "text", "home".into()),
                field("down", "speed", 10.into()),
                field("up", "speed", 10.into()),
            ],
        };
        let id = match kind {
            "endpoint" => "00:0e:d8:1c:95:08",
            _ => "home",
        };
        let change = json!({
            "object": { "kind": kind, "id": id }, "slot": 2, "verb": verb, "fields": fields
        });
        Step {
            change: serde_json::from_value(change).unwrap(),
            lines: Vec::new(),
            inverse: Vec::new(),
            cannot_undo: None,
            impact,
            effects: Effects::default(),
            because: Vec::new(),
            subscriber_ids: crate::model::SubscriberIds::default(),
            rolled_back: None,
        }
    }

    fn is_allowed(step: Step, approval: AutoApproval) -> bool {
        let mut plan = DevicePlan::preprovision(DeviceName::new("oak").unwrap());
        plan.steps.push(step);
        needs_no_person(&plan, approval)
    }

    const HARMLESS: AutoApproval = AutoApproval::Harmless;

    #[test]
    fn an_interruption_and_a_risk_for_management_access_need_a_person() {
        let interrupts = Impact::Interrupts {
            subscribers: Vec::new(),
        };
        let profile = |impact| step("profile", impact, Verb::Update);
        assert!(is_allowed(profile(Impact::None), HARMLESS));
        assert!(!is_allowed(profile(interrupts), HARMLESS));
        let touching = || profile(Impact::TouchesManagement);
        assert!(!is_allowed(touching(), HARMLESS));
        assert!(is_allowed(touching(), AutoApproval::Everything));
        assert!(!is_allowed(profile(Impact::None), AutoApproval::Nothing));
    }

    #[test]
    fn a_removal_needs_a_person_unless_it_is_an_unused_profile() {
        let removal = |kind| step(kind, Impact::None, Verb::Remove);
        assert!(is_allowed(removal("profile"), HARMLESS));
        assert!(!is_allowed(removal("endpoint"), HARMLESS));
    }

    #[test]
    fn a_slower_subscriber_needs_a_person_and_a_faster_one_does_not() {
        let limiter = |speed| {
            let speed = Mbps::new(speed).unwrap();
            Limiter::Limited {
                down: speed,
                up: speed,
            }
        };
        let changes = |from, to| {
            let mut step = step("profile", Impact::None, Verb::Update);
            step.effects.speeds = vec![SpeedChange {
                subscribers: vec!["apt-1".parse().unwrap()],
                from,
                to,
            }];
            step
        };
        assert!(!is_allowed(changes(limiter(500), limiter(50)), HARMLESS));
        assert!(is_allowed(changes(limiter(50), limiter(500)), HARMLESS));
    }
}
