//! Decides one field from four values: billing and the inventory, each now and as last accepted.

use compact_str::CompactString;

use super::settings::DAY;
use super::sync_base::{FieldBase, WatchedField};

/// More changes of one field within a day, on either side, are a fault and not a sale.
const MOST_CHANGES: usize = 3;

/// A value of billing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BillingValue {
    /// In billing's own words, such as the id of a tariff.
    pub raw: CompactString,
    /// As a value of the inventory.
    pub value: CompactString,
}

/// The decision about one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldDecision {
    /// Nothing is to be changed.
    Settled,
    /// Billing's value is set.
    TakeBilling {
        /// It replaces a value that the sync did not leave.
        replaces_edit: bool,
    },
    /// The inventory was edited and billing is unchanged, or it is unknown who changed.
    Contested,
    /// A person holds the key.
    Held,
    /// One side changes too often.
    Flapping,
}

/// The circumstances of a decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    pub is_held: bool,
    /// A person decided for billing's value.
    pub takes_billing: bool,
    pub now: u64,
}

/// Decides one field. Only a new value in billing replaces an edit of the inventory.
pub(super) fn decide(
    billing: Option<&BillingValue>,
    inventory: &str,
    base: Option<&FieldBase>,
    circumstances: Circumstances,
) -> FieldDecision {
    let Some(billing) = billing.filter(|billing| billing.value != inventory) else {
        return FieldDecision::Settled;
    };
    if circumstances.is_held {
        return FieldDecision::Held;
    }
    let replaces_edit = base.is_none_or(|base| base.left != inventory);
    if circumstances.takes_billing {
        return FieldDecision::TakeBilling { replaces_edit };
    }
    let Some(base) = base else {
        return FieldDecision::Contested;
    };
    if changes(base, &billing.raw, inventory, circumstances.now).len() > MOST_CHANGES {
        return FieldDecision::Flapping;
    }
    // Another tariff for the same service plan is not a new value: it must not undo an edit.
    let is_new = billing.raw != base.raw && billing.value != base.accepted;
    match (is_new, replaces_edit) {
        (true, _) => FieldDecision::TakeBilling { replaces_edit },
        (false, true) => FieldDecision::Contested,
        // The same word of billing means another value now, because a mapping was changed.
        (false, false) if billing.value != base.accepted => FieldDecision::TakeBilling {
            replaces_edit: false,
        },
        (false, false) => FieldDecision::Settled,
    }
}

/// Returns the base of a field after a run; `before` and `after` are the values of the inventory around it.
pub(super) fn next_base(
    base: Option<&FieldBase>,
    billing: Option<&BillingValue>,
    before: &str,
    after: &str,
    now: u64,
) -> Option<FieldBase> {
    let Some(billing) = billing else {
        return base.cloned();
    };
    let is_settled = billing.value == after;
    let Some(base) = base else {
        return is_settled.then(|| FieldBase {
            raw: billing.raw.clone(),
            accepted: billing.value.clone(),
            left: after.into(),
            watched: None,
        });
    };
    let changed = changes(base, &billing.raw, before, now);
    let (raw, accepted, left) = match is_settled {
        true => (billing.raw.clone(), billing.value.clone(), after.into()),
        false => (base.raw.clone(), base.accepted.clone(), base.left.clone()),
    };
    let is_watched = !changed.is_empty() || raw != billing.raw || left != after;
    let watched = is_watched.then(|| {
        Box::new(WatchedField {
            billing: billing.raw.clone(),
            inventory: after.into(),
            changed,
        })
    });
    Some(FieldBase {
        raw,
        accepted,
        left,
        watched,
    })
}

/// Returns the times of the last day at which one side changed, this time included if one differs from the last run.
fn changes(base: &FieldBase, raw: &str, inventory: &str, now: u64) -> Vec<u64> {
    let (last_raw, last_inventory) = match &base.watched {
        Some(watched) => (&watched.billing, &watched.inventory),
        None => (&base.raw, &base.left),
    };
    let watched = base.watched.iter().flat_map(|watched| &watched.changed);
    let recent = watched.filter(|at| now.saturating_sub(**at) < DAY);
    let mut changed: Vec<u64> = recent.copied().collect();
    let sides = [
        last_raw.as_str() != raw,
        last_inventory.as_str() != inventory,
    ];
    changed.extend(sides.into_iter().filter(|is_new| *is_new).map(|_| now));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Circumstances = Circumstances {
        is_held: false,
        takes_billing: false,
        now: 1_000_000,
    };

    fn billing(raw: &str, value: &str) -> BillingValue {
        BillingValue {
            raw: raw.into(),
            value: value.into(),
        }
    }

    fn base(raw: &str, accepted: &str, left: &str) -> FieldBase {
        FieldBase {
            raw: raw.into(),
            accepted: accepted.into(),
            left: left.into(),
            watched: None,
        }
    }

    fn decision(now: (&str, &str), inventory: &str, before: Option<&FieldBase>) -> FieldDecision {
        decide(Some(&billing(now.0, now.1)), inventory, before, AT)
    }

    #[test]
    fn the_table_of_conflicts() {
        use FieldDecision::{Contested, Settled, TakeBilling};
        let known = || Some(base("30", "home-200", "home-200"));
        let take = |replaces_edit| TakeBilling { replaces_edit };
        for (now, inventory, before, expected) in [
            // Unchanged, as left.
            (("30", "home-200"), "home-200", known(), Settled),
            // A new value in billing.
            (("31", "home-500"), "home-200", known(), take(false)),
            (("31", "home-500"), "home-1000", known(), take(true)),
            (("31", "home-500"), "home-500", known(), Settled),
            // Edited by a person.
            (("30", "home-200"), "home-1000", known(), Contested),
            // Another tariff for the same service plan.
            (("32", "home-200"), "home-1000", known(), Contested),
            // The mapping changed.
            (("30", "home-300"), "home-200", known(), take(false)),
            (("30", "home-300"), "home-1000", known(), Contested),
            // The base is unknown.
            (("30", "home-200"), "home-1000", None, Contested),
            (("30", "home-200"), "home-200", None, Settled),
            // A person accepted the difference.
            (
                ("30", "home-200"),
                "home-1000",
                Some(base("30", "home-200", "home-1000")),
                Settled,
            ),
        ] {
            assert_eq!(
                decision(now, inventory, before.as_ref()),
                expected,
                "{now:?} {inventory} {before:?}"
            );
        }
    }

    #[test]
    fn a_hold_outranks_a_new_value_and_a_person_outranks_the_base() {
        let now = billing("31", "home-500");
        let known = base("30", "home-200", "home-200");
        let held = Circumstances {
            is_held: true,
            ..AT
        };
        let decided = decide(Some(&now), "home-200", Some(&known), held);
        assert_eq!(decided, FieldDecision::Held);
        let taken = Circumstances {
            takes_billing: true,
            ..AT
        };
        let decided = decide(Some(&now), "home-1000", None, taken);
        assert_eq!(
            decided,
            FieldDecision::TakeBilling {
                replaces_edit: true
            }
        );
        assert_eq!(
            decide(None, "home-1000", Some(&known), AT),
            FieldDecision::Settled
        );
    }

    #[test]
    fn the_fourth_change_within_a_day_is_flapping_until_the_day_is_over() {
        let values = [("30", "a"), ("31", "b")];
        let mut known = base("30", "a", "a");
        let mut inventory = "a";
        for round in 1..=6_usize {
            let now = 1_000_000 + u64::try_from(round).unwrap() * 600;
            let (raw, value) = values[round % 2];
            let value = billing(raw, value);
            let at = Circumstances { now, ..AT };
            let decided = decide(Some(&value), inventory, Some(&known), at);
            let before = inventory;
            match round {
                1..=3 => {
                    assert_eq!(
                        decided,
                        FieldDecision::TakeBilling {
                            replaces_edit: false
                        },
                        "{round}"
                    );
                    inventory = values[round % 2].1;
                }
                // Back at the value that the inventory has.
                5 => assert_eq!(decided, FieldDecision::Settled),
                _ => assert_eq!(decided, FieldDecision::Flapping, "{round}"),
            }
            known = next_base(Some(&known), Some(&value), before, inventory, now).unwrap();
        }
        let later = Circumstances {
            now: 1_000_000 + 3600 + DAY,
            ..AT
        };
        let decided = decide(Some(&billing("30", "a")), inventory, Some(&known), later);
        assert!(matches!(decided, FieldDecision::TakeBilling { .. }));
    }

    #[test]
    fn a_contested_value_stays_contested_until_something_is_decided() {
        let known = base("30", "a", "a");
        let now = billing("30", "a");
        let next = next_base(Some(&known), Some(&now), "c", "c", AT.now).unwrap();
        assert_eq!((next.accepted.as_str(), next.left.as_str()), ("a", "a"));
        assert_eq!(
            decide(Some(&now), "c", Some(&next), AT),
            FieldDecision::Contested
        );
        assert_eq!(next_base(None, Some(&now), "c", "c", AT.now), None);
    }
}
