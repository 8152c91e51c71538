//! Starts a fleet of twins, prints their addresses, and runs them until a signal.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use super::TwinArguments;
use super::credentials::Keyring;
use super::ready::{Ready, ReadyTwin, StartedTwin};
use super::specification::{Specification, specifications};
use super::written_inventory::{Target, is_copy};
use crate::authoring::Base;
use crate::cli::source::{path, read_summary, refuse, source};
use crate::cli::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::source::Limits;
use crate::inventory::{Cache, read};
use crate::report::{DocumentKind, Exit};
use crate::simulator::server::{Control, Fleet, Twin};

/// The time that twins get to close their sockets.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(
    arguments: &TwinArguments,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    match arguments.listen {
        Some(listen) if !arguments.allow_remote => listen.check_local()?,
        _ => {}
    }
    let target = match &arguments.write_inventory {
        Some(folder) => Some(Target::check(folder, arguments.force)?),
        None => None,
    };
    let path = path(arguments.inventory.as_deref(), settings);
    let source = source(&path, arguments.rev.as_deref())?;
    let reading = read(&source, &Limits::default(), &Cache::default())?;
    terminal.detail(&read_summary(&path, &reading));
    if reading.has_errors() {
        let why =
            "No twin started: the inventory has errors, so the intended configuration is unknown.";
        return refuse(reading, why, terminal);
    }
    let keyring = Keyring::of(&reading.inventory, arguments.seed)?;
    let specifications = specifications(arguments, &reading.inventory, &keyring)?;
    for note in specifications.iter().filter_map(|one| one.note.as_ref()) {
        terminal.say(&format!("note: {note}\n"));
    }
    let job = Job {
        arguments,
        settings,
        terminal,
        target,
        base: Base::folder(&path, reading),
        inventory: path,
        keyring,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the threads of the twins")?;
    runtime.block_on(job.run(specifications))
}

/// The parts of a running fleet.
struct Job<'a> {
    arguments: &'a TwinArguments,
    settings: &'a Settings,
    terminal: &'a Terminal,
    target: Option<Target>,
    /// The folder that the inventory was read from.
    inventory: PathBuf,
    base: Base,
    keyring: Keyring,
}

impl Job<'_> {
    async fn run(self, specifications: Vec<Specification>) -> anyhow::Result<Exit> {
        // Listen before anything starts, so that a signal always stops in good order.
        let mut stop = Stop::listen()?;
        // Bind before anything is written: running twins may use the same folder.
        let control = Control::bind(&self.control_path()?).await?;
        let started = tokio::select! {
            started = start(specifications) => started?,
            () = stop.asked() => return Ok(Exit::Done),
        };
        let (fleet, twins) = started;
        let commit = match &self.target {
            Some(target) => {
                let secrets = &self.keyring.secrets;
                Some(target.write(&self.base, &twins, secrets, self.settings)?)
            }
            None => None,
        };
        let ready = Ready {
            twins,
            control: control.path().to_owned(),
        };
        self.print_ready(&ready, commit.is_some())?;
        let fleet = Arc::new(fleet);
        tokio::select! {
            () = control.serve(Arc::clone(&fleet)) => {}
            () = stop.asked() => {}
        }
        drop(control);
        // A request in progress keeps the fleet alive; dropping the last reference stops it.
        if let Ok(fleet) = Arc::try_unwrap(fleet) {
            // Sockets that are still open then are closed when the process exits.
            let _ended = tokio::time::timeout(PATIENCE, fleet.stop()).await;
        }
        Ok(Exit::Done)
    }

    fn control_path(&self) -> anyhow::Result<PathBuf> {
        let arguments = self.arguments;
        if let Some(path) = &arguments.control {
            return Ok(path.clone());
        }
        let folder = arguments.write_inventory.as_ref();
        let folder = folder.or(arguments.state.as_ref());
        match folder.or(Some(&self.inventory).filter(|folder| is_copy(folder))) {
            Some(folder) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("failed to create {}", folder.display()))?;
                Ok(folder.join("twin.sock"))
            }
            None => {
                let name = format!("gamctl-twin-{}.sock", std::process::id());
                Ok(std::env::temp_dir().join(name))
            }
        }
    }

    fn print_ready(&self, ready: &Ready, is_written: bool) -> anyhow::Result<()> {
        let terminal = self.terminal;
        let document = || DocumentKind::Twins.document(ready);
        let format = self.arguments.format.or_json(self.arguments.json);
        terminal.print(format, document, || ready.table(terminal.paint))?;
        let folder = self.arguments.write_inventory.as_deref();
        terminal.say(&ready.next_steps(folder.filter(|_| is_written)));
        Ok(())
    }
}

/// Starts all twins at once, and returns them in order with their logins.
async fn start(specifications: Vec<Specification>) -> anyhow::Result<(Fleet, Vec<ReadyTwin>)> {
    let mut starting = JoinSet::new();
    for (number, specification) in specifications.into_iter().enumerate() {
        starting.spawn(async move {
            let name = specification.name.clone();
            let started = start_one(specification).await;
            started
                .map(|(twin, ready)| (number, twin, ready))
                .with_context(|| format!("the twin of `{name}` did not start"))
        });
    }
    let (mut fleet, mut ready) = (Fleet::default(), Vec::new());
    while let Some(started) = starting.join_next().await {
        let (number, twin, one) = started.context("a twin did not start")??;
        drop(fleet.add(one.name.as_str(), twin));
        ready.push((number, one));
    }
    ready.sort_by_key(|(number, _)| *number);
    Ok((fleet, ready.into_iter().map(|(_, one)| one).collect()))
}

async fn start_one(specification: Specification) -> anyhow::Result<(Twin, ReadyTwin)> {
    let Specification {
        name,
        settings,
        faults,
        login,
        note: _,
    } = specification;
    let legacy_ssh = settings.legacy_ssh;
    let twin = Twin::start(settings).await?;
    for order in faults {
        twin.set_fault(order);
    }
    let found = StartedTwin {
        ip: twin.ssh_address().ip(),
        ssh_port: twin.ssh_address().port(),
        snmp_port: twin.snmp_address().port(),
        host_key: twin.host_key()?,
        serial: twin.serial(),
        legacy_ssh,
    };
    let ready = ReadyTwin::of(&name, found, &login);
    Ok((twin, ready))
}

/// Signals that stop the program: Ctrl-C, SIGTERM, or a closed terminal.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Stop {
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("failed to listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
