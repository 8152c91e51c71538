//! Provides twins, a repository, a Postgres, people and two instances, all as processes, and writes down what they do.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use gamctl::history::Store;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::transcript::Transcript;
use crate::postgres::Cluster;
use crate::world::World;

/// The longest time until something happens, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(120);

/// How often something is asked again while the test waits for it.
const PAUSE: Duration = Duration::from_millis(100);

/// The devices, in the order of their addresses.
pub(super) const DEVICES: [(&str, u8); 5] = [
    ("birch-1", 3),
    ("maple-1", 1),
    ("maple-2", 2),
    ("oak-1", 4),
    ("oak-2", 5),
];

/// The settings of both instances. Times are short, so that a week fits into a minute.
const SETTINGS: &str = "\
[git]
url = \"origin.git\"
every = \"1s\"

[apply]
lease_seconds = 3

[serve]
listen = \"127.0.0.1:0\"
metrics = false
probe = \"1s\"
poll = \"10s\"
look = \"2s\"
heartbeat = \"500ms\"
dead = \"3s\"
";

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// Everything of the week.
pub(super) struct Week {
    // First, so that they end before what they use is gone.
    instances: [Option<Process>; 2],
    _twins: Process,
    pub(super) transcript: Transcript,
    pub(super) runtime: Runtime,
    pub(super) store: Option<Store>,
    world: World,
    cluster: Cluster,
    database: String,
    /// The first three numbers of the twins' addresses.
    pub(super) network: String,
}

impl Week {
    /// Starts the twins of a small network, as a new user would find it: configured, and without gamctl.
    pub(super) fn begin() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        let world = World::without_repository();
        write_fleet(&world);
        world.write("gamctl.toml", SETTINGS);
        let cluster = Cluster::own(&["synchronous_commit = on"]);
        let database = runtime.block_on(cluster.database());
        // Another checkout of gamctl may run the same test on this machine.
        let process = std::process::id();
        let network = format!("127.{}.{}", 100 + process % 100, 100 + process / 100 % 100);
        let mut transcript = Transcript::default();
        let folder = world.root().to_str().unwrap().to_owned();
        transcript.replaced.push((folder, "/srv"));
        transcript
            .replaced
            .push((format!("{network}."), "127.100.100."));
        let twins = start_twins(&world, &network);
        Self {
            instances: [None, None],
            _twins: twins,
            transcript,
            runtime,
            store: None,
            world,
            cluster,
            database,
            network,
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.world.root().join(name)
    }

    pub(super) fn url(&self) -> gamctl::history::StoreUrl {
        self.cluster.url(&self.database)
    }

    /// Returns a program with nothing of this machine in its environment but the path of programs.
    #[allow(
        clippy::disallowed_methods,
        reason = "git and the shell are found by it"
    )]
    fn program(&self, program: &str, who: &str) -> Command {
        let own = Path::new(env!("CARGO_BIN_EXE_gamctl")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let secret = |name: &str| {
            let value = fs::read_to_string(self.path("twins/secrets").join(name));
            value.unwrap().trim().to_owned()
        };
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", format!("{}:{path}", own.display()))
            .env("HOME", self.path(who))
            .env("LC_ALL", "C")
            // The transcript is folded when the ages of things are out of it.
            .env("COLUMNS", "1000")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GAMCTL_SECRET_GAM_SNMP", secret("gam-snmp"))
            .env("GAMCTL_SECRET_GAM_SSH", secret("gam-ssh"))
            .env("GAMCTL_STORE_URL", self.cluster.url_text(&self.database))
            .env("GAMCTL_STATE", self.path("state").join(who))
            .env("GAMCTL_WHO", format!("{who}@noc"))
            .stdin(Stdio::null());
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), who)
                .env(format!("GIT_{role}_EMAIL"), format!("{who}@example.net"));
        }
        command
    }

    /// Returns the folder in which somebody works.
    fn folder(&self, who: &str) -> PathBuf {
        let home = match who {
            "lab" => self.path("twins"),
            _ => self.path(who),
        };
        fs::create_dir_all(&home).unwrap();
        let clone = home.join("network");
        match clone.is_dir() {
            true => clone,
            false => home,
        }
    }

    /// Enters a command in the clone of a person, without a word of it in the transcript.
    pub(super) fn quietly(&mut self, who: &str, command: &str) -> Output {
        let folder = self.folder(who);
        let root = self.world.root().to_str().unwrap();
        let command = command.replace("/srv/", &format!("{root}/"));
        let output = self
            .program("/bin/sh", who)
            .args(["-c", &command])
            .current_dir(&folder)
            .output()
            .unwrap();
        if folder.ends_with("network") {
            let head = self.world.run(&folder, "git", &["rev-parse", "HEAD"]);
            let head = String::from_utf8(head.stdout).unwrap();
            self.transcript.name_commit(head.trim());
        }
        output
    }

    /// Enters a command, which ends with this code, and writes it down with its output.
    #[track_caller]
    pub(super) fn enters(&mut self, who: &str, command: &str, code: i32) -> String {
        let output = self.quietly(who, command);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let ended = output.status.code();
        assert_eq!(ended, Some(code), "{who}$ {command}\n{stdout}{stderr}");
        let command = self.transcript.steady(command);
        self.transcript.command(who, command.trim_end());
        self.transcript.output(&stdout, &stderr);
        stdout
    }

    /// Returns the newest commit in the clone of a person.
    pub(super) fn head(&self, who: &str) -> String {
        self.world.git_in(&self.folder(who), &["rev-parse", "HEAD"])
    }

    /// Returns the JSON document of a command.
    pub(super) fn document(&mut self, command: &str) -> Value {
        let output = self.quietly("lab", &format!("{command} --format json"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{command}: {said}"))
    }

    /// Controls the twins; the transcript has the command.
    pub(super) fn lab(&mut self, command: &str) {
        self.enters("lab", &format!("gamctl twin ctl {command}"), 0);
    }

    /// Starts an instance, and waits until it is ready. The transcript has it as entered by `prompt`.
    pub(super) fn serves(&mut self, nth: usize, prompt: &str) {
        let who = ["noc-1", "noc-2"][nth];
        let log = self.path(&format!("{who}.log"));
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let before = fs::read_to_string(&log).unwrap().len();
        let mut command = self.program(env!("CARGO_BIN_EXE_gamctl"), who);
        command
            .args(["--config", "gamctl.toml", "serve", "--log", "text"])
            // The history does not have to say which of the two it was.
            .env("GAMCTL_WHO", "service@noc")
            .env("GAMCTL_LOG", "info")
            .current_dir(self.world.root())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        let mut process = Process(command.spawn().unwrap());
        self.transcript
            .command(prompt, "gamctl --config gamctl.toml serve &");
        let end = Instant::now() + LONGEST;
        loop {
            let text = fs::read_to_string(&log).unwrap();
            let text = text.get(before..).unwrap_or_default();
            let ready = text
                .lines()
                .find(|line| line.starts_with("gamctl serve is ready"));
            if let Some(line) = ready {
                let line = line.to_owned();
                self.transcript.output("", &line);
                self.instances[nth] = Some(process);
                return;
            }
            let ended = process.0.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "{text}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Kills the instance that leads the rollouts, and returns which one that was.
    pub(super) fn kills_the_leader(&mut self) -> usize {
        let process = self.until("leader", |store, runtime| {
            runtime.block_on(async {
                let leaders = store.leaders().await.unwrap();
                let leader = leaders.get("rollout").filter(|one| one.is_in_force)?;
                let instances = store.instances().await.unwrap();
                let found = instances.iter().find(|one| one.id == leader.holder);
                found.map(|one| one.process)
            })
        });
        let is_it = |one: &Option<Process>| one.as_ref().is_some_and(|one| one.0.id() == process);
        let nth = self.instances.iter().position(is_it).unwrap();
        drop(self.instances[nth].take());
        self.transcript.command("noc", "kill -9 LEADER");
        nth
    }

    /// Ends both instances in good order.
    pub(super) fn ends(&mut self) {
        for instance in &mut self.instances {
            let mut instance = instance.take().unwrap();
            let process = instance.0.id().to_string();
            let sent = Command::new("kill").args(["-TERM", &process]).status();
            assert!(sent.unwrap().success());
            let ended = instance.0.wait().unwrap();
            assert_eq!(ended.code(), Some(0));
        }
    }

    /// Waits until the store has an answer; a failure shows everything that is known.
    #[track_caller]
    pub(super) fn until<T>(
        &mut self,
        what: &str,
        answer: impl Fn(&Store, &Runtime) -> Option<T>,
    ) -> T {
        let end = Instant::now() + LONGEST;
        loop {
            let store = self.store.as_ref().unwrap();
            if let Some(answer) = answer(store, &self.runtime) {
                return answer;
            }
            assert!(Instant::now() < end, "no {what}:\n{}", self.report());
            std::thread::sleep(PAUSE);
        }
    }

    fn report(&mut self) -> String {
        let mut report = self.transcript.text.clone();
        for command in ["status --all", "status", "rollouts", "rollout show latest"] {
            let output = self.quietly("ada", &format!("gamctl {command}"));
            report.push_str(&String::from_utf8_lossy(&output.stdout));
        }
        for who in ["noc-1", "noc-2"] {
            let log = fs::read_to_string(self.path(&format!("{who}.log")));
            for line in log.unwrap_or_default().lines() {
                if !line.contains("look{") && !line.contains("apply::send") {
                    report.push_str(line);
                    report.push('\n');
                }
            }
        }
        report
    }
}

/// Writes the inventory that the twins are made from; gamctl never sees it.
fn write_fleet(world: &World) {
    world.write("fleet/network.toml", "schema = 1\n");
    world.write(
        "fleet/credentials.toml",
        "[credentials.default]\n\
        snmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\n\
        ssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n",
    );
    world.write(
        "fleet/service-plans.toml",
        "[service_plan.home-100]\ndown = 100\nup = 100\n\n\
        [service_plan.home-300]\ndown = 300\nup = 100\n\n\
        [service_plan.home-500]\ndown = 500\nup = 250\n",
    );
    for (name, number) in DEVICES {
        let device = format!(
            "[device.{name}]\nmodel = \"GAM-4-CX\"\naddress = \"10.20.0.{number}\"\nhostname = \"{name}\"\n"
        );
        world.write(&format!("fleet/devices/{name}.toml"), device);
        let plans = ["home-100", "home-300", "home-500"];
        let flats = plans.iter().zip(1..).map(|(plan, port)| {
            format!(
                "[subscriber.apt-{number}0{port}]\ndevice = \"{name}\"\nport = {port}\n\
                endpoint = \"00:0e:d8:2a:0{number}:0{port}\"\nservice_plan = \"{plan}\"\nvlan = {number}0{port}\n\n"
            )
        });
        let flats: String = flats.collect();
        world.write(&format!("fleet/subscribers/{name}.toml"), flats);
    }
}

fn start_twins(world: &World, network: &str) -> Process {
    let said = File::create(world.root().join("twins.log")).unwrap();
    let mut twins = Command::new(env!("CARGO_BIN_EXE_gamctl"));
    twins
        .args(["twin", "--inventory", "fleet", "--start-with", "intended"])
        .args(["--listen", &format!("{network}.0/28")])
        .args(["--latency", "save=10ms,boot=300ms"])
        .args(["--write-inventory", "twins", "--format", "json"])
        .current_dir(world.root())
        .env("HOME", world.beside("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(said);
    let mut twins = Process(twins.spawn().unwrap());
    use std::io::BufRead as _;
    let output = twins.0.stdout.take().unwrap();
    // The document is complete when all of them are ready.
    let mut lines = std::io::BufReader::new(output).lines();
    let is_ready = lines.any(|line| line.unwrap() == "}");
    let said = fs::read_to_string(world.root().join("twins.log")).unwrap();
    assert!(is_ready, "{said}");
    twins
}
