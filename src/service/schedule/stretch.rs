//! Lengthens all intervals by one factor while the devices need more requests than the budget allows.

use foldhash::HashMap;

use crate::model::SiteName;

use super::RequestRates;

/// Demand is counted in requests per million milliseconds: a probe every 10 min is 1666 of them.
const UNIT: u64 = 1_000_000;
/// The unit's share of a second.
const UNITS_PER_REQUEST_PER_SECOND: u64 = 1_000;

/// The share of the budget that the schedule may use, in percent. The rest is for triggers and retries; without it,
/// one burst of triggers would leave a lag that never shrinks.
const SCHEDULED_PERCENT: u64 = 90;

/// A factor of at least 1 for intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    thousandths: u64,
}

impl Stretch {
    /// The factor 1.
    pub const NONE: Self = Self { thousandths: 1_000 };

    /// Returns the factor in thousandths, for metrics and pages.
    pub fn thousandths(self) -> u64 {
        self.thousandths
    }

    /// Lengthens an interval.
    pub fn of(self, interval: u64) -> u64 {
        let long = u128::from(interval) * u128::from(self.thousandths) / 1_000;
        u64::try_from(long).unwrap_or(u64::MAX)
    }

    /// Returns the least factor with which the demand is below the rate.
    fn needed(demand: u64, requests_per_second: u32) -> Self {
        let rate = u64::from(requests_per_second.max(1)) * UNITS_PER_REQUEST_PER_SECOND;
        let usable = rate * SCHEDULED_PERCENT / 100;
        let thousandths = demand.saturating_mul(1_000).div_ceil(usable);
        Self { thousandths }.max(Self::NONE)
    }
}

/// The requests that the schedule needs, in total and at each site, from the intervals without a stretch.
#[derive(Debug, Default)]
pub struct Demand {
    total: u64,
    sites: HashMap<SiteName, u64>,
}

impl Demand {
    /// Adds one kind of read of one device: its requests, once in an interval.
    pub fn add(&mut self, site: Option<&SiteName>, requests: u32, interval: u64) {
        let rate = u64::from(requests) * UNIT / interval.max(1);
        self.total = self.total.saturating_add(rate);
        if let Some(site) = site {
            let of_site = self.sites.entry(site.clone()).or_default();
            *of_site = of_site.saturating_add(rate);
        }
    }

    /// Returns the requests per second in total, rounded up.
    pub fn requests_per_second(&self) -> u64 {
        self.total.div_ceil(UNITS_PER_REQUEST_PER_SECOND)
    }

    /// Returns the factor for the intervals of a site's devices: that of the total, or a greater one of the site alone.
    pub fn stretch(&self, site: Option<&SiteName>, rates: RequestRates) -> Stretch {
        let total = Stretch::needed(self.total, rates.total);
        let of_site = site.and_then(|site| self.sites.get(site));
        of_site.map_or(total, |demand| {
            total.max(Stretch::needed(*demand, rates.per_site))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATES: RequestRates = RequestRates {
        total: 2_000,
        per_site: 500,
    };

    #[test]
    fn ten_thousand_small_devices_fit_and_twice_as_many_are_read_half_as_often() {
        let mut demand = Demand::default();
        for _ in 0..10_000 {
            demand.add(None, 1, 60_000);
            demand.add(None, 25, 300_000);
            demand.add(None, 55, 900_000);
        }
        assert_eq!(demand.stretch(None, RATES), Stretch::NONE);
        for _ in 0..10_000 {
            demand.add(None, 1, 60_000);
            demand.add(None, 25, 300_000);
            demand.add(None, 55, 900_000);
        }
        let stretch = demand.stretch(None, RATES);
        assert!(
            (1_700..1_900).contains(&stretch.thousandths()),
            "{stretch:?}"
        );
        assert!(stretch.of(60_000) > 100_000);
    }

    #[test]
    fn a_crowded_site_slows_down_only_its_own_devices() {
        let maple = SiteName::new("maple").unwrap();
        let oak = SiteName::new("oak").unwrap();
        let mut demand = Demand::default();
        demand.add(Some(&maple), 900, 1_000);
        demand.add(Some(&oak), 400, 1_000);
        assert_eq!(demand.stretch(Some(&maple), RATES).thousandths(), 2_000);
        assert_eq!(demand.stretch(Some(&oak), RATES), Stretch::NONE);
        assert_eq!(demand.stretch(None, RATES), Stretch::NONE);
        assert_eq!(demand.requests_per_second(), 1_300);
        demand.add(None, 5_900, 1_000);
        assert_eq!(demand.stretch(Some(&maple), RATES).thousandths(), 4_000);
    }

    proptest! {
        #[test]
        fn stretched_demand_is_within_the_budget(
            reads in proptest::collection::vec((1_u32..2_000, 1_000_u64..3_600_000), 1..50),
            total in 1_u32..5_000,
        ) {
            let rates = RequestRates { total, per_site: total };
            let mut demand = Demand::default();
            for (requests, interval) in &reads {
                demand.add(None, *requests, *interval);
            }
            let stretch = demand.stretch(None, rates);
            prop_assert!(stretch >= Stretch::NONE);
            let mut stretched = Demand::default();
            for (requests, interval) in &reads {
                stretched.add(None, *requests, stretch.of(*interval));
            }
            prop_assert!(stretched.requests_per_second() <= u64::from(total) + 1);
        }
    }
}
