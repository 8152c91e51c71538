//! Tests the queue: each guarantee by itself, and random operations against a naive model.

mod against_model;
mod guarantees;
mod naive_queue;

use crate::model::{DeviceName, SiteName};

use super::{DueTimes, Next, Outcome, Queue};

/// A clock for tests.
const NOW: u64 = 1_700_000_000_000;
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

fn device(number: usize) -> DeviceName {
    DeviceName::new(&format!("gam-{number}")).unwrap()
}

fn site(number: usize) -> SiteName {
    SiteName::new(&format!("site-{number}")).unwrap()
}

/// Returns a schedule with looks only.
fn look_at(at: u64) -> DueTimes {
    DueTimes {
        look: Some(at),
        ..DueTimes::default()
    }
}

/// Starts what can start, and returns the devices.
fn start_all(queue: &mut Queue, now: u64) -> Vec<DeviceName> {
    std::iter::from_fn(|| match queue.next(now) {
        Next::Start { device, .. } => Some(device),
        Next::WaitUntil(_) | Next::Idle => None,
    })
    .collect()
}

/// Adds a device that is looked at once, at a time.
fn insert(queue: &mut Queue, number: usize, of_site: Option<usize>, last: Outcome, at: u64) {
    queue.insert(device(number), of_site.map(site), last, look_at(at));
}
