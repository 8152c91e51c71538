//! Starts, stops and controls a running twin, for tests, fleets and rehearsals.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::host_key::{HostKeyError, HostKeys, fingerprint};
use super::settings::TwinSettings;
use super::ssh_port::SshPort;
use super::state::{LoggedLine, Shared, State};
use super::{accept, clock, udp};
use crate::model::MacAddress;
use crate::simulator::fault::{ActiveFault, FaultId, FaultOrder, Restart};
use crate::simulator::gam::{AlarmCondition, Configuration, Entity, Gam, Grade, Password};
use crate::simulator::moment::Moment;

/// A simulated GAM with sockets. Dropping it closes them.
pub struct Twin {
    shared: Arc<Shared>,
    snmp: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

/// The credentials of a client.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

/// The reason why a twin cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {0} for SSH; choose another port or address")]
    Ssh(SocketAddr, #[source] std::io::Error),
    #[error("cannot listen on {0} for SNMP; choose another port or address")]
    Snmp(SocketAddr, #[source] std::io::Error),
    #[error("cannot send traps from {0}; choose another address")]
    Traps(IpAddr, #[source] std::io::Error),
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
}

/// The awaited condition was not met in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    #[error("it did not happen within {0:?}")]
    Late(Duration),
}

impl Twin {
    /// Starts a twin that answers as soon as this returns. Needs a tokio runtime, which it keeps using.
    pub async fn start(mut settings: TwinSettings) -> Result<Self, StartError> {
        let now = clock::now();
        let mut build = settings.build.clone();
        // From here on the device owns it.
        settings.build.configuration = None;
        if !settings.login.password.is_empty() {
            let delivered = || Configuration::factory(&build.hardware);
            let configuration = build.configuration.get_or_insert_with(delivered);
            configuration.password = Password::of(&settings.login.password);
        }
        let plugged = std::mem::take(&mut settings.plugged);
        let gam = Gam::new(build, now).with_plugged(&plugged, now);
        let keys = HostKeys::new(gam.seed(), settings.legacy_ssh, settings.directory.clone());
        let serial = gam.hardware().serial.clone();
        let keys = tokio::task::spawn_blocking(move || keys.of(&serial, false).map(|_| keys));
        let keys = keys.await.map_err(|_| HostKeyError::Thread)??;
        let ssh = SocketAddr::new(settings.ip, settings.ssh_port);
        let ssh_port = SshPort::new(ssh).map_err(|error| StartError::Ssh(ssh, error))?;
        let snmp = SocketAddr::new(settings.ip, settings.snmp_port);
        let socket = agent_socket(snmp).map_err(|error| StartError::Snmp(snmp, error))?;
        let snmp = socket.local_addr().unwrap_or(snmp);
        let traps = match &settings.trap_receiver {
            Some(_) => Some(
                trap_socket(settings.ip).map_err(|error| StartError::Traps(settings.ip, error))?,
            ),
            None => None,
        };
        let state = State::new(gam, &settings, now);
        let shared = Arc::new(Shared::new(settings, state, keys, ssh_port, traps));
        let tasks = vec![
            tokio::spawn(accept::serve(Arc::clone(&shared))),
            tokio::spawn(udp::serve(Arc::clone(&shared), Arc::new(socket))),
        ];
        // Sends the cold start trap.
        shared.change(|_, _| ());
        Ok(Self {
            shared,
            snmp,
            tasks,
        })
    }

    pub fn ssh_address(&self) -> SocketAddr {
        self.shared.ssh
    }

    pub fn snmp_address(&self) -> SocketAddr {
        self.snmp
    }

    /// Returns the credentials of the twin, until they are changed on the device.
    pub fn credentials(&self) -> Credentials {
        let login = &self.shared.settings.login;
        Credentials {
            user: login.user.clone(),
            password: login.password.clone(),
        }
    }

    /// Returns the fingerprint of the host key as clients print it, `SHA256:…`; replaced hardware has another.
    pub fn host_key(&self) -> Result<String, HostKeyError> {
        let serial = self.serial();
        let key = self.shared.host_keys.of(&serial, false)?;
        Ok(fingerprint(&key))
    }

    pub fn serial(&self) -> String {
        self.gam(|gam| gam.hardware().serial.to_string())
    }

    /// Reads the device.
    pub fn gam<R>(&self, look: impl FnOnce(&Gam) -> R) -> R {
        self.shared.look(|state| look(&state.gam))
    }

    /// Reads the whole state: the device, faults, counters, sessions.
    pub fn state<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.shared.look(look)
    }

    /// Changes the device without any session.
    pub fn change<R>(&self, change: impl FnOnce(&mut Gam, Moment) -> R) -> R {
        self.shared.change(|state, now| change(&mut state.gam, now))
    }

    /// Enters a line in configuration mode as another user, and returns the output of that session.
    pub fn edit_line(&self, line: &str) -> String {
        let shown = self
            .shared
            .change(|state, now| state.enter_elsewhere(line, now));
        String::from_utf8_lossy(&shown).into_owned()
    }

    pub fn plug(&self, mac: MacAddress, port: u8) {
        self.change(|gam, now| gam.plug(mac, port, now));
    }

    pub fn unplug(&self, mac: MacAddress) {
        self.change(|gam, now| gam.unplug(mac, now));
    }

    pub fn raise_alarm(&self, condition: AlarmCondition, entity: Entity, grade: Grade) {
        self.change(|gam, now| gam.set_alarm(condition, entity, Some(grade), now));
    }

    pub fn clear_alarm(&self, condition: AlarmCondition, entity: Entity) {
        self.change(|gam, now| gam.set_alarm(condition, entity, None, now));
    }

    /// Sets a fault, effective when this returns.
    pub fn set_fault(&self, order: impl Into<FaultOrder>) -> FaultId {
        self.shared
            .change(|state, _| state.faults.add(order.into()))
    }

    /// Removes a fault; returns whether it was set.
    pub fn clear_fault(&self, fault: FaultId) -> bool {
        self.shared.change(|state, _| state.faults.clear(fault))
    }

    pub fn clear_faults(&self) {
        self.shared.change(|state, _| state.faults.clear_all());
    }

    pub fn faults(&self) -> Vec<ActiveFault> {
        self.state(|state| state.faults.list().to_vec())
    }

    pub fn reboot(&self) {
        self.restart(Restart::Reboot);
    }

    /// Takes the device down at once, and up again after its boot time.
    pub fn restart(&self, restart: Restart) {
        self.shared.restart(restart);
    }

    /// Returns every entered line, oldest first; very old ones are dropped.
    pub fn lines(&self) -> Vec<LoggedLine> {
        self.state(|state| state.lines.iter().cloned().collect())
    }

    /// Returns the number of open sessions.
    pub fn sessions(&self) -> usize {
        self.state(State::sessions)
    }

    /// Waits until a condition on the twin is true; checks it after each change.
    pub async fn wait_until(
        &self,
        mut is_so: impl FnMut(&State) -> bool,
        deadline: Duration,
    ) -> Result<(), WaitError> {
        let mut changes = self.shared.changes();
        let waiting = async {
            while !self.state(&mut is_so) {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let waited = tokio::time::timeout(deadline, waiting).await;
        waited.map_err(|_| WaitError::Late(deadline))
    }

    /// Closes everything, and returns when all is closed.
    pub async fn stop(mut self) {
        self.shared.stop();
        for task in std::mem::take(&mut self.tasks) {
            // One that panicked has ended too.
            let _ended = task.await;
        }
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Twin(ssh {}, snmp {})", self.shared.ssh, self.snmp)
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Credentials({})", self.user)
    }
}

fn agent_socket(address: SocketAddr) -> std::io::Result<tokio::net::UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    tokio::net::UdpSocket::from_std(socket)
}

fn trap_socket(ip: IpAddr) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
