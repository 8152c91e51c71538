//! Plans the devices of a run, and adapts the plans to the request.

use super::{LookSource, PlanInputs, Reconciler, RunError, RunNote, RunRequest, Watcher};
use crate::model::DeviceName;
use crate::plan::Planned;
use crate::reconcile::{Fleet, LookResults, plan_all, rehearse_all};

impl Reconciler {
    /// Plans every device, with the reasons of the steps and what the store adds to them.
    pub(super) async fn planned(
        &self,
        request: &RunRequest,
        inputs: &PlanInputs,
        fleet: &Fleet<'_>,
        names: &[DeviceName],
        looks: &LookResults,
        watcher: &Watcher,
    ) -> Result<Planned, RunError> {
        let mut planned = plan_all(fleet, looks);
        inputs.add_origins(&mut planned, fleet, watcher);
        let stored = self.stored_state(request, fleet, names, &planned);
        planned.stored = stored.await?;
        self.mark_rolled_back(&mut planned, request).await?;
        Ok(planned)
    }
}

/// Leaves out what the request does not want, and rehearses the rest if it asks for that.
pub(super) fn complete(
    planned: &mut Planned,
    request: &RunRequest,
    fleet: &Fleet<'_>,
    looks: &LookResults,
    watcher: &Watcher,
) {
    adapt(planned, request, watcher);
    if request.rehearses {
        let devices = rehearse_all(fleet, looks, planned);
        watcher.note(RunNote::Rehearsed { devices });
    }
}

/// Adapts a plan to the kind of run: devices that are never written to are reported and left out.
fn adapt(planned: &mut Planned, request: &RunRequest, watcher: &Watcher) {
    if matches!(request.looks, LookSource::Baseline) {
        planned.against = planned.applied.take();
    }
    if !request.verb.writes() {
        return;
    }
    for plan in &planned.devices {
        if !plan.state.is_written() && !plan.steps.is_empty() {
            watcher.note(RunNote::NotWritten {
                device: plan.device.clone(),
                state: plan.state,
                steps: plan.steps.len(),
            });
        }
    }
    planned.devices.retain(|plan| plan.state.is_written());
}
