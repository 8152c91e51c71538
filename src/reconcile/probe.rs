//! Probes many devices at once, one request each.

use std::collections::BTreeMap;

use super::look::not_observed;
use super::many::ask_accessible;
use super::{Accesses, DeviceAccess};
use crate::model::{DeviceName, NotObserved, Probe};
use crate::observe::{LookError, probe};
use crate::transport::snmp::SnmpOptions;

/// The devices probed at once: each has a socket, and one request in flight.
const AT_ONCE: usize = 256;

/// The answer of each device, or the reason that there is none.
pub type Probes = BTreeMap<DeviceName, Result<Probe, NotObserved>>;

/// Probes the devices; `seen` is called for each as it comes in.
pub async fn probe_all(devices: Accesses, seen: impl FnMut(&DeviceName)) -> Probes {
    let ask =
        |device: DeviceName, access: DeviceAccess| async move { probe_one(&device, &access).await };
    ask_accessible(devices, AT_ONCE, ask, seen).await
}

/// Probes one device.
#[tracing::instrument(name = "probe", level = "debug", skip_all, fields(device = %device))]
pub async fn probe_one(device: &DeviceName, access: &DeviceAccess) -> Result<Probe, NotObserved> {
    let options = SnmpOptions {
        in_flight: 1,
        ..SnmpOptions::default().with_silence(access.silence)
    };
    let answer = probe(access.snmp, &access.access, options).await;
    answer
        .map(|(probe, _)| probe)
        .map_err(|source| not_observed(&LookError::of(device, source)))
}
