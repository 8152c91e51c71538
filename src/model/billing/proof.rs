//! Decides from counts whether a reading of a billing system is complete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::device::words;

words! {
    /// A collection of records that a billing system counts.
    Collection {
        Accounts = "accounts",
        Services = "services",
        Equipment = "equipment",
        Tariffs = "tariffs",
        Statuses = "statuses",
    }
}

/// How many records of a collection there were before reading, how many came, and how many there were afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub before: u64,
    /// Distinct ids.
    pub received: u64,
    pub after: u64,
}

impl Counts {
    /// Returns whether nothing can have slipped between two pages.
    pub fn agree(self) -> bool {
        self.before == self.received && self.received == self.after
    }
}

/// Whether nothing is missing in a reading. Absence has consequences only if it is `Complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    Complete {
        counts: BTreeMap<Collection, Counts>,
    },
    Incomplete {
        gaps: Vec<Gap>,
    },
}

/// A part of a collection that may be missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    pub collection: Collection,
    pub reason: GapReason,
}

/// The reason why a part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The counts disagreed at every try.
    CountsDisagree {
        before: u64,
        received: u64,
        after: u64,
    },
    /// The system did not report how many records it has.
    NotCounted,
    /// Only some accounts were asked for, or only what changed.
    Partial,
    /// A list inside a record has fewer entries than its total, and reading it separately did not help.
    NestedList {
        record: String,
        total: u64,
        received: u64,
    },
    /// Records of other partners or companies are invisible to this key.
    NotPermitted,
}

impl Proof {
    /// Makes a proof of the counts of every collection that was read; counts that disagree are gaps.
    pub fn of(counts: BTreeMap<Collection, Counts>, mut gaps: Vec<Gap>) -> Self {
        let disagreeing = counts.iter().filter(|(_, counts)| !counts.agree());
        gaps.extend(disagreeing.map(|(collection, counts)| Gap {
            collection: *collection,
            reason: GapReason::CountsDisagree {
                before: counts.before,
                received: counts.received,
                after: counts.after,
            },
        }));
        if gaps.is_empty() && !counts.is_empty() {
            return Self::Complete { counts };
        }
        gaps.sort();
        gaps.dedup();
        Self::Incomplete { gaps }
    }

    /// Returns the proof of a reading of some accounts: nothing is proved about the others.
    pub fn of_accounts() -> Self {
        let gap = |collection| Gap {
            collection,
            reason: GapReason::Partial,
        };
        let parts = [
            Collection::Accounts,
            Collection::Services,
            Collection::Equipment,
        ];
        Self::Incomplete {
            gaps: parts.map(gap).to_vec(),
        }
    }

    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(before: u64, received: u64, after: u64) -> BTreeMap<Collection, Counts> {
        let counts = Counts {
            before,
            received,
            after,
        };
        BTreeMap::from([(Collection::Services, counts)])
    }

    #[test]
    fn a_reading_is_complete_if_all_three_counts_agree() {
        assert!(Proof::of(counts(3, 3, 3), Vec::new()).is_complete());
        for (before, received, after) in [(3, 2, 3), (2, 3, 3), (3, 3, 4)] {
            let proof = Proof::of(counts(before, received, after), Vec::new());
            let Proof::Incomplete { gaps } = proof else {
                unreachable!("counts that disagree prove nothing")
            };
            let reason = GapReason::CountsDisagree {
                before,
                received,
                after,
            };
            assert_eq!(gaps[0].reason, reason);
        }
    }

    #[test]
    fn a_reading_without_counts_or_with_a_gap_is_not_complete() {
        assert!(!Proof::of(BTreeMap::new(), Vec::new()).is_complete());
        let gap = Gap {
            collection: Collection::Accounts,
            reason: GapReason::NotCounted,
        };
        assert!(!Proof::of(counts(1, 1, 1), vec![gap]).is_complete());
    }
}
