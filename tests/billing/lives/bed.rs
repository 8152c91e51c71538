//! Provides GAM twins, a billing twin, a forge and an inventory, and runs `gamctl serve` between them, which may be killed.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gamctl::model::GamModel;
use gamctl::simulator::gam::{Build, Configuration, FirmwareProfile, Hardware};
use gamctl::simulator::server::{Twin, TwinSettings};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::clock::Clock;
use super::office::Office;
use crate::billing::product::Product;
use crate::crash::site::sqlite;
use crate::world::World;

/// The time for anything, on a busy machine.
pub(super) const LONG: Duration = Duration::from_secs(500);

/// The devices: their names, models and sites. The customers live in the first building.
pub(super) const DEVICES: [(&str, GamModel, &str); 3] = [
    ("maple-a", GamModel::Gam24M, "maple-court"),
    ("maple-b", GamModel::Gam24C, "maple-court"),
    ("oak-a", GamModel::Gam4Cx, "old-oak"),
];

/// The device of another building.
pub(super) const OAK: usize = 2;

/// The service plans with their tariffs in Splynx and in Sonar, and down and up in Mbps.
pub(super) const PLANS: [(&str, u64, u64, u32, u32); 3] = [
    ("home-100", 30, 32, 100, 50),
    ("home-500", 31, 31, 500, 250),
    ("business", 33, 34, 0, 0),
];

/// The plan of the suspended.
pub(super) const SUSPENDED: (u32, u32) = (10, 10);

/// The days for which a customer who left is kept, and a VLAN rests.
pub(super) const GONE_AFTER_DAYS: u64 = 2;
pub(super) const REST_DAYS: u64 = 90;

pub(super) const PASSWORD: &str = "correct horse";

/// Everything that many lives share.
pub(super) struct Bed {
    // First, so that it ends before what it uses is gone.
    service: Option<Child>,
    pub(super) product: Product,
    pub(super) office: Office,
    pub(super) twins: Vec<Twin>,
    /// The clone of an engineer.
    pub(super) world: World,
    pub(super) clock: Clock,
    pub(super) runtime: Runtime,
    pub(super) listen: SocketAddr,
    state: PathBuf,
    said: Vec<PathBuf>,
    /// The row about the last item that the office handed out.
    pub(super) row: std::cell::Cell<u64>,
    _memory: TempDir,
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Bed {
    pub(super) fn new(product: Product) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let world = World::empty();
        let clock = Clock::new(world.beside("clock"));
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = free.local_addr().unwrap();
        drop(free);
        let office = runtime.block_on(Office::open(product, &clock, listen));
        let models = DEVICES.iter().zip(70..);
        let twins = models.map(|((_, model, _), seed)| runtime.block_on(twin(*model, seed)));
        let twins: Vec<Twin> = twins.collect();
        let memory = match std::path::Path::new("/dev/shm").is_dir() {
            true => tempfile::tempdir_in("/dev/shm"),
            false => tempfile::tempdir(),
        };
        let memory = memory.unwrap();
        let bed = Self {
            service: None,
            product,
            office,
            twins,
            world,
            clock,
            runtime,
            listen,
            state: memory.path().join("state"),
            said: Vec::new(),
            row: std::cell::Cell::default(),
            _memory: memory,
        };
        bed.write_inventory();
        bed.write_settings();
        bed
    }

    /// The bare repository that the service follows.
    pub(super) fn forge(&self) -> PathBuf {
        self.world.beside("forge.git")
    }

    pub(super) fn settings(&self) -> PathBuf {
        self.world.beside("gamctl.toml")
    }

    /// Returns the program with its environment; its output goes to a file.
    fn command(&mut self, arguments: &[&str]) -> Command {
        let said = self.world.beside(&format!("said-{}", self.said.len()));
        let file = File::create(&said).unwrap();
        self.said.push(said);
        let mut command = Command::new(env!("CARGO_BIN_EXE_gamctl"));
        for name in [
            "GAMCTL_INVENTORY",
            "GAMCTL_BRANCH",
            "XDG_CONFIG_HOME",
            "GIT_DIR",
        ] {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.world.root())
            .env("HOME", self.world.beside("home"))
            .env("GAMCTL_STATE", &self.state)
            .env("GAMCTL_CONFIG", self.settings())
            .env("GAMCTL_WHO", "serve@noc")
            .env("GAMCTL_LOG", "info")
            .envs(self.clock.variables())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        command
    }

    /// Starts the service, to end at a crash point if one is given, and waits until it is ready or dead.
    pub(super) fn start(&mut self, crash_at: Option<&str>) {
        self.kill();
        let mut command = self.command(&["serve", "--log", "text"]);
        if let Some(point) = crash_at {
            command.env("GAMCTL_CRASH_AT", point);
        }
        self.service = Some(command.spawn().unwrap());
        let end = Instant::now() + LONG;
        while !self.last_said().contains("gamctl serve is ready: http://") {
            let has_ended = !self.is_running();
            if has_ended && crash_at.is_some() {
                return;
            }
            let is_early = !has_ended && Instant::now() < end;
            assert!(is_early, "it does not start: {}", self.last_said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(super) fn is_running(&mut self) -> bool {
        let service = self.service.as_mut();
        service.is_some_and(|service| service.try_wait().unwrap().is_none())
    }

    /// Kills the service as `kill -9` does.
    pub(super) fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            let _ended = service.kill();
            let _status = service.wait();
        }
    }

    /// Runs a command as a person at a terminal does, and returns its output.
    pub(super) fn run(&mut self, arguments: &[&str]) -> String {
        let mut command = self.command(arguments);
        command.status().unwrap();
        self.last_said()
    }

    fn last_said(&self) -> String {
        let said = fs::read(self.said.last().unwrap()).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Returns the ends of all outputs, for the report of a failure.
    pub(super) fn all_said(&self) -> String {
        let texts = self.said.iter().map(|said| {
            let text = fs::read(said).unwrap();
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(60)..].join("\n")
        });
        texts.collect::<Vec<_>>().join("\n-- the next process --\n")
    }

    /// Returns the first column of a query on the store, if it exists by now.
    pub(super) fn texts(&self, sql: &'static str) -> Vec<String> {
        let path = self.state.join("gamctl.db");
        if !path.exists() {
            return Vec::new();
        }
        self.runtime.block_on(async {
            use sqlx::Connection as _;
            let mut connection = sqlite(&path).await;
            let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await;
            connection.close().await.unwrap();
            rows.unwrap_or_default()
        })
    }
}

/// Returns the speeds of a plan: the two systems sell another business line.
pub(super) fn speeds(plan: (&str, u64, u64, u32, u32), product: Product) -> (u32, u32) {
    match plan.3 {
        0 => product.choose((200, 200), (250, 250)),
        down => (down, plan.4),
    }
}

async fn twin(model: GamModel, seed: u64) -> Twin {
    let hardware = Hardware::of(model, seed);
    let configuration = Configuration::factory(&hardware);
    let mut settings = TwinSettings {
        boot_time: Duration::from_millis(150),
        save_time: Duration::from_millis(10),
        // Sessions of a dead process may stay open for a moment.
        max_sessions: 16,
        ..TwinSettings::new(Build {
            hardware,
            firmware: FirmwareProfile::default(),
            seed,
            configuration: Some(configuration),
        })
    };
    PASSWORD.clone_into(&mut settings.login.password);
    Twin::start(settings).await.unwrap()
}
