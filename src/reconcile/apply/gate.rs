//! How many devices at a time, how many of one site, and when no more are begun.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How far a run goes at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub at_once: usize,
    /// Of one site: what feeds a building must not have all its boxes changed in the same minute.
    pub at_once_per_site: usize,
    /// After so many devices that failed no other is begun.
    pub failure_budget: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            at_once: 50,
            at_once_per_site: 4,
            failure_budget: 3,
        }
    }
}

/// What all devices of a run go through before they are begun.
#[derive(Debug)]
pub(super) struct Gate {
    all: Arc<Semaphore>,
    sites: BTreeMap<String, Arc<Semaphore>>,
    failures: AtomicUsize,
    budget: usize,
    stop: watch::Receiver<bool>,
}

/// A place in the run; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _site: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

/// Why a device is not begun any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    Budget(usize),
    Stopped,
}

impl Gate {
    pub(super) fn new<'a>(
        bounds: Bounds,
        sites: impl Iterator<Item = &'a str>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let each = || Arc::new(Semaphore::new(bounds.at_once_per_site.max(1)));
        Self {
            all: Arc::new(Semaphore::new(bounds.at_once.max(1))),
            sites: sites.map(|site| (site.to_owned(), each())).collect(),
            failures: AtomicUsize::new(0),
            budget: bounds.failure_budget.max(1),
            stop,
        }
    }

    /// Waits for a place, the site's first, so that nobody holds one of all places while its site is busy.
    pub(super) async fn enter(&self, site: Option<&str>) -> Result<Place, Closed> {
        let site = match site.and_then(|site| self.sites.get(site)) {
            // Nobody closes these; without a place it would only be too eager.
            Some(site) => Arc::clone(site).acquire_owned().await.ok(),
            None => None,
        };
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        let failures = self.failures.load(Ordering::SeqCst);
        if *self.stop.borrow() {
            return Err(Closed::Stopped);
        }
        if failures >= self.budget {
            return Err(Closed::Budget(failures));
        }
        Ok(Place {
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

    fn gate(bounds: Bounds) -> (watch::Sender<bool>, Gate) {
        let (stopping, stop) = watch::channel(false);
        (stopping, Gate::new(bounds, ["a", "b"].into_iter(), stop))
    }

    #[tokio::test]
    async fn a_busy_site_holds_up_no_other() {
        let bounds = Bounds {
            at_once: 2,
            at_once_per_site: 1,
            failure_budget: 3,
        };
        let (_stopping, gate) = gate(bounds);
        let first = gate.enter(Some("a")).await.unwrap();
        // The second of `a` waits for its site and takes none of the places meanwhile.
        let mut waiting = Box::pin(gate.enter(Some("a")));
        assert!(futures_poll(&mut waiting).await.is_none());
        let other = gate.enter(Some("b")).await.unwrap();
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
    async fn after_the_budget_and_after_a_stop_nobody_is_begun() {
        let (stopping, gate) = gate(Bounds::default());
        for _ in 0..Bounds::default().failure_budget {
            assert!(gate.enter(None).await.is_ok());
            gate.failed();
        }
        assert_eq!(gate.enter(None).await.unwrap_err(), Closed::Budget(3));
        stopping.send(true).unwrap();
        assert_eq!(gate.enter(None).await.unwrap_err(), Closed::Stopped);
    }
}
