//! Reads the devices of this instance when they are due: takes the next one from the queue whenever a slot is free.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};

use super::instance_state::Shared;
use super::read::read;
use super::schedule::Next;
use super::task;

/// The scheduler runs at least this often, so that `/livez` can tell whether it does.
const TICK: Duration = Duration::from_secs(5);

/// Starts the scheduler; it ends when the service stops. Reads in progress are dropped then: they change nothing.
pub(super) fn start(shared: Arc<Shared>) -> JoinHandle<()> {
    task::once(schedule(shared))
}

async fn schedule(shared: Arc<Shared>) {
    let mut stop = shared.stop.clone();
    let mut reads = JoinSet::new();
    while !shared.is_stopping() {
        shared.tick();
        while reads.try_join_next().is_some() {}
        let next = match shared.is_heard() {
            true => shared.queue().next(shared.now()),
            // Other instances may have taken over, so nothing is started.
            false => Next::Idle,
        };
        let wait = match next {
            Next::Start {
                device,
                kind,
                priority,
                ..
            } => {
                reads.spawn(read(shared.clone(), device, kind, priority));
                continue;
            }
            Next::WaitUntil(at) => Duration::from_millis(at.saturating_sub(shared.now())).min(TICK),
            Next::Idle => TICK,
        };
        tokio::select! {
            () = shared.triggers.queue.notified() => {}
            () = tokio::time::sleep(wait) => {}
            Some(_) = reads.join_next(), if !reads.is_empty() => {}
            _ = stop.changed() => {}
        }
    }
}
