//! Probes many devices at once, one request each.

use std::collections::BTreeMap;

use super::look::not_observed;
use super::{Accesses, Panicked, ask_many};
use crate::model::{DeviceName, NotObserved, Probe};
use crate::observe::{LookError, probe};
use crate::transport::snmp::SnmpOptions;

/// The devices probed at once: each has a socket, and one request in flight.
const AT_ONCE: usize = 256;

/// The answer of each device, or the reason that there is none.
pub type Probes = BTreeMap<DeviceName, Result<Probe, NotObserved>>;

/// Probes the devices; `seen` is called for each as it comes in.
pub async fn probe_all(devices: Accesses, mut seen: impl FnMut(&DeviceName)) -> Probes {
    let mut probes = Probes::new();
    let mut reachable = Vec::new();
    for (device, access) in devices {
        match access {
            Ok(access) => reachable.push((device, access)),
            Err(why) => {
                seen(&device);
                probes.insert(device, Err(why));
            }
        }
    }
    let ask = |device: DeviceName, access: super::DeviceAccess| async move {
        let options = SnmpOptions {
            in_flight: 1,
            ..SnmpOptions::default().with_silence(access.silence)
        };
        let answer = probe(access.snmp, &access.access, options).await;
        answer
            .map(|(probe, _)| probe)
            .map_err(|source| not_observed(&LookError::of(&device, source)))
    };
    let answers = ask_many(reachable, AT_ONCE, ask, |device, _| seen(device)).await;
    probes.extend(answers.into_iter().map(|(device, answer)| {
        let answer = answer.unwrap_or_else(|Panicked(error)| Err(NotObserved::Panicked { error }));
        (device, answer)
    }));
    probes
}
