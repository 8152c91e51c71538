//! What a manager asked for over SNMP and takes time: saving, restarting.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::state::Shared;
use crate::simulator::commands::{SaveFailure, write_startup};
use crate::simulator::fault::{Restart, SavePlan};
use crate::simulator::gam::{Configuration, CopyStatus, Request};

impl Shared {
    /// Does what was asked for, in the time it takes.
    pub(super) fn fulfil(self: &Arc<Self>, request: Request) {
        match request {
            Request::Save => drop(self.write_flash()),
            Request::Reboot => self.restart(Restart::Reboot),
            Request::SwapFirmware => self.restart(Restart::SwapFirmware),
            Request::ReloadDefaults => self.change(|state, now| {
                let factory = Configuration::factory(state.gam.hardware());
                state.gam.replace_running(factory, now);
            }),
        }
    }
}

impl Shared {
    /// Writes the running configuration to flash, in the time that takes; goes on when whoever asked for it is gone.
    pub(super) fn write_flash(self: &Arc<Self>) -> JoinHandle<Option<Result<usize, SaveFailure>>> {
        self.runtime.spawn(write_flash(Arc::clone(self)))
    }
}

/// Returns nothing when the device went down before it was done: what was saved before stays.
async fn write_flash(shared: Arc<Shared>) -> Option<Result<usize, SaveFailure>> {
    let boots = shared.change(|state, _| {
        state.gam.set_copy_status(CopyStatus::InProgress);
        state.gam.boots()
    });
    tokio::select! {
        () = shared.stopped() => return None,
        () = tokio::time::sleep(shared.settings.save_time) => {}
    }
    let plan = shared.change(|state, now| {
        if !state.is_up || state.gam.boots() != boots {
            return Ok(None);
        }
        match state.faults.on_save() {
            SavePlan::Written => {
                state.counts.saves += 1;
                Ok(Some(Ok(write_startup(&mut state.gam, now))))
            }
            SavePlan::FlashFull => {
                state.gam.set_copy_status(CopyStatus::Failed);
                Ok(Some(Err(SaveFailure::FlashFull)))
            }
            SavePlan::Crash => Err(Restart::Reboot),
        }
    });
    match plan {
        Ok(ended) => ended,
        Err(restart) => {
            shared.restart(restart);
            None
        }
    }
}
