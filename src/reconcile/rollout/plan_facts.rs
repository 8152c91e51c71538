//! Turns the plan of one device into facts about its condition: identity, refusals, drift, pending steps, or a match.

use super::condition::{
    ConditionFacts, ContestedField, DriftFound, IdentityProblem, LastLook, MatchedTarget, OnDrift,
    PendingSteps, Pin, RollbackHold, Unreachable,
};
use super::{
    Contested, DriftEvent, DriftEventKind, DriftPolicy, DriftSettings, StepOrigin, contested,
    split_drift,
};
use crate::model::{GamModel, MacAddress, Observation, Serial, Unread};
use crate::plan::{DevicePlan, Step, Verb};

/// The rule of refusals because another device answers. They become an identity problem with its pin.
const WRONG_DEVICE: &str = "wrong-device";

/// Differences that are named in a condition; a page shows the plan with all of them.
const MOST_NAMED: usize = 20;

/// The pins of a device in the inventory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevicePins {
    pub model: Option<GamModel>,
    pub serial: Option<Serial>,
    pub mac: Option<MacAddress>,
}

/// A look, with what it was compared with.
#[derive(Debug, Clone, Copy)]
pub struct ComparedLook<'a> {
    pub observation: &'a Observation,
    pub pins: &'a DevicePins,
    /// `None`: the target does not plan the device.
    pub plan: Option<&'a DevicePlan>,
    pub commit: &'a str,
    /// The seconds between two looks at this device now.
    pub interval: u64,
    pub drift: &'a DriftSettings,
    /// The restores of the device's fields so far, and when they were changed back, in the order of time.
    pub restores: &'a [DriftEvent],
    /// Seconds since 1970.
    pub now: u64,
}

/// The differences that a look found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Differences {
    pub steps: u64,
    /// Those of them that no commit made.
    pub drifted: u64,
}

/// Replaces the facts that come from a look; times of facts that stay the same stay.
pub fn looked(facts: &mut ConditionFacts, look: ComparedLook<'_>) -> Differences {
    let (observation, now) = (look.observation, look.now);
    facts.unreachable = None;
    facts.look = Some(LastLook {
        at: now,
        interval: look.interval,
        unread: observation.unread.iter().map(unread).collect(),
        commit: Some(look.commit.to_owned()),
    });
    let since = facts.identity.as_ref().map_or(now, |one| one.since);
    facts.identity = identity_problem(look.pins, observation, since);
    let (drift, pending) = (facts.drift.take(), facts.pending.take());
    let (matched, hold) = (facts.matched.take(), facts.hold.take());
    facts.refused.clear();
    let Some(plan) = look.plan else {
        return Differences::default();
    };
    let refusals = plan.refusals.iter();
    facts.refused = refusals
        .filter(|refusal| refusal.rule != WRONG_DEVICE)
        .cloned()
        .collect();
    let contested = contested_now(plan, look.drift, look.restores, now);
    let split = split_drift(plan, look.drift, &contested);
    let steps = || plan.steps.iter().zip(&split.steps);
    let is_drift = |origin: &StepOrigin| !matches!(origin, StepOrigin::Commit);
    let is_commit = |origin: &StepOrigin| !matches!(origin, StepOrigin::Drift(_));
    let drifted = steps().filter(|(_, origin)| is_drift(origin));
    let drifted: Vec<&Step> = drifted.map(|(step, _)| step).collect();
    let committed = steps().filter(|(_, origin)| is_commit(origin)).count();
    if !drifted.is_empty() {
        let mut differences: Vec<String> = drifted.iter().map(|step| in_words(step)).collect();
        differences.truncate(MOST_NAMED);
        // The most careful policy of its fields: a plan is applied as a whole.
        let policy = split.drifted.iter().map(|field| field.policy).min();
        facts.drift = Some(DriftFound {
            differences,
            policy: on_drift(policy.unwrap_or(DriftPolicy::Report)),
            since: drift.map_or(now, |drift| drift.since),
        });
    }
    if committed > 0 {
        let before = pending.filter(|pending| pending.commit == look.commit);
        facts.pending = Some(PendingSteps {
            steps: committed,
            commit: look.commit.to_owned(),
            since: before.map_or(Some(now), |pending| pending.since),
        });
    }
    facts.contested = contested.iter().map(contested_field).collect();
    facts.hold = held(plan).map(|held| RollbackHold {
        since: hold
            .filter(|hold| hold.run == held.run)
            .map_or(held.since, |hold| hold.since),
        ..held
    });
    // A part that was not read may differ: nothing is called a match that was not compared.
    let is_match =
        plan.steps.is_empty() && plan.refusals.is_empty() && observation.unread.is_empty();
    if is_match {
        let same = matched.filter(|matched| matched.commit == look.commit);
        facts.matched = Some(MatchedTarget {
            commit: look.commit.to_owned(),
            verified: now,
            since: same.map_or(Some(now), |matched| matched.since),
        });
    }
    Differences {
        steps: count(plan.steps.len()),
        drifted: count(drifted.len()),
    }
}

/// Names what could not be read.
fn unread(unread: &Unread) -> String {
    let part = format!("{:?}", unread.part).to_lowercase();
    let number = unread
        .number
        .map_or_else(String::new, |number| format!(" {number}"));
    let field = unread
        .field
        .as_ref()
        .map_or_else(String::new, |field| format!(" {field}"));
    format!("{part}{number}{field}: {}", unread.reason)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Returns the fields of a plan that were restored and changed back again and again, this time included.
pub fn contested_now(
    plan: &DevicePlan,
    settings: &DriftSettings,
    restores: &[DriftEvent],
    now: u64,
) -> Vec<Contested> {
    let drifted = split_drift(plan, settings, &[]).drifted;
    let mut events = restores.to_vec();
    events.extend(drifted.iter().map(|field| DriftEvent {
        at: now,
        object: field.object.clone(),
        field: field.field,
        kind: DriftEventKind::ChangedBack,
    }));
    let mut found = contested(&events, now);
    found.retain(|one| {
        let mut drifted = drifted.iter();
        drifted.any(|field| field.object == one.object && field.field == one.field)
    });
    found
}

fn on_drift(policy: DriftPolicy) -> OnDrift {
    match policy {
        DriftPolicy::Report => OnDrift::Report,
        DriftPolicy::Ask => OnDrift::Ask,
        DriftPolicy::Restore => OnDrift::Restore,
    }
}

fn contested_field(contested: &Contested) -> ContestedField {
    let field = contested.field.map(|field| format!(": {}", field.label()));
    ContestedField {
        field: format!("{}{}", contested.object, field.unwrap_or_default()),
        restored: contested.restored,
        since: contested.last_changed_back,
    }
}

/// Names the difference behind a step in a few words: the object and its fields.
pub fn in_words(step: &Step) -> String {
    let object = step.change.object_after().to_string();
    let object = step.subscriber_ids.in_text(&object).into_owned();
    match step.change.verb() {
        Verb::Create => format!("{object}: missing on the device"),
        Verb::Remove => format!("{object}: to be removed"),
        Verb::Update => {
            let fields = step.change.fields();
            let fields: Vec<&str> = fields.iter().map(|view| view.field.label()).collect();
            format!("{object}: {}", fields.join(", "))
        }
    }
}

/// Returns the rollback that the plan would undo.
fn held(plan: &DevicePlan) -> Option<RollbackHold> {
    let mut steps = plan.steps.iter();
    let by = steps.find_map(|step| step.rolled_back.as_ref())?;
    Some(RollbackHold {
        run: by.run.parse().ok()?,
        who: by.who.clone(),
        reason: "rolled back on purpose".to_owned(),
        since: by.at,
    })
}

/// Returns the pin that the device that answered does not present.
fn identity_problem(
    pins: &DevicePins,
    observation: &Observation,
    since: u64,
) -> Option<IdentityProblem> {
    let identity = &observation.identity;
    let problem = |pin, expected: String, found: String| IdentityProblem {
        pin,
        expected,
        found,
        since,
    };
    if let (Some(pinned), Some(has)) = (&pins.serial, &identity.serial)
        && pinned != has
    {
        return Some(problem(Pin::Serial, pinned.to_string(), has.to_string()));
    }
    if let (Some(pinned), Some(has)) = (pins.mac, identity.mac)
        && pinned != has
    {
        return Some(problem(Pin::Mac, pinned.to_string(), has.to_string()));
    }
    match (pins.model, identity.model) {
        (Some(pinned), Some(has)) if pinned != has => {
            Some(problem(Pin::Model, pinned.to_string(), has.to_string()))
        }
        _ => None,
    }
}

/// Records an attempt that was not answered, or whose answer could not be used.
pub fn not_looked(facts: &mut ConditionFacts, failed: Unreachable) {
    let before = facts.unreachable.take();
    facts.unreachable = Some(Unreachable {
        since: before.as_ref().map_or(failed.since, |before| before.since),
        tries: before.map_or(1, |before| before.tries.saturating_add(1)),
        ..failed
    });
}
