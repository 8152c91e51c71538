//! Defines the settings of one billing system for the sync: tariffs, sites, scope, moves, limits.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::model::billing::{BillingName, GroupId, LocationId, TariffId};
use crate::model::{ServicePlanId, SiteName};

/// The seconds of a day.
pub(super) const DAY: u64 = 24 * 60 * 60;

/// The settings of one billing system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSettings {
    pub system: BillingName,
    /// Models of G.hn endpoints; without any, the vendor's addresses decide.
    pub endpoint_models: BTreeSet<CompactString>,
    /// Partners or companies whose accounts are in scope; without any, all are.
    pub groups: BTreeSet<GroupId>,
    pub tariffs: BTreeMap<TariffId, TariffRule>,
    /// Locations of billing that are sites of the inventory.
    pub sites: BTreeMap<LocationId, SiteName>,
    pub moves: Moves,
    /// Whether a pending service is activated like a served one.
    pub pre_activate: bool,
    /// Days of complete readings after which the subscriber of a service that is gone is removed.
    pub gone_after_days: u32,
    pub kbps_per_mbps: u64,
    /// Whether the configured field becomes the description of new subscribers.
    pub describes_units: bool,
}

/// The treatment of a tariff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TariffRule {
    /// Not for GAMs.
    Ignore,
    ServicePlan {
        service_plan: ServicePlanId,
        /// Whether the speeds of tariff and service plan must be equal.
        as_sold: bool,
    },
}

/// The treatment of an endpoint that is heard on another port than its subscriber's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Moves {
    /// Listed.
    #[default]
    Propose,
    /// The subscriber follows within its site.
    Auto,
}

impl SyncSettings {
    /// Returns settings with their defaults; nothing is mapped.
    pub fn new(system: BillingName) -> Self {
        Self {
            system,
            endpoint_models: BTreeSet::new(),
            groups: BTreeSet::new(),
            tariffs: BTreeMap::new(),
            sites: BTreeMap::new(),
            moves: Moves::default(),
            pre_activate: false,
            gone_after_days: 14,
            kbps_per_mbps: 1000,
            describes_units: false,
        }
    }
}

/// The most that the sync changes within an hour, and the most by which a reading may shrink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncLimits {
    pub additions: SyncLimit,
    pub changes: SyncLimit,
    pub suspensions: SyncLimit,
    pub removals: SyncLimit,
    pub moves: SyncLimit,
    pub drop: SyncLimit,
}

/// A limit; if both are set, the smaller one applies from ten objects up. Without a number there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SyncLimit {
    pub count: Option<u32>,
    pub percent: Option<u32>,
}

/// A percentage applies from this number of objects, as in `plan::guard`.
const PERCENT_COUNTS_FROM: usize = 10;

impl SyncLimit {
    const fn of(count: u32, percent: Option<u32>) -> Self {
        Self {
            count: Some(count),
            percent,
        }
    }

    /// Returns the most objects of `all`; a percentage is rounded up.
    pub fn most(self, all: usize) -> usize {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let count = self.count.map(number);
        let share = self
            .percent
            .map(|percent| all.saturating_mul(number(percent)).div_ceil(100));
        // Below that a percentage is stricter than any count; it applies only where there is no other limit.
        let share = share.filter(|_| all >= PERCENT_COUNTS_FROM || count.is_none());
        match (count, share) {
            (Some(count), Some(share)) => count.min(share),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => usize::MAX,
        }
    }
}

impl Default for SyncLimits {
    fn default() -> Self {
        Self {
            additions: SyncLimit::of(60, None),
            changes: SyncLimit::of(300, Some(10)),
            suspensions: SyncLimit::of(50, Some(5)),
            removals: SyncLimit::of(10, Some(1)),
            moves: SyncLimit::of(10, None),
            drop: SyncLimit::of(20, Some(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_limit_applies_from_ten_objects_up() {
        let limit = SyncLimit::of(50, Some(5));
        assert_eq!(limit.most(9), 50);
        assert_eq!(limit.most(10), 1);
        assert_eq!(limit.most(41), 3);
        assert_eq!(limit.most(100_000), 50);
        assert_eq!(SyncLimit::default().most(7), usize::MAX);
        let share = SyncLimit {
            count: None,
            percent: Some(10),
        };
        assert_eq!(share.most(5), 1);
    }
}
