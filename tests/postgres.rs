//! A real PostgreSQL for tests: one throw-away cluster, started by whoever needs it first, with a database for each test.
//!
//! `./test` starts in a folder of its own, and takes everything away at the end. Without it, one cluster per person of this
//! machine stays up for the next `cargo test`; `./test --stop` ends it.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use gamctl::history::StoreUrl;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};

/// Where `./test` wants clusters to be.
const FOLDER: &str = "GAMCTL_TEST_POSTGRES";

/// Kilobytes that all clusters and their databases stay below; a container may have 64 MB of such memory, and these fill it.
const ROOM: u64 = 2_000_000;

const HINT: &str = "PostgreSQL's programs `initdb` and `pg_ctl` are not installed; run `./test`, which installs them or says how";

/// A cluster with its server.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    /// Nobody else uses it: it goes with this value.
    is_own: bool,
}

/// Returns the cluster that all tests share.
pub(crate) fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| {
        let cluster = Cluster {
            programs: programs(),
            folder: base().join("shared"),
            is_own: false,
        };
        // Other processes may want the same at the same time.
        let lock = File::create(base().join("lock")).unwrap();
        lock.lock().unwrap();
        cluster.prepare(&[]);
        cluster.start();
        cluster
    })
}

impl Cluster {
    /// Starts a cluster for one test that stops it, slows it down or fills it up.
    pub(crate) fn own(settings: &[&str]) -> Self {
        Self::own_in(&base(), settings)
    }

    pub(crate) fn own_in(base: &Path, settings: &[&str]) -> Self {
        let cluster = Self {
            programs: programs(),
            folder: base.join(format!("own-{}", uuid::Uuid::now_v7().simple())),
            is_own: true,
        };
        cluster.prepare(settings);
        cluster.start();
        cluster
    }

    /// Returns the file that clients connect to.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// Writes a copy of a database to a file.
    pub(crate) fn dump(&self, database: &str, to: &str) {
        self.run("pg_dump", |dump| {
            dump.arg("-h")
                .arg(&self.folder)
                .args(["-U", "gam", "-Fc", "-f"])
                .arg(self.folder.join(to))
                .arg(database)
        });
    }

    /// Fills an empty database with a copy.
    pub(crate) fn restore(&self, database: &str, from: &str) {
        self.run("pg_restore", |restore| {
            restore
                .arg("-h")
                .arg(&self.folder)
                .args(["-U", "gam", "--no-owner", "-d", database])
                .arg(self.folder.join(from))
        });
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Makes the files of the cluster, unless they are there.
    fn prepare(&self, settings: &[&str]) {
        let data = self.data();
        if data.join("ready").exists() {
            return;
        }
        let _nothing = fs::remove_dir_all(&data);
        fs::create_dir_all(&self.folder).unwrap();
        if let Some((user, group)) = account() {
            chown(&self.folder, Some(user), Some(group)).unwrap();
        }
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700)).unwrap();
        self.run("initdb", |initdb| {
            initdb
                .arg("-D")
                .arg(&data)
                .args(["-U", "gam", "-A", "trust", "-E", "UTF8", "--locale=C"])
                .args(["--no-sync", "--no-instructions"])
        });
        let mut written = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        for setting in [
            "listen_addresses = ''",
            "fsync = off",
            "synchronous_commit = off",
            "full_page_writes = off",
            "wal_level = minimal",
            "max_wal_senders = 0",
            "max_wal_size = 256MB",
            "max_connections = 300",
            "shared_buffers = 64MB",
        ] {
            written.push_str(&format!("{setting}\n"));
        }
        for setting in settings {
            written.push_str(&format!("{setting}\n"));
        }
        let sockets = self.folder.display();
        written.push_str(&format!("unix_socket_directories = '{sockets}'\n"));
        fs::write(data.join("postgresql.conf"), written).unwrap();
        fs::write(data.join("ready"), "").unwrap();
    }

    /// Starts the server and waits for it; one that runs goes on.
    pub(crate) fn start(&self) {
        let data = self.data();
        if self
            .command("pg_ctl")
            .arg("-D")
            .arg(&data)
            .arg("status")
            .status()
            .unwrap()
            .success()
        {
            return;
        }
        let log = self.folder.join("log");
        self.run("pg_ctl", |start| {
            start
                .arg("-D")
                .arg(&data)
                .args(["-w", "-t", "120", "-l"])
                .arg(log)
                .arg("start")
        });
    }

    /// Ends the server as a power cut would; what was committed is there when it starts again.
    pub(crate) fn stop(&self) {
        let data = self.data();
        self.run("pg_ctl", |stop| {
            stop.arg("-D")
                .arg(&data)
                .args(["-w", "-t", "120", "-m", "immediate", "stop"])
        });
    }

    /// Returns a command that runs as somebody who may run PostgreSQL.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = account() {
            command.uid(user).gid(group);
        }
        // The folder that the tests run in may be closed to that account, and Ctrl-C is not meant for the server.
        command.current_dir("/").process_group(0);
        let command = command.stdin(Stdio::null());
        let mut quiet = std::mem::replace(command, Command::new(""));
        quiet.stdout(Stdio::null()).stderr(Stdio::null());
        quiet
    }

    fn run(&self, program: &str, arguments: impl FnOnce(&mut Command) -> &mut Command) {
        let mut command = self.command(program);
        // A pipe would stay open in the server that `pg_ctl` leaves behind.
        let said = self.folder.join(format!("{program}.said"));
        let file = File::create(&said).unwrap();
        if let Some((user, group)) = account() {
            chown(&said, Some(user), Some(group)).unwrap();
        }
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let status = arguments(&mut command).status().unwrap();
        if !status.success() {
            let said = fs::read_to_string(&said).unwrap_or_default();
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            panic!("{program}: {status}\n{said}\n{log}");
        }
    }

    pub(crate) fn options(&self, database: &str) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass();
        options
            .socket(&self.folder)
            .username("gam")
            .database(database)
    }

    /// Runs a statement that no transaction may be around, such as one about databases.
    pub(crate) async fn administer(&self, statement: &str) {
        let mut connection = self.options("postgres").connect().await.unwrap();
        let statement = AssertSqlSafe(statement.to_owned());
        connection.execute(statement).await.unwrap();
    }

    /// Returns a connection past the store.
    pub(crate) async fn connect(&self, database: &str) -> sqlx::PgConnection {
        self.options(database).connect().await.unwrap()
    }

    /// Makes an empty database and returns its name.
    pub(crate) async fn database(&self) -> String {
        let name = format!("t{}", uuid::Uuid::now_v7().simple());
        self.administer(&format!("create database {name}")).await;
        name
    }

    pub(crate) async fn drop_database(&self, name: &str) {
        let statement = format!("drop database if exists {name} with (force)");
        self.administer(&statement).await;
    }

    pub(crate) fn url(&self, database: &str) -> StoreUrl {
        StoreUrl::parse(&self.url_text(database)).unwrap()
    }

    pub(crate) fn url_text(&self, database: &str) -> String {
        let sockets = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://gam@localhost/{database}?host={sockets}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.is_own {
            let data = self.data();
            let mut stop = self.command("pg_ctl");
            stop.arg("-D")
                .arg(&data)
                .args(["-w", "-m", "immediate", "stop"]);
            let _stopped = stop.status();
            let _gone = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Returns the folder of all clusters: in memory where that is possible, since nothing here outlives the tests.
fn base() -> PathBuf {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    BASE.get_or_init(|| {
        #[allow(clippy::disallowed_methods, reason = "tests have no settings file")]
        let told = std::env::var_os(FOLDER);
        let base = told.map_or_else(default_base, PathBuf::from);
        fs::create_dir_all(&base).unwrap();
        let owner = fs::metadata(&base).unwrap().uid();
        assert_eq!(owner, own_user(), "{} is somebody else's", base.display());
        // The account of the server passes through to its own folder.
        fs::set_permissions(&base, fs::Permissions::from_mode(0o711)).unwrap();
        base
    })
    .clone()
}

/// Returns a folder of one's own, with a short path: that of a socket has room for 107 bytes.
fn default_base() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let base = match room_in(memory).is_some_and(|kilobytes| kilobytes > ROOM) {
        true => memory.to_path_buf(),
        false => std::env::temp_dir(),
    };
    base.join(format!("gamctl-postgres-{}", own_user()))
}

/// Returns how many kilobytes are free there, where it is a folder.
fn room_in(folder: &Path) -> Option<u64> {
    let said = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    said.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

fn own_user() -> u32 {
    static OWN: OnceLock<u32> = OnceLock::new();
    *OWN.get_or_init(|| {
        let said = Command::new("id").arg("-u").output().unwrap();
        String::from_utf8(said.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    })
}

/// Returns the account that the server runs as, where it is not one's own: PostgreSQL does not run as root, and wants an
/// account with a name.
fn account() -> Option<(u32, u32)> {
    if own_user() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let found = ["postgres:", "nobody:"].into_iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.starts_with(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    Some(found.expect("root needs an account `postgres` or `nobody` to run PostgreSQL as"))
}

/// Returns where PostgreSQL's programs are; the newest, where there are several.
fn programs() -> PathBuf {
    installed().expect(HINT)
}

/// As `programs`; nothing where there are none.
pub(crate) fn installed() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for version in fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
    {
        let number = version.file_name().to_string_lossy().parse();
        let programs = version.path().join("bin");
        if let (Ok(number), true) = (number, programs.join("initdb").exists()) {
            found.push((number, programs));
        }
    }
    if let Some((_, newest)) = found.into_iter().max() {
        return Some(newest);
    }
    let said = Command::new("sh")
        .args(["-c", "command -v initdb"])
        .output()
        .unwrap();
    let path = PathBuf::from(String::from_utf8_lossy(&said.stdout).trim().to_owned());
    let programs = fs::canonicalize(path).ok()?.parent()?.to_path_buf();
    programs.join("pg_ctl").exists().then_some(programs)
}
