//! Keeps the lease of a device: renews it while somebody works there, and moves the fence with it.

use std::time::{Duration, Instant};

use super::Archive;
use crate::history::{Acquired, Lease, StoreError};
use crate::model::DeviceName;
use crate::report::moment;
use crate::transport::ssh::Fence;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What a process sent right before it died may still be on its way, and a device may take a moment for a line.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A lease that is being kept; dropped, it is not renewed any more.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) lease: Lease,
    pub(super) fence: Fence,
    renewing: JoinHandle<()>,
}

/// What came of asking for a device.
pub(super) enum Asked {
    Given(Box<Kept>),
    /// Somebody else is at it until then, in seconds since 1970.
    Held {
        until: u64,
    },
}

/// Returns how long before its end a lease is not relied on any more: clocks differ in pace, and a line takes a moment.
fn margin(lasts: Duration) -> Duration {
    lasts / 6
}

/// Takes a device for as long as somebody works there.
pub(super) async fn keep(
    archive: &Archive,
    device: &DeviceName,
    lasts: Duration,
) -> Result<Asked, StoreError> {
    let mut turn = archive.turn().await;
    let claim = Uuid::now_v7();
    // Counted from before the question: the store's clock started later than this.
    let mut asked = Instant::now();
    let mut acquired = archive
        .store
        .acquire(device, archive.holder().id, claim, lasts)
        .await?;
    if let Acquired::Held { by, .. } = acquired
        && archive.holder().is_dead(by)
    {
        drop(turn);
        tokio::time::sleep(LAST_WORDS).await;
        turn = archive.turn().await;
        archive.store.release_of_dead(by).await?;
        asked = Instant::now();
        acquired = archive
            .store
            .acquire(device, archive.holder().id, claim, lasts)
            .await?;
    }
    let lease = match acquired {
        Acquired::Held { until, .. } => return Ok(Asked::Held { until }),
        Acquired::Lease(lease) => lease,
    };
    drop(turn);
    let fence = Fence::until(asked + lasts.saturating_sub(margin(lasts)));
    let renewing = tokio::spawn(renew(archive.clone(), lease.clone(), fence.clone(), lasts));
    Ok(Asked::Given(Box::new(Kept {
        lease,
        fence,
        renewing,
    })))
}

async fn renew(archive: Archive, lease: Lease, fence: Fence, lasts: Duration) {
    let mut every = tokio::time::interval(lasts / 3);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    every.tick().await;
    while fence.is_open() {
        every.tick().await;
        let asked = Instant::now();
        match archive.store.renew(&lease, lasts).await {
            Ok(()) => fence.extend(asked + lasts.saturating_sub(margin(lasts))),
            Err(error) if error.is_fenced() => fence.close(),
            // What is held stays held until it runs out; the next try may be in time.
            Err(_) => {}
        }
    }
}

/// Says that somebody else is at a device.
pub(super) fn held(until: u64) -> String {
    format!(
        "another gamctl is at it, and may be until {} if it ended without a word",
        moment(until)
    )
}

impl Kept {
    /// Gives the device back.
    pub(super) async fn release(self, archive: &Archive) {
        self.renewing.abort();
        self.fence.close();
        let _turn = archive.turn().await;
        // Where the store is away, it runs out by itself.
        let _released = archive.store.release(&self.lease).await;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.renewing.abort();
        self.fence.close();
    }
}
