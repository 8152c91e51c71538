//! Decides whether the next wave may start: every device saved, its lines up again, no new alarm, the settle time over.
//!
//! What could not be read never counts as fine. A gate that time may open says `NotYet`. It pauses the rollout as soon as
//! time no longer helps: at once for failures, otherwise when the grace after the settle time is over.
//!
//! Only readings that began after the settle time count, because lines and alarms may change until then. So the rollout task
//! polls the devices of the wave when the settle time is over.

mod reason;
#[cfg(test)]
mod tests;

pub use reason::{DownLine, GateReason, Reading};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{ActiveAlarm, DeviceName, MacAddress, PortNumber, SubscriberName};

/// Seconds after the settle time in which lines may come up and readings may arrive: the default interval between two polls,
/// so that each device is polled at least once even if no one asks for it.
const GRACE: u64 = 5 * 60;

/// Of the lines that were up before, so many percent may stay down, but at least one line: endpoints lose their power at any
/// time, and one of them must not stop a rollout.
const DOWN_PERCENT: usize = 2;

/// Everything that a gate is decided from.
#[derive(Debug, Clone)]
pub struct GateFacts {
    /// The devices of the wave that were started. A device that the run skipped before its first line is not one of them.
    pub devices: Vec<GateDevice>,
    /// So many failed devices pause the rollout, as `ConcurrencyLimits::failure_budget`; 0 counts as 1.
    pub failure_budget: usize,
    pub settle: Duration,
}

/// A device of the wave.
#[derive(Debug, Clone)]
pub struct GateDevice {
    pub name: DeviceName,
    pub progress: WaveProgress,
    /// From the last poll before the wave.
    pub before: BeforeWave,
    /// The endpoints that the plan removes from service on purpose. They do not have to come up again.
    pub leaving: BTreeSet<MacAddress>,
    /// The latest poll; `None` if there is none since the wave.
    pub after: Option<AfterWave>,
}

/// The progress of a device in its wave. Times are in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaveProgress {
    Running,
    /// Verified and saved.
    Saved {
        at: u64,
    },
    /// Ended in any other way, such as rolled back, stuck or unsaved.
    Failed {
        at: u64,
        /// At least one line was sent, so its lines and alarms count as well.
        has_written: bool,
    },
}

/// The state of a device before its wave; `None` is unread.
#[derive(Debug, Clone, Default)]
pub struct BeforeWave {
    /// The lines that were up.
    pub up: Option<BTreeMap<MacAddress, WaveLine>>,
    pub alarms: Option<Vec<ActiveAlarm>>,
}

/// The port and the subscriber of a line, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaveLine {
    pub port: Option<PortNumber>,
    pub subscriber: Option<SubscriberName>,
}

/// The state of a device after its wave; `None` is unread.
#[derive(Debug, Clone, Default)]
pub struct AfterWave {
    /// Seconds since 1970 when the reading began.
    pub read_at: u64,
    /// Whether an endpoint is up; a missing one is unread. `None` if no state was read.
    pub is_up: Option<BTreeMap<MacAddress, bool>>,
    pub alarms: Option<Vec<ActiveAlarm>>,
}

/// The decision of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// The next wave may start.
    Open,
    /// Time may open it; `until` is when it pauses or is decided at the latest, in seconds since 1970.
    NotYet {
        reason: GateReason,
        until: Option<u64>,
    },
    /// A person must resume, abandon or roll back.
    Paused { reason: GateReason },
}

/// Decides the gate after a wave.
pub fn gate(facts: &GateFacts, now: u64) -> Gate {
    let failed = devices_with(facts, |progress| {
        matches!(progress, WaveProgress::Failed { .. })
    });
    let budget = facts.failure_budget.max(1);
    if failed.len() >= budget {
        let reason = GateReason::Failures { failed, budget };
        return Gate::Paused { reason };
    }
    let running = devices_with(facts, |progress| progress == WaveProgress::Running);
    if !running.is_empty() {
        let of = facts.devices.len();
        let reason = GateReason::Running { running, of };
        return Gate::NotYet {
            reason,
            until: None,
        };
    }
    let ended = facts
        .devices
        .iter()
        .map(|device| device.progress.ended_at());
    let saved = devices_with(facts, |progress| {
        matches!(progress, WaveProgress::Saved { .. })
    });
    let Some(ended) = ended.max().filter(|_| !saved.is_empty()) else {
        let devices = facts.devices.iter().map(|device| device.name.clone());
        let reason = GateReason::NothingSaved {
            devices: devices.collect(),
        };
        return Gate::Paused { reason };
    };
    if let Some(reason) = unread_before(facts) {
        return Gate::Paused { reason };
    }
    let settled = ended.saturating_add(facts.settle.as_secs());
    if now < settled {
        let reason = GateReason::Settling;
        return Gate::NotYet {
            reason,
            until: Some(settled),
        };
    }
    let Some(reason) = objection(facts, settled) else {
        return Gate::Open;
    };
    let until = settled.saturating_add(GRACE);
    match now < until {
        true => Gate::NotYet {
            reason,
            until: Some(until),
        },
        false => Gate::Paused { reason },
    }
}

impl WaveProgress {
    fn ended_at(self) -> u64 {
        match self {
            Self::Running => 0,
            Self::Saved { at } | Self::Failed { at, .. } => at,
        }
    }
}

impl GateDevice {
    fn was_written(&self) -> bool {
        match self.progress {
            WaveProgress::Running | WaveProgress::Saved { .. } => true,
            WaveProgress::Failed { has_written, .. } => has_written,
        }
    }
}

fn devices_with(facts: &GateFacts, is: impl Fn(WaveProgress) -> bool) -> Vec<DeviceName> {
    let devices = facts.devices.iter().filter(|device| is(device.progress));
    devices.map(|device| device.name.clone()).collect()
}

fn written(facts: &GateFacts) -> impl Iterator<Item = &GateDevice> {
    facts.devices.iter().filter(|device| device.was_written())
}

/// Returns the devices with nothing to compare with. Waiting does not help them.
fn unread_before(facts: &GateFacts) -> Option<GateReason> {
    let unread = |reading, is_unread: fn(&GateDevice) -> bool| {
        let devices = written(facts).filter(|device| is_unread(device));
        let devices: Vec<DeviceName> = devices.map(|device| device.name.clone()).collect();
        (!devices.is_empty()).then_some(GateReason::UnreadBefore { devices, reading })
    };
    unread(Reading::Lines, |device| device.before.up.is_none())
        .or_else(|| unread(Reading::Alarms, |device| device.before.alarms.is_none()))
}

/// Returns the gravest reason against opening: alarms, then lines, then readings that are missing.
fn objection(facts: &GateFacts, settled: u64) -> Option<GateReason> {
    let devices: Vec<CheckedDevice<'_>> = written(facts)
        .map(|device| CheckedDevice::new(device, settled))
        .collect();
    let with_alarms = devices
        .iter()
        .filter(|device| !device.new_alarms.is_empty());
    let with_alarms: Vec<&CheckedDevice<'_>> = with_alarms.collect();
    if let Some(first) = with_alarms.first() {
        return Some(GateReason::NewAlarms {
            device: first.name.clone(),
            alarms: first
                .new_alarms
                .iter()
                .map(|alarm| (*alarm).clone())
                .collect(),
            more_devices: with_alarms.len() - 1,
        });
    }
    let too_many = devices
        .iter()
        .filter(|device| device.down.len() > may_be_down(device.up_before));
    let too_many: Vec<&CheckedDevice<'_>> = too_many.collect();
    if let Some(worst) = too_many.iter().max_by_key(|device| device.down.len()) {
        return Some(GateReason::LinesDown {
            device: worst.name.clone(),
            down: worst.down.clone(),
            up_before: worst.up_before,
            more_devices: too_many.len() - 1,
        });
    }
    let down: usize = devices.iter().map(|device| device.down.len()).sum();
    let up_before: usize = devices.iter().map(|device| device.up_before).sum();
    if down > may_be_down(up_before) {
        return Some(GateReason::LinesDownInWave {
            down,
            up_before,
            may_be_down: may_be_down(up_before),
            devices: devices
                .iter()
                .filter(|device| !device.down.is_empty())
                .map(|device| device.name.clone())
                .collect(),
        });
    }
    let unread = |reading| {
        let devices = devices
            .iter()
            .filter(|device| device.unread == Some(reading));
        let devices: Vec<DeviceName> = devices.map(|device| device.name.clone()).collect();
        (!devices.is_empty()).then_some(GateReason::UnreadAfter { devices, reading })
    };
    unread(Reading::Lines).or_else(|| unread(Reading::Alarms))
}

/// Returns how many of so many lines may stay down.
fn may_be_down(up_before: usize) -> usize {
    (up_before.saturating_mul(DOWN_PERCENT) / 100).max(1)
}

/// A device after its wave, compared with before.
struct CheckedDevice<'a> {
    name: &'a DeviceName,
    up_before: usize,
    /// The lines that are not known to be up again, if the states were read.
    down: Vec<DownLine>,
    new_alarms: Vec<&'a ActiveAlarm>,
    /// The first reading that is missing.
    unread: Option<Reading>,
}

impl<'a> CheckedDevice<'a> {
    fn new(device: &'a GateDevice, settled: u64) -> Self {
        let after = device
            .after
            .as_ref()
            .filter(|after| settled <= after.read_at);
        let before = device.before.up.iter().flatten();
        let staying = before.filter(|(mac, _)| !device.leaving.contains(*mac));
        let staying: Vec<(&MacAddress, &WaveLine)> = staying.collect();
        let is_up = after.and_then(|after| after.is_up.as_ref());
        let alarms = after.and_then(|after| after.alarms.as_deref());
        let down = is_up.map(|is_up| {
            let down = staying.iter().filter_map(|(mac, line)| {
                let state = is_up.get(*mac).copied();
                (state != Some(true)).then(|| DownLine {
                    endpoint: **mac,
                    line: (*line).clone(),
                    is_unread: state.is_none(),
                })
            });
            let mut down: Vec<DownLine> = down.collect();
            down.sort_by_key(|one| one.line.port);
            down
        });
        let earlier = device.before.alarms.as_deref().unwrap_or_default();
        let new_alarms = alarms.map(|now| new_alarms(earlier, now));
        // Without any line before, there is no state to read.
        let lacks_lines = down.is_none() && !staying.is_empty();
        let unread = match (lacks_lines, &new_alarms) {
            (true, _) => Some(Reading::Lines),
            (false, None) => Some(Reading::Alarms),
            (false, Some(_)) => None,
        };
        Self {
            name: &device.name,
            up_before: staying.len(),
            down: down.unwrap_or_default(),
            new_alarms: new_alarms.unwrap_or_default(),
            unread,
        }
    }
}

/// Returns the service-affecting alarms that were not active and service-affecting before.
fn new_alarms<'a>(before: &[ActiveAlarm], now: &'a [ActiveAlarm]) -> Vec<&'a ActiveAlarm> {
    let affecting = |alarms: &[ActiveAlarm]| -> BTreeSet<_> {
        let affecting = alarms.iter().filter(|alarm| alarm.is_service_affecting);
        affecting.map(ActiveAlarm::identity).collect()
    };
    let known = affecting(before);
    let now = now.iter().filter(|alarm| alarm.is_service_affecting);
    now.filter(|alarm| !known.contains(&alarm.identity()))
        .collect()
}
