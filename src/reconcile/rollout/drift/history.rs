//! Finds fields that are restored and changed back again and again, and devices that do not converge.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Field, Object};

/// Restoring stops after so many times within `WINDOW`, each of them changed back: another system or a person wants another
/// value, and each restore may interrupt the subscriber.
const RESTORED: usize = 3;

/// Seconds in which the restores count.
const WINDOW: u64 = 24 * 60 * 60;

/// Applies after which the same differences mean that another apply does not help.
const APPLIES: usize = 2;

/// A restore of a drifted field, or the discovery that the field has drifted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftEvent {
    /// Seconds since 1970.
    pub at: u64,
    pub object: Object,
    /// `None` for a whole object.
    pub field: Option<Field>,
    pub kind: DriftEventKind,
}

/// The kind of a drift event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftEventKind {
    /// An apply restored it, verified.
    Restored,
    /// A later look found it drifted again.
    ChangedBack,
}

/// A field that gamctl restored too often.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contested {
    pub object: Object,
    pub field: Option<Field>,
    /// Restores of the last 24 hours that were changed back.
    pub restored: usize,
    /// Seconds since 1970, when it was last changed back.
    pub last_changed_back: u64,
    /// Seconds since 1970, when the first of the last three restores is 24 hours old. Then gamctl restores it once more.
    pub until: u64,
}

/// Returns the fields of a device that were restored three times within 24 hours and changed back each time, sorted.
///
/// `events` are those of one device, in the order of time.
pub fn contested(events: &[DriftEvent], now: u64) -> Vec<Contested> {
    let mut of_field: BTreeMap<(&Object, Option<Field>), Vec<&DriftEvent>> = BTreeMap::new();
    for event in events {
        let key = (&event.object, event.field);
        of_field.entry(key).or_default().push(event);
    }
    let found = of_field
        .into_iter()
        .filter_map(|((object, field), events)| {
            // The restores that were changed back, with the time of that.
            let pairs = events.windows(2).filter_map(|pair| match pair {
                [first, second]
                    if first.kind == DriftEventKind::Restored
                        && second.kind == DriftEventKind::ChangedBack =>
                {
                    Some((first.at, second.at))
                }
                _ => None,
            });
            let recent: Vec<(u64, u64)> = pairs
                .filter(|(at, _)| now < at.saturating_add(WINDOW))
                .collect();
            let (first, _) = *recent.iter().rev().nth(RESTORED - 1)?;
            let (_, last_changed_back) = *recent.last()?;
            Some(Contested {
                object: object.clone(),
                field,
                restored: recent.len(),
                last_changed_back,
                until: first.saturating_add(WINDOW),
            })
        });
    found.collect()
}

/// A difference between a device and its target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub object: Object,
    pub field: Option<Field>,
    /// The intended value, as text; `None` if the object or the value is to be removed.
    pub intended: Option<String>,
}

/// The differences that the look after an apply found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedDifferences {
    /// The target of the apply.
    pub target: String,
    pub remaining: BTreeSet<Difference>,
}

/// Returns the differences that remained after each of the last two applies of the present target; none if the device
/// converges, or if there are fewer applies.
///
/// `applies` are those of one device, in the order of time.
pub fn does_not_converge(applies: &[AppliedDifferences], target: &str) -> BTreeSet<Difference> {
    let last: Vec<&AppliedDifferences> = applies.iter().rev().take(APPLIES).collect();
    let [latest, earlier] = last.as_slice() else {
        return BTreeSet::new();
    };
    if [latest, earlier].iter().any(|apply| apply.target != target) {
        return BTreeSet::new();
    }
    latest
        .remaining
        .intersection(&earlier.remaining)
        .cloned()
        .collect()
}
