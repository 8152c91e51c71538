//! Reboots a twin: takes it down, and up again after its boot time.

use std::sync::Arc;

use super::state::{Shared, State, agent_of};
use crate::simulator::fault::Restart;
use crate::simulator::gam::{Gam, Hardware};
use crate::simulator::moment::Moment;

impl Shared {
    /// Takes the device down at once, and up again after its boot time. A device that is down already stays so.
    pub(super) fn restart(self: &Arc<Self>, restart: Restart) {
        let was_up = self.change(|state, _| {
            for control in state.connections.values() {
                control.cut();
            }
            std::mem::replace(&mut state.is_up, false)
        });
        if !was_up {
            return;
        }
        let shared = Arc::clone(self);
        let boot = async move {
            tokio::select! {
                () = shared.stopped() => {}
                () = tokio::time::sleep(shared.settings.boot_time) => {
                    shared.change(|state, now| shared.come_up(state, restart, now));
                }
            }
        };
        drop(self.runtime.spawn(boot));
    }

    fn come_up(&self, state: &mut State, restart: Restart, now: Moment) {
        start(&mut state.gam, restart, now);
        state.agent = agent_of(&state.gam, &self.settings, now);
        state.counts.boots += 1;
        state.is_up = true;
    }
}

fn start(gam: &mut Gam, restart: Restart, now: Moment) {
    match restart {
        Restart::Reboot => gam.boot(now),
        Restart::SwapFirmware => gam.swap_images(now),
        Restart::FactoryReset => gam.factory_reset(now),
        Restart::ReplaceHardware { seed } => {
            let old = gam.hardware();
            let hardware = Hardware::of(old.model, seed)
                .with_layout(old.layout)
                .with_assumptions(old.assumptions);
            gam.replace_hardware(hardware, now);
        }
        Restart::ChangeFirmware(profile) => gam.change_firmware(profile, now),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Twin, TwinSettings};
    use crate::model::GamModel;
    use crate::simulator::gam::{Build, FirmwareProfile, Hardware};

    #[tokio::test]
    async fn the_engine_of_snmp_counts_the_boots_of_the_device() {
        let build = Build {
            hardware: Hardware::of(GamModel::Gam4Cx, 1),
            firmware: FirmwareProfile::default(),
            seed: 1,
            configuration: None,
        };
        let twin = Twin::start(TwinSettings {
            boot_time: Duration::ZERO,
            ..TwinSettings::new(build)
        })
        .await
        .unwrap();
        twin.reboot();
        let is_back = twin.wait_until(|state| state.counts.boots == 1, Duration::from_secs(10));
        is_back.await.unwrap();
        let boots = twin.state(|state| (state.agent.boots(), state.gam.boots()));
        assert_eq!(boots, (2, 2));
        twin.stop().await;
    }
}
