//! Numbers signed requests: each number is higher than all before, also after a restart.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use compact_str::CompactString;
use tokio::sync::Mutex;

/// The numbers that are reserved in the store at a time; what is left of them is skipped after a restart.
const RESERVED: u64 = 1000;

/// Numbers per second, as the vendor's own clients count.
const PER_SECOND: u64 = 100;

/// Keeps the highest reserved number of an API key durably.
pub trait NonceStore: Send + Sync {
    /// Raises the stored number to `least` or to `reserved` above itself, whichever is higher, and returns the number
    /// that was stored before, 0 if none was.
    ///
    /// It is one transaction: two processes with one key never get overlapping numbers.
    fn reserve(
        &self,
        least: u64,
        reserved: u64,
    ) -> Pin<Box<dyn Future<Output = Result<u64, NonceNotStored>> + Send + '_>>;
}

/// The store cannot keep the number, so nothing is signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NonceNotStored(pub CompactString);

/// The numbers of one key.
pub(super) struct Nonces {
    store: Arc<dyn NonceStore>,
    next: Mutex<std::ops::Range<u64>>,
}

impl Nonces {
    pub(super) fn new(store: Arc<dyn NonceStore>) -> Self {
        Self {
            store,
            next: Mutex::new(0..0),
        }
    }

    /// Returns the next number; `now` is in seconds since 1970.
    ///
    /// It follows the clock, because other programs of the vendor do and the server remembers the highest; a clock that
    /// was put back does not lower it.
    pub(super) async fn next(&self, now: u64) -> Result<u64, NonceNotStored> {
        let by_clock = now.saturating_mul(PER_SECOND);
        let mut next = self.next.lock().await;
        let mut first = next.start.max(by_clock);
        if first >= next.end {
            let before = self
                .store
                .reserve(by_clock.saturating_add(RESERVED), RESERVED)
                .await?;
            first = first.max(before.saturating_add(1));
            next.end = before
                .saturating_add(RESERVED)
                .max(by_clock.saturating_add(RESERVED));
        }
        next.start = first.saturating_add(1);
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Stored(AtomicU64);

    impl NonceStore for Stored {
        fn reserve(
            &self,
            least: u64,
            reserved: u64,
        ) -> Pin<Box<dyn Future<Output = Result<u64, NonceNotStored>> + Send + '_>> {
            Box::pin(async move {
                let raised = |stored: u64| Some(least.max(stored + reserved));
                let before = self
                    .0
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, raised);
                Ok(before.unwrap_or_else(|unchanged| unchanged))
            })
        }
    }

    struct Full;

    impl NonceStore for Full {
        fn reserve(
            &self,
            _: u64,
            _: u64,
        ) -> Pin<Box<dyn Future<Output = Result<u64, NonceNotStored>> + Send + '_>> {
            Box::pin(async { Err(NonceNotStored("the disk is full".into())) })
        }
    }

    #[tokio::test]
    async fn numbers_only_grow_through_restarts_and_clocks_that_go_back() {
        let store = Arc::new(Stored::default());
        let mut last = 0;
        for now in [1_000, 1_000, 1_001, 500, 0, 2_000, 1_999] {
            let nonces = Nonces::new(store.clone());
            for _ in 0..2_500 {
                let next = nonces.next(now).await.unwrap();
                assert!(next > last, "{next} after {last}");
                last = next;
            }
        }
        assert!(last < store.0.load(Ordering::SeqCst) + 1);
    }

    #[tokio::test]
    async fn two_processes_with_one_key_never_share_a_number() {
        let store = Arc::new(Stored::default());
        let (one, other) = (Nonces::new(store.clone()), Nonces::new(store));
        let mut seen = std::collections::BTreeSet::new();
        for at in 0..3_000 {
            let nonces = if at % 2 == 0 { &one } else { &other };
            assert!(
                seen.insert(nonces.next(10 + at / 500).await.unwrap()),
                "{at}"
            );
        }
    }

    #[tokio::test]
    async fn the_first_number_follows_the_clock() {
        let nonces = Nonces::new(Arc::new(Stored::default()));
        assert_eq!(nonces.next(1_764_633_600).await, Ok(176_463_360_000));
        assert_eq!(nonces.next(1_764_633_600).await, Ok(176_463_360_001));
        assert_eq!(nonces.next(1_764_633_601).await, Ok(176_463_360_100));
    }

    #[tokio::test]
    async fn nothing_is_numbered_if_the_number_cannot_be_kept() {
        assert!(Nonces::new(Arc::new(Full)).next(1).await.is_err());
    }
}
