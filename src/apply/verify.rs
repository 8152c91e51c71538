//! Compares a look with both ends of an apply: as intended, as before, or neither.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{DeviceConfig, Identity, Observation, Part, Slot, UPTIME_WRAP};
use crate::plan::{Change, DevicePlan, Edit, Step, Touched, after};

use super::cause::{IdentityPart, Left};
use super::compare::{facts, left};

/// The most seconds that a device's clock may lose against this host's clock.
const SLACK: u64 = 2;

/// The state of a device after an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VerifyResult {
    /// The plan took effect, and planning again finds nothing to do.
    Reached,
    /// The plan took effect; planning again finds a difference in other objects, which another user changed during the
    /// run.
    OthersChanged(Vec<Left>),
    /// Some or all of the plan did not take effect.
    NotAsIntended(Vec<Left>),
    /// The written objects could not be read.
    Unread(Vec<Left>),
}

/// The configurations before and after an apply, which looks are compared with.
pub(super) struct BeforeAndAfter<'a> {
    before: &'a Observation,
    touched: Touched,
    /// The configuration before.
    start: DeviceConfig,
    /// The configuration after all steps.
    end: DeviceConfig,
    /// Subscribers that are created without a power setting, so that the device chooses one.
    free_power: BTreeSet<Slot>,
}

impl<'a> BeforeAndAfter<'a> {
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

    /// Compares a look with the intended configuration.
    pub(super) fn verify_result(
        &self,
        now: &Observation,
        again: Result<&DevicePlan, &str>,
    ) -> VerifyResult {
        if let Some(other) = other_box(self.before, now) {
            return VerifyResult::NotAsIntended(vec![other]);
        }
        let unread = self.unread(now);
        if !unread.is_empty() {
            return VerifyResult::Unread(unread);
        }
        let left = self.left(&self.end, now);
        if !left.is_empty() {
            return VerifyResult::NotAsIntended(left);
        }
        let again = match again {
            Ok(again) => again,
            Err(error) => {
                let error = error.to_owned();
                return VerifyResult::NotAsIntended(vec![Left::CannotPlan { error }]);
            }
        };
        if let Some(refusal) = again.refusals.first() {
            let refusal = refusal.clone();
            return VerifyResult::NotAsIntended(vec![Left::PlanRefused { refusal }]);
        }
        if again.steps.is_empty() {
            return VerifyResult::Reached;
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
            return VerifyResult::NotAsIntended(not_done().collect());
        }
        let mut moved = self.others(now);
        if moved.is_empty() {
            moved = not_done().collect();
        }
        VerifyResult::OthersChanged(moved)
    }

    /// Returns whether the device is at the end of these first steps.
    pub(super) fn is_after(&self, steps: &[Step], now: &Observation) -> bool {
        let wanted = after(&self.start, steps.iter().map(|step| &step.change));
        self.unread(now).is_empty() && self.left(&wanted, now).is_empty()
    }

    /// Returns the touched objects that differ from before; empty means fully restored.
    pub(super) fn left_of_before(&self, now: &Observation) -> Vec<Left> {
        let mut left = self.unread(now);
        left.extend(self.left(&self.start, now));
        left
    }

    /// As `left_of_before`, for the goal of a rollback plan, which may keep the name of a port that had none.
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

    /// Returns all objects that differ from before, whoever changed them.
    pub(super) fn all_that_differs(&self, now: &Observation) -> Vec<Left> {
        let mut left: Vec<Left> = other_box(self.before, now).into_iter().collect();
        left.extend(self.unread(now));
        left.extend(super::compare::left(
            &facts(&self.start),
            &facts(&now.config),
        ));
        left
    }

    /// Returns the differences that this apply did not cause.
    pub(super) fn others(&self, now: &Observation) -> Vec<Left> {
        let rest = |config| facts(&self.touched.rest_of(config));
        let mut unread = Vec::new();
        unread.extend(now.unread.iter().map(|unread| unread.part));
        unread.extend(self.before.unread.iter().map(|unread| unread.part));
        if !unread.is_empty() {
            // An unread object is not known to have changed.
            return Vec::new();
        }
        // Either the start or the end is right: a subscriber follows a renamed profile.
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

    /// Returns the touched objects that could not be read.
    fn unread(&self, now: &Observation) -> Vec<Left> {
        let is_touched = |part: Part, number: Option<u16>| {
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
            .filter(|unread| is_touched(unread.part, unread.number));
        let unclear = now
            .unclear
            .iter()
            .filter(|unclear| is_touched(unclear.part, Some(unclear.slot.0)));
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

/// Returns the identity of another device, if one answers now.
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

/// Returns whether a device restarted or was replaced between two looks this far apart; unknown counts as no.
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
    // A look may have completed the uptime of a counter that wrapped before: what matters is its next wrap.
    let goes_round = was_up % UPTIME_WRAP + apart.as_secs() + SLACK >= UPTIME_WRAP;
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
        // Its uptime grew, but by less than the time between the looks.
        assert!(restarted(up(10), up(40)));
        assert!(!restarted(up(1_000), seen(None, None)));
        // The uptime wrapped.
        assert!(!restarted(up(UPTIME_WRAP - 30), up(30)));
        // It has run for longer than one wrap, and then restarted.
        assert!(restarted(up(UPTIME_WRAP + 9_000_000), up(30)));
        assert!(!restarted(up(2 * UPTIME_WRAP - 30), up(30)));
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
