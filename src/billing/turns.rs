//! Waits until a request may be sent, by the token bucket of its system.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::limiter::{Limiter, Priority, RequestRate, Ticket, Turn};

/// The token bucket of one system, for all tasks of this process.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    limiter: Mutex<Limiter>,
    changed: Notify,
    started: Instant,
}

/// A request that is being sent; the next may follow when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct HeldTurn {
    queue: Arc<Queue>,
    ticket: Ticket,
}

/// A request in the queue; it leaves the queue if its task is cancelled.
struct Waiting<'q> {
    queue: &'q Queue,
    ticket: Option<Ticket>,
}

impl Turns {
    pub fn new(rate: RequestRate) -> Self {
        Self(Arc::new(Queue {
            limiter: Mutex::new(Limiter::new(rate, Duration::ZERO)),
            changed: Notify::new(),
            started: Instant::now(),
        }))
    }

    /// Waits for a turn.
    pub async fn wait(&self, priority: Priority) -> HeldTurn {
        let queue = &*self.0;
        let ticket = queue.lock().join(priority);
        let mut waiting = Waiting {
            queue,
            ticket: Some(ticket),
        };
        loop {
            // Registered before the limiter is asked: a change in between is not missed.
            let changed = queue.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let turn = queue.lock().turn(ticket, queue.now());
            match turn {
                Turn::Go => break,
                Turn::In(wait) => tokio::select! {
                    () = sleep(wait) => {}
                    () = changed => {}
                },
                Turn::Behind => changed.await,
            }
        }
        waiting.ticket = None;
        // Another request is next now, and learns here how long it waits.
        queue.changed.notify_waiters();
        HeldTurn {
            queue: Arc::clone(&self.0),
            ticket,
        }
    }

    /// Sends nothing for a time, because the system reported that its limit is reached.
    pub fn pause(&self, wait: Duration) {
        let now = self.0.now();
        self.0.lock().pause(now, wait);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for HeldTurn {
    fn drop(&mut self) {
        self.queue.lock().finish(self.ticket);
        self.queue.changed.notify_waiters();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.queue.lock().leave(ticket);
            self.queue.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(per_minute: u32, at_once: u32) -> Turns {
        Turns::new(RequestRate {
            per_minute,
            at_once,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn many_requests_take_as_long_as_the_rate_demands() {
        let turns = turns(60, 2);
        let started = Instant::now();
        let requests: Vec<_> = (0..33)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move {
                    let held = turns.wait(Priority::Delta).await;
                    sleep(Duration::from_millis(1)).await;
                    drop(held);
                })
            })
            .collect();
        for request in requests {
            request.await.unwrap();
        }
        // Six at once, then 54 a minute.
        let passed = started.elapsed();
        let least = Duration::from_secs(29);
        assert!(least < passed && passed < least * 2, "{passed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_overtakes_full_reads_that_wait() {
        let turns = turns(10, 1);
        let first = turns.wait(Priority::FullRead).await;
        let waiting = |priority| {
            let turns = turns.clone();
            tokio::spawn(async move {
                let _held = turns.wait(priority).await;
                Instant::now()
            })
        };
        let full = waiting(Priority::FullRead);
        tokio::task::yield_now().await;
        let hint = waiting(Priority::Hint);
        tokio::task::yield_now().await;
        drop(first);
        assert!(hint.await.unwrap() < full.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_request_leaves_the_queue() {
        let turns = turns(10, 1);
        let held = turns.wait(Priority::Hint).await;
        let cancelled = tokio::time::timeout(Duration::from_secs(1), turns.wait(Priority::Hint));
        assert!(cancelled.await.is_err());
        drop(held);
        let next = tokio::time::timeout(Duration::from_secs(60), turns.wait(Priority::FullRead));
        assert!(next.await.is_ok());
    }
}
