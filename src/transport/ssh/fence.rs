//! Until when something may be written to a device: a lease that ran out closes it, whoever still wants to write.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A gate in front of everything that is sent to a device, down to the socket.
///
/// Whoever keeps the lease moves it on; a process that was frozen past it finds it closed when it wakes up.
#[derive(Debug, Clone)]
pub struct Fence {
    until: Arc<Mutex<Option<Instant>>>,
}

impl Fence {
    /// Returns a fence that is open until then.
    pub fn until(until: Instant) -> Self {
        Self {
            until: Arc::new(Mutex::new(Some(until))),
        }
    }

    /// Moves the end; never back, so that a late answer to a renewal takes nothing away. A closed fence stays closed.
    pub fn extend(&self, until: Instant) {
        let mut own = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = own.as_mut()
            && *now < until
        {
            *now = until;
        }
    }

    /// Closes it for good: somebody else has the device.
    pub fn close(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn is_open(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}
