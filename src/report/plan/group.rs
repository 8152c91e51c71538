//! Groups the same change of many objects: equal kind, verb, fields and cause.

use std::collections::BTreeMap;

use super::reason::Reasons;
use super::words;
use crate::plan::{Cause, Change, Impact, Planned, Step, Verb};

/// The number of equal changes from which they are shown as one group.
const FEW: usize = 3;

/// The position of a step: the index of the device among the plans, and of the step among its steps.
pub(super) type At = (usize, usize);

/// One change that many objects have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub kind: &'static str,
    pub verb: Verb,
    /// The change in words; empty for creations that differ from each other.
    pub what: String,
    pub steps: Vec<At>,
    pub devices: usize,
    pub interrupted: usize,
    pub slower: usize,
    pub faster: usize,
    pub restored: usize,
    pub cannot_undo: usize,
    /// The rollback that all of them would undo.
    pub rolled_back: Option<String>,
    pub because: Vec<String>,
    /// The reasons are all steps' own; else they are the first one's.
    pub has_one_reason: bool,
}

/// Returns the groups, the largest first. Removals and disconnections are in no group: each is shown.
pub(super) fn groups(planned: &Planned) -> Vec<Group> {
    let mut found: BTreeMap<(Verb, &'static str, String, String), Vec<At>> = BTreeMap::new();
    for (device, plan) in planned.devices.iter().enumerate() {
        for (index, step) in plan.steps.iter().enumerate() {
            if hurts(step) {
                continue;
            }
            let change = &step.change;
            // No two subscribers are created with the same VLAN and endpoint, and still it is one kind of thing to do.
            let what = match change.verb() {
                Verb::Create if change.object().kind() != "profile" => String::new(),
                Verb::Create | Verb::Update | Verb::Remove => words::what(change),
            };
            let key = (change.verb(), change.object().kind(), what, causes(step));
            found.entry(key).or_default().push((device, index));
        }
    }
    let mut groups: Vec<Group> = found
        .into_iter()
        .filter(|(_, steps)| steps.len() >= FEW)
        .map(|((verb, kind, what, _), steps)| group(planned, kind, verb, what, steps))
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.steps.len()));
    groups
}

fn group(planned: &Planned, kind: &'static str, verb: Verb, what: String, steps: Vec<At>) -> Group {
    let mut devices: Vec<usize> = steps.iter().map(|(device, _)| *device).collect();
    devices.dedup();
    let all = || steps.iter().filter_map(|at| step_at(planned, *at));
    let interrupted = all().map(|step| step.impact.subscribers().count()).sum();
    let mut reasons = Reasons::of(planned);
    let shared = reasons.shared(&all().collect::<Vec<_>>());
    let has_one_reason = shared.is_some();
    let because = shared.or_else(|| Some(reasons.of_step("", all().next()?)));
    Group {
        kind,
        verb,
        what,
        devices: devices.len(),
        interrupted,
        slower: all().map(|step| step.effects.slower().count()).sum(),
        faster: all().map(|step| step.effects.faster().count()).sum(),
        restored: all().map(|step| step.effects.restores.len()).sum(),
        cannot_undo: all().filter(|step| step.cannot_undo.is_some()).count(),
        rolled_back: all().next().and_then(words::rolled_back),
        because: because.unwrap_or_default(),
        has_one_reason,
        steps,
    }
}

pub(super) fn step_at(planned: &Planned, (device, step): At) -> Option<&Step> {
    planned.devices.get(device)?.steps.get(step)
}

/// Returns whether a step takes something from a subscriber.
pub(super) fn hurts(step: &Step) -> bool {
    match step.impact {
        Impact::Disconnects { .. } | Impact::TouchesManagement => true,
        // No subscriber uses a profile that is removed.
        Impact::None | Impact::Interrupts { .. } => {
            step.change.verb() == Verb::Remove && !matches!(step.change, Change::Profile(..))
        }
    }
}

fn causes(step: &Step) -> String {
    let kinds: Vec<&str> = step
        .because
        .iter()
        .map(|because| match because.cause {
            Cause::Inventory => "inventory",
            Cause::Drift { .. } => "drift",
            Cause::FirstAdoption => "never applied",
            Cause::Gone { .. } => "gone",
            Cause::Unmanaged => "unmanaged",
            Cause::Temporary => "temporary",
        })
        .collect();
    let by = step.rolled_back.as_ref().map_or("", |by| &by.run);
    format!("{} {by}", kinds.join(" "))
}
