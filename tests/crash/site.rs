//! Provides twins in this process, an inventory in git with their addresses, and the program to run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gamctl::history::{Store, StoreUrl, Timeouts};
use gamctl::model::{DeviceName, GamModel};
use gamctl::simulator::gam::{Build, Configuration, FirmwareProfile, Hardware};
use gamctl::simulator::server::{SnmpSettings, State, Twin, TwinSettings};
use russh::keys::PublicKey;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::world::World;

/// The timeout of a test.
pub(crate) const LONG: Duration = Duration::from_secs(120);

pub(crate) const KILL: i32 = 9;

/// The password of the twins, unless a test sets another.
const PASSWORD: &str = "correct horse";

/// The credentials of twins and inventory.
pub(crate) struct Keys {
    pub(crate) password: String,
    /// A key that the twins accept besides the password.
    pub(crate) key: Option<PublicKey>,
    pub(crate) snmp: SnmpSettings,
    /// The text of `credentials.toml`, and the values of its names.
    pub(crate) credentials: String,
    pub(crate) secrets: Vec<(&'static str, String)>,
    /// The password of the last device, if it differs.
    pub(crate) of_the_last: Option<&'static str>,
}

impl Default for Keys {
    fn default() -> Self {
        let credentials = "[credentials.default]\n\
            snmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\n\
            ssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n";
        Self {
            password: PASSWORD.to_owned(),
            key: None,
            snmp: SnmpSettings::default(),
            credentials: credentials.to_owned(),
            secrets: vec![
                ("gam-snmp", "public".to_owned()),
                ("gam-ssh", PASSWORD.to_owned()),
            ],
            of_the_last: None,
        }
    }
}

/// A subscriber of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flat {
    pub(crate) id: String,
    pub(crate) device: usize,
    pub(crate) port: u8,
    pub(crate) endpoint: u16,
    pub(crate) service_plan: &'static str,
    pub(crate) vlan: u16,
}

impl Flat {
    pub(crate) fn new(number: u16, device: usize, service_plan: &'static str) -> Self {
        Self {
            id: format!("apt-{number}"),
            device,
            port: u8::try_from(number % 4).unwrap() + 1,
            endpoint: number,
            service_plan,
            vlan: 100 + number,
        }
    }
}

/// Everything that one test needs.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) twins: BTreeMap<DeviceName, Twin>,
    pub(crate) flats: Vec<Flat>,
    pub(crate) runtime: Runtime,
    /// In memory if possible: the process dies here, never the machine.
    pub(crate) state: PathBuf,
    _memory: TempDir,
    /// Somewhere else than in the state directory.
    pub(crate) url: Option<String>,
    runs: AtomicU32,
}

/// The output and the exit code of the program.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn is_killed(&self) -> bool {
        self.status.signal() == Some(KILL)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.text.contains(part), "no `{part}` in:\n{}", self.text);
        self
    }
}

/// The running program.
pub(crate) struct Running {
    pub(crate) child: Child,
    said: PathBuf,
}

impl Running {
    /// Follows a program that was started with what `Site::command` returned.
    pub(crate) fn of(child: Child, said: PathBuf) -> Self {
        Self { child, said }
    }

    /// Waits until it ends.
    pub(crate) fn ended(mut self) -> Said {
        let status = self.child.wait().unwrap();
        let bytes = fs::read(&self.said).unwrap();
        Said {
            status,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Waits until it has printed this.
    pub(crate) fn has_said(&self, part: &str) {
        let until = std::time::Instant::now() + LONG;
        loop {
            let text = fs::read(&self.said).unwrap();
            if String::from_utf8_lossy(&text).contains(part) {
                return;
            }
            assert!(std::time::Instant::now() < until, "it never said `{part}`");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &process]).status();
        assert!(sent.unwrap().success());
    }
}

impl Site {
    /// This many small devices in factory state, in an inventory without subscribers.
    pub(crate) fn with(devices: usize) -> Self {
        Self::opened_by(devices, &Keys::default(), 600)
    }

    /// As `with`, with this many seconds for a lease without renewal.
    pub(crate) fn with_leases(devices: usize, seconds: u16) -> Self {
        Self::opened_by(devices, &Keys::default(), seconds)
    }

    pub(crate) fn opened_by(devices: usize, keys: &Keys, lease_seconds: u16) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        let world = World::empty();
        let mut twins = BTreeMap::new();
        for number in 0..devices {
            let twin = runtime.block_on(twin(number, keys));
            twins.insert(device(number), twin);
        }
        let secrets = world.beside("secrets");
        fs::create_dir(&secrets).unwrap();
        for (name, value) in &keys.secrets {
            let path = secrets.join(name);
            fs::write(&path, value).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let settings = format!(
            "[inventory]\npath = \".\"\n\n[secrets]\ndirectory = \"{}\"\n\n[apply]\nlease_seconds = {lease_seconds}\n",
            secrets.display()
        );
        world.write("gamctl.toml", settings);
        world.write("network.toml", "schema = 1\n");
        world.write(
            "service-plans.toml",
            "[service_plan.home-100]\ndown = 100\nup = 100\n\n\
            [service_plan.home-300]\ndown = 300\nup = 100\n\n\
            [service_plan.home-500]\ndown = 500\nup = 250\n",
        );
        world.write("credentials.toml", &keys.credentials);
        world.write(
            "policy.toml",
            "[limits]\n\
            removals_per_device = { count = 1000 }\n\
            removals = { count = 1000 }\n\
            interruptions = { count = 1000 }\n\
            slower = { count = 1000 }\n\
            suspensions = { count = 1000 }\n\
            reassignments = { count = 1000 }\n\
            devices = { count = 1000 }\n",
        );
        world.write("devices/oaks.toml", devices_text(&twins, keys.of_the_last));
        let memory = match Path::new("/dev/shm").is_dir() {
            true => tempfile::tempdir_in("/dev/shm"),
            false => tempfile::tempdir(),
        };
        let memory = memory.unwrap();
        let state = memory.path().join("state");
        let site = Self {
            world,
            twins,
            flats: Vec::new(),
            runtime,
            state,
            _memory: memory,
            url: None,
            runs: AtomicU32::new(0),
        };
        site.world.commit_all("devices");
        site
    }

    /// Commits the subscribers of the inventory.
    pub(crate) fn intend(&mut self, flats: Vec<Flat>) {
        let text: String = flats
            .iter()
            .map(|flat| {
                let [high, low] = flat.endpoint.to_be_bytes();
                format!(
                    "[subscriber.{}]\ndevice = \"{}\"\nport = {}\nendpoint = \"00:0e:d8:1c:{high:02x}:{low:02x}\"\nservice_plan = \"{}\"\nvlan = {}\n\n",
                    flat.id,
                    device(flat.device),
                    flat.port,
                    flat.service_plan,
                    flat.vlan
                )
            })
            .collect();
        self.world.write("subscribers/oaks.toml", text);
        self.flats = flats;
        self.world.commit_all("somebody moved");
    }

    pub(crate) fn twin(&self, number: usize) -> &Twin {
        &self.twins[&device(number)]
    }

    pub(crate) fn url(&self) -> StoreUrl {
        match &self.url {
            Some(url) => StoreUrl::parse(url).unwrap(),
            None => StoreUrl::sqlite(self.state.join("gamctl.db")),
        }
    }

    /// Opens the store as another process would.
    pub(crate) fn store(&self) -> Store {
        let timeouts = Timeouts {
            open: LONG,
            operation: LONG,
        };
        let url = self.url();
        let store = Store::open(&url, timeouts);
        self.runtime.block_on(store).unwrap()
    }

    /// Starts the program; with `crash_at` it aborts there.
    pub(crate) fn start(&self, arguments: &[&str], crash_at: Option<&str>) -> Running {
        let (mut command, said) = self.command(arguments);
        if let Some(point) = crash_at {
            command.env("GAMCTL_CRASH_AT", point);
        }
        Running {
            child: command.spawn().unwrap(),
            said,
        }
    }

    /// Returns the program with its environment, and the file for its output.
    pub(crate) fn command(&self, arguments: &[&str]) -> (Command, PathBuf) {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let said = self.world.beside(&format!("said-{number}"));
        let file = File::create(&said).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gamctl"));
        for name in [
            "GAMCTL_CONFIG",
            "GAMCTL_INVENTORY",
            "GAMCTL_BRANCH",
            "GAMCTL_AGE_IDENTITY",
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
            // Its secrets are beside the inventory, which only named settings may refer to.
            .env("GAMCTL_CONFIG", self.world.root().join("gamctl.toml"))
            .env("GAMCTL_WHO", "ada@noc")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        if let Some(url) = &self.url {
            command.env("GAMCTL_STORE_URL", url);
        }
        (command, said)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.start(arguments, None).ended()
    }

    pub(crate) fn apply(&self) -> Said {
        self.run(&["apply", "--yes"])
    }

    /// Applies, and aborts at this point.
    #[track_caller]
    pub(crate) fn dies_at(&self, point: &str) -> Said {
        let said = self.start(&["apply", "--yes"], Some(point)).ended();
        assert!(
            said.is_killed(),
            "`{point}` was not passed, it ended with {}:\n{}",
            said.status,
            said.text
        );
        said
    }

    /// Lets the leases of dead processes expire, as if their time had passed.
    pub(crate) fn time_passes(&self) {
        const OVER: &str = "update lease set until = since";
        self.is_quiet();
        self.runtime.block_on(async {
            use sqlx::{Connection as _, Executor as _};
            let url = self.url();
            match url.path() {
                // It died before there was a table, or even a file.
                Some(path) if path.exists() => {
                    let mut connection = sqlite(path).await;
                    let _passed = connection.execute(OVER).await;
                    connection.close().await.unwrap();
                }
                Some(_) => {}
                None => {
                    let mut connection =
                        sqlx::PgConnection::connect(&url.to_string()).await.unwrap();
                    connection.execute(OVER).await.unwrap();
                    connection.close().await.unwrap();
                }
            }
        });
    }

    /// The folder of the secrets.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.world.beside("secrets")
    }

    /// Returns the first column of a query on the SQLite store.
    pub(crate) fn texts(&self, sql: &'static str) -> Vec<String> {
        self.runtime.block_on(async {
            let url = self.url();
            let mut connection = sqlite(url.path().unwrap()).await;
            let rows = sqlx::query_scalar(sql);
            rows.fetch_all(&mut connection).await.unwrap()
        })
    }

    /// Returns the number of rows of a table.
    pub(crate) fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        self.runtime.block_on(async {
            use sqlx::{AssertSqlSafe, Connection as _};
            let url = self.url();
            match url.path() {
                Some(path) => {
                    let mut connection = sqlite(path).await;
                    let counted = sqlx::query_scalar(AssertSqlSafe(sql));
                    counted.fetch_one(&mut connection).await.unwrap()
                }
                None => {
                    let url = self.url.as_ref().unwrap();
                    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                    let counted = sqlx::query_scalar(AssertSqlSafe(sql));
                    counted.fetch_one(&mut connection).await.unwrap()
                }
            }
        })
    }

    /// Waits until no session is open at any twin.
    pub(crate) fn is_quiet(&self) {
        for twin in self.twins.values() {
            let waited = twin.wait_until(State::is_idle, LONG);
            self.runtime.block_on(waited).unwrap();
        }
    }
}

pub(crate) async fn sqlite(path: &std::path::Path) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(LONG);
    options.connect().await.unwrap()
}

pub(crate) fn device(number: usize) -> DeviceName {
    DeviceName::new(&format!("oak-{number}")).unwrap()
}

async fn twin(number: usize, keys: &Keys) -> Twin {
    let seed = 70 + u64::try_from(number).unwrap();
    let hardware = Hardware::of(GamModel::Gam4Cx, seed);
    let configuration = Configuration::factory(&hardware);
    let mut settings = TwinSettings {
        boot_time: Duration::from_millis(150),
        save_time: Duration::from_millis(10),
        snmp: keys.snmp.clone(),
        // Sessions of a dead process may stay open for a moment.
        max_sessions: 16,
        ..TwinSettings::new(Build {
            hardware,
            firmware: FirmwareProfile::default(),
            seed,
            configuration: Some(configuration),
        })
    };
    settings.login.password.clone_from(&keys.password);
    settings.login.authorized_keys = keys.key.iter().cloned().collect();
    Twin::start(settings).await.unwrap()
}

fn devices_text(twins: &BTreeMap<DeviceName, Twin>, of_the_last: Option<&str>) -> String {
    let last = twins.keys().next_back();
    let texts = twins.iter().map(|(name, twin)| {
        let (ssh, snmp) = (twin.ssh_address(), twin.snmp_address());
        let credentials = of_the_last.filter(|_| last == Some(name));
        let credentials = credentials.map(|other| format!("credentials = \"{other}\"\n"));
        format!(
            "[device.{name}]\nmodel = \"GAM-4-CX\"\naddress = \"{ssh}/{}\"\nserial = \"{}\"\nhost_key = \"{}\"\ntest_bed = true\n{}\n",
            snmp.port(),
            twin.serial(),
            twin.host_key().unwrap(),
            credentials.unwrap_or_default(),
        )
    });
    texts.collect()
}
