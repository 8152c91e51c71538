//! Starts, signals and ends two instances of the service, and waits until they have brought every device to the target.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use gamctl::history::{Filter, Rollout, RolloutId, RolloutState, Store};
use gamctl::model::ConditionWord;
use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::server::State;

use super::wire::Wire;
use crate::crash::chance::{Chance, DEVICES};
use crate::crash::judge::writings;
use crate::crash::site::{Flat, Site};
use crate::postgres::Cluster;
use crate::service::client::{request, signature};

/// The longest time until all devices are at the target, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(240);

/// How often something is asked again while a test waits for it.
const PAUSE: Duration = Duration::from_millis(200);

/// The secret of webhooks in each pair, and a body.
const HOOK_SECRET: &str = "canary-hook";
const HOOK_BODY: &str = "{}";

/// A lease and a leader last this long without renewal, in seconds.
pub(super) const DEAD: u16 = 3;

/// One running `gamctl serve`.
pub(super) struct Instance {
    child: Child,
    said: PathBuf,
}

/// How a pair begins.
pub(super) struct Setup {
    /// The time between two looks at a device, and between two fetches.
    pub(super) look: &'static str,
    pub(super) fetch: &'static str,
    pub(super) cluster: Cluster,
    /// The instances reach their server through a wire that the test controls.
    pub(super) has_wire: bool,
    /// Further variables of the environment of each instance.
    pub(super) variables: [Vec<(&'static str, String)>; 2],
    /// Further lines of `[git]`.
    pub(super) git: String,
}

/// Two instances with a state directory each, their store, and the devices.
pub(super) struct Pair {
    // First, so that they end before what they use is gone.
    instances: [Option<Instance>; 2],
    pub(super) site: Site,
    pub(super) cluster: Cluster,
    pub(super) database: String,
    pub(super) wire: Option<Wire>,
    variables: [Vec<(&'static str, String)>; 2],
    /// The output of all instances so far, for the report of a failure.
    said: Vec<PathBuf>,
    /// The sentences of rollouts that were paused, which a person read and resumed.
    pub(super) paused: Vec<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            look: "2s",
            fetch: "1s",
            // Committed rows must survive a power cut.
            cluster: Cluster::own(&["synchronous_commit = on"]),
            has_wire: false,
            variables: [Vec::new(), Vec::new()],
            git: String::new(),
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Instance {
    fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &process]).status();
        assert!(sent.unwrap().success());
    }
}

impl Pair {
    /// Both instances run, and look at every device this often.
    pub(super) fn with_looks_every(look: &'static str) -> Self {
        Self::with(Setup {
            look,
            ..Setup::default()
        })
    }

    pub(super) fn with(setup: Setup) -> Self {
        let Setup {
            look,
            fetch,
            cluster,
            has_wire,
            variables,
            git,
        } = setup;
        let mut site = Site::with_leases(DEVICES, DEAD);
        let database = site.runtime.block_on(cluster.database());
        site.url = Some(cluster.url_text(&database));
        let settings = format!(
            "{}\n[git]\nevery = \"{fetch}\"\n{git}\n\n[serve]\nlisten = \"127.0.0.1:0\"\nmetrics = false\n\
            probe = \"10s\"\npoll = \"10s\"\nlook = \"{look}\"\nheartbeat = \"500ms\"\ndead = \"{DEAD}s\"\n",
            site.world.read("gamctl.toml")
        );
        site.world.write("gamctl.toml", settings);
        let policy = format!(
            "{}\n[reconcile]\ncommits = \"everything\"\ndrift = \"restore\"\n\n\
            [waves]\nfirst = 1\nthen = [\"50%\"]\nsettle = \"1s\"\n",
            site.world.read("policy.toml")
        );
        site.world.write("policy.toml", policy);
        site.world.commit_all("policy");
        let hook = site.secrets().join("hook");
        fs::write(&hook, HOOK_SECRET).unwrap();
        fs::set_permissions(hook, fs::Permissions::from_mode(0o600)).unwrap();
        plug_in(&site);
        let mut pair = Self {
            site,
            wire: has_wire.then(|| Wire::to(&cluster.socket())),
            cluster,
            database,
            variables,
            instances: [None, None],
            said: Vec::new(),
            paused: Vec::new(),
        };
        pair.start(0);
        pair.start(1);
        pair
    }

    pub(super) fn state(&self, nth: usize) -> PathBuf {
        self.site.state.with_file_name(format!("instance-{nth}"))
    }

    /// Starts an instance, and waits until it is ready.
    pub(super) fn start(&mut self, nth: usize) {
        let (mut command, said) = self.site.command(&["serve", "--log", "text"]);
        command
            .env("GAMCTL_STATE", self.state(nth))
            .env("GAMCTL_WHO", format!("instance-{nth}@noc"))
            .env("GAMCTL_LOG", "info")
            .envs(self.variables[nth].iter().cloned());
        if let Some(wire) = &self.wire {
            let (address, database) = (wire.address, &self.database);
            command.env(
                "GAMCTL_STORE_URL",
                format!("postgres://gam@{address}/{database}"),
            );
        }
        let child = command.spawn().unwrap();
        self.said.push(said.clone());
        let instance = self.instances[nth].insert(Instance { child, said });
        let began = Instant::now();
        loop {
            let text = fs::read(&instance.said).unwrap();
            let text = String::from_utf8_lossy(&text);
            if text.contains("gamctl serve is ready: http://") {
                return;
            }
            let ended = instance.child.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < LONGEST,
                "instance {nth} does not start, {ended:?}: {text}"
            );
            std::thread::sleep(PAUSE);
        }
    }

    /// Starts an instance that ends at a named point; the next start of it is an ordinary one.
    pub(super) fn start_to_end_at(&mut self, nth: usize, point: &str) {
        let armed = ("GAMCTL_CRASH_AT", point.to_owned());
        self.variables[nth].push(armed);
        self.start(nth);
        self.variables[nth].pop();
    }

    pub(super) fn is_running(&mut self, nth: usize) -> bool {
        let instance = self.instances[nth].as_mut();
        instance.is_some_and(|one| one.child.try_wait().unwrap().is_none())
    }

    pub(super) fn kill(&mut self, nth: usize) {
        drop(self.instances[nth].take());
    }

    pub(super) fn signal(&self, nth: usize, name: &str) {
        self.instances[nth].as_ref().unwrap().signal(name);
    }

    /// Asks an instance to end, and returns how it did.
    pub(super) fn ends(&mut self, nth: usize) -> ExitStatus {
        self.signal(nth, "-TERM");
        let mut instance = self.instances[nth].take().unwrap();
        let began = Instant::now();
        loop {
            if let Some(status) = instance.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                began.elapsed() < LONGEST,
                "it does not end: {}",
                self.report()
            );
            std::thread::sleep(PAUSE);
        }
    }

    /// Ends an instance; nothing was left unfinished, or it says so.
    pub(super) fn ends_in_good_order(&mut self, nth: usize) {
        let status = self.ends(nth);
        assert!(
            matches!(status.code(), Some(0 | 8)),
            "{status}: {}",
            self.report()
        );
    }

    /// Returns what an instance printed since its start.
    pub(super) fn said(&self, nth: usize) -> String {
        let said = fs::read(&self.instances[nth].as_ref().unwrap().said).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Replaces the store by a dump of it.
    pub(super) fn restores(&self, dump: &str) {
        let (runtime, database) = (&self.site.runtime, &self.database);
        runtime.block_on(self.cluster.drop_database(database));
        let create = format!("create database {database}");
        runtime.block_on(self.cluster.administer(&create));
        self.cluster.restore(database, dump);
    }

    /// Ends both instances like one.
    pub(super) fn both_end_in_good_order(&mut self) {
        for nth in 0..2 {
            if self.instances[nth].is_some() {
                self.ends_in_good_order(nth);
            }
        }
    }

    /// Every device takes this long for each line.
    pub(super) fn slowly(&self, millis: u64) {
        for twin in self.site.twins.values() {
            twin.set_fault(FaultOrder::new(Fault::SshSlowLine { millis }).matching("ghn"));
        }
    }

    pub(super) fn fast(&self) {
        for twin in self.site.twins.values() {
            twin.clear_faults();
        }
    }

    /// Returns the number of configuration lines that all devices received.
    pub(super) fn lines(&self) -> usize {
        let count = |state: &State| {
            let lines = state.lines.iter();
            lines
                .filter(|logged| logged.line.starts_with("ghn "))
                .count()
        };
        self.site.twins.values().map(|twin| twin.state(count)).sum()
    }

    /// Commits other subscribers, and waits until a device receives its second line of them.
    pub(super) fn is_in_a_wave(&mut self, flats: Vec<Flat>) {
        let before = self.lines();
        self.site.intend(flats);
        self.waits_for("a wave", |pair| (pair.lines() >= before + 2).then_some(()));
    }

    /// Waits for something; a failure shows everything that is known.
    pub(super) fn waits_for<T>(
        &mut self,
        what: &str,
        mut answer: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let began = Instant::now();
        loop {
            if let Some(answer) = answer(self) {
                return answer;
            }
            assert!(began.elapsed() < LONGEST, "no {what}:\n{}", self.report());
            std::thread::sleep(PAUSE);
        }
    }

    /// Runs one question to the store.
    pub(super) fn ask<T>(&self, question: impl AsyncFnOnce(&Store) -> T) -> T {
        let store = self.site.store();
        self.site.runtime.block_on(async {
            let answer = question(&store).await;
            store.close().await;
            answer
        })
    }

    /// Returns the instance that leads the rollouts.
    pub(super) fn leader(&mut self) -> usize {
        self.leader_of("rollout")
    }

    pub(super) fn leader_of(&mut self, task: &str) -> usize {
        self.waits_for("leader", |pair| {
            let process = pair.ask(async |store: &Store| {
                let leaders = store.leaders().await.unwrap();
                let leader = leaders.get(task).filter(|one| one.is_in_force)?;
                let instances = store.instances().await.unwrap();
                let found = instances.iter().find(|one| one.id == leader.holder);
                found.map(|one| one.process)
            });
            let is_it = |one: &Option<Instance>| {
                let child = one.as_ref().map(|one| one.child.id());
                child.is_some() && child == process
            };
            pair.instances.iter().position(is_it)
        })
    }

    /// Waits until every device is at the newest commit and no rollout is open. A rollout that pauses says why; a person
    /// then resumes it, and abandons it if it pauses again.
    pub(super) fn converges(&mut self) {
        let head = self.site.world.head();
        let mut seen: BTreeMap<RolloutId, u32> = BTreeMap::new();
        self.waits_for("end of all rollouts", |pair| {
            let devices = pair.site.twins.len();
            let (is_done, open) = pair.ask(async |store: &Store| {
                let target = store.target().await.unwrap();
                let statuses = store.device_statuses().await.unwrap();
                let open = store.open_rollouts().await.unwrap();
                let at_head = statuses.values().filter(|row| {
                    row.status.word == ConditionWord::Converged
                        && row.status.commit.as_ref() == Some(&head)
                });
                let is_done = target.is_some_and(|target| target.commit == head)
                    && at_head.count() == devices
                    && open.is_empty();
                (is_done, open)
            });
            let paused = open
                .iter()
                .filter(|rollout| rollout.last.state == RolloutState::Paused);
            for rollout in paused {
                let times = seen.entry(rollout.id).or_default();
                *times += 1;
                pair.decide(rollout, *times);
            }
            is_done.then_some(())
        });
    }

    fn decide(&mut self, rollout: &Rollout, times: u32) {
        let because = rollout.last.content.because.clone().unwrap_or_default();
        assert!(!because.is_empty(), "it was paused without a word");
        self.paused.push(because);
        let action = if times == 1 { "resume" } else { "abandon" };
        let id = rollout.id.0.to_string();
        // The service may have moved it on meanwhile.
        self.site
            .run(&["rollout", action, &id, "--reason", "it was looked at"]);
    }

    /// Reaches the newest commit, then another one, and ends as intended.
    pub(super) fn goes_on(mut self, chance: &mut Chance) {
        self.converges();
        self.site.intend(chance.flats());
        self.converges();
        self.ends_as_intended();
    }

    /// Ends both instances, and checks everything.
    pub(super) fn ends_as_intended(mut self) {
        self.both_end_in_good_order();
        self.site.is_done();
        self.is_sound();
        for nth in 0..2 {
            let journal = fs::metadata(self.state(nth).join("journal"));
            assert!(journal.map_or(true, |file| file.len() == 0), "{nth}");
        }
    }

    /// Checks the devices alone: each runs what is intended, has saved it, and two sessions never wrote at once.
    pub(super) fn is_as_intended(&self) {
        self.site.run(&["plan"]).exits(0);
        for (name, twin) in &self.site.twins {
            let _one_after_the_other = writings(twin);
            twin.gam(|gam| {
                let startup = gam.startup().map(|saved| &saved.configuration);
                assert_eq!(startup, Some(gam.running()), "{name} is not saved");
            });
        }
    }

    /// Sends a signed webhook to an instance; returns the status of the answer.
    pub(super) fn posts_a_webhook(&self, nth: usize) -> u16 {
        let said = self.said(nth);
        let address = said.split("is ready: http://").nth(1).unwrap();
        let address = address.split_whitespace().next().unwrap().parse().unwrap();
        let header = signature(HOOK_SECRET.as_bytes(), HOOK_BODY);
        request(address, "POST", "/hooks/git/inventory", &header, HOOK_BODY).status
    }

    /// Returns everything that is known, for the message of a failed test.
    pub(super) fn report(&self) -> String {
        let mut text = String::new();
        for said in &self.said {
            let said = fs::read(said).unwrap();
            text.push_str(&String::from_utf8_lossy(&said));
            text.push('\n');
        }
        text.push_str(&self.site.run(&["status"]).text);
        let stored = self.ask(async |store: &Store| {
            let mut text = String::new();
            for rollout in store.rollouts(5).await.unwrap() {
                let steps = store.rollout(rollout.id).await.unwrap();
                text.push_str(&format!("{:#?}\n", steps.map(|(_, steps)| steps)));
            }
            let last = Filter {
                most: 20,
                ..Filter::default()
            };
            let outcomes = store.outcomes(&last).await.unwrap();
            text.push_str(&format!("{outcomes:#?}\n"));
            text
        });
        text + &stored
    }
}

/// Plugs in every endpoint that a commit may name: a gate does not open while one of them raises an alarm.
fn plug_in(site: &Site) {
    for (number, twin) in site.twins.values().enumerate() {
        for flat in 1..=4 {
            let flat = Flat::new(
                flat + u16::try_from(number * 10).unwrap(),
                number,
                "home-100",
            );
            let [high, low] = flat.endpoint.to_be_bytes();
            let mac = format!("00:0e:d8:1c:{high:02x}:{low:02x}");
            twin.plug(mac.parse().unwrap(), flat.port);
        }
    }
}
