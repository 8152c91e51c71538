//! Looks at many devices at once and returns an observation, or the reason for none, for each of them.

use super::many::ask_accessible;
use super::{Accesses, DeviceAccess, FingerprintedObservation, LookResults};
use crate::model::{DeviceName, EthernetPort, MacAddress, NotObserved, Observation, chain};
use crate::observe::{self, LookError};
use crate::transport::snmp::SnmpOptions;

/// The number of devices looked at at once.
///
/// An unreachable device holds its permit until it is given up, some 5 seconds, so this is far above the need of the
/// healthy ones.
const AT_ONCE: usize = 200;

/// The values that many looks share.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    pub snmp_options: SnmpOptions,
    /// The time now, in seconds since 1970.
    pub clock: fn() -> u64,
    pub at_once: usize,
}

impl Looks {
    pub fn new(clock: fn() -> u64) -> Self {
        Self {
            snmp_options: observe::snmp_options(),
            clock,
            at_once: AT_ONCE,
        }
    }
}

/// Looks at every device; `seen` is called for each as it comes in.
pub async fn look_at_all(
    devices: Accesses,
    looks: Looks,
    seen: impl FnMut(&DeviceName),
) -> LookResults {
    let look = move |device, access| async move { look_at(&device, &access, looks).await };
    ask_accessible(devices, looks.at_once, look, seen).await
}

/// Returns recorded looks as the looks at these devices.
pub fn recorded(names: &[DeviceName], looks: &[Observation]) -> LookResults {
    let mut seen: LookResults = names
        .iter()
        .map(|name| (name.clone(), Err(NotObserved::NoRecordedLook)))
        .collect();
    for look in looks {
        if let Some(known) = seen.get_mut(&look.device) {
            *known = Ok(FingerprintedObservation::of(look.clone()));
        }
    }
    seen
}

/// Looks at one device.
#[tracing::instrument(name = "look", skip_all, fields(device = %device))]
pub async fn look_at(
    device: &DeviceName,
    access: &DeviceAccess,
    looks: Looks,
) -> Result<FingerprintedObservation, NotObserved> {
    let looked = observe::look(&target(device, access, looks)).await;
    looked
        .map(FingerprintedObservation::of)
        .map_err(|error| not_observed(&error))
}

/// Returns the Ethernet ports of an endpoint, or the reason that they are unknown.
pub async fn ethernet_of(
    device: &DeviceName,
    access: &DeviceAccess,
    endpoint: MacAddress,
    looks: Looks,
) -> Result<Vec<EthernetPort>, String> {
    let target = target(device, access, looks);
    observe::look_at_ethernet(&target, endpoint).await
}

fn target<'a>(
    device: &'a DeviceName,
    access: &'a DeviceAccess,
    looks: Looks,
) -> observe::Target<'a> {
    observe::Target {
        device,
        address: access.snmp,
        access: &access.access,
        snmp_options: looks.snmp_options.with_silence(access.silence),
        turns: access.turns.clone(),
        command_line: access.command_line.clone(),
        clock: looks.clock,
    }
}

/// Converts a failed look into a reason with its facts.
pub fn not_observed(look: &LookError) -> NotObserved {
    let error = chain(look);
    match look {
        LookError::Unreachable { .. } | LookError::Restarting { .. } => {
            NotObserved::NoAnswer { error }
        }
        LookError::NotAllowed { .. } => NotObserved::AccessDenied { error },
        LookError::Faulty { .. } | LookError::NotAGam { .. } | LookError::UnknownModel { .. } => {
            NotObserved::InvalidAnswer { error }
        }
    }
}
