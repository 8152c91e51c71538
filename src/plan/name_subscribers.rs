//! Adds the ids of subscribers to a plan, which the planner knows only by their names on the device.

use super::{Change, DevicePlan, Step};
use crate::model::{SubscriberIds, SubscriberName};

impl DevicePlan {
    /// Adds ids to the steps, and to the sentences of notes and refusals.
    pub fn name_subscribers(&mut self, ids: &SubscriberIds) {
        if ids.is_empty() {
            return;
        }
        let ids = &self.with_old_names(ids);
        for step in &mut self.steps {
            step.subscriber_ids = ids.only(named_by(step).into_iter());
        }
        for note in &mut self.notes {
            let message = note.message.clone();
            note.message = message.map(|text| ids.in_text(text).into_owned());
        }
        for refusal in &mut self.refusals {
            refusal.message = ids.in_text(&refusal.message).into_owned();
        }
    }

    /// Returns the ids with those of names that the plan changes. A name that the plan takes from one subscriber for another
    /// has none: a step may be about either of them.
    fn with_old_names(&self, ids: &SubscriberIds) -> SubscriberIds {
        let renamed = || {
            self.steps.iter().filter_map(|step| match &step.change {
                Change::Subscriber(_, edit) if edit.key() != edit.new_key() => {
                    Some((edit.key(), edit.new_key()))
                }
                _ => None,
            })
        };
        let mut all = ids.clone();
        for (old, new) in renamed() {
            let is_taken = renamed().any(|(_, taken)| taken == old);
            match ids.get(new) {
                _ if is_taken => all.forget(old),
                Some(id) if ids.get(old).is_none() => all.set(old.clone(), id.clone()),
                _ => {}
            }
        }
        all
    }

    /// Returns the ids of all subscribers that the steps name.
    pub fn subscriber_ids(&self) -> SubscriberIds {
        let mut ids = SubscriberIds::default();
        for step in &self.steps {
            ids.extend(&step.subscriber_ids);
        }
        ids
    }
}

fn named_by(step: &Step) -> Vec<&SubscriberName> {
    let own = match &step.change {
        Change::Subscriber(_, edit) => vec![edit.key(), edit.new_key()],
        Change::System(_)
        | Change::Uplink(..)
        | Change::Port(..)
        | Change::Profile(..)
        | Change::Endpoint(..) => Vec::new(),
    };
    let speeds = step.effects.speeds.iter();
    own.into_iter()
        .chain(step.impact.subscribers())
        .chain(speeds.flat_map(|speed| &speed.subscribers))
        .chain(&step.effects.restores)
        .chain(&step.effects.authentication)
        .collect()
}
