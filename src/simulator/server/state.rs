//! Holds the state shared by all tasks of a twin; every change goes through one function.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::host_key::HostKeys;
use super::input::MOUTHFUL;
use super::settings::TwinSettings;
use super::ssh_port::SshPort;
use super::wire::Control;
use super::{clock, trap};
use crate::simulator::commands::Session;
use crate::simulator::fault::Faults;
use crate::simulator::gam::Gam;
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{Agent, EngineId, Setup};

/// The vendor's enterprise number, in engine ids.
const ENTERPRISE: u32 = 20_095;

/// The highest number of logged lines; a rehearsal of 384 subscribers enters about two thousand.
const MOST_LINES: usize = 20_000;

/// The highest number of bytes of logged lines: long pasted lines must not fill the memory of hundreds of twins.
const MOST_LINE_BYTES: usize = 2 << 20;

/// The longest output of another user's session; a configuration of 384 subscribers prints a tenth of it.
const MOST_SHOWN: usize = 1 << 20;

/// The end of a session with too much output; its last line looks like a prompt.
const TOO_MUCH: &[u8] = b"\r\n% Too much output: the rest is not entered\r\n#";

/// The present state of a twin.
pub struct State {
    pub gam: Gam,
    pub faults: Faults,
    pub counts: Counts,
    /// Every entered line, oldest first.
    pub lines: VecDeque<LoggedLine>,
    line_bytes: usize,
    /// Whether the device is running; it is not during a boot.
    pub is_up: bool,
    pub(super) agent: Agent,
    pub(super) shells: BTreeSet<u64>,
    pub(super) connections: BTreeMap<u64, Arc<Control>>,
    pub(super) last_number: u64,
}

/// Event counters since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub connections: u64,
    pub logins: u64,
    pub refused_logins: u64,
    pub shells: u64,
    pub lines: u64,
    pub saves: u64,
    /// Received datagrams, and those that were answered.
    pub requests: u64,
    pub answers: u64,
    /// Requests that the agent dropped because its queue was full.
    pub dropped: u64,
    pub traps: u64,
    pub boots: u64,
}

/// A line entered in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedLine {
    /// Increases over the life of the twin.
    pub session: u64,
    pub at: Moment,
    pub line: String,
}

impl State {
    pub(super) fn new(gam: Gam, settings: &TwinSettings, now: Moment) -> Self {
        Self {
            agent: agent_of(&gam, settings, now),
            gam,
            faults: Faults::default(),
            counts: Counts::default(),
            lines: VecDeque::new(),
            line_bytes: 0,
            is_up: true,
            shells: BTreeSet::new(),
            connections: BTreeMap::new(),
            last_number: 0,
        }
    }

    /// Returns the number of open sessions.
    pub fn sessions(&self) -> usize {
        self.shells.len()
    }

    /// Returns whether there are no connections, logged in or not.
    pub fn is_idle(&self) -> bool {
        self.connections.is_empty()
    }

    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn log(&mut self, session: u64, line: &str, at: Moment) {
        let line = without_password(line);
        self.counts.lines += 1;
        self.line_bytes += line.len();
        while self.lines.len() >= MOST_LINES || self.line_bytes > MOST_LINE_BYTES {
            let Some(forgotten) = self.lines.pop_front() else {
                break;
            };
            self.line_bytes -= forgotten.line.len();
        }
        self.lines.push_back(LoggedLine { session, at, line });
    }

    /// Enters a line in configuration mode as another user, and returns the output of that session.
    pub(super) fn enter_elsewhere(&mut self, line: &str, now: Moment) -> Vec<u8> {
        let mut session = Session::open(&self.gam, 0, 0);
        let mut shown = Vec::new();
        for keys in [
            "terminal width 0\rterminal length 0\rconfigure terminal\r",
            line,
            "\r",
        ] {
            for keys in keys.as_bytes().chunks(MOUTHFUL) {
                session.type_keys(keys);
                while let Some(entered) = session.next_line(&self.gam) {
                    // Saves and reboots have their own faults; here they only print.
                    let _outcome = session.run(&entered, &mut self.gam, now);
                    shown.append(&mut session.take_output());
                    if shown.len() > MOST_SHOWN {
                        break;
                    }
                }
                shown.append(&mut session.take_output());
                if shown.len() > MOST_SHOWN {
                    shown.extend_from_slice(TOO_MUCH);
                    return shown;
                }
            }
            if keys.starts_with("terminal") {
                shown.clear();
            }
        }
        shown
    }
}

/// Returns a line without the password that it sets, because many can read a log. No other command has one.
fn without_password(line: &str) -> String {
    let mut words = line.split_whitespace();
    let command = words.next().unwrap_or_default().to_ascii_lowercase();
    if command.is_empty() || !"username".starts_with(&command) {
        return line.to_owned();
    }
    // `username admin privilege 15 password unencrypted …`
    let kept: Vec<&str> = line.split_whitespace().take(6).collect();
    match words.count() {
        0..=5 => line.to_owned(),
        _ => format!("{} …", kept.join(" ")),
    }
}

/// Creates the agent of a device that has just started.
pub(super) fn agent_of(gam: &Gam, settings: &TwinSettings, now: Moment) -> Agent {
    Agent::new(Setup {
        engine_id: EngineId::from_mac(ENTERPRISE, gam.hardware().mac.octets()),
        boots: gam.boots(),
        booted_at: now,
        communities: settings.snmp.communities.clone(),
        users: settings.snmp.users.clone(),
        limits: settings.snmp.limits,
        seed: gam.seed(),
    })
}

/// The state, its notifications, and its constants.
pub(super) struct Shared {
    pub(super) settings: TwinSettings,
    pub(super) host_keys: HostKeys,
    pub(super) ssh: SocketAddr,
    pub(super) ssh_port: SshPort,
    pub(super) runtime: Handle,
    pub(super) is_stopped: watch::Sender<bool>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    traps: Option<UdpSocket>,
    last_trap: AtomicI32,
}

impl Shared {
    pub(super) fn new(
        settings: TwinSettings,
        state: State,
        host_keys: HostKeys,
        ssh_port: SshPort,
        traps: Option<UdpSocket>,
    ) -> Self {
        Self {
            host_keys,
            ssh: ssh_port.address(),
            ssh_port,
            runtime: Handle::current(),
            is_stopped: watch::Sender::new(false),
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            traps,
            last_trap: AtomicI32::new(0),
            settings,
        }
    }

    /// Reads the state.
    pub(super) fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state. Before it returns, traps are sent, the port is opened or closed, and waiting tasks are woken.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State, Moment) -> R) -> R {
        let mut state = self.lock();
        let now = clock::now();
        let result = change(&mut state, now);
        let happenings = state.gam.take_happenings();
        let traps = match self.settings.trap_receiver {
            Some(_) => happenings
                .iter()
                .filter_map(|happening| trap::of(happening, &state.gam))
                .collect(),
            None => Vec::new(),
        };
        let uptime = state.gam.uptime(now);
        state.counts.traps += u64::try_from(traps.len()).unwrap_or(0);
        let is_open = state.is_up && !state.faults.is_refusing();
        if self.ssh_port.is_open() != is_open {
            let _runtime = self.runtime.enter();
            self.ssh_port
                .set_open(is_open && !*self.is_stopped.borrow());
        }
        drop(state);
        for trap in &traps {
            self.tell(trap, uptime);
        }
        self.changes.send_modify(|changes| *changes += 1);
        result
    }

    fn tell(&self, trap: &trap::PendingTrap, uptime: std::time::Duration) {
        let (Some(socket), Some(receiver)) = (&self.traps, &self.settings.trap_receiver) else {
            return;
        };
        let number = self.last_trap.fetch_add(1, Ordering::Relaxed);
        if let Some(datagram) = trap.encode(&receiver.community, number, uptime) {
            // A failed send is a lost trap, as on a real network.
            let _sent = socket.send_to(&datagram, receiver.address);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a test's closure leaves the state half changed, which is acceptable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a receiver of every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns when the twin is stopped.
    pub(super) async fn stopped(&self) {
        let mut is_stopped = self.is_stopped.subscribe();
        drop(is_stopped.wait_for(|is_stopped| *is_stopped).await);
    }

    /// Ends every task and cuts connections.
    pub(super) fn stop(&self) {
        self.is_stopped.send_replace(true);
        self.change(|state, _| {
            for control in state.connections.values() {
                control.cut();
            }
        });
        self.ssh_port.shut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GamModel;
    use crate::simulator::gam::{Build, FirmwareProfile, Hardware};

    fn state() -> State {
        let settings = TwinSettings::new(Build {
            hardware: Hardware::of(GamModel::Gam4Cx, 1),
            firmware: FirmwareProfile::default(),
            seed: 1,
            configuration: None,
        });
        let now = Moment::from_unix_millis(1_790_000_000_000);
        let gam = Gam::new(settings.build.clone(), now);
        State::new(gam, &settings, now)
    }

    #[test]
    fn a_password_that_is_set_is_not_in_the_log() {
        let mut state = state();
        for line in [
            "username admin privilege 15 password unencrypted swordfish",
            "  USER admin priv 15 pass unenc \"sword fish\"",
            "username admin privilege 15 password none",
        ] {
            state.log(1, line, Moment::default());
        }
        let lines: Vec<&str> = state.lines.iter().map(|one| one.line.as_str()).collect();
        assert_eq!(
            lines,
            [
                "username admin privilege 15 password unencrypted …",
                "USER admin priv 15 pass unenc …",
                "username admin privilege 15 password none",
            ]
        );
    }

    #[test]
    fn long_lines_are_forgotten_before_they_fill_the_memory() {
        let mut state = state();
        let line = "x".repeat(1000);
        for session in 0..5000 {
            state.log(session, &line, Moment::default());
        }
        let bytes: usize = state.lines.iter().map(|line| line.line.len()).sum();
        assert!(bytes <= MOST_LINE_BYTES && bytes > MOST_LINE_BYTES / 2);
        assert_eq!(state.lines.back().unwrap().session, 4999);
        for session in 0..50_000 {
            state.log(session, "", Moment::default());
        }
        assert_eq!(state.lines.len(), MOST_LINES);
    }

    #[test]
    fn another_users_session_ends_after_too_much_output() {
        let mut state = state();
        let lines = format!("{}\rhostname LATE", "?".repeat(60_000));
        let shown = state.enter_elsewhere(&lines, Moment::default());
        assert!(shown.len() < 2 * MOST_SHOWN, "{} bytes", shown.len());
        assert!(shown.ends_with(TOO_MUCH));
        assert_ne!(state.gam.running().hostname, "LATE");
        let shown = state.enter_elsewhere("?\x15hostname SOON", Moment::default());
        assert!(!shown.ends_with(TOO_MUCH));
        assert_eq!(state.gam.running().hostname, "SOON");
    }
}
