//! What a look says of an apply: whether the device is where it shall be, where it was, or elsewhere.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{DeviceConfig, Identity, Observation, Part, Slot};
use crate::plan::{Change, DevicePlan, Edit, Step, Touched, after};

use super::cause::{IdentityPart, Left};
use super::compare::{facts, left};

/// How much slower than ours the clock of a device may run.
const SLACK: u64 = 2;

/// `sysUpTime` goes round after 497 days.
const UPTIME_ROUND: u64 = 42_949_672;

/// Where a device is after an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    /// Everything that was written is there, and planning again finds nothing to do.
    Reached,
    /// Everything that was written is there; planning again finds something that was not written to, which somebody else
    /// changed meanwhile.
    OthersMoved(Vec<Left>),
    /// What was to be written is not there, or not all of it.
    Elsewhere(Vec<Left>),
    /// What was written could not be read.
    Unread(Vec<Left>),
}

/// The two ends of an apply, to hold looks against.
pub(super) struct Ends<'a> {
    before: &'a Observation,
    touched: Touched,
    /// The picture before.
    start: DeviceConfig,
    /// The picture after all steps.
    end: DeviceConfig,
    /// Subscribers that are made without a word on power, so that it is the device that chooses.
    free_power: BTreeSet<Slot>,
}

impl<'a> Ends<'a> {
    pub(super) fn of(before: &'a Observation, steps: &[Step]) -> Self {
        let changes = || steps.iter().map(|step| &step.change);
        let free_power = changes().filter_map(|change| match change {
            Change::Subscriber(slot, edit) => match &**edit {
                Edit::Create(made) => made.poe.is_none().then_some(*slot),
                Edit::Update(_) | Edit::Remove(_) => None,
            },
            Change::System(_)
            | Change::Uplink(..)
            | Change::Port(..)
            | Change::Profile(..)
            | Change::Endpoint(..) => None,
        });
        Self {
            before,
            touched: Touched::by(changes()),
            start: before.config.clone(),
            end: after(&before.config, changes()),
            free_power: free_power.collect(),
        }
    }

    /// Returns where a device is that was written to.
    pub(super) fn stand(&self, now: &Observation, again: Result<&DevicePlan, &str>) -> Stand {
        if let Some(other) = other_box(self.before, now) {
            return Stand::Elsewhere(vec![other]);
        }
        let unread = self.unread(now);
        if !unread.is_empty() {
            return Stand::Unread(unread);
        }
        let left = self.left(&self.end, now);
        if !left.is_empty() {
            return Stand::Elsewhere(left);
        }
        let again = match again {
            Ok(again) => again,
            Err(error) => {
                let error = error.to_owned();
                return Stand::Elsewhere(vec![Left::CannotPlan { error }]);
            }
        };
        if let Some(refusal) = again.refusals.first() {
            let refusal = refusal.clone();
            return Stand::Elsewhere(vec![Left::PlanRefused { refusal }]);
        }
        if again.steps.is_empty() {
            return Stand::Reached;
        }
        let others = Touched::by(again.changes());
        let not_done = || {
            let objects: BTreeSet<String> = again
                .steps
                .iter()
                .map(|step| step.change.object().to_string())
                .collect();
            let objects = objects.into_iter();
            objects.map(|object| Left::NotAsIntended { object })
        };
        if self.touched.meets(&others) {
            return Stand::Elsewhere(not_done().collect());
        }
        let mut moved = self.others(now);
        if moved.is_empty() {
            moved = not_done().collect();
        }
        Stand::OthersMoved(moved)
    }

    /// Returns whether the device is where these steps lead, a beginning of all.
    pub(super) fn is_after(&self, steps: &[Step], now: &Observation) -> bool {
        let wanted = after(&self.start, steps.iter().map(|step| &step.change));
        self.unread(now).is_empty() && self.left(&wanted, now).is_empty()
    }

    /// Returns what is not as it was before, of all that was to be touched; empty: it is as if nothing had happened.
    pub(super) fn left_of_before(&self, now: &Observation) -> Vec<Left> {
        let mut left = self.unread(now);
        left.extend(self.left(&self.start, now));
        left
    }

    /// As `left_of_before` for a picture that planning back leads to, which may keep the name of a port that had none.
    pub(super) fn left_of(&self, goal: &DeviceConfig, now: &Observation) -> Vec<Left> {
        let mut start = self.start.clone();
        for (number, port) in &mut start.ports {
            let kept = goal.ports.get(number).and_then(|port| port.name.clone());
            port.name = port.name.take().or(kept);
        }
        let mut left = self.unread(now);
        left.extend(self.left(&start, now));
        left
    }

    /// Returns everything that is not as it was before, whoever touched it.
    pub(super) fn all_that_differs(&self, now: &Observation) -> Vec<Left> {
        let mut left: Vec<Left> = other_box(self.before, now).into_iter().collect();
        left.extend(self.unread(now));
        left.extend(super::compare::left(
            &facts(&self.start),
            &facts(&now.config),
        ));
        left
    }

    /// Returns what is otherwise that this apply has nothing to do with.
    pub(super) fn others(&self, now: &Observation) -> Vec<Left> {
        let rest = |config| facts(&self.touched.rest_of(config));
        let mut unread = Vec::new();
        unread.extend(now.unread.iter().map(|unread| unread.part));
        unread.extend(self.before.unread.iter().map(|unread| unread.part));
        if !unread.is_empty() {
            // What could not be read is not known to have changed.
            return Vec::new();
        }
        // At the start or at the end, either is right: a subscriber follows the profile that gets another name.
        let from_start = left(&rest(&self.start), &rest(&now.config));
        let from_end = left(&rest(&self.end), &rest(&now.config));
        from_start
            .into_iter()
            .filter(|one| from_end.contains(one))
            .collect()
    }

    fn left(&self, wanted: &DeviceConfig, now: &Observation) -> Vec<Left> {
        let part = |config: &DeviceConfig| {
            let mut part = self.touched.part_of(config);
            for subscriber in part.subscribers.values_mut() {
                if subscriber
                    .slot
                    .is_some_and(|slot| self.free_power.contains(&slot))
                {
                    subscriber.poe = None;
                }
            }
            facts(&part)
        };
        left(&part(wanted), &part(&now.config))
    }

    /// Returns what of the touched objects could not be read.
    fn unread(&self, now: &Observation) -> Vec<Left> {
        let is_ours = |part: Part, number: Option<u16>| {
            let has = |slots: &BTreeSet<Slot>| match number {
                Some(number) => slots.contains(&Slot(number)),
                None => !slots.is_empty(),
            };
            let is_one = |mut numbers: Box<dyn Iterator<Item = u8> + '_>| match number {
                Some(number) => numbers.any(|one| u16::from(one) == number),
                None => numbers.next().is_some(),
            };
            let touched = &self.touched;
            match part {
                Part::System => !touched.system.is_empty(),
                Part::Uplinks => is_one(Box::new(touched.uplinks.iter().map(|one| one.get()))),
                Part::Ports => is_one(Box::new(touched.ports.iter().map(|one| one.get()))),
                Part::Profiles => has(&touched.profiles),
                Part::Endpoints => has(&touched.endpoints),
                Part::Subscribers => has(&touched.subscribers),
            }
        };
        let unread = now
            .unread
            .iter()
            .filter(|unread| is_ours(unread.part, unread.number));
        let unclear = now
            .unclear
            .iter()
            .filter(|unclear| is_ours(unclear.part, Some(unclear.slot.0)));
        let of = |part: Part, number: Option<u16>, reason: &str| Left::Unread {
            part,
            number,
            reason: reason.to_owned(),
        };
        unread
            .map(|unread| of(unread.part, unread.number, &unread.reason))
            .chain(unclear.map(|unclear| of(unclear.part, Some(unclear.slot.0), &unclear.reason)))
            .collect()
    }
}

/// Returns who answers instead, where it is not the box that was looked at before.
fn other_box(before: &Observation, now: &Observation) -> Option<Left> {
    let (was, is) = (&before.identity, &now.identity);
    let differ = |by: IdentityPart, was: Option<String>, is: Option<String>| {
        let (was, is) = was.zip(is)?;
        (was != is).then_some(Left::OtherDevice { by, was, is })
    };
    let text = |value: Option<&dyn ToString>| value.map(ToString::to_string);
    let serial = |of: &Identity| text(of.serial.as_ref().map(|one| one as &dyn ToString));
    let mac = |of: &Identity| text(of.mac.as_ref().map(|one| one as &dyn ToString));
    let model = |of: &Identity| text(of.model.as_ref().map(|one| one as &dyn ToString));
    differ(IdentityPart::Serial, serial(was), serial(is))
        .or_else(|| differ(IdentityPart::MacAddress, mac(was), mac(is)))
        .or_else(|| differ(IdentityPart::Model, model(was), model(is)))
}

/// Returns whether a device restarted between two looks that are so far apart, or another one took its place; not known is no.
pub(super) fn has_restarted(before: &Observation, now: &Observation, apart: Duration) -> bool {
    if other_box(before, now).is_some() {
        return true;
    }
    if let (Some(before), Some(now)) = (before.identity.boots, now.identity.boots) {
        return before != now;
    }
    let (Some(was_up), Some(is_up)) = (before.identity.uptime_seconds, now.identity.uptime_seconds)
    else {
        return false;
    };
    let goes_round = was_up + apart.as_secs() + SLACK >= UPTIME_ROUND;
    !goes_round && is_up + SLACK < was_up + apart.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceName, Serial};

    fn seen(uptime: Option<u64>, boots: Option<u32>) -> Observation {
        let mut seen = Observation::of(DeviceName::new("oak").unwrap());
        seen.identity.uptime_seconds = uptime;
        seen.identity.boots = boots;
        seen
    }

    #[test]
    fn a_restart_shows_in_the_count_of_starts_or_in_a_clock_that_is_behind() {
        let apart = Duration::from_secs(60);
        let restarted = |before, now| has_restarted(&before, &now, apart);
        let up = |seconds| seen(Some(seconds), None);
        assert!(!restarted(up(1_000), up(1_060)));
        assert!(!restarted(up(1_000), up(1_059)));
        assert!(restarted(up(1_000), up(30)));
        // It is up for longer than before, and not for as long as it must be.
        assert!(restarted(up(10), up(40)));
        assert!(!restarted(up(1_000), seen(None, None)));
        // The clock goes round.
        assert!(!restarted(up(UPTIME_ROUND - 30), up(30)));
        let counted = |boots| seen(Some(1), Some(boots));
        assert!(restarted(counted(7), counted(8)));
        assert!(!restarted(counted(7), counted(7)));
    }

    #[test]
    fn another_box_is_no_restart_of_this_one() {
        let (mut before, mut now) = (seen(Some(1), Some(1)), seen(Some(61), Some(1)));
        before.identity.serial = Serial::new("1").ok();
        assert_eq!(other_box(&before, &now), None, "not known is not another");
        now.identity.serial = Serial::new("2").ok();
        let said = other_box(&before, &now).unwrap();
        let (was, is) = ("1".to_owned(), "2".to_owned());
        let by = IdentityPart::Serial;
        assert_eq!(said, Left::OtherDevice { by, was, is });
        assert!(has_restarted(&before, &now, Duration::from_secs(60)));
    }
}
