//! Blocks writing to a device after its lease has expired, even for a process that was suspended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A gate in front of everything that is sent to a device, checked at the socket.
///
/// The lease renewal extends it. A process that was suspended past the lease finds it closed when it continues.
#[derive(Debug, Clone)]
pub struct Fence {
    until: Arc<Mutex<Option<Instant>>>,
}

impl Fence {
    /// Returns a fence that closes at that time.
    pub fn until(until: Instant) -> Self {
        Self {
            until: Arc::new(Mutex::new(Some(until))),
        }
    }

    /// Extends the time, never shortens it: a late renewal answer must not close the fence early. A closed fence stays
    /// closed.
    pub fn extend(&self, until: Instant) {
        let mut own = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = own.as_mut()
            && *now < until
        {
            *now = until;
        }
    }

    /// Closes the fence for good: another process has the lease.
    pub fn close(&self) {
        // Not a time in the past: `extend` must not open it again with a late renewal.
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn is_open(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}
