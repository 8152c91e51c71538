//! Limits SNMP requests per second, in total and per site, with token buckets.

use foldhash::HashMap;

use crate::model::SiteName;

/// Tokens are counted in thousandths, so that a millisecond at one request a second is a whole number.
const THOUSANDTHS: u64 = 1_000;

/// The request limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRates {
    /// Requests per second in total.
    pub total: u32,
    /// Requests per second to the devices of one site.
    pub per_site: u32,
}

/// A site may use a quarter of all requests: a look at a full device (530 requests) in about a second at the default.
const SITE_SHARE: u32 = 4;

impl RequestRates {
    /// Returns the limits of one of so many instances, each of which reads its share of the devices: at least one a second,
    /// or nothing would be read.
    pub fn share(per_second: u32, instances: usize) -> Self {
        let instances = u32::try_from(instances).unwrap_or(u32::MAX).max(1);
        Self {
            total: (per_second / instances).max(1),
            per_site: (per_second / SITE_SHARE / instances).max(1),
        }
    }
}

/// The answer to a wish to send requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    Granted,
    /// Ask again at this time.
    WaitUntil(u64),
}

/// A bucket of tokens, one for each request. It holds the requests of one second and is full at first.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Per second; thousandths of a token per millisecond.
    rate: u64,
    /// In thousandths. Negative after more requests at once than the bucket holds.
    tokens: i64,
    filled_at: u64,
}

impl Bucket {
    fn full(rate: u32, now: u64) -> Self {
        // A rate of zero would stop all reads for ever; the slowest is one a second.
        let rate = rate.max(1);
        Self {
            rate: u64::from(rate),
            tokens: thousandths(rate),
            filled_at: now,
        }
    }

    /// Adds the tokens since the last time. A clock that is set back adds none.
    fn fill(&mut self, now: u64) {
        let elapsed = now.saturating_sub(self.filled_at);
        let filled = i64::try_from(elapsed.saturating_mul(self.rate)).unwrap_or(i64::MAX);
        self.tokens = self.tokens.saturating_add(filled).min(self.capacity());
        self.filled_at = now;
    }

    fn capacity(&self) -> i64 {
        i64::try_from(self.rate * THOUSANDTHS).unwrap_or(i64::MAX)
    }

    fn is_full(&self) -> bool {
        self.tokens >= self.capacity()
    }

    /// Returns the milliseconds until this many requests are allowed; zero if they are now. The requests of some seconds ahead
    /// may be borrowed.
    fn wait(&self, requests: u32, borrowed_seconds: u8) -> u64 {
        // More than the bucket holds are allowed when it is full, and the debt delays those that follow.
        let needed = thousandths(requests).min(self.capacity());
        let borrowed = self.capacity().saturating_mul(borrowed_seconds.into());
        let needed = needed.saturating_sub(borrowed);
        let missing = needed.saturating_sub(self.tokens).max(0);
        u64::try_from(missing)
            .unwrap_or(u64::MAX)
            .div_ceil(self.rate)
    }

    fn remove(&mut self, requests: u32) {
        self.tokens = self.tokens.saturating_sub(thousandths(requests));
    }
}

fn thousandths(requests: u32) -> i64 {
    i64::from(requests).saturating_mul(1_000)
}

/// The request budget of one instance.
#[derive(Debug)]
pub struct RequestBudget {
    rates: RequestRates,
    /// Full before the first request.
    total: Option<Bucket>,
    sites: HashMap<SiteName, Bucket>,
}

impl RequestBudget {
    pub fn new(rates: RequestRates) -> Self {
        Self {
            rates,
            total: None,
            sites: HashMap::default(),
        }
    }

    /// Asks for permission to send requests to a device of a site. Nothing is deducted until both limits allow it.
    pub fn request(&mut self, site: Option<&SiteName>, requests: u32, now: u64) -> Permission {
        self.ask(site, requests, 0, now)
    }

    /// Asks like `request`, but a site may send the requests of one second ahead. Someone waits for it, and the look at the gate
    /// of the commit before must not delay it. The limit in total holds: a commit may touch thousands of devices.
    pub fn borrow(&mut self, site: Option<&SiteName>, requests: u32, now: u64) -> Permission {
        self.ask(site, requests, 1, now)
    }

    fn ask(
        &mut self,
        site: Option<&SiteName>,
        requests: u32,
        borrowed_seconds: u8,
        now: u64,
    ) -> Permission {
        let rates = self.rates;
        let total = self
            .total
            .get_or_insert_with(|| Bucket::full(rates.total, now));
        total.fill(now);
        let mut wait = total.wait(requests, 0);
        let mut of_site = site.map(|site| {
            let new = || Bucket::full(rates.per_site, now);
            self.sites.entry(site.clone()).or_insert_with(new)
        });
        if let Some(bucket) = &mut of_site {
            bucket.fill(now);
            wait = wait.max(bucket.wait(requests, borrowed_seconds));
        }
        if wait > 0 {
            return Permission::WaitUntil(now.saturating_add(wait));
        }
        total.remove(requests);
        if let Some(bucket) = of_site {
            bucket.remove(requests);
        }
        Permission::Granted
    }

    /// Deducts requests that are sent in any case; those that follow wait until the debt is paid.
    pub fn take(&mut self, site: Option<&SiteName>, requests: u32, now: u64) {
        let rates = self.rates;
        let total = self
            .total
            .get_or_insert_with(|| Bucket::full(rates.total, now));
        total.fill(now);
        total.remove(requests);
        if let Some(site) = site {
            let new = || Bucket::full(rates.per_site, now);
            let bucket = self.sites.entry(site.clone()).or_insert_with(new);
            bucket.fill(now);
            bucket.remove(requests);
        }
    }

    /// Forgets sites whose bucket is full, which is the same as no bucket. Sites of a former inventory are among them.
    pub fn forget_idle_sites(&mut self, now: u64) {
        self.sites.retain(|_, bucket| {
            bucket.fill(now);
            !bucket.is_full()
        });
    }

    /// Returns how many sites have sent requests of late.
    pub fn sites(&self) -> usize {
        self.sites.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn site(name: &str) -> SiteName {
        SiteName::new(name).unwrap()
    }

    fn budget(total: u32, per_site: u32) -> RequestBudget {
        RequestBudget::new(RequestRates { total, per_site })
    }

    #[test]
    fn instances_share_the_limit_and_a_site_has_a_quarter_of_it() {
        let of = |per_second, instances| {
            let rates = RequestRates::share(per_second, instances);
            (rates.total, rates.per_site)
        };
        assert_eq!(of(2_000, 1), (2_000, 500));
        assert_eq!(of(2_000, 2), (1_000, 250));
        assert_eq!(of(1, 5), (1, 1));
    }

    #[test]
    fn a_second_of_requests_may_be_sent_at_once_and_then_one_after_the_other() {
        let mut budget = budget(10, 10);
        for _ in 0..10 {
            assert_eq!(budget.request(None, 1, NOW), Permission::Granted);
        }
        assert_eq!(
            budget.request(None, 1, NOW),
            Permission::WaitUntil(NOW + 100)
        );
        assert_eq!(budget.request(None, 1, NOW + 100), Permission::Granted);
        assert_eq!(
            budget.request(None, 1, NOW + 100),
            Permission::WaitUntil(NOW + 200)
        );
    }

    #[test]
    fn an_idle_hour_saves_no_more_than_a_second_of_requests() {
        let mut budget = budget(10, 10);
        assert_eq!(budget.request(None, 10, NOW), Permission::Granted);
        let later = NOW + 3_600_000;
        assert_eq!(budget.request(None, 10, later), Permission::Granted);
        assert_eq!(
            budget.request(None, 1, later),
            Permission::WaitUntil(later + 100)
        );
    }

    #[test]
    fn a_site_at_its_limit_costs_the_total_nothing() {
        let mut budget = budget(10, 2);
        let maple = site("maple");
        assert_eq!(budget.request(Some(&maple), 2, NOW), Permission::Granted);
        for _ in 0..100 {
            let refused = budget.request(Some(&maple), 1, NOW);
            assert_eq!(refused, Permission::WaitUntil(NOW + 500));
        }
        assert_eq!(
            budget.request(Some(&site("oak")), 2, NOW),
            Permission::Granted
        );
        assert_eq!(budget.request(None, 6, NOW), Permission::Granted);
        assert_ne!(budget.request(None, 1, NOW), Permission::Granted);
    }

    #[test]
    fn more_requests_than_a_bucket_holds_are_granted_and_delay_the_next() {
        let mut budget = budget(10, 10);
        assert_eq!(budget.request(None, 30, NOW), Permission::Granted);
        assert_eq!(
            budget.request(None, 1, NOW),
            Permission::WaitUntil(NOW + 2_100)
        );
    }

    #[test]
    fn a_commit_borrows_one_second_of_its_site_and_nothing_of_the_total() {
        let mut budget = budget(50, 10);
        let maple = site("maple");
        budget.take(Some(&maple), 10, NOW);
        // The look at the gate of the commit before used all of it.
        assert_eq!(
            budget.request(Some(&maple), 10, NOW),
            Permission::WaitUntil(NOW + 1_000)
        );
        assert_eq!(budget.borrow(Some(&maple), 10, NOW), Permission::Granted);
        // A second one does not borrow what is owed already.
        assert_eq!(
            budget.borrow(Some(&maple), 10, NOW),
            Permission::WaitUntil(NOW + 1_000)
        );
        assert_eq!(budget.request(None, 30, NOW), Permission::Granted);
        assert_eq!(
            budget.borrow(Some(&site("oak")), 1, NOW),
            Permission::WaitUntil(NOW + 20)
        );
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_requests_for_longer_than_a_refill() {
        let mut budget = budget(10, 10);
        assert_eq!(budget.request(None, 10, NOW), Permission::Granted);
        let back = NOW - 3_600_000;
        assert_eq!(
            budget.request(None, 1, back),
            Permission::WaitUntil(back + 100)
        );
        assert_eq!(budget.request(None, 1, back + 100), Permission::Granted);
    }

    #[test]
    fn sites_that_send_nothing_are_forgotten() {
        let mut budget = budget(10, 10);
        assert_eq!(
            budget.request(Some(&site("maple")), 5, NOW),
            Permission::Granted
        );
        budget.forget_idle_sites(NOW + 499);
        assert_eq!(budget.sites(), 1);
        budget.forget_idle_sites(NOW + 500);
        assert_eq!(budget.sites(), 0);
    }

    proptest! {
        #[test]
        fn no_window_has_more_requests_than_its_rate_and_one_bucket(
            steps in proptest::collection::vec((0_u64..400, 0_u8..3, 1_u32..5), 1..100),
        ) {
            let mut budget = budget(40, 20);
            let mut now = NOW;
            let mut sent: Vec<(u64, u8, u32)> = Vec::new();
            for (wait, number, requests) in steps {
                now += wait;
                let site = site(&format!("site-{number}"));
                match budget.request(Some(&site), requests, now) {
                    Permission::Granted => sent.push((now, number, requests)),
                    Permission::WaitUntil(at) => {
                        prop_assert!(at > now);
                        // The time is right: not a millisecond later than necessary.
                        let mut early = RequestBudget { rates: budget.rates, total: budget.total, sites: budget.sites.clone() };
                        prop_assert_ne!(early.request(Some(&site), requests, at - 1), Permission::Granted);
                        prop_assert_eq!(early.request(Some(&site), requests, at), Permission::Granted);
                    }
                }
            }
            for (from, _, _) in &sent {
                for (until, _, _) in sent.iter().filter(|(until, _, _)| until >= from) {
                    let inside = sent.iter().filter(|(at, _, _)| (from..=until).contains(&at));
                    let (mut total, mut sites) = (0, [0_u64; 3]);
                    for (_, number, requests) in inside {
                        total += u64::from(*requests);
                        sites[usize::from(*number)] += u64::from(*requests);
                    }
                    prop_assert!(total * 1_000 <= 40_000 + 40 * (until - from));
                    prop_assert!(sites.iter().all(|sent| sent * 1_000 <= 20_000 + 20 * (until - from)));
                }
            }
        }
    }
}
