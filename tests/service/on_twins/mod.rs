//! Runs the whole service in this process on twins, with the git repository of an inventory and a store in a folder.

mod billing;
mod branch;
mod drift;
mod freezes;
mod hour;
mod instances;
mod quiet;
mod rollouts;
mod saves;
mod unreachable;
mod waves;
mod web;
mod windows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use gamctl::config::{GitSettings, ServeSettings};
use gamctl::history::{
    BranchState, DeviceStatusRow, Instance, NewApproval, Rollout, RolloutState, RolloutStep, Store,
    StoreError, Target,
};
use gamctl::model::{ConditionWord, DeviceName, MacAddress};
use gamctl::reconcile::StoreLocation;
use gamctl::reconcile::run::RunOptions;
use gamctl::secrets::{Secret, SecretSources};
use gamctl::service::fetch::{BranchName, GitProgram, RemoteSettings, RemoteUrl};
use gamctl::service::{
    IntervalBounds, Intervals, Opening, Service, ServiceSettings, SlotLimits, StartError, Timing,
};
use gamctl::simulator::fault::{Fault, FaultOrder};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::crash::judge::writings;
use crate::crash::site::{Flat, Site, device};

/// The timeout of a condition. It is far longer than anything takes, because other tests run at the same time.
const LONG: Duration = Duration::from_secs(60);

/// Everything that one test needs.
struct ServiceBed {
    site: Site,
    timing: Timing,
    intervals: Intervals,
    webhook: Option<Secret>,
    /// It syncs billing systems.
    syncs: bool,
    listen: SocketAddr,
    /// The repository that it follows.
    remote: PathBuf,
    run_options: fn(watch::Receiver<bool>) -> RunOptions,
    store: Store,
    running: Option<Running>,
}

/// The running service.
struct Running {
    stopping: watch::Sender<bool>,
    task: JoinHandle<bool>,
    listen: SocketAddr,
    metrics: SocketAddr,
}

/// What the store says at one moment.
#[derive(Debug)]
struct Seen {
    target: Option<Target>,
    branch: BranchState,
    statuses: BTreeMap<DeviceName, DeviceStatusRow>,
    /// Newest first.
    rollouts: Vec<Rollout>,
    instances: Vec<Instance>,
}

impl Seen {
    fn word(&self, number: usize) -> ConditionWord {
        let row = self.statuses.get(&device(number));
        row.map_or(ConditionWord::Unknown, |row| row.status.word)
    }

    fn words(&self) -> Vec<&'static str> {
        let words = self.statuses.values();
        words.map(|row| row.status.word.word()).collect()
    }

    fn all_are(&self, word: ConditionWord) -> bool {
        !self.statuses.is_empty() && self.statuses.values().all(|row| row.status.word == word)
    }

    /// Returns whether this commit is the target, and every device matches it.
    fn has_reached(&self, commit: &str) -> bool {
        self.target() == Some(commit)
            && self.all_are(ConditionWord::Converged)
            && self
                .statuses
                .values()
                .all(|row| row.status.facts["matched"]["commit"].as_str() == Some(commit))
            && self
                .rollouts
                .iter()
                .all(|rollout| rollout.last.state.is_over())
    }

    fn target(&self) -> Option<&str> {
        self.target.as_ref().map(|target| target.commit.as_str())
    }

    /// Returns the newest rollout in this state.
    fn rollout(&self, state: RolloutState) -> Option<&Rollout> {
        self.rollouts
            .iter()
            .find(|rollout| rollout.last.state == state)
    }

    /// Returns the state and the sentence of the newest rollout.
    fn last(&self) -> (&'static str, &str) {
        self.rollouts.first().map_or(("none", ""), |rollout| {
            let because = rollout.last.content.because.as_deref();
            (rollout.last.state.word(), because.unwrap_or_default())
        })
    }

    fn brief(&self) -> String {
        let mut text = format!("target {:?}\nbranch {:?}\n", self.target(), self.branch);
        for (device, row) in &self.statuses {
            let DeviceStatusRow { status, .. } = row;
            writeln!(
                text,
                "{device}: {} of {:?}, {} steps, {} drifted, looked {:?}, {:?}\n    {}",
                status.word.word(),
                status.commit,
                status.steps,
                status.drifted,
                status.looked,
                status.error,
                status.facts
            )
            .unwrap();
        }
        for rollout in &self.rollouts {
            writeln!(
                text,
                "rollout of {} in {:?}: step {} {} by {} {:?}",
                rollout.commit,
                rollout.plan.waves,
                rollout.last.number,
                rollout.last.state.word(),
                rollout.last.who,
                rollout.last.content.because
            )
            .unwrap();
        }
        for instance in &self.instances {
            for (task, report) in &instance.report.tasks {
                writeln!(text, "task {task}: {:?}", report.error).unwrap();
            }
        }
        text
    }
}

/// Returns seconds since 1970.
fn seconds() -> u64 {
    millis() / 1000
}

#[allow(clippy::disallowed_methods, reason = "the clock of the service")]
/// Returns milliseconds since 1970.
fn millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap().as_millis()).unwrap()
}

fn every(millis: u64) -> IntervalBounds {
    IntervalBounds {
        default: millis,
        shortest: millis / 2,
        longest: millis * 2,
    }
}

const HOUR: u64 = 3_600_000;

impl ServiceBed {
    /// Twins in factory state, with these subscribers to be configured. The policy is added to `policy.toml`.
    fn new(devices: usize, policy: &str, flats: Vec<Flat>) -> Self {
        let site = Site::with(devices);
        let limits = site.world.read("policy.toml");
        site.world
            .write("policy.toml", format!("{limits}\n{policy}"));
        let store = site.store();
        let site_root = site.world.root().to_owned();
        let tick = Duration::from_millis(200);
        // On its own, so that it applies to the first commit of a test: the policy of the commit before does.
        site.world.commit_all("policy");
        let mut bed = Self {
            site,
            timing: Timing {
                fetch: Duration::from_millis(400),
                heartbeat: tick,
                target: tick,
                status: tick,
                rollout: tick,
                recover: tick,
                ..Timing::default()
            },
            intervals: Intervals {
                probe: every(500),
                poll: every(HOUR),
                look: every(1_000),
            },
            webhook: None,
            syncs: false,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            remote: site_root,
            run_options: RunOptions::of_service,
            store,
            running: None,
        };
        bed.intend(flats);
        bed
    }

    /// As `new`, and the devices already match the inventory.
    fn applied(devices: usize, policy: &str, flats: Vec<Flat>) -> Self {
        let bed = Self::new(devices, policy, flats);
        bed.site.apply().exits(0);
        bed
    }

    /// Commits other subscribers, and plugs their endpoints in; returns the commit.
    fn intend(&mut self, flats: Vec<Flat>) -> String {
        for flat in &flats {
            let [high, low] = flat.endpoint.to_be_bytes();
            let mac: MacAddress = format!("00:0e:d8:1c:{high:02x}:{low:02x}").parse().unwrap();
            self.site.twin(flat.device).plug(mac, flat.port);
        }
        self.site.intend(flats);
        self.site.world.head()
    }

    fn start(&mut self) {
        self.try_start().unwrap();
    }

    fn try_start(&mut self) -> Result<(), StartError> {
        let (stopping, stop) = watch::channel(false);
        let starting = Service::start(self.opening(), seconds, stop);
        let service = self.site.runtime.block_on(starting)?;
        self.running = Some(Running {
            stopping,
            listen: service.listen,
            metrics: service.metrics.unwrap(),
            task: self.site.runtime.spawn(service.run()),
        });
        Ok(())
    }

    #[allow(clippy::disallowed_methods, reason = "the service finds git by it")]
    fn opening(&self) -> Opening {
        let path = std::env::var("PATH").unwrap();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Opening {
            settings: ServiceSettings {
                git: GitSettings::default(),
                serve: ServeSettings {
                    listen: self.listen,
                    metrics: Some(nowhere),
                    ..ServeSettings::default()
                },
                state: self.site.state.clone(),
                webhook: self.webhook.clone(),
                syncs: self.syncs,
                who: "gamctl@noc".to_owned(),
                clock: millis,
                seconds,
                queue_limits: SlotLimits::default(),
                intervals: self.intervals,
                timing: self.timing,
                run_options: self.run_options,
                traces: None,
            },
            location: StoreLocation {
                url: self.site.url(),
                state: self.site.state.clone(),
            },
            secrets: SecretSources {
                directory: Some(self.site.secrets()),
                ..SecretSources::default()
            },
            remote: RemoteSettings {
                url: RemoteUrl::parse(self.remote.to_str().unwrap(), Path::new("/")).unwrap(),
                branch: BranchName::parse("main").unwrap(),
                folder: std::path::PathBuf::new(),
                signers: None,
                known_hosts: None,
                ca_file: None,
                ssh_key: None,
                login: None,
            },
            git: GitProgram::in_path(path),
            lease: Duration::from_secs(120),
        }
    }

    /// Asks the service to stop, as SIGTERM does.
    fn ask_to_stop(&self) {
        let _ended = self.running.as_ref().unwrap().stopping.send(true);
    }

    /// Stops the service; returns whether it left devices unfinished.
    fn stop(&mut self) -> bool {
        self.ask_to_stop();
        let task = self.running.take().unwrap().task;
        let ended = async { tokio::time::timeout(LONG, task).await };
        let ended = self.site.runtime.block_on(ended);
        ended.unwrap().unwrap()
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.site.runtime.block_on(work)
    }

    fn seen(&self) -> Seen {
        let store = &self.store;
        self.wait(async {
            Ok::<Seen, StoreError>(Seen {
                target: store.target().await?,
                branch: store.branch_state().await?,
                statuses: store.device_statuses().await?,
                rollouts: store.rollouts(100).await?,
                instances: store.instances().await?,
            })
        })
        .unwrap()
    }

    /// Waits until a condition is true of what the store says.
    #[track_caller]
    fn until(&self, what: &str, is_it: impl Fn(&Seen) -> bool) -> Seen {
        let end = Instant::now() + LONG;
        loop {
            let seen = self.seen();
            if is_it(&seen) {
                return seen;
            }
            assert!(Instant::now() < end, "never {what}:\n{}", self.brief());
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Waits until a twin was sent a line of configuration beyond these.
    #[track_caller]
    fn until_written(&self, number: usize, before: usize) {
        let end = Instant::now() + LONG;
        while self.written(number).len() <= before {
            assert!(Instant::now() < end, "no line:\n{}", self.brief());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until every task ran again and every answering device was looked at again: what can happen now has happened.
    #[track_caller]
    fn another_round(&self) -> Seen {
        let since = seconds() + 1;
        self.until("another round", |seen| {
            let is_later = |at: Option<u64>| at.is_some_and(|at| at > since);
            let answering = seen.statuses.values().map(|row| &row.status);
            let mut answering = answering.filter(|status| status.silent_since.is_none());
            let tasks = ["fetch", "target", "status", "rollout"];
            answering.all(|status| is_later(status.looked))
                && seen.instances.iter().any(|instance| {
                    let reports = &instance.report.tasks;
                    tasks.iter().all(|task| {
                        reports
                            .get(*task)
                            .is_some_and(|report| is_later(report.ended))
                    })
                })
        })
    }

    fn brief(&self) -> String {
        let mut text = self.seen().brief();
        for number in 0..self.site.twins.len() {
            writeln!(text, "lines to {number}: {:?}", self.written(number)).unwrap();
        }
        text
    }

    /// Returns the lines of configuration that were sent to a twin.
    fn written(&self, number: usize) -> Vec<String> {
        let writings = writings(self.site.twin(number));
        writings
            .into_iter()
            .flat_map(|writing| writing.lines)
            .collect()
    }

    fn all_written(&self) -> Vec<Vec<String>> {
        (0..self.site.twins.len())
            .map(|number| self.written(number))
            .collect()
    }

    /// Returns the steps of a rollout.
    fn steps(&self, rollout: &Rollout) -> Vec<RolloutStep> {
        self.wait(self.store.rollout(rollout.id))
            .unwrap()
            .unwrap()
            .1
    }

    /// Approves the plan of a rollout; the address of a person is the name at `example.org`.
    fn approve(&self, rollout: &Rollout, who: &str, now: bool) {
        let approval = NewApproval {
            id: uuid::Uuid::now_v7(),
            plan: rollout.plan_id.clone(),
            commit: rollout.commit.clone(),
            policy: rollout.plan.policy.clone(),
            who: format!("{who}@noc"),
            reason: "reviewed".to_owned(),
            now,
            addresses: vec![format!("{who}@example.org")],
        };
        self.wait(self.store.approve(&approval)).unwrap();
    }

    /// Makes everything in the store older, as if time had passed. The service must be stopped: it keeps what it read.
    fn store_is_older_by(&self, seconds: u64) {
        use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
        assert!(self.running.is_none());
        let url = self.site.url();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(url.path().unwrap());
        self.wait(async {
            let mut connection = options.connect().await.unwrap();
            let sql = format!(
                "drop trigger rollout_step_is_kept; update rollout_step set at = at - {seconds} * 1000"
            );
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
            connection.close().await.unwrap();
        });
    }

    /// Makes a twin take its time for each line of configuration.
    fn slow_down(&self, number: usize) {
        let slow = FaultOrder::new(Fault::SshSlowLine { millis: 500 });
        self.site.twin(number).set_fault(slow.matching("ghn"));
    }

    /// Makes a twin refuse each line of configuration.
    fn refuse_lines(&self, number: usize) {
        let text = "% Internal error".to_owned();
        let refused = FaultOrder::new(Fault::SshError { text });
        self.site.twin(number).set_fault(refused.matching("ghn"));
    }
}

impl Drop for ServiceBed {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ended = running.stopping.send(true);
            let task = async { tokio::time::timeout(LONG, running.task).await };
            let _ended = self.site.runtime.block_on(task);
        }
    }
}

/// Returns one subscriber for each of these devices, all with the same service plan.
fn one_each(devices: usize, service_plan: &'static str) -> Vec<Flat> {
    (0..devices)
        .map(|number| Flat::new(u16::try_from(number).unwrap() + 1, number, service_plan))
        .collect()
}

const EVERYTHING: &str = "[reconcile]\ncommits = \"everything\"\n[waves]\nsettle = \"0s\"\n";
const HARMLESS: &str = "[reconcile]\ncommits = \"harmless\"\n[waves]\nsettle = \"0s\"\n";
const ASK: &str = "[waves]\nsettle = \"0s\"\n";
