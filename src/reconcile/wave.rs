//! Carries out one wave of an approved plan: an ordinary run over some of its devices.

use std::collections::BTreeSet;

use super::rollout::WaveDevice;
use super::run::{
    Allowances, PlanFile, PlanFileRejected, Preparation, Reconciler, RunError, RunOptions,
    RunReport, RunRequest, Verb, Watcher,
};
use super::{AutoApproval, TargetInventory};
use crate::history::RunId;
use crate::model::DeviceName;
use crate::plan::Planned;

/// The reason that a wave has no result.
#[derive(Debug, thiserror::Error)]
pub enum WaveError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("the stored plan cannot be read")]
    Plan(#[from] PlanFileRejected),
    #[error("the inventory at the target has errors, so nothing was applied")]
    InventoryInvalid,
}

/// A wave to carry out.
#[derive(Debug)]
pub struct Wave<'a> {
    /// The approved plan of the whole rollout.
    pub approved: &'a PlanFile,
    pub devices: &'a BTreeSet<DeviceName>,
    pub who: &'a str,
    /// The rollbacks that the approval allows to undo.
    pub reapply: BTreeSet<RunId>,
    pub allows: Allowances,
    pub rehearses: bool,
}

impl Reconciler {
    /// Carries out a wave: each device is looked at again, compared with its approved plan, written to, verified and saved.
    ///
    /// The part of the plan is stored as a plan of its own, because a plan is applied once and a rollout has several waves.
    pub async fn carry_out_wave(
        &self,
        wave: Wave<'_>,
        options: RunOptions,
        watcher: &Watcher,
    ) -> Result<RunReport, WaveError> {
        let part = wave.approved.part(wave.devices)?;
        let store = self.store().ok_or(RunError::StoreMissing)?;
        let document = serde_json::from_str(&part.text)
            .map_err(|error| RunError::PlanNotStorable(error.to_string()))?;
        let kept = store.store.keep_plan(&part.id, &document).await;
        kept.map_err(RunError::from)?;
        let request = RunRequest {
            revision: part.planned.inventory.commit.clone(),
            plan_file: Some(part),
            only: Some(wave.devices.clone()),
            allows: wave.allows,
            rehearses: wave.rehearses,
            auto_approval: AutoApproval::Everything,
            reapply: wave.reapply,
            ..RunRequest::of(Verb::Apply, wave.who)
        };
        match self.prepare(request, watcher).await? {
            Preparation::InventoryInvalid(_) => Err(WaveError::InventoryInvalid),
            Preparation::Refused(refused) => Ok(refused.report),
            Preparation::Ready(run) => {
                Ok(self.execute(run.confirm(true), options, watcher).await?)
            }
        }
    }
}

/// Returns the devices of a plan, as far as they decide its waves.
pub fn wave_devices(inventory: &TargetInventory, planned: &Planned) -> Vec<WaveDevice> {
    let devices = inventory.devices().into_iter();
    let known: Vec<WaveDevice> = devices.map(WaveDevice::from).collect();
    super::rollout::wave_devices(&known, &planned.devices)
}
