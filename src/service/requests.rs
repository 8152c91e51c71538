//! Keeps this instance within its share of the SNMP requests a second: longer intervals first, then reads that wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::device_table::{DeviceTable, ServedDevice};
use super::schedule::{
    Demand, Intervals, Permission, Priority, ReadKind, RequestBudget, RequestRates, Stretch,
};
use crate::model::SiteName;

/// The requests of one look: measured are 529 for 384 subscribers, and some 70 for 25.
const LOOK: u32 = 40;
const LOOK_PER_HUNDRED_LINES: u64 = 128;

/// The requests of one poll: 12 for the states and alarms of a device, and the counters of some lines in each further one.
const POLL: u32 = 12;
const LINES_PER_POLL_REQUEST: u64 = 5;

/// The longest time before a waiting read asks again: the limits may have changed.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The request limits of this instance, with what its devices need.
#[derive(Debug)]
pub(super) struct Requests(Mutex<Limited>);

#[derive(Debug)]
struct Limited {
    rates: RequestRates,
    budget: RequestBudget,
    demand: Demand,
}

impl Requests {
    /// Starts as the only instance, without devices.
    pub(super) fn new(per_second: u32) -> Self {
        let rates = RequestRates::share(per_second, 1);
        Self(Mutex::new(Limited {
            rates,
            budget: RequestBudget::new(rates),
            demand: Demand::default(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Limited> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes anew what the devices of this instance need, and its share of the limit.
    pub(super) fn update(&self, per_second: u32, table: &DeviceTable, intervals: &Intervals) {
        let mut demand = Demand::default();
        for known in table.all().filter(|known| known.is_own) {
            for kind in ReadKind::ALL {
                let interval = intervals.get(kind).default;
                demand.add(known.device.site.as_ref(), cost(kind, known), interval);
            }
        }
        let mut limited = self.lock();
        let rates = RequestRates::share(per_second, table.live_instances());
        if limited.rates != rates {
            (limited.rates, limited.budget) = (rates, RequestBudget::new(rates));
        }
        limited.demand = demand;
    }

    /// Returns the factor by which the intervals of a site's devices grow.
    pub(super) fn stretch(&self, site: Option<&SiteName>) -> Stretch {
        let limited = self.lock();
        limited.demand.stretch(site, limited.rates)
    }

    /// Waits until a read may send its requests. A read that a gate or a person waits for is counted and does not wait.
    pub(super) async fn wait(
        &self,
        site: Option<&SiteName>,
        requests: u32,
        priority: Priority,
        now: impl Fn() -> u64,
    ) {
        if matches!(priority, Priority::Person | Priority::Verify) {
            self.lock().budget.take(site, requests, now());
            return;
        }
        loop {
            let asked = now();
            let permission = match priority {
                Priority::Commit => self.lock().budget.borrow(site, requests, asked),
                _ => self.lock().budget.request(site, requests, asked),
            };
            let Permission::WaitUntil(at) = permission else {
                return;
            };
            let wait = Duration::from_millis(at.saturating_sub(asked));
            tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
        }
    }

    /// Forgets the sites that sent no request of late.
    pub(super) fn forget_idle_sites(&self, now: u64) {
        self.lock().budget.forget_idle_sites(now);
    }
}

/// Returns about how many requests a read of a device sends.
pub(super) fn cost(kind: ReadKind, known: &ServedDevice) -> u32 {
    let lines = known.reads.lines.unwrap_or_default();
    let further = |requests: u64| u32::try_from(requests).unwrap_or(u32::MAX);
    match kind {
        ReadKind::Probe => 1,
        ReadKind::Poll => POLL.saturating_add(further(lines / LINES_PER_POLL_REQUEST)),
        ReadKind::Look => LOOK.saturating_add(further(lines * LOOK_PER_HUNDRED_LINES / 100)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_read_waits_while_the_limit_is_used_up_and_one_for_a_gate_does_not() {
        let requests = Requests::new(10);
        let began = tokio::time::Instant::now();
        let now = || 1_000_000 + u64::try_from(began.elapsed().as_millis()).unwrap();
        requests.wait(None, 10, Priority::Scheduled, now).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        requests.wait(None, 10, Priority::Verify, now).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        // The debt of the one before is paid first.
        requests.wait(None, 1, Priority::Scheduled, now).await;
        assert!(
            began.elapsed() >= Duration::from_millis(1_100),
            "{:?}",
            began.elapsed()
        );
    }
}
