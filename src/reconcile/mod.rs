//! Runs over many devices: look, plan, apply limits to all plans, apply, record. Used by all callers.
//!
//! `run` a run from request to recorded result · `apply` carries out device tasks · `fleet` intended configurations,
//! ownership and limits · `store_location` finds the store · `device_access` address and credentials of a device · `many` runs one
//! task per device, `look` for observations, `probe` for one request each, `poll` for states, rates and counters, `access_check` for access alone, `backup` for running-configs · `look_results` an observation with its
//! fingerprint · `one_device` one plan · `against` plans between two commits · `host_keys` requests host keys · `discover`
//! sweeps addresses · `origin` finds the commit behind a step · `approval` plans without confirmation · `rehearsal` tries plans on simulated devices · `rollout` decides when and how a target reaches devices · `target_inventory` plans single devices at the target commit · `wave` carries out one wave of an approved plan, `gate_facts` what its gate is decided from, `waves` all waves of a confirmed plan · `adopt_drift` turns drift into edits of the inventory · `import` makes an
//! inventory from observations.

mod access_check;
mod adopt_drift;
mod against;
mod apply;
mod approval;
mod backup;
mod device_access;
mod discover;
mod fleet;
mod gate_facts;
mod host_keys;
pub mod import;
mod look;
mod look_results;
mod many;
mod one_device;
mod origin;
mod poll;
mod probe;
mod rehearsal;
pub mod rollout;
pub mod run;
mod store_location;
pub mod sync;
mod target_inventory;
mod wave;
mod waves;

pub use crate::observe::Backup;
pub use access_check::{AccessCheck, DeliveredCommunity, LoginProblem, check_access};
pub use adopt_drift::{AdoptedDrift, AdoptedValue, LeftOutBecause, LeftOutDrift, adopt_drift};
pub use against::as_if_applied;
pub use apply::{ConcurrencyLimits, StoreWithJournal, host, is_known_dead, without_dead_holders};
pub use approval::{AutoApproval, needs_no_person};
pub use backup::{Backups, NoBackup, read_backups};
pub use device_access::{
    Accesses, DeviceAccess, DeviceAccessError, access_at, access_of, device_access,
};
pub use discover::{Discovered, SweepCredentials, SweepOptions, discover};
pub use fleet::{Applied, Fleet, Policy, inventory_digest};
pub use gate_facts::{before_wave, gate_facts};
pub use host_keys::{
    HostKeyAnswer, HostKeyProblem, HostKeyQuestion, HostKeyQuestions, ask_host_keys,
    host_key_questions,
};
pub use look::{Looks, ethernet_of, look_at, look_at_all, not_observed, recorded};
pub use look_results::{FingerprintedObservation, LookResults};
pub use many::{Panicked, ask_many};
pub use one_device::DevicePlanInputs;
pub use origin::find_origins;
pub use poll::{PollScope, PolledDevice, Polls, poll_all, poll_one};
pub use probe::{Probes, probe_all, probe_one};
pub use rehearsal::{FailedRehearsal, RehearsalFailure, rehearse, rehearse_all};
pub use store_location::{StoreLocation, StoreLocationError};
pub use target_inventory::{TargetDevice, TargetInventory, TargetReading};
pub use wave::{Wave, WaveError, wave_devices};
pub use waves::{CarriedOutWave, PlanInWaves, WaveEvent, WavesEnd, WavesReport};

pub use crate::transport::snmp::SILENCE;

use crate::inventory::{IntendedDevice, map_with};
use crate::model::DeviceState;
use crate::plan::{DevicePlan, LedgerCoverage, OutOfScope, Planned, Unobservable};

/// Plans every device that was looked at, and applies the limits to all plans together.
///
/// Devices of the fleet without a look are out of scope, or not installed yet.
pub fn plan_all(fleet: &Fleet<'_>, sightings: &LookResults) -> Planned {
    let mut planned = Planned {
        inventory: fleet.version.clone(),
        policy: fleet.policy.version.clone(),
        applied: fleet.applied.as_ref().and_then(Applied::commit),
        ..Planned::default()
    };
    let mut seen: Vec<(&IntendedDevice, &FingerprintedObservation)> = Vec::new();
    for intended in &fleet.devices {
        match sightings.get(&intended.name) {
            None => count_out(fleet, intended, &mut planned.out_of_scope),
            Some(Err(reason)) => planned.unobservable.push(Unobservable {
                device: intended.name.clone(),
                reason: reason.clone(),
            }),
            Some(Ok(sighting)) => seen.push((intended, sighting)),
        }
    }
    planned.out_of_scope.dropped = fleet.dropped();
    let over_ssh = seen
        .iter()
        .filter_map(|(_, sighting)| one_device::read_over_ssh(sighting.observation()));
    planned.read_over_ssh.extend(over_ssh);
    let run = tracing::Span::current();
    let plan_one =
        |(): &mut (), (intended, sighting): &(&IntendedDevice, &FingerprintedObservation)| {
            // Several threads make plans.
            let span = tracing::info_span!(parent: &run, "plan", device = %intended.name);
            span.in_scope(|| one_device::plan_one(fleet, intended, sighting))
        };
    for (plan, lint_errors) in map_with(&seen, || (), plan_one).into_iter().flatten() {
        planned.devices.push(plan);
        planned.lint_errors.extend(lint_errors);
    }
    // What is never written to never gets a ledger.
    let written = || {
        planned
            .devices
            .iter()
            .filter(|plan| plan.state.is_written())
    };
    planned.memory = fleet.ledgers.as_ref().map(|ledgers| LedgerCoverage {
        unknown: written()
            .map(|plan| &plan.device)
            .filter(|device| !ledgers.contains_key(*device))
            .cloned()
            .collect(),
        only_found: written()
            .filter(|plan| fleet.only_found.contains(&plan.device) && may_be_orphaned(plan))
            .map(|plan| plan.device.clone())
            .collect(),
    });
    fleet.judge(&mut planned);
    planned
}

/// Returns whether a device has objects of subscribers that a lost store may have owned.
fn may_be_orphaned(plan: &DevicePlan) -> bool {
    let mut unmanaged = plan.unmanaged.iter();
    unmanaged.any(|object| object.kind == "subscriber")
}

fn count_out(fleet: &Fleet<'_>, intended: &IntendedDevice, out: &mut OutOfScope) {
    if intended.state == DeviceState::Preprovision {
        out.preprovisioned += 1;
        return;
    }
    out.devices += 1;
    if fleet.is_pending(intended) {
        out.pending.push(intended.name.clone());
    }
}
