//! Polls many devices at once; a device that does not answer holds up no other.

use std::collections::BTreeMap;

use super::look::not_observed;
use super::many::ask_accessible;
use super::{Accesses, DeviceAccess};
use crate::model::{DeviceName, NotObserved, Poll};
use crate::observe::{self, PollTarget};

pub use crate::observe::PollScope;

/// The devices polled at once: each has a few requests in flight.
const AT_ONCE: usize = 100;

/// A poll, with what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledDevice {
    pub poll: Poll,
    /// The requests that were sent, without retries.
    pub requests: u64,
    /// Requests that were sent again, because no answer came in time.
    pub resent: u64,
}

/// The poll of each device, or the reason that there is none.
pub type Polls = BTreeMap<DeviceName, Result<PolledDevice, NotObserved>>;

/// Polls the devices; `clock` returns milliseconds since 1970, `seen` is called for each as it comes in.
pub async fn poll_all(
    devices: Accesses,
    scope: PollScope,
    clock: fn() -> u64,
    seen: impl FnMut(&DeviceName),
) -> Polls {
    let ask = |device: DeviceName, access: DeviceAccess| {
        let scope = scope.clone();
        async move { poll_one(&device, &access, &scope, clock).await }
    };
    ask_accessible(devices, AT_ONCE, ask, seen).await
}

/// Polls one device.
#[tracing::instrument(name = "poll", skip_all, fields(device = %device))]
pub async fn poll_one(
    device: &DeviceName,
    access: &DeviceAccess,
    scope: &PollScope,
    clock: fn() -> u64,
) -> Result<PolledDevice, NotObserved> {
    let target = PollTarget {
        device,
        address: access.snmp,
        access: &access.access,
        snmp_options: observe::poll_options().with_silence(access.silence),
        turns: access.turns.clone(),
        clock,
    };
    let polled = observe::poll(&target, scope).await;
    polled
        .map(|(poll, counters)| PolledDevice {
            poll,
            requests: counters.requests,
            resent: counters.resent,
        })
        .map_err(|error| not_observed(&error))
}
