//! Starts an instance of the service, runs its tasks, and ends it in good order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::fetch::{FetchError, GitProgram, Mirror, RemoteSettings, StopRequest};
use super::http::{self, Listener, ListenerError};
use super::instance_state::{Parts, Shared};
use super::settings::ServiceSettings;
use super::task::heartbeat::{heartbeat, is_live};
use super::task::{self, TaskError, TaskTimer};
use super::{look, rollout};
use crate::history::{Instance, NewInstance, StoreError};
use crate::reconcile::run::{Reconciler, RunError, Watcher};
use crate::reconcile::{StoreLocation, StoreWithJournal, host, is_known_dead};
use crate::secrets::SecretSources;

/// The reason that an instance cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Mirror(#[from] FetchError),
    #[error(transparent)]
    Listener(#[from] ListenerError),
    #[error(
        "another gamctl serve uses the store {store}: process {process} on {host}, started by {who}; stop it, or use Postgres for several instances"
    )]
    SecondInstance {
        store: String,
        process: u32,
        host: String,
        who: String,
    },
    #[error("the first heartbeat failed")]
    Heartbeat(#[source] TaskError),
}

/// What an instance opens at its start.
#[derive(Debug)]
pub struct Opening {
    pub settings: ServiceSettings,
    pub location: StoreLocation,
    pub secrets: SecretSources,
    pub remote: RemoteSettings,
    pub git: GitProgram,
    /// The lease duration without renewal.
    pub lease: Duration,
}

/// A running instance.
pub struct Service {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
    /// Runs until all other tasks have ended: a device in progress may take minutes, and others must not take over.
    heartbeat: JoinHandle<()>,
    all_ended: watch::Sender<bool>,
    /// The addresses with their ports.
    pub listen: SocketAddr,
    pub metrics: Option<SocketAddr>,
}

/// A scheduler that did not run for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// The folder of the mirror in the state directory.
const MIRROR: &str = "mirror";

impl Service {
    /// Opens store, mirror and listeners, and starts all tasks. It ends when `stop` becomes true.
    pub async fn start(
        opening: Opening,
        seconds: fn() -> u64,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, StartError> {
        let Opening {
            settings,
            location,
            secrets,
            remote,
            git,
            lease,
        } = opening;
        let ends_git = task::once(end_git(git.stop.clone(), stop.clone()));
        let mirror = Mirror::open_or_create(&settings.state.join(MIRROR), git)?;
        let mut reconciler = Reconciler::new(
            &mirror.repository().join(&remote.folder),
            secrets.clone(),
            seconds,
        );
        reconciler.set_lease(lease);
        let who = settings.who.clone();
        reconciler
            .open_store(&location, &who, &Watcher::silent())
            .await?;
        let store = reconciler.store().cloned().ok_or(RunError::StoreMissing)?;
        if location.url.path().is_some() {
            only_instance(&store, &location, settings.timing.leads).await?;
        }
        let holder = store.registered().await?;
        let instance = NewInstance {
            id: holder,
            who,
            host: host(),
            process: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let listener = Listener::bind(settings.serve.listen).await?;
        let metrics = match settings.serve.metrics {
            Some(address) => Some(Listener::bind(address).await?),
            None => None,
        };
        let parts = Parts {
            reconciler,
            store,
            mirror,
            remote,
            secrets,
        };
        let shared = Arc::new(Shared::new(settings, parts, instance, stop.clone()));
        heartbeat(shared.clone())
            .await
            .map_err(StartError::Heartbeat)?;
        // The target and its devices are read before the first probe: a restart continues where it was.
        let _read_later = task::target::follow(shared.clone()).await;
        let (listen, metrics_at) = (listener.address, metrics.as_ref().map(|one| one.address));
        let mut tasks = vec![
            ends_git,
            task::once(listener.run(http::public(shared.clone()), stop.clone())),
        ];
        if let Some(metrics) = metrics {
            tasks.push(task::once(
                metrics.run(http::metrics(shared.clone()), stop.clone()),
            ));
        }
        tasks.push(look::start(shared.clone()));
        tasks.extend(start_tasks(&shared));
        tasks.push(task::once(task::hints::pass_on(shared.clone())));
        let (all_ended, until) = watch::channel(false);
        let every = shared.settings.timing.heartbeat;
        let timer = timer(&shared, "heartbeat", every, Arc::default(), until);
        let beating = shared.clone();
        let heartbeat = task::start(timer, move || heartbeat(beating.clone()));
        tracing::info!(%listen, "gamctl serve is ready");
        Ok(Self {
            shared,
            tasks,
            heartbeat,
            all_ended,
            listen,
            metrics: metrics_at,
        })
    }

    /// Calls `report` again and again while the scheduler runs, for the watchdog of a supervisor.
    pub fn when_live(&self, every: Duration, report: impl Fn() + Send + 'static) {
        let shared = self.shared.clone();
        task::once(async move {
            while !shared.is_stopping() {
                if shared.since_tick().is_none_or(|since| since < STUCK) {
                    report();
                }
                tokio::time::sleep(every).await;
            }
        });
    }

    /// Waits for the stop, finishes what is in progress, and gives up what this instance leads. Returns whether devices
    /// were left unfinished.
    pub async fn run(self) -> bool {
        for task in self.tasks {
            let _panicked = task.await;
        }
        self.shared.billing.finish().await;
        self.all_ended.send_replace(true);
        let _panicked = self.heartbeat.await;
        let store = &self.shared.store.store;
        // The task that replays the journal runs every half a minute: its entries must not wait for the next start.
        if !self.shared.store.journal.is_empty()
            && let Err(error) = self.shared.store.replay().await
        {
            let error = crate::model::chain(&error);
            tracing::warn!(error, "the journal keeps what the store lacks");
        }
        // Without the store, what this instance holds ends by itself. What it did is in the journal, and is not finished for
        // others until the next start.
        let left = match give_up(&self.shared).await {
            Ok(left) => left,
            Err(error) => {
                let error = crate::model::chain(&error);
                tracing::warn!(error, "the store does not know that this instance ended");
                !self.shared.store.journal.is_empty()
            }
        };
        store.close().await;
        left
    }
}

/// Gives up what an instance leads and removes its row; returns whether a device was left unfinished.
async fn give_up(shared: &Shared) -> Result<bool, StoreError> {
    let store = &shared.store.store;
    for leader in shared.all_leading() {
        store.stop_leading(&leader).await?;
    }
    store.remove_instance(shared.id()).await?;
    let left = store.unfinished().await?;
    // Its leases are given back by now; what another instance works on is not unfinished.
    Ok(left
        .iter()
        .any(|one| one.held_by.is_none_or(|holder| holder == shared.id())))
}

/// Ends a running `git` when the service stops: a fetch may otherwise take as long as its deadline.
async fn end_git(git: StopRequest, mut stop: watch::Receiver<bool>) {
    // An error means that nobody is left who could request a stop.
    if stop.wait_for(|is_stopping| *is_stopping).await.is_ok() {
        git.stop();
    }
}

/// Refuses to start beside another live instance on one SQLite file.
async fn only_instance(
    store: &StoreWithJournal,
    location: &StoreLocation,
    dead: Duration,
) -> Result<(), StartError> {
    let instances = store.store.instances().await?;
    match first_other(&instances, &location.state, dead) {
        None => Ok(()),
        Some(other) => Err(StartError::SecondInstance {
            store: location.url.to_string(),
            process: other.process,
            host: other.host.clone(),
            who: other.who.clone(),
        }),
    }
}

/// Returns another live instance. One whose process is known to be dead does not count.
fn first_other<'a>(
    instances: &'a [Instance],
    state: &std::path::Path,
    dead: Duration,
) -> Option<&'a Instance> {
    instances
        .iter()
        .find(|one| is_live(one, dead) && !is_known_dead(state, one.id))
}

fn timer(
    shared: &Shared,
    name: &'static str,
    every: Duration,
    trigger: Arc<tokio::sync::Notify>,
    stop: watch::Receiver<bool>,
) -> TaskTimer {
    TaskTimer {
        name,
        every,
        trigger,
        rest: 0,
        stop,
        reports: shared.reports.clone(),
        metrics: shared.metrics.clone(),
        clock: shared.settings.seconds,
    }
}

/// Every read triggers the conditions of all devices: a tenth of the time is theirs at most.
fn rest_of(task: &str) -> u32 {
    if task == "status" { 9 } else { 0 }
}

fn start_tasks(shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let timing = shared.settings.timing;
    let triggers = &shared.triggers;
    macro_rules! task {
        ($name:literal, $every:expr, $trigger:expr, $work:expr) => {{
            let mut timer = timer(shared, $name, $every, $trigger, shared.stop.clone());
            timer.rest = rest_of($name);
            let shared = shared.clone();
            task::start(timer, move || $work(shared.clone()))
        }};
    }
    vec![
        task!(
            "fetch",
            timing.fetch,
            triggers.fetch.clone(),
            task::fetch::fetch
        ),
        task!(
            "target",
            timing.target,
            triggers.target.clone(),
            task::target::follow
        ),
        task!(
            "status",
            timing.status,
            triggers.status.clone(),
            task::status::refresh
        ),
        task!(
            "rollout",
            timing.rollout,
            triggers.rollout.clone(),
            rollout::round
        ),
        task!(
            "recover",
            timing.recover,
            Arc::default(),
            task::recover::recover
        ),
        task!(
            "billing",
            timing.billing,
            triggers.billing.clone(),
            task::billing::start_due
        ),
    ]
}

/// Returns the path of the mirror below a state directory.
pub fn mirror_folder(state: &std::path::Path) -> PathBuf {
    state.join(MIRROR)
}
