//! A network in git, its twins in a process of their own, a store, and instances of the service on it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gamctl::history::{Store, StoreUrl, Timeouts};
use gamctl::model::ConditionWord;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::postgres::{self, Cluster};
use crate::running_twins::RunningTwins;

const GAMCTL: &str = env!("CARGO_BIN_EXE_gamctl");

/// How often a state is asked for while it is waited for; the figures are no more exact than this.
const PAUSE: Duration = Duration::from_millis(10);

/// Nothing that is measured takes longer.
const LONGEST: Duration = Duration::from_secs(1200);

const TIMEOUTS: Timeouts = Timeouts {
    open: Duration::from_secs(60),
    operation: Duration::from_secs(60),
};

/// What differs between beds.
pub(crate) struct Wanted {
    pub(crate) devices: usize,
    /// Of each device.
    pub(crate) subscribers: usize,
    pub(crate) latency: &'static str,
    /// Lines of `[serve]`.
    pub(crate) serve: &'static str,
    /// Devices are as the inventory says, and known to be.
    pub(crate) is_adopted: bool,
}

pub(crate) struct Bed {
    folder: tempfile::TempDir,
    twins: RunningTwins,
    runtime: Runtime,
    store: Store,
    url: String,
    _cluster: Option<Cluster>,
    started: u32,
}

/// One running instance; it is killed when it is dropped.
pub(crate) struct Instance {
    child: Child,
    pub(crate) listen: SocketAddr,
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Instance {
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Tells it, as a forge would, that there is a commit.
    pub(crate) fn hook(&self) {
        let mut stream = TcpStream::connect(self.listen).unwrap();
        let request = "POST /hooks/git/inventory HTTP/1.1\r\nHost: bench\r\nX-Gitlab-Token: hook\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
}

impl Bed {
    pub(crate) fn start(wanted: &Wanted) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The account of a server passes through.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let source = folder.path().join("source");
        write_inventory(&source, wanted);
        let network = folder.path().join("network");
        let twins = RunningTwins::start(&source, &network, wanted.latency);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let cluster = postgres::installed()
            .is_some()
            .then(|| Cluster::own_in(folder.path(), &["synchronous_commit = on"]));
        let url = match &cluster {
            Some(cluster) => {
                let database = runtime.block_on(cluster.database());
                cluster.url_text(&database)
            }
            None => StoreUrl::sqlite(folder.path().join("gamctl.db")).to_string(),
        };
        let parsed = StoreUrl::parse(&url).unwrap();
        let store = runtime.block_on(Store::open(&parsed, TIMEOUTS)).unwrap();
        let bed = Self {
            folder,
            twins,
            runtime,
            store,
            url,
            _cluster: cluster,
            started: 0,
        };
        bed.write_settings(wanted);
        if wanted.is_adopted {
            bed.gamctl(&["adopt"]);
        }
        bed
    }

    pub(crate) fn has_postgres(&self) -> bool {
        self._cluster.is_some()
    }

    fn network(&self) -> PathBuf {
        self.folder.path().join("network")
    }

    fn write_settings(&self, wanted: &Wanted) {
        let network = self.network();
        let secret = network.join("secrets/git-hook");
        fs::write(&secret, "hook").unwrap();
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        let written = fs::read_to_string(network.join("gamctl.toml")).unwrap();
        let settings = format!(
            "{}\n[git]\nevery = \"1h\"\nwebhook = {{ secret = \"git-hook\" }}\n\n[serve]\nlisten = \"127.0.0.1:0\"\nmetrics = false\n{}",
            written
                .replace("path = \".\"", &format!("path = \"{}\"", network.display()))
                .replace(
                    "directory = \"secrets\"",
                    &format!("directory = \"{}\"", network.join("secrets").display())
                ),
            wanted.serve
        );
        fs::write(self.folder.path().join("serve.toml"), settings).unwrap();
    }

    fn command(&self, state: &str) -> Command {
        let mut command = Command::new(GAMCTL);
        command
            .current_dir(self.network())
            .env("GAMCTL_CONFIG", self.folder.path().join("serve.toml"))
            .env("GAMCTL_STORE_URL", &self.url)
            .env("GAMCTL_STATE", self.folder.path().join(state))
            .env("GIT_AUTHOR_NAME", "Bench")
            .env("GIT_AUTHOR_EMAIL", "bench@example.net")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    /// Runs a command that must succeed.
    pub(crate) fn gamctl(&self, arguments: &[&str]) {
        let output = self.command("state").args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gamctl {arguments:?}: {text}");
    }

    /// Commits another service plan for these subscribers, and returns the commit.
    pub(crate) fn commit(&self, subscribers: &[String], service_plan: &str) -> String {
        let set = format!("service_plan={service_plan}");
        let mut arguments = vec!["set"];
        arguments.extend(subscribers.iter().map(String::as_str));
        arguments.extend([set.as_str(), "--commit", "-m", "bench"]);
        self.gamctl(&arguments);
        let head = Command::new("git")
            .args(["rev-parse", "HEAD"])
            .current_dir(self.network())
            .output()
            .unwrap();
        String::from_utf8(head.stdout).unwrap().trim().to_owned()
    }

    /// Starts an instance, and returns it with the time until it was ready.
    pub(crate) fn serve(&mut self) -> (Instance, Duration) {
        self.started += 1;
        let began = Instant::now();
        let log = self.folder.path().join(format!("log-{}", self.started));
        let file = File::create(&log).unwrap();
        let mut child = self
            .command(&format!("instance-{}", self.started))
            .arg("serve")
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        loop {
            let text = fs::read_to_string(&log).unwrap();
            let ready = text.split("gamctl serve is ready: http://").nth(1);
            let address = ready.and_then(|text| text.split_whitespace().next());
            if let Some(address) = address {
                let listen = address.trim_end_matches(',').parse().unwrap();
                return (Instance { child, listen }, began.elapsed());
            }
            assert!(child.try_wait().unwrap().is_none(), "{text}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Asks the store.
    pub(crate) fn ask<T>(&self, question: impl AsyncFnOnce(&Store) -> T) -> T {
        self.runtime.block_on(question(&self.store))
    }

    /// Returns how many configuration lines a device has received.
    pub(crate) fn lines(&self, device: usize) -> usize {
        let log = self
            .twins
            .ask(&json!({ "do": "log", "device": name(device) }));
        let lines = log["with"].as_array().unwrap().iter();
        lines
            .filter(|one| one["line"].as_str().unwrap().starts_with("ghn "))
            .count()
    }

    /// Waits for something, and returns how long it took.
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < LONGEST, "no {what}: {}", self.log());
            std::thread::sleep(PAUSE);
        }
        began.elapsed()
    }

    fn log(&self) -> String {
        let logs = (1..=self.started).map(|number| {
            fs::read_to_string(self.folder.path().join(format!("log-{number}"))).unwrap()
        });
        logs.collect()
    }

    /// Returns whether every device is at this commit, and no rollout is open.
    pub(crate) fn is_at(&self, commit: Option<&str>, devices: usize) -> bool {
        self.ask(async |store: &Store| {
            if !store.open_rollouts().await.unwrap().is_empty() {
                return false;
            }
            let statuses = store.device_statuses().await.unwrap();
            let at = statuses.values().filter(|row| {
                let is_at = commit.is_none() || row.status.commit.as_deref() == commit;
                row.status.word == ConditionWord::Converged && is_at
            });
            at.count() == devices
        })
    }
}

pub(crate) fn name(device: usize) -> String {
    format!("gam-{device:05}")
}

/// Subscribers of so many devices are in one file.
const DEVICES_PER_FILE: usize = 1_000;

fn write_inventory(folder: &Path, wanted: &Wanted) {
    let write = |path: &str, text: &str| {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write(
        "network.toml",
        "schema = 1\n\n[vlans]\nmanagement = 4093\nsubscribers = \"100-3799\"\n\n[profiles]\nheadroom_percent = 6\n",
    );
    write(
        "policy.toml",
        "[limits]\nremovals_per_device = { count = 100, percent = 100 }\nremovals = { count = 100000, percent = 100 }\ninterruptions = { count = 100000, percent = 100 }\nslower = { count = 100000, percent = 100 }\ndevices = { count = 100000 }\n\n\
        [reconcile]\ncommits = \"everything\"\n\n[waves]\nfirst = 1\nthen = [\"5%\", \"25%\"]\nsettle = \"1s\"\n",
    );
    write(
        "service-plans.toml",
        "[service_plan.one]\ndown = 100\nup = 100\n\n[service_plan.two]\ndown = 200\nup = 100\n",
    );
    write(
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"snmp\" } }\nssh = { user = \"admin\", password = { secret = \"ssh\" } }\n",
    );
    let (mut boxes, mut people) = (String::new(), String::new());
    for device in 0..wanted.devices {
        // A file of the inventory may have 16 MiB.
        if device > 0 && device % DEVICES_PER_FILE == 0 {
            let file = format!("subscribers/before-{device:05}.toml");
            write(&file, &std::mem::take(&mut people));
        }
        writeln!(
            boxes,
            "[device.{}]\nmodel = \"GAM-24-C\"\naddress = \"10.{}.{}.1\"\nsite = \"site-{device:05}\"\nstate = \"managed\"\ncredentials = \"default\"\n",
            name(device),
            device / 250,
            device % 250
        )
        .unwrap();
        for subscriber in 0..wanted.subscribers {
            let number = device * wanted.subscribers + subscriber;
            // The first one has what the others get, so that its profile is there already.
            let plan = if subscriber == 0 { "two" } else { "one" };
            writeln!(
                people,
                "[subscriber.{}]\ndevice = \"{}\"\nport = {}\nendpoint = \"00:0e:d8:{:02x}:{:02x}:{:02x}\"\nservice_plan = \"{plan}\"\nvlan = {}\n",
                subscriber_name(number),
                name(device),
                subscriber / 16 + 1,
                number >> 16,
                (number >> 8) & 0xff,
                number & 0xff,
                100 + subscriber
            )
            .unwrap();
        }
    }
    write("devices/all.toml", &boxes);
    write("subscribers/all.toml", &people);
}

pub(crate) fn subscriber_name(number: usize) -> String {
    format!("acct-{number:06}")
}
