//! Remembers the status of a device as the store has it, so that only changes are written.

use serde_json::Value;

use crate::history::DeviceStatus;
use crate::reconcile::rollout::condition::ConditionFacts;

/// A status in the store. With ten thousand devices it is compared ten thousand times in a row: the facts stay a value,
/// which is smaller than their JSON and compared without a copy.
#[derive(Debug, Clone)]
pub(super) struct StoredStatus {
    /// Everything but the facts and the times of attempts.
    rest: DeviceStatus,
    /// Absent if a later version wrote them, and this one cannot read them.
    facts: Option<ConditionFacts>,
}

/// How a status differs from the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StatusChange {
    /// At most in the times of attempts, which change with every probe: it needs no write.
    Same,
    /// In the results of a look that found everything as before: no rollout follows from it.
    OnlyLook,
    News,
}

impl StoredStatus {
    pub(super) fn new(status: DeviceStatus) -> Self {
        let facts = serde_json::from_value(status.facts.clone()).ok();
        Self {
            rest: without_attempts(status),
            facts,
        }
    }

    /// Compares with the present status.
    pub(super) fn change(&mut self, rest: &DeviceStatus, facts: &ConditionFacts) -> StatusChange {
        let Some(stored) = &mut self.facts else {
            return StatusChange::News;
        };
        stored.next_look = facts.next_look;
        if *stored == *facts && self.rest == without_attempts(rest.clone()) {
            return StatusChange::Same;
        }
        let is_same_condition = self.rest.word == rest.word && {
            let mut before = stored.clone();
            if let (Some(before), Some(now)) = (&mut before.look, &facts.look) {
                (before.at, before.interval) = (now.at, now.interval);
            }
            before == *facts
        };
        if is_same_condition {
            StatusChange::OnlyLook
        } else {
            StatusChange::News
        }
    }
}

fn without_attempts(status: DeviceStatus) -> DeviceStatus {
    DeviceStatus {
        facts: Value::Null,
        tried: None,
        next_look: None,
        uptime_seconds: None,
        ..status
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConditionWord, DeviceName, DeviceState};
    use crate::reconcile::rollout::condition::LastLook;

    fn facts() -> ConditionFacts {
        ConditionFacts::new(DeviceName::new("maple-a").unwrap(), DeviceState::Managed)
    }

    fn status(facts: &ConditionFacts) -> DeviceStatus {
        DeviceStatus {
            word: ConditionWord::Unknown,
            since: 1,
            facts: serde_json::to_value(facts).unwrap(),
            site: None,
            commit: Some("a".repeat(40)),
            looked: Some(5),
            tried: Some(6),
            next_look: Some(7),
            silent_since: None,
            error: None,
            fingerprint: None,
            steps: 0,
            drifted: 0,
            uptime_seconds: Some(100),
            alarms: None,
            lines_up: None,
            lines: None,
        }
    }

    #[test]
    fn only_times_of_attempts_may_change_without_a_write() {
        let before = facts();
        let mut stored = StoredStatus::new(status(&before));
        let mut now = before.clone();
        now.next_look = Some(900);
        let probed = DeviceStatus {
            tried: Some(60),
            next_look: Some(900),
            uptime_seconds: Some(160),
            ..status(&now)
        };
        assert_eq!(stored.change(&probed, &now), StatusChange::Same);

        let looked = DeviceStatus {
            looked: Some(60),
            alarms: Some(2),
            ..probed.clone()
        };
        assert_eq!(stored.change(&looked, &now), StatusChange::OnlyLook);
        let mut locked = now.clone();
        locked.state = DeviceState::Locked;
        assert_eq!(stored.change(&probed, &locked), StatusChange::News);
    }

    #[test]
    fn a_look_that_found_everything_as_before_is_no_news() {
        let look = |at, commit: &str| {
            let mut facts = facts();
            facts.look = Some(LastLook {
                at,
                interval: at,
                unread: Vec::new(),
                commit: Some(commit.to_owned()),
            });
            facts
        };
        let (first, second) = (look(10, "a"), look(20, "a"));
        let mut stored = StoredStatus::new(status(&first));
        let change = stored.change(&status(&second), &second);
        assert_eq!(change, StatusChange::OnlyLook);
        // Compared with another target: the rollout to it may begin.
        let third = look(20, "b");
        assert_eq!(stored.change(&status(&third), &third), StatusChange::News);
    }

    #[test]
    fn facts_of_a_later_version_are_written_again() {
        let facts = facts();
        let mut of_later = status(&facts);
        of_later.facts = serde_json::json!({ "device": 7 });
        let mut stored = StoredStatus::new(of_later);
        assert_eq!(stored.change(&status(&facts), &facts), StatusChange::News);
    }
}
