//! Collects the facts of a gate: what became of the devices of a wave, and how their lines were and are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::ConcurrencyLimits;
use super::rollout::{AfterWave, BeforeWave, GateDevice, GateFacts, WaveLine, WaveProgress};
use super::run::PlanFile;
use crate::apply::{DeviceOutcome, Ended};
use crate::history::{DeviceBeforeWave, Filter, RolloutStepContent, Store, StoreError};
use crate::model::{ActiveAlarm, DeviceName, EndpointState, MacAddress, Observation, Slot};
use crate::plan::{Change, Verb};

/// Returns the lines that are up and the alarms of each device, by its last look.
pub async fn before_wave(
    store: &Store,
    devices: &BTreeSet<DeviceName>,
) -> Result<BTreeMap<DeviceName, DeviceBeforeWave>, StoreError> {
    let mut before = BTreeMap::new();
    for device in devices {
        let look = store.last_look(device).await?;
        before.insert(
            device.clone(),
            look.map(|look| state(&look)).unwrap_or_default(),
        );
    }
    Ok(before)
}

fn state(look: &Observation) -> DeviceBeforeWave {
    let endpoints = look.health.endpoints.iter();
    let up = endpoints.filter(|(_, endpoint)| endpoint.state == Some(EndpointState::Fine));
    DeviceBeforeWave {
        up: Some(up.map(|(mac, _)| *mac).collect()),
        alarms: look.health.known_alarms().ok().map(<[_]>::to_vec),
    }
}

/// Returns the facts of the gate after a wave, from the step that records its end. Devices that the run skipped do not count.
pub async fn gate_facts(
    store: &Store,
    content: &RolloutStepContent,
    settle: Duration,
    plan: &PlanFile,
) -> Result<GateFacts, StoreError> {
    let mut outcomes: BTreeMap<DeviceName, (u64, DeviceOutcome)> = BTreeMap::new();
    if let Some(run) = content.run {
        let filter = Filter {
            run: Some(run),
            most: u32::MAX,
            ..Filter::default()
        };
        for row in store.outcomes(&filter).await? {
            outcomes.insert(row.outcome.device.clone(), (row.at, row.outcome));
        }
    }
    let ended = content.wave_ended.unwrap_or_default();
    let mut devices = Vec::new();
    for (name, before) in &content.before {
        let Some((at, outcome)) = outcomes.remove(name) else {
            continue;
        };
        let look = store.last_look(name).await?;
        let after = look.filter(|look| look.taken_at >= ended);
        devices.push(GateDevice {
            progress: progress(at, &outcome),
            before: lines_before(before),
            leaving: leaving(plan, name),
            after: after.map(|look| after_wave(&look, before)),
            name: name.clone(),
        });
    }
    Ok(GateFacts {
        devices,
        failure_budget: ConcurrencyLimits::default().failure_budget,
        settle,
    })
}

fn progress(at: u64, outcome: &DeviceOutcome) -> WaveProgress {
    match &outcome.ended {
        Ended::Applied | Ended::Unchanged => WaveProgress::Saved { at },
        Ended::Unsaved { .. }
        | Ended::RolledBack { .. }
        | Ended::Stuck { .. }
        | Ended::Interrupted { .. } => WaveProgress::Failed {
            at,
            has_written: true,
        },
        Ended::Refused { .. } | Ended::Stale { .. } | Ended::Unreachable { .. } => {
            WaveProgress::Failed {
                at,
                has_written: false,
            }
        }
    }
}

fn lines_before(before: &DeviceBeforeWave) -> BeforeWave {
    let up = before.up.as_ref().map(|up| {
        let lines = up.iter().map(|mac| (*mac, WaveLine::default()));
        lines.collect()
    });
    BeforeWave {
        up,
        alarms: before.alarms.clone(),
    }
}

fn after_wave(look: &Observation, before: &DeviceBeforeWave) -> AfterWave {
    let endpoints = look.health.endpoints.iter();
    let is_up = endpoints.filter_map(|(mac, endpoint)| {
        let state = endpoint.state.as_ref()?;
        Some((*mac, *state == EndpointState::Fine))
    });
    AfterWave {
        read_at: look.taken_at,
        is_up: Some(is_up.collect()),
        alarms: look.health.known_alarms().ok().map(|alarms| {
            let alarms = alarms.iter().filter(|alarm| counts(alarm, look, before));
            alarms.cloned().collect()
        }),
    }
}

/// The beginning of the entity of an alarm of an endpoint; the number of the endpoint follows.
const ENDPOINT_ENTITY: &str = "CPE-";

/// Returns whether an alarm can be an effect of the wave. An endpoint that was not up before has lost no signal by it: a new
/// customer's endpoint is configured before it is plugged in, and its alarm gets its weight with the subscriber.
fn counts(alarm: &ActiveAlarm, look: &Observation, before: &DeviceBeforeWave) -> bool {
    let number = alarm.entity.strip_prefix(ENDPOINT_ENTITY);
    let Some(number) = number.and_then(|number| number.parse::<u16>().ok()) else {
        return true;
    };
    let mut endpoints = look.config.endpoints.iter();
    let endpoint = endpoints.find(|(_, endpoint)| endpoint.slot == Some(Slot(number)));
    let up = before.up.as_deref().unwrap_or_default();
    endpoint.is_none_or(|(mac, _)| up.contains(mac))
}

/// Returns the endpoints that the plan removes.
fn leaving(plan: &PlanFile, device: &DeviceName) -> BTreeSet<MacAddress> {
    let plans = plan.planned.devices.iter();
    let steps = plans
        .filter(|plan| plan.device == *device)
        .flat_map(|plan| &plan.steps);
    let removed = steps.filter_map(|step| match &step.change {
        Change::Endpoint(_, edit) if edit.verb() == Verb::Remove => Some(*edit.key()),
        _ => None,
    });
    removed.collect()
}
