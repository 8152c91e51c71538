//! Plans the rollback of some steps: only the objects that they touched, in the same slots.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    DeviceConfig, DeviceState, HeldText, Observation, RateLimit, Slot, SystemConfig,
};

use super::lint::{LintError, lint};
use super::touched::{Kind, Touched, names_in};
use super::{
    Because, Cause, Change, DevicePlan, Effects, Field, Impact, Ledger, PlannedStep, Request, Step,
    cannot_restore, plan, step, undo,
};

/// The plan that rolls a device back from its present configuration, with its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackPlan {
    pub plan: DevicePlan<PlannedStep>,
    /// The earlier state of the touched objects, and of the objects that they refer to.
    pub goal: DeviceConfig,
    ledger: Ledger,
    allows_management: bool,
}

/// Plans the rollback of steps, of which only the first ones may have been applied, to the configuration `before`.
///
/// The planner does this with another intended configuration. The inverse lines in reverse order would not be safe: after a
/// failure it is not known whether a line took effect, and a plan starts from the result of a look.
///
/// Objects that the steps did not touch are unmanaged here, so changes by other users are kept. Management access is affected
/// only if the steps affected it. A value that no line can restore stays as it is now, with a note `cannot-be-undone`.
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
    // The notes of a rollback are what it leaves, and it brings back the names that were sent before.
    rollback
        .plan
        .notes
        .retain(|note| note.rule != super::NAMES_NOTE);
    let unset_system = unset_system(&touched, &before.system, &now.config.system);
    rollback.plan.steps.extend(unset_system);
    rollback.plan.notes.extend(left);
    rollback
}

impl RollbackPlan {
    /// Checks the rendered lines of the plan.
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

/// Returns the earlier state of the touched objects, of their present users, and of the objects that they use.
fn goal(touched: &Touched, before: &DeviceConfig, now: &DeviceConfig) -> DeviceConfig {
    let mut goal = touched.part_of(before);
    for (number, port) in &mut goal.ports {
        let has_name = now.ports.get(number).is_some_and(|now| now.name.is_some());
        if port.name.is_none() && has_name {
            // No command removes the name of a port (docs/gam.md). The temporary name does not block another port.
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
        // An object that is gone, and that the steps did not touch, was removed by another user. It stays removed.
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

/// Returns the objects on the device that these steps created or changed, or were about to change.
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

/// Returns the step that removes values that the system did not have. No plan has it, because an inventory cannot express it.
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
            cause: Cause::Gone { still: None },
            fields: change.fields().iter().map(|view| view.field).collect(),
            origin: None,
        }],
        cannot_undo: undo::cannot_undo(&change),
        change,
        impact: Impact::None,
        effects: Effects::default(),
    })
}
