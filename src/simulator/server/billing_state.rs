//! Shares a billing twin between the tasks of its server, and counts the requests at the same time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::clock;
use crate::simulator::billing::BillingTwin;

/// A twin, shared by the tasks of its server.
pub(super) struct Shared {
    twin: Mutex<Box<dyn BillingTwin>>,
    pub(super) latency: Duration,
    in_progress: AtomicU64,
    most_at_once: AtomicU64,
    /// Wakes the sender of webhooks.
    pub(super) changed: Notify,
    is_stopped: watch::Sender<bool>,
}

impl Shared {
    pub(super) fn new(twin: Box<dyn BillingTwin>, latency: Duration) -> Self {
        Self {
            twin: Mutex::new(twin),
            latency,
            in_progress: AtomicU64::new(0),
            most_at_once: AtomicU64::new(0),
            changed: Notify::new(),
            is_stopped: watch::Sender::new(false),
        }
    }

    /// Returns the counters of the twin, and the highest number of requests at the same time.
    pub(super) fn counters(&self) -> Value {
        let mut counters = self.lock().counters();
        if let Value::Object(fields) = &mut counters {
            let most = self.most_at_once.load(Ordering::Relaxed);
            fields.insert("most_at_once".to_owned(), most.into());
        }
        counters
    }

    /// Changes the twin at the present time, and wakes the sender of webhooks.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut dyn BillingTwin, u64) -> R) -> R {
        let result = self.quietly(change);
        self.changed.notify_one();
        result
    }

    /// Changes the twin at the present time, and wakes no task.
    pub(super) fn quietly<R>(&self, change: impl FnOnce(&mut dyn BillingTwin, u64) -> R) -> R {
        change(&mut **self.lock(), clock::now().unix_seconds())
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn BillingTwin>> {
        // A panic in a twin leaves it half changed, which the test that caused it reports.
        self.twin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request until the returned value is dropped.
    pub(super) fn count(self: &Arc<Self>) -> InProgress {
        let now = self.in_progress.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_at_once.fetch_max(now, Ordering::Relaxed);
        InProgress(Arc::clone(self))
    }

    /// Ends all tasks.
    pub(super) fn stop(&self) {
        self.is_stopped.send_replace(true);
    }

    /// Returns when the server is stopped.
    pub(super) async fn stopped(&self) {
        let mut is_stopped = self.is_stopped.subscribe();
        drop(is_stopped.wait_for(|is_stopped| *is_stopped).await);
    }
}

/// A request that is being answered.
pub(super) struct InProgress(Arc<Shared>);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}
