//! Plans back to the configuration before some steps: only what they touched, under the same numbers.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    DeviceConfig, DeviceState, HeldText, Observation, RateLimit, Slot, SystemConfig,
};

use super::lint::{LintError, lint};
use super::touched::{Kind, Touched, names_in};
use super::{
    Because, Cause, Change, DevicePlan, Field, Impact, Ledger, PlannedStep, Request, Step,
    cannot_restore, plan, step, undo,
};

/// The way back from wherever a device is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackPlan {
    pub plan: DevicePlan<PlannedStep>,
    /// What the touched objects shall be again, and what they refer to.
    pub goal: DeviceConfig,
    ledger: Ledger,
    allows_management: bool,
}

/// Plans back what these steps, or a beginning of them, made of a device that was as `before`.
///
/// This is the planner with another intention, not the inverse lines in reverse order: after a failure nobody knows how far a
/// line came, and a plan starts from what a look found. What the steps did not touch is nobody's here and is left alone,
/// whoever changed it meanwhile. The management path is touched only where the steps did. What no line can give back stays as it is
/// now, with a note `cannot-be-undone`: all else goes back.
pub fn plan_rollback(
    request: &Request<'_>,
    before: &DeviceConfig,
    now: &Observation,
    steps: &[Step],
) -> RollbackPlan {
    let changes = || steps.iter().map(|step| &step.change);
    let touched = Touched::by(changes());
    let allows_management = steps
        .iter()
        .any(|step| step.impact == Impact::TouchesManagement);
    let mut goal = goal(&touched, before, &now.config);
    let rollback_request = Request {
        allows_management,
        ..request.clone()
    };
    let left = cannot_restore::leave_out(&mut goal, now, &rollback_request);
    let ledger = Ledger {
        verified: owned(changes(), &now.config),
        protected: BTreeSet::new(),
    };
    let mut rollback = RollbackPlan {
        plan: DevicePlan::of(request.device.clone(), DeviceState::Managed),
        goal,
        ledger,
        allows_management,
    };
    let renamed = BTreeMap::new();
    rollback.plan = plan(&rollback.request(request, &renamed), now);
    let unset_system = unset_system(&touched, &before.system, &now.config.system);
    rollback.plan.steps.extend(unset_system);
    rollback.plan.notes.extend(left);
    rollback
}

impl RollbackPlan {
    /// Reads the rendered lines of the plan once more.
    pub fn lint(
        &self,
        plan: &DevicePlan,
        request: &Request<'_>,
        now: &Observation,
    ) -> Vec<LintError> {
        let renamed = BTreeMap::new();
        lint(plan, now, &self.request(request, &renamed))
    }

    fn request<'a>(
        &'a self,
        request: &Request<'a>,
        renamed: &'a BTreeMap<crate::model::SubscriberName, crate::model::SubscriberName>,
    ) -> Request<'a> {
        Request {
            state: DeviceState::Managed,
            authoritative: false,
            removes_unmanaged: false,
            intended: &self.goal,
            renamed,
            ledger: Some(&self.ledger),
            allows_management: self.allows_management,
            ..request.clone()
        }
    }
}

/// Returns what was touched as it was, with all that refers to it and that it refers to.
fn goal(touched: &Touched, before: &DeviceConfig, now: &DeviceConfig) -> DeviceConfig {
    let mut goal = touched.part_of(before);
    for (number, port) in &mut goal.ports {
        let has_name = now.ports.get(number).is_some_and(|now| now.name.is_some());
        if port.name.is_none() && has_name {
            // No command takes a port's name away (docs/gam.md); this one is in nobody's way.
            port.name = HeldText::new(&format!("gamctl-tmp-{number}")).ok();
        }
    }
    let is_touched =
        |slot: Option<Slot>, slots: &BTreeSet<Slot>| slot.is_some_and(|slot| slots.contains(&slot));
    for (name, subscriber) in &before.subscribers {
        let is_tied = subscriber.endpoint.is_some_and(|mac| {
            let endpoint = before.endpoints.get(&mac);
            endpoint.is_some_and(|endpoint| is_touched(endpoint.slot, &touched.endpoints))
        });
        let is_limited = match &subscriber.rate {
            RateLimit::Unthrottled => false,
            RateLimit::Profile(name) => before
                .profiles
                .get(name)
                .is_some_and(|profile| is_touched(profile.slot, &touched.profiles)),
        };
        let is_there = now
            .subscribers
            .get(name)
            .is_some_and(|now| now.slot == subscriber.slot);
        if (is_tied || is_limited) && is_there {
            goal.subscribers
                .entry(name.clone())
                .or_insert_with(|| subscriber.clone());
        }
    }
    for subscriber in goal.subscribers.values() {
        // What somebody else took away meanwhile is not ours to bring back.
        if let Some(mac) = subscriber.endpoint
            && let Some(endpoint) = before.endpoints.get(&mac)
            && now.endpoints.contains_key(&mac)
        {
            goal.endpoints
                .entry(mac)
                .or_insert_with(|| endpoint.clone());
        }
        if let RateLimit::Profile(name) = &subscriber.rate
            && let Some(profile) = before.profiles.get(name)
            && now.profiles.contains_key(name)
        {
            goal.profiles
                .entry(name.clone())
                .or_insert_with(|| profile.clone());
        }
    }
    goal
}

/// Returns what is on the device of the making of these steps, or was there for them to change.
fn owned<'a>(changes: impl Iterator<Item = &'a Change>, now: &DeviceConfig) -> DeviceConfig {
    let names = names_in(changes);
    let is_owned = |kind, slot: Option<Slot>, name: String| {
        slot.is_some_and(|slot| names.contains(&(kind, slot, name)))
    };
    let mut owned = DeviceConfig::default();
    for (name, profile) in &now.profiles {
        if is_owned(Kind::Profile, profile.slot, name.to_string()) {
            owned.profiles.insert(name.clone(), profile.clone());
        }
    }
    for (mac, endpoint) in &now.endpoints {
        if is_owned(Kind::Endpoint, endpoint.slot, mac.to_string()) {
            owned.endpoints.insert(*mac, endpoint.clone());
        }
    }
    for (name, subscriber) in &now.subscribers {
        if is_owned(Kind::Subscriber, subscriber.slot, name.to_string()) {
            owned.subscribers.insert(name.clone(), subscriber.clone());
        }
    }
    owned
}

/// Returns the step that takes away what the system did not have. An inventory cannot say that, so no plan has it.
fn unset_system(
    touched: &Touched,
    before: &SystemConfig,
    now: &SystemConfig,
) -> Option<PlannedStep> {
    let mut goal = now.clone();
    if touched.system.contains(&Field::Hostname) && before.hostname.is_none() {
        goal.hostname = None;
    }
    if touched.system.contains(&Field::Location) && before.location.is_none() {
        goal.location = None;
    }
    if touched.system.contains(&Field::Contact) && before.contact.is_none() {
        goal.contact = None;
    }
    let change = step::system(now, &goal);
    if change.is_empty() {
        return None;
    }
    Some(PlannedStep {
        because: vec![Because {
            cause: Cause::Gone,
            fields: change.fields().iter().map(|view| view.field).collect(),
            origin: None,
        }],
        cannot_undo: undo::cannot_undo(&change),
        change,
        impact: Impact::None,
    })
}
