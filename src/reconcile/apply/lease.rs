//! Holds the lease of a device: renews it during the work, and extends the fence with it.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::StoreWithJournal;
use crate::apply::HeldBy;
use crate::history::{AcquiredLease, Lease, RunId, StoreError};
use crate::model::DeviceName;
use crate::transport::ssh::Fence;

/// The time after the death of a process in which its lines may still arrive and take effect.
const DEAD_PROCESS_DELAY: Duration = Duration::from_secs(2);

/// The time between two requests for a lease that another run holds.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(500);

/// A lease that is renewed until it is dropped; then nothing can be sent under it.
#[derive(Debug)]
pub(super) struct HeldLease {
    pub(super) lease: Lease,
    pub(super) fence: Fence,
    renewing: JoinHandle<()>,
}

/// The reply to a request for a lease.
pub(super) enum LeaseReply {
    Granted(Box<HeldLease>),
    /// Another run holds it until this time unless it renews it, in seconds since 1970.
    Held {
        until: u64,
        by: Option<Box<HeldBy>>,
    },
}

/// Returns the margin before expiry in which a lease is not relied on: clocks drift, and a line needs time to be sent.
fn margin(lasts: Duration) -> Duration {
    lasts / 6
}

/// How long to wait for a lease that another run holds.
#[derive(Debug, Clone)]
pub(in crate::reconcile) struct LeaseWait {
    pub(in crate::reconcile) most: Duration,
    /// Becomes true when the run must stop.
    pub(in crate::reconcile) stop: watch::Receiver<bool>,
}

/// Requests a lease as `lease_now` does; while another run holds it, again and again for some time.
///
/// `held` is called before the first wait.
pub(super) async fn lease(
    store: &StoreWithJournal,
    device: &DeviceName,
    lasts: Duration,
    wait: &LeaseWait,
    held: impl FnOnce(),
) -> Result<LeaseReply, StoreError> {
    let until = Instant::now() + wait.most;
    let mut held = Some(held);
    loop {
        let reply = lease_now(store, device, lasts).await?;
        let is_over = Instant::now() >= until || *wait.stop.borrow();
        if matches!(reply, LeaseReply::Granted(_)) || is_over {
            return Ok(reply);
        }
        if let Some(held) = held.take() {
            held();
        }
        tokio::time::sleep(BETWEEN_REQUESTS).await;
    }
}

/// Requests a lease that is renewed for as long as the work lasts.
///
/// Each call is a claim of its own: two runs of one process get a device one after the other, like two processes.
async fn lease_now(
    store: &StoreWithJournal,
    device: &DeviceName,
    lasts: Duration,
) -> Result<LeaseReply, StoreError> {
    store.registered().await?;
    let (process, claim) = (store.process(), Uuid::now_v7());
    let mut permit = store.lease_permit().await;
    // Count from before the request: the store's clock starts later, so the fence closes before the lease expires.
    let mut asked = Instant::now();
    let mut acquired = store
        .store
        .acquire(device, process.id, claim, lasts)
        .await?;
    // A dead process of this host cannot send again, so its lease need not expire first. A process of another host may
    // live.
    if let AcquiredLease::Held { by, .. } = acquired
        && process.is_dead_soon(by).await
    {
        // Without the permit, so that other devices can request leases during the wait.
        drop(permit);
        tokio::time::sleep(DEAD_PROCESS_DELAY).await;
        permit = store.lease_permit().await;
        store.store.release_of_dead(by).await?;
        process.forget(by);
        asked = Instant::now();
        acquired = store
            .store
            .acquire(device, process.id, claim, lasts)
            .await?;
    }
    let lease = match acquired {
        AcquiredLease::Held { until, .. } => {
            drop(permit);
            // It may be free by now; the next request finds that out.
            let lease = store.store.lease_on(device).await?;
            let by = lease.and_then(|lease| lease.by).map(Box::new);
            return Ok(LeaseReply::Held { until, by });
        }
        AcquiredLease::Lease(lease) => lease,
    };
    drop(permit);
    let fence = Fence::until(asked + lasts.saturating_sub(margin(lasts)));
    let renewing = tokio::spawn(renew(store.clone(), lease.clone(), fence.clone(), lasts));
    Ok(LeaseReply::Granted(Box::new(HeldLease {
        lease,
        fence,
        renewing,
    })))
}

/// Records as long as it is not dropped that the process of a run lives.
#[derive(Debug)]
pub(in crate::reconcile) struct AliveRun(JoinHandle<()>);

impl AliveRun {
    /// Starts to record it, at once and then at each third of the time.
    pub(in crate::reconcile) fn start(
        store: &StoreWithJournal,
        run: RunId,
        lasts: Duration,
    ) -> Self {
        let store = store.store.clone();
        Self(tokio::spawn(async move {
            let mut every = tokio::time::interval(lasts / 3);
            every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                // While the store is unreachable no other process can read it either.
                let _kept = store.keep_alive(run, lasts).await;
            }
        }))
    }
}

impl Drop for AliveRun {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Releases the leases of dead processes of this host, also on devices without work left.
pub(in crate::reconcile) async fn release_dead(store: &StoreWithJournal) -> Result<(), StoreError> {
    let process = store.process();
    let mut dead = store.store.holders().await?;
    dead.retain(|holder| process.is_dead(*holder));
    if dead.is_empty() {
        return Ok(());
    }
    // The last line of the dead process may still be in transit; no process may lease the device before it arrived.
    tokio::time::sleep(DEAD_PROCESS_DELAY).await;
    for holder in dead {
        store.store.release_of_dead(holder).await?;
        process.forget(holder);
    }
    Ok(())
}

async fn renew(store: StoreWithJournal, lease: Lease, fence: Fence, lasts: Duration) {
    // Every third of the lease: one renewal may fail before the fence closes at five sixths.
    let mut every = tokio::time::interval(lasts / 3);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    every.tick().await;
    while fence.is_open() {
        every.tick().await;
        let asked = Instant::now();
        // On the heap, so that a device does not hold what a renewal needs while it waits for the next one.
        match Box::pin(store.store.renew(&lease, lasts)).await {
            Ok(()) => fence.extend(asked + lasts.saturating_sub(margin(lasts))),
            // Another claim has the device: a line sent now would reach it during the other claim's work.
            Err(error) if error.is_fenced() => fence.close(),
            // The lease stays valid until it expires; the next try may be in time.
            Err(_) => {}
        }
    }
}

impl HeldLease {
    /// Releases the device.
    pub(super) async fn release(self, store: &StoreWithJournal) {
        // Close the fence before the release: the next claim may send as soon as the store has released the lease.
        self.renewing.abort();
        self.fence.close();
        let _permit = store.lease_permit().await;
        // If the store is unreachable, the lease expires by itself.
        let _released = store.store.release(&self.lease).await;
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        self.renewing.abort();
        self.fence.close();
    }
}
