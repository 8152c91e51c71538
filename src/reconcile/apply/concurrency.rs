//! Limits how many devices run at once, in all and per site; stops at the failure budget.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::apply::SkipReason;

/// The number of devices that run at once, and of failures after which no more are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConcurrencyLimits {
    pub at_once: usize,
    /// Per site: the devices of one building must not all be changed in the same minute.
    pub at_once_per_site: usize,
    /// After this many failed devices no other is started.
    pub failure_budget: usize,
}

impl Default for ConcurrencyLimits {
    fn default() -> Self {
        Self {
            at_once: 50,
            at_once_per_site: 4,
            failure_budget: 3,
        }
    }
}

/// The limiter that every device of a run waits for before it starts.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    all: Arc<Semaphore>,
    sites: BTreeMap<String, Arc<Semaphore>>,
    failures: AtomicUsize,
    budget: usize,
    stop: watch::Receiver<bool>,
}

/// The right to run; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    _site: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl ConcurrencyLimiter {
    pub(super) fn new<'a>(
        limits: ConcurrencyLimits,
        sites: impl Iterator<Item = &'a str>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let each = || Arc::new(Semaphore::new(limits.at_once_per_site.max(1)));
        Self {
            all: Arc::new(Semaphore::new(limits.at_once.max(1))),
            sites: sites.map(|site| (site.to_owned(), each())).collect(),
            failures: AtomicUsize::new(0),
            budget: limits.failure_budget.max(1),
            stop,
        }
    }

    /// Waits for a permit, the site's first: a device that waits for a busy site must not hold one of all permits.
    pub(super) async fn enter(&self, site: Option<&str>) -> Result<Permit, SkipReason> {
        let site = match site.and_then(|site| self.sites.get(site)) {
            // The semaphores are never closed; without a permit the device would only start early.
            Some(site) => Arc::clone(site).acquire_owned().await.ok(),
            None => None,
        };
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        let failures = self.failures.load(Ordering::SeqCst);
        if *self.stop.borrow() {
            return Err(SkipReason::Stopped);
        }
        if failures >= self.budget {
            return Err(SkipReason::Budget { failures });
        }
        Ok(Permit {
            _site: site,
            _all: all,
        })
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(limits: ConcurrencyLimits) -> (watch::Sender<bool>, ConcurrencyLimiter) {
        let (stopping, stop) = watch::channel(false);
        (
            stopping,
            ConcurrencyLimiter::new(limits, ["a", "b"].into_iter(), stop),
        )
    }

    #[tokio::test]
    async fn a_busy_site_holds_up_no_other() {
        let limits = ConcurrencyLimits {
            at_once: 2,
            at_once_per_site: 1,
            failure_budget: 3,
        };
        let (_stopping, limiter) = limiter(limits);
        let first = limiter.enter(Some("a")).await.unwrap();
        // The second device of `a` waits for its site and holds no other permit.
        let mut waiting = Box::pin(limiter.enter(Some("a")));
        assert!(futures_poll(&mut waiting).await.is_none());
        let other = limiter.enter(Some("b")).await.unwrap();
        assert!(futures_poll(&mut waiting).await.is_none());
        drop(first);
        assert!(waiting.await.is_ok());
        drop(other);
    }

    /// Polls once.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn after_the_failure_budget_and_after_a_stop_no_device_is_started() {
        let (stopping, limiter) = limiter(ConcurrencyLimits::default());
        for _ in 0..ConcurrencyLimits::default().failure_budget {
            assert!(limiter.enter(None).await.is_ok());
            limiter.failed();
        }
        assert_eq!(
            limiter.enter(None).await.unwrap_err(),
            SkipReason::Budget { failures: 3 }
        );
        stopping.send(true).unwrap();
        assert_eq!(limiter.enter(None).await.unwrap_err(), SkipReason::Stopped);
    }
}
