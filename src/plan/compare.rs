//! Compares two plans step by step: lists what was added, what is missing, and what changed.

use std::collections::{BTreeMap, VecDeque};

use super::{DevicePlan, Object, Planned, Refusal, Step, Verb};
use crate::model::{DeviceName, DeviceState};

/// The differences between an earlier plan and a later one.
///
/// Looks, notes and reasons are not compared: a plan against a commit has no looks, and a merge gives commits other ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanComparison<'a> {
    /// Reasons to apply nothing that only the later plan has.
    pub refused: Vec<&'a Refusal>,
    /// Reasons to apply nothing that only the earlier plan has.
    pub no_longer_refused: Vec<&'a Refusal>,
    /// The devices that differ, by name.
    pub devices: Vec<DeviceComparison<'a>>,
}

/// The differences of one device; empty lists where both plans agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceComparison<'a> {
    pub device: &'a DeviceName,
    /// The reason that the later plan has nothing for the device.
    pub absent: Option<Absent>,
    /// The states in both plans, if they differ.
    pub states: Option<(DeviceState, DeviceState)>,
    pub refused: Vec<&'a Refusal>,
    pub no_longer_refused: Vec<&'a Refusal>,
    /// The steps that both plans have are in another order.
    pub is_reordered: bool,
    /// In the order of the later plan, those that are missing last.
    pub steps: Vec<StepComparison<'a>>,
}

/// The reason that the later plan lacks a device of the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    NotObserved,
    NotPlanned,
}

/// A step with its number in its plan, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberedStep<'a> {
    pub number: usize,
    pub step: &'a Step,
}

/// A step that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepComparison<'a> {
    /// Only the later plan has it.
    Added(NumberedStep<'a>),
    /// Only the earlier plan has it.
    Missing(NumberedStep<'a>),
    /// Both plans change the object in the same way, but not in all parts.
    Changed {
        then: NumberedStep<'a>,
        now: NumberedStep<'a>,
        parts: Vec<StepPart>,
    },
}

/// A part of a step that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepPart {
    /// The number on the device, the fields, or their values before or after.
    Change,
    Lines,
    /// The lines that undo it, or the reason that none does.
    Undo,
    /// The subscribers who notice it.
    Effect,
    /// The step would undo a rollback, or no longer does.
    Rollback,
}

impl<'a> PlanComparison<'a> {
    /// Compares the devices that have steps or refusals in one of the plans.
    pub fn of(then: &'a Planned, now: &'a Planned) -> Self {
        let named = |planned: &'a Planned| -> BTreeMap<&'a DeviceName, &'a DevicePlan> {
            let plans = planned.devices.iter();
            plans.map(|plan| (&plan.device, plan)).collect()
        };
        let (before, after) = (named(then), named(now));
        let mut names: Vec<&DeviceName> = before.keys().chain(after.keys()).copied().collect();
        names.sort();
        names.dedup();
        let devices = names.into_iter().filter_map(|device| {
            let (then, later) = (before.get(device).copied(), after.get(device).copied());
            let is_unobserved = now.unobservable.iter().any(|one| one.device == *device);
            let absent = match (later, is_unobserved) {
                (Some(_), _) => None,
                (None, true) => Some(Absent::NotObserved),
                (None, false) => Some(Absent::NotPlanned),
            };
            let comparison = DeviceComparison::of(device, then, later, absent);
            (!comparison.is_same()).then_some(comparison)
        });
        Self {
            devices: devices.collect(),
            refused: only_in(&now.refusals, &then.refusals),
            no_longer_refused: only_in(&then.refusals, &now.refusals),
        }
    }

    /// Returns whether both plans do the same.
    pub fn is_identical(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the numbers of steps that were added, are missing, and changed.
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        let [added, missing, changed] = &mut counts;
        for step in self.devices.iter().flat_map(|device| &device.steps) {
            *match step {
                StepComparison::Added(_) => &mut *added,
                StepComparison::Missing(_) => &mut *missing,
                StepComparison::Changed { .. } => &mut *changed,
            } += 1;
        }
        counts
    }
}

impl<'a> DeviceComparison<'a> {
    fn of(
        device: &'a DeviceName,
        then: Option<&'a DevicePlan>,
        now: Option<&'a DevicePlan>,
        absent: Option<Absent>,
    ) -> Self {
        let refusals = |plan: Option<&'a DevicePlan>| {
            plan.map(|plan| plan.refusals.as_slice())
                .unwrap_or_default()
        };
        let has_work = then.is_some_and(|plan| !plan.steps.is_empty() || plan.is_refused());
        let states = then.zip(now).map(|(then, now)| (then.state, now.state));
        let (steps, is_reordered) = steps(
            then.map(|plan| plan.steps.as_slice()).unwrap_or_default(),
            now.map(|plan| plan.steps.as_slice()).unwrap_or_default(),
        );
        Self {
            device,
            absent: absent.filter(|_| has_work),
            states: states.filter(|(then, now)| then != now),
            refused: only_in(refusals(now), refusals(then)),
            no_longer_refused: match absent {
                None => only_in(refusals(then), refusals(now)),
                Some(_) => Vec::new(),
            },
            is_reordered,
            steps,
        }
    }

    fn is_same(&self) -> bool {
        self.absent.is_none()
            && self.states.is_none()
            && self.refused.is_empty()
            && self.no_longer_refused.is_empty()
            && !self.is_reordered
            && self.steps.is_empty()
    }
}

/// Returns the refusals that only the first list has.
fn only_in<'a>(these: &'a [Refusal], others: &[Refusal]) -> Vec<&'a Refusal> {
    let is_same =
        |one: &Refusal, other: &Refusal| (&one.rule, &one.message) == (&other.rule, &other.message);
    these
        .iter()
        .filter(|one| !others.iter().any(|other| is_same(one, other)))
        .collect()
}

/// Pairs the steps of both plans by object and kind of change, the first with the first, and compares each pair.
///
/// Returns the steps that differ, and whether the pairs are in another order.
fn steps<'a>(then: &'a [Step], now: &'a [Step]) -> (Vec<StepComparison<'a>>, bool) {
    let mut earlier: BTreeMap<(Object, Verb), VecDeque<NumberedStep<'a>>> = BTreeMap::new();
    for (number, step) in (1..).zip(then) {
        let paired = earlier.entry(key(step)).or_default();
        paired.push_back(NumberedStep { number, step });
    }
    let mut different = Vec::new();
    let (mut last, mut is_reordered) = (0, false);
    for (number, step) in (1..).zip(now) {
        let now = NumberedStep { number, step };
        let Some(then) = earlier.get_mut(&key(step)).and_then(VecDeque::pop_front) else {
            different.push(StepComparison::Added(now));
            continue;
        };
        is_reordered |= then.number < last;
        last = last.max(then.number);
        let parts: Vec<StepPart> = different_parts(then.step, step).collect();
        if !parts.is_empty() {
            different.push(StepComparison::Changed { then, now, parts });
        }
    }
    let mut missing: Vec<NumberedStep<'_>> = earlier.into_values().flatten().collect();
    missing.sort_by_key(|step| step.number);
    different.extend(missing.into_iter().map(StepComparison::Missing));
    (different, is_reordered)
}

fn key(step: &Step) -> (Object, Verb) {
    (step.change.object(), step.change.verb())
}

/// Returns the parts in which two steps differ, except for their reasons.
pub fn different_parts(then: &Step, now: &Step) -> impl Iterator<Item = StepPart> {
    [
        (StepPart::Change, then.change != now.change),
        (StepPart::Lines, then.lines != now.lines),
        (
            StepPart::Undo,
            (&then.inverse, &then.cannot_undo) != (&now.inverse, &now.cannot_undo),
        ),
        (
            StepPart::Effect,
            (&then.impact, &then.effects) != (&now.impact, &now.effects),
        ),
        (StepPart::Rollback, then.rolled_back != now.rolled_back),
    ]
    .into_iter()
    .filter_map(|(part, differs)| differs.then_some(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConfigLine, SubscriberIds};
    use crate::plan::{Effects, Impact};
    use proptest::prelude::*;
    use serde_json::json;

    fn step(port: u8, enabled: bool) -> Step {
        let change = json!({
            "object": { "kind": "port", "id": port },
            "verb": "update",
            "fields": [{
                "field": "enabled",
                "from": { "type": "flag", "value": !enabled },
                "to": { "type": "flag", "value": enabled },
            }],
        });
        let line = |text: String| vec![ConfigLine::new(&text).unwrap()];
        Step {
            change: serde_json::from_value(change).unwrap(),
            lines: line(format!("ghn port {port} {enabled}")),
            inverse: line(format!("ghn port {port} {}", !enabled)),
            cannot_undo: None,
            impact: Impact::None,
            effects: Effects::default(),
            because: Vec::new(),
            subscriber_ids: SubscriberIds::default(),
            rolled_back: None,
        }
    }

    fn planned(steps: &[(u8, bool)]) -> Planned {
        let mut plan = DevicePlan::preprovision(DeviceName::new("oak").unwrap());
        plan.steps = steps
            .iter()
            .map(|(port, enabled)| step(*port, *enabled))
            .collect();
        Planned {
            devices: vec![plan],
            ..Planned::default()
        }
    }

    #[test]
    fn every_difference_is_listed_and_not_only_the_first() {
        let then = planned(&[(1, true), (2, true), (3, true), (4, false)]);
        let now = planned(&[(2, true), (3, false), (4, true), (5, true)]);
        let comparison = PlanComparison::of(&then, &now);
        let [device] = comparison.devices.as_slice() else {
            panic!("{comparison:?}")
        };
        let numbers: Vec<(char, usize)> = device
            .steps
            .iter()
            .map(|step| match step {
                StepComparison::Added(step) => ('+', step.number),
                StepComparison::Missing(step) => ('-', step.number),
                StepComparison::Changed { now, parts, .. } => {
                    assert_eq!(parts, &[StepPart::Change, StepPart::Lines, StepPart::Undo]);
                    ('~', now.number)
                }
            })
            .collect();
        assert_eq!(numbers, [('~', 2), ('~', 3), ('+', 4), ('-', 1)]);
        assert_eq!(comparison.counts(), [1, 1, 2]);
        assert!(!device.is_reordered);
    }

    #[test]
    fn a_device_that_is_not_observed_or_not_planned_any_more_says_so() {
        let then = planned(&[(1, true)]);
        let mut now = planned(&[]);
        let plan = now.devices.pop().unwrap();
        let absent = |now: &Planned| PlanComparison::of(&then, now).devices[0].absent;
        assert_eq!(absent(&now), Some(Absent::NotPlanned));
        now.unobservable.push(crate::plan::Unobservable {
            device: plan.device,
            reason: crate::model::NotObserved::NotInInventory,
        });
        assert_eq!(absent(&now), Some(Absent::NotObserved));
        // Without anything to do there, nothing is lost.
        assert!(PlanComparison::of(&planned(&[]), &now).is_identical());
    }

    #[test]
    fn a_new_refusal_and_another_state_are_differences() {
        let then = planned(&[(1, true)]);
        let mut now = then.clone();
        now.devices[0].refusals.push(Refusal {
            rule: "wrong-device".to_owned(),
            message: "another device answers".to_owned(),
            hint: String::new(),
        });
        now.devices[0].state = DeviceState::Locked;
        let comparison = PlanComparison::of(&then, &now);
        assert_eq!(comparison.devices[0].refused.len(), 1);
        assert!(comparison.devices[0].states.is_some());
        let back = PlanComparison::of(&now, &then);
        assert_eq!(back.devices[0].no_longer_refused.len(), 1);
    }

    proptest! {
        #[test]
        fn plans_are_identical_exactly_if_they_have_the_same_steps_in_the_same_order(
            then in proptest::collection::vec((1..5_u8, any::<bool>()), 0..6),
            now in proptest::collection::vec((1..5_u8, any::<bool>()), 0..6),
        ) {
            let (one, other) = (planned(&then), planned(&now));
            prop_assert!(PlanComparison::of(&one, &one).is_identical());
            prop_assert_eq!(PlanComparison::of(&one, &other).is_identical(), then == now);
            let [added, missing, changed] = PlanComparison::of(&one, &other).counts();
            prop_assert_eq!(PlanComparison::of(&other, &one).counts(), [missing, added, changed]);
        }
    }
}
