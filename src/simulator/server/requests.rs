//! Runs operations requested over SNMP that need time: saving and restarting.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::state::Shared;
use crate::simulator::commands::{SaveFailure, write_startup};
use crate::simulator::fault::{Restart, SavePlan};
use crate::simulator::gam::{Configuration, CopyStatus, Request};

impl Shared {
    /// Runs a requested operation, in its own time.
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
    /// Writes the running-config to flash, with the delay of flash; continues even if the requester is gone.
    pub(super) fn write_flash(self: &Arc<Self>) -> JoinHandle<Option<Result<usize, SaveFailure>>> {
        self.runtime.spawn(write_flash(Arc::clone(self)))
    }
}

/// Returns `None` if the device went down meanwhile: the earlier startup-config stays.
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
