//! Warns of holds that have ended, on the day that the caller gives.

use super::assemble::Inventory;
use super::locate::{Pending, place_pending};
use super::rules::rules;
use super::source::Limits;
use super::tree::TreeLimits;
use crate::model::{Day, Finding};

rules! {
    /// A hold keeps values whatever billing has, and has an end so that it is not forgotten. After its last day billing decides
    /// again, and the hold in the file says something that is not true any more.
    HOLD_OVER = "hold-over", Warning, "the last day of a hold has passed",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nhold = { keys = [\"service_plan\"], why = \"trial\", until = \"2020-01-31\" }\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nhold = { keys = [\"service_plan\"], why = \"trial\", until = \"2099-12-31\" }\n")];
}

/// Returns the holds that are over.
///
/// The rules of a reading do not depend on the day, so that equal inventories have equal findings. This one is asked for apart.
pub(in crate::inventory) fn holds_over(inventory: &Inventory, today: Day) -> Vec<Finding> {
    let mut pending = Vec::new();
    for position in &inventory.subscribers {
        let Some(object) = inventory.subscriber_at(*position) else {
            continue;
        };
        let until = object.text.hold.as_ref().and_then(|hold| hold.until);
        let Some(until) = until.filter(|until| *until < today) else {
            continue;
        };
        let at = inventory.point_at_subscriber(*position).key("hold");
        let message = format!("the hold of `{}` ended on {until}", object.id);
        pending.push(
            Pending::new(&HOLD_OVER, at.value("until"), message)
                .hint("remove `hold` to let billing decide, or set a later day"),
        );
    }
    let limits = Limits::default();
    let limits = TreeLimits {
        depth: limits.toml_depth,
        keys: limits.keys,
    };
    place_pending(&inventory.files, &pending, limits)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, Reading, read_texts};

    fn reading() -> Reading {
        let hold = "hold = { keys = [\"state\"], why = \"trial\", until = \"2027-03-01\" }\n";
        let texts = GOOD_INVENTORY.iter().map(|(path, text)| {
            let hold = if path.starts_with("subscribers") {
                hold
            } else {
                ""
            };
            (Arc::from(*path), Arc::from(format!("{text}{hold}")))
        });
        read_texts(&texts.collect(), &Limits::default())
    }

    #[test]
    fn a_hold_is_over_on_the_day_after_its_last_one() {
        let mut reading = reading();
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        reading.check_day("2027-03-01".parse().unwrap());
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        reading.check_day("2027-03-02".parse().unwrap());
        let [finding] = reading.findings.as_slice() else {
            panic!("{:?}", reading.findings)
        };
        assert_eq!(finding.rule.id, "hold-over");
        assert_eq!(finding.message, "the hold of `acct-1` ended on 2027-03-01");
        assert_eq!(finding.place.to_string(), "subscribers/maple.toml:7:51");
        assert!(!reading.has_errors());
    }
}
