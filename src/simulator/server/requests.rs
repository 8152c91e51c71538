//! What a manager asked for over SNMP and takes time: saving, restarting.

use std::sync::Arc;

use super::state::Shared;
use crate::simulator::commands::running_config;
use crate::simulator::fault::{Restart, SavePlan};
use crate::simulator::gam::{Configuration, CopyStatus, Request};

impl Shared {
    /// Does what was asked for, in the time it takes.
    pub(super) fn fulfil(self: &Arc<Self>, request: Request) {
        match request {
            Request::Save => drop(self.runtime.spawn(save(Arc::clone(self)))),
            Request::Reboot => self.restart(Restart::Reboot),
            Request::SwapFirmware => self.restart(Restart::SwapFirmware),
            Request::ReloadDefaults => self.change(|state, now| {
                let factory = Configuration::factory(state.gam.hardware());
                state.gam.replace_running(factory, now);
            }),
        }
    }
}

async fn save(shared: Arc<Shared>) {
    tokio::select! {
        () = shared.stopped() => return,
        () = tokio::time::sleep(shared.settings.save_time) => {}
    }
    let plan = shared.change(|state, now| {
        // A device that went down meanwhile writes nothing.
        if !state.is_up {
            return SavePlan::FlashFull;
        }
        let plan = state.faults.on_save();
        match plan {
            SavePlan::Written => {
                let bytes = running_config(&state.gam).len();
                state.gam.save(bytes, now);
                state.counts.saves += 1;
            }
            SavePlan::FlashFull => state.gam.set_copy_status(CopyStatus::Failed),
            SavePlan::Crash => {}
        }
        plan
    });
    if plan == SavePlan::Crash {
        shared.restart(Restart::Reboot);
    }
}
