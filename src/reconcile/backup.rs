//! Reads the running-config of many devices over SSH for a backup; changes nothing.

use std::collections::BTreeMap;

use super::access_check::{LoginProblem, open};
use super::many::ask_accessible;
use super::{Accesses, DeviceAccess};
use crate::model::{DeviceName, NotObserved, Serial, chain};
use crate::observe::{Backup, BackupError, ConfigText, backup_of, read_config_text};
use crate::transport::snmp::Access;

/// The number of devices read at once: a login costs a device seconds, and this host little.
const AT_ONCE: usize = 32;

/// The reason that there is no backup of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoBackup {
    /// Its access in the inventory or the secrets is incomplete.
    NoAccess(NotObserved),
    Login(LoginProblem),
    /// The session was lost, or the device refused or interrupted the command.
    NotRead {
        error: String,
    },
    /// The device answered, but not with a whole running-config, or it is another device.
    NotUsable(BackupError),
}

impl From<NotObserved> for NoBackup {
    fn from(why: NotObserved) -> Self {
        Self::NoAccess(why)
    }
}

/// The backup of each device, or the reason that there is none.
pub type Backups = BTreeMap<DeviceName, Result<Backup, NoBackup>>;

/// Reads the devices; `seen` is called for each as it comes in.
pub async fn read_backups(
    devices: Accesses,
    serials: &BTreeMap<DeviceName, Serial>,
    seen: impl FnMut(&DeviceName),
) -> Backups {
    let ask = |device: DeviceName, access: DeviceAccess| {
        let serial = serials.get(&device).cloned();
        async move { read(&device, &access, serial.as_ref()).await }
    };
    ask_accessible(devices, AT_ONCE, ask, seen).await
}

async fn read(
    device: &DeviceName,
    access: &DeviceAccess,
    serial: Option<&Serial>,
) -> Result<Backup, NoBackup> {
    let (session, login) = open(&access.command_line).await.map_err(NoBackup::Login)?;
    let text = read_config_text(session).await;
    let ConfigText { version, lines } = text.map_err(|error| NoBackup::NotRead {
        error: chain(&error),
    })?;
    let password = std::str::from_utf8(login.password.reveal()).unwrap_or_default();
    let mut secrets = vec![password];
    match &access.access {
        Access::V2c { community } => secrets.extend(std::str::from_utf8(community.reveal())),
        Access::V3 { auth, privacy, .. } => {
            let auth = auth.as_ref().map(|auth| &auth.password);
            let privacy = privacy.as_ref().map(|privacy| &privacy.password);
            for secret in [auth, privacy].into_iter().flatten() {
                secrets.extend(std::str::from_utf8(secret.reveal()));
            }
        }
    }
    backup_of(device, serial, &version, &lines, &secrets).map_err(NoBackup::NotUsable)
}
