//! Makes requests to one device wait for their turn, as many at a time as it answers quickly.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::in_flight::InFlight;
use super::link::lock;

/// The requests to one device. Clones share the limit and what was learned about the device: keep one for as long as you
/// contact the device, and give it to each session.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: InFlight,
    in_flight: u32,
    /// Requests that others wait for.
    first: VecDeque<oneshot::Sender<Turn>>,
    others: VecDeque<oneshot::Sender<Turn>>,
}

/// The permit of one request, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<Turns>);

impl Default for Turns {
    fn default() -> Self {
        Self::of(InFlight::new())
    }
}

impl Turns {
    /// Returns turns with always as many requests in flight as the options allow, for comparisons.
    pub fn fixed() -> Self {
        Self::of(InFlight::fixed())
    }

    fn of(limit: InFlight) -> Self {
        Self(Arc::new(Shared {
            began: Instant::now(),
            state: Mutex::new(State {
                limit,
                in_flight: 0,
                first: VecDeque::new(),
                others: VecDeque::new(),
            }),
        }))
    }

    /// Returns how many requests may be in flight now.
    pub fn limit(&self) -> u32 {
        lock(&self.0.state).limit.limit()
    }

    /// Begins a session with at most this many requests in flight.
    pub(super) fn begin(&self, most: usize) {
        let mut state = lock(&self.0.state);
        // Another session measures the device already.
        if state.in_flight == 0 {
            state.limit.begin(u32::try_from(most).unwrap_or(u32::MAX));
        }
    }

    /// Waits for a turn. Requests that others wait for, as the next step of a walk, go `first`.
    pub(super) async fn take(&self, is_first: bool) -> Turn {
        let granted = {
            let mut state = lock(&self.0.state);
            let (sender, receiver) = oneshot::channel();
            match is_first {
                true => state.first.push_back(sender),
                false => state.others.push_back(sender),
            }
            receiver
        };
        self.admit();
        // The sender is dropped only with this, which has a turn to give.
        granted.await.unwrap_or(Turn(None))
    }

    /// Counts an answer to a request that was sent once, at this time.
    pub(super) fn answered(&self, sent: Instant) {
        let (sent, now) = self.times(sent);
        let mut state = lock(&self.0.state);
        let is_used = state.in_flight >= state.limit.limit();
        state.limit.answered(sent, now, is_used);
        drop(state);
        self.admit();
    }

    /// Counts an answer to a request that was sent several times, first at this time.
    pub(super) fn answered_late(&self, first_sent: Instant) {
        let (sent, now) = self.times(first_sent);
        lock(&self.0.state).limit.answered_late(sent, now);
    }

    /// Counts a request that was sent at this time and got no answer.
    pub(super) fn lost(&self, sent: Instant) {
        let (sent, now) = self.times(sent);
        lock(&self.0.state).limit.lost(sent, now);
    }

    /// Returns the time after which a request is sent again for the first time.
    pub(super) fn timeout(&self, usual: Duration) -> Duration {
        lock(&self.0.state).limit.timeout(usual)
    }

    fn times(&self, sent: Instant) -> (Duration, Duration) {
        let since = |at: Instant| at.saturating_duration_since(self.0.began);
        (since(sent), since(Instant::now()))
    }

    /// Gives turns to waiting requests.
    fn admit(&self) {
        loop {
            let next = {
                let mut state = lock(&self.0.state);
                if state.in_flight >= state.limit.limit() {
                    return;
                }
                let next = state.first.pop_front();
                let Some(next) = next.or_else(|| state.others.pop_front()) else {
                    return;
                };
                state.in_flight += 1;
                next
            };
            // A request that was given up meanwhile does not take its turn.
            if let Err(mut turn) = next.send(Turn(Some(self.clone()))) {
                turn.0 = None;
                lock(&self.0.state).in_flight -= 1;
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            lock(&turns.0.state).in_flight -= 1;
            turns.admit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_requests_are_in_flight_than_the_limit_and_walks_go_first() {
        let turns = Turns::default();
        turns.begin(1);
        let held = turns.take(false).await;
        let other = turns.take(false);
        let walk = turns.take(true);
        tokio::pin!(other, walk);
        let both = async {
            tokio::select! {
                biased;
                _ = &mut other => "other",
                turn = &mut walk => {
                    drop(turn);
                    "walk"
                }
            }
        };
        let released = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        let (first, ()) = tokio::join!(both, released);
        assert_eq!(first, "walk");
        drop(other.await);
        assert_eq!(lock(&turns.0.state).in_flight, 0);
    }

    #[tokio::test]
    async fn a_request_that_is_given_up_while_it_waits_keeps_no_turn() {
        let turns = Turns::default();
        turns.begin(1);
        let held = turns.take(false).await;
        {
            let waiting = turns.take(false);
            tokio::pin!(waiting);
            let ready = std::future::poll_fn(|context| {
                std::task::Poll::Ready(waiting.as_mut().poll(context).is_ready())
            });
            assert!(!ready.await);
        }
        drop(held);
        assert_eq!(lock(&turns.0.state).in_flight, 0);
        drop(turns.take(true).await);
    }

    #[tokio::test]
    async fn what_was_learned_is_shared_by_the_sessions_of_a_device() {
        let turns = Turns::default();
        turns.begin(32);
        let before = turns.limit();
        let held: Vec<Turn> = vec![
            turns.take(false).await,
            turns.take(false).await,
            turns.take(false).await,
            turns.take(false).await,
        ];
        turns.answered(Instant::now());
        drop(held);
        let next = turns.clone();
        next.begin(32);
        assert_eq!(next.limit(), before + 1);
    }
}
