//! Carries out an approved plan wave by wave, and decides the gate between two waves; ends at the first that does not open.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

use super::gate_facts::{before_wave, gate_facts};
use super::rollout::{Gate, GateFacts, GateReason, gate, waves};
use super::run::{ApprovedPlan, Reconciler, RunError, RunOptions, RunReport, Watcher};
use super::target_inventory::{TargetInventory, TargetReading};
use super::wave::{Wave, WaveError, wave_devices};
use crate::history::{RolloutStepContent, RunId};
use crate::model::DeviceName;

/// The time between two looks while lines are expected to come up: a look at a full device takes some seconds.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

/// An approved plan, divided by the policy of the commit before.
#[derive(Debug)]
pub struct PlanInWaves {
    pub approved: ApprovedPlan,
    /// At least one; no wave is empty.
    pub waves: Vec<Vec<DeviceName>>,
    target: TargetInventory,
    settle: Duration,
}

/// An event between the events of the runs.
#[derive(Debug)]
pub enum WaveEvent<'a> {
    /// A wave starts; counted from 1.
    Starts {
        number: usize,
        of: usize,
        devices: &'a [DeviceName],
    },
    /// The run of a wave has ended.
    Ended {
        report: &'a RunReport,
    },
    /// The gate is not open yet.
    NotYet {
        reason: &'a GateReason,
    },
    Open,
}

/// A wave that was started.
#[derive(Debug)]
pub struct CarriedOutWave {
    pub devices: Vec<DeviceName>,
    pub report: RunReport,
    /// Why the gate after it did not open; `None` if it opened, or was not decided.
    pub paused: Option<GateReason>,
}

/// The end of a plan in waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WavesEnd {
    Done,
    /// A gate did not open.
    Paused,
    /// The run of a wave was refused as a whole.
    Refused,
    Interrupted,
}

/// The result of a plan in waves.
#[derive(Debug)]
pub struct WavesReport {
    pub waves: Vec<CarriedOutWave>,
    /// The devices of waves that were not started.
    pub not_started: Vec<DeviceName>,
    pub end: WavesEnd,
}

impl Reconciler {
    /// Divides an approved plan into waves.
    pub async fn in_waves(&self, approved: ApprovedPlan) -> Result<PlanInWaves, WaveError> {
        let read = self.read_target_at(approved.revision.clone(), &approved.who);
        let TargetReading::Valid(target) = read.await? else {
            return Err(WaveError::InventoryInvalid);
        };
        let settings = target.rollout_policy().waves;
        let mut devices = wave_devices(&target, &approved.plan.planned);
        devices.retain(|device| approved.devices.contains(&device.name));
        Ok(PlanInWaves {
            waves: waves(&devices, &settings),
            settle: settings.settle,
            target: *target,
            approved,
        })
    }

    /// Carries out the waves in order, each as a run of its own.
    pub async fn carry_out_waves(
        &self,
        plan: &PlanInWaves,
        options: &RunOptions,
        watcher: &Watcher,
        see: impl Fn(&WaveEvent<'_>),
    ) -> Result<WavesReport, WaveError> {
        let mut report = WavesReport {
            waves: Vec::new(),
            not_started: Vec::new(),
            end: WavesEnd::Done,
        };
        let of = plan.waves.len();
        for (number, devices) in (1..).zip(&plan.waves) {
            if report.end == WavesEnd::Done && *options.stop.borrow() {
                report.end = WavesEnd::Interrupted;
            }
            if report.end != WavesEnd::Done {
                report.not_started.extend(devices.iter().cloned());
                continue;
            }
            see(&WaveEvent::Starts {
                number,
                of,
                devices,
            });
            let wave = self.wave(plan, devices, options, watcher, &see, number < of);
            let (wave, end) = wave.await?;
            report.waves.push(wave);
            report.end = end;
        }
        Ok(report)
    }

    async fn wave(
        &self,
        plan: &PlanInWaves,
        devices: &[DeviceName],
        options: &RunOptions,
        watcher: &Watcher,
        see: &impl Fn(&WaveEvent<'_>),
        has_gate: bool,
    ) -> Result<(CarriedOutWave, WavesEnd), WaveError> {
        let store = &self.store().ok_or(RunError::StoreMissing)?.store;
        let names: BTreeSet<DeviceName> = devices.iter().cloned().collect();
        let before = before_wave(store, &names).await.map_err(RunError::from)?;
        let wave = Wave {
            approved: &plan.approved.plan,
            devices: &names,
            who: &plan.approved.who,
            reapply: plan.approved.reapply.clone(),
            allows: plan.approved.allows,
            rehearses: plan.approved.rehearses,
        };
        let report = self.carry_out_wave(wave, options.clone(), watcher).await?;
        see(&WaveEvent::Ended { report: &report });
        let mut ended = CarriedOutWave {
            devices: devices.to_vec(),
            report,
            paused: None,
        };
        if ended.report.is_interrupted {
            return Ok((ended, WavesEnd::Interrupted));
        }
        if ended.report.refusal.is_some() {
            return Ok((ended, WavesEnd::Refused));
        }
        if !has_gate {
            return Ok((ended, WavesEnd::Done));
        }
        let content = RolloutStepContent {
            run: ended.report.run.map(RunId),
            wave_ended: Some(store.clock().await.map_err(RunError::from)?),
            before,
            ..RolloutStepContent::default()
        };
        let end = match self.wait_for_gate(plan, &content, options, see).await? {
            GateEnd::Open => WavesEnd::Done,
            GateEnd::Interrupted => WavesEnd::Interrupted,
            GateEnd::Paused(reason) => {
                ended.paused = Some(reason);
                WavesEnd::Paused
            }
        };
        Ok((ended, end))
    }

    /// Looks at the devices of a wave until its gate is decided.
    async fn wait_for_gate(
        &self,
        plan: &PlanInWaves,
        content: &RolloutStepContent,
        options: &RunOptions,
        see: &impl Fn(&WaveEvent<'_>),
    ) -> Result<GateEnd, RunError> {
        let store = &self.store().ok_or(RunError::StoreMissing)?.store;
        let names: Vec<DeviceName> = content.before.keys().cloned().collect();
        let mut stop = options.stop.clone();
        let mut last: Option<GateReason> = None;
        let mut has_looked = false;
        loop {
            let facts = gate_facts(store, content, plan.settle, &plan.approved.plan).await?;
            let facts = GateFacts {
                failure_budget: options.limits.failure_budget,
                ..facts
            };
            let now = store.clock().await?;
            let (reason, until) = match gate(&facts, now) {
                Gate::Open => {
                    see(&WaveEvent::Open);
                    return Ok(GateEnd::Open);
                }
                Gate::Paused { reason } => return Ok(GateEnd::Paused(reason)),
                Gate::NotYet { reason, until } => (reason, until),
            };
            let is_settling = reason == GateReason::Settling;
            let wait = match (is_settling, until) {
                (true, Some(until)) => Duration::from_secs(until.saturating_sub(now)),
                // The devices were not looked at yet since the settle time.
                _ if !has_looked => Duration::ZERO,
                _ => BETWEEN_LOOKS,
            };
            if last.as_ref() != Some(&reason) && (is_settling || has_looked) {
                see(&WaveEvent::NotYet { reason: &reason });
                last = Some(reason);
            }
            if is_stopped_within(wait, &mut stop).await {
                return Ok(GateEnd::Interrupted);
            }
            let silent = Watcher::silent();
            let accesses = self.accesses(plan.target.inventory(), &names, &silent);
            self.look_at(accesses, &silent).await;
            has_looked = true;
        }
    }
}

/// The end of the wait for a gate.
enum GateEnd {
    Open,
    Paused(GateReason),
    Interrupted,
}

/// Waits for some time, and returns early if a stop is requested.
async fn is_stopped_within(wait: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(wait) => false,
        // A sender that is gone never requests a stop.
        Ok(_) = stop.wait_for(|is_stopped| *is_stopped) => true,
    }
}
