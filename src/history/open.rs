//! Connects to a store, and brings its schema up to date or refuses one that is newer.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, SqlitePool};

use super::deadline::within;
use super::error::Fault;
use super::{StoreError, StoreUrl};

static POSTGRES: Migrator = sqlx::migrate!("schema/postgres");
static SQLITE: Migrator = sqlx::migrate!("schema/sqlite");

/// Connections to Postgres. 500 devices share them: each query lasts a millisecond or two.
const CONNECTIONS: u32 = 16;

/// The share of an operation's time that a transaction on a server may be idle.
const IDLE_SHARE: u32 = 5;

/// The timeout of sqlx for a connection. The deadline of the operation is far shorter, and does not count the time for
/// which this process is suspended.
const NEVER: Duration = Duration::from_secs(86_400);

/// The time to find out whether a server refuses connections.
const KNOCK: Duration = Duration::from_secs(1);

/// Connections that only read an SQLite file.
const READERS: u32 = 4;

const MIGRATIONS: &str =
    "select version, description, success, checksum from _sqlx_migrations order by version";

/// The engine, with its connections.
#[derive(Clone)]
pub(super) enum Db {
    Postgres(PgPool),
    /// One connection writes, so that nobody in this process waits for a lock; others only read.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        /// Which file it is, as the file system counts.
        file: (u64, u64),
    },
}

/// How long the store may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For opening it, with all migrations.
    pub open: Duration,
    /// For anything else.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(60),
            operation: Duration::from_secs(5),
        }
    }
}

/// Returns the newest schema that this program knows.
pub(super) fn newest(is_postgres: bool) -> i64 {
    let migrations = if is_postgres { &POSTGRES } else { &SQLITE };
    let versions = migrations.iter().map(|migration| migration.version);
    versions.max().unwrap_or_default()
}

pub(super) async fn open(url: &StoreUrl, timeouts: Timeouts) -> Result<Db, Fault> {
    match (url.postgres(), url.path()) {
        (Some(options), _) => open_postgres(url, options.clone(), timeouts).await,
        (None, Some(path)) => open_sqlite(url, path, timeouts).await,
        (None, None) => Err(Fault::Broken("its URL has no path".to_owned())),
    }
}

/// Opens a store for queries: creates, locks and migrates nothing. A store of another schema is refused.
pub(super) async fn open_to_read(url: &StoreUrl, timeouts: Timeouts) -> Result<Db, Fault> {
    let older = || Fault::Broken("its schema is older than that of this gamctl".to_owned());
    let db = match (url.postgres(), url.path()) {
        (Some(options), _) => {
            let options = options.clone().application_name("gamctl");
            let pool = postgres_pool(1);
            let pool = pool.acquire_timeout(NEVER).connect_with(options).await?;
            let has: Vec<AppliedMigration> = sqlx::query_as(MIGRATIONS).fetch_all(&pool).await?;
            if is_to_migrate(url, &has, &POSTGRES)? {
                return Err(older());
            }
            Db::Postgres(pool)
        }
        (None, Some(path)) => {
            let options = SqliteConnectOptions::new()
                .filename(path)
                .read_only(true)
                .busy_timeout(timeouts.operation);
            let readers = sqlite_pool(1).connect_with(options).await?;
            if is_to_migrate(url, &sqlite_migrations(&readers).await?, &SQLITE)? {
                return Err(older());
            }
            Db::Sqlite {
                writer: readers.clone(),
                readers,
                file: file_number(path)?,
            }
        }
        (None, None) => return Err(Fault::Broken("its URL has no path".to_owned())),
    };
    Ok(db)
}

async fn open_postgres(
    url: &StoreUrl,
    options: PgConnectOptions,
    timeouts: Timeouts,
) -> Result<Db, Fault> {
    let millis = timeouts.operation.as_millis().to_string();
    // A process suspended in a transaction blocks others by its locks: it must lose them long before these time out.
    let idle = (timeouts.operation / IDLE_SHARE)
        .as_millis()
        .max(1)
        .to_string();
    // The server's timeout equals this process's, so that an abandoned query holds no lock.
    let limited = options.clone().application_name("gamctl").options([
        ("statement_timeout", millis.as_str()),
        ("lock_timeout", millis.as_str()),
        ("idle_in_transaction_session_timeout", idle.as_str()),
    ]);
    // Migrations may last longer than a query.
    let one = postgres_pool(1);
    // sqlx keeps trying a server that refuses or is full; limit that by the deadline for opening.
    let once = one.acquire_timeout(NEVER).connect_with(options);
    let once = match within(timeouts.operation, once).await {
        Some(once) => once?,
        None => return Err(late(url, timeouts.operation).await),
    };
    let is_new = sqlx::query_scalar::<_, bool>("select to_regclass('_sqlx_migrations') is null");
    let has: Vec<AppliedMigration> = match is_new.fetch_one(&once).await? {
        true => Vec::new(),
        false => sqlx::query_as(MIGRATIONS).fetch_all(&once).await?,
    };
    if is_to_migrate(url, &has, &POSTGRES)? {
        // Other processes that open it at the same time wait: sqlx locks with an advisory lock.
        migrated(POSTGRES.run(&once).await)?;
    }
    once.close().await;
    let pool = postgres_pool(CONNECTIONS)
        .acquire_timeout(NEVER)
        .connect_lazy_with(limited);
    Ok(Db::Postgres(pool))
}

/// Returns why a server did not answer in time: sqlx tries again while connections are refused, and keeps that to itself.
async fn late(url: &StoreUrl, most: Duration) -> Fault {
    let silent = || Fault::Away(format!("no answer within {most:?}"));
    let Some(options) = url
        .postgres()
        .filter(|options| options.get_socket().is_none())
    else {
        return silent();
    };
    let at = (options.get_host().to_owned(), options.get_port());
    let knock = within(KNOCK, tokio::net::TcpStream::connect(at)).await;
    match knock {
        Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Fault::Refusing,
        _ => silent(),
    }
}

async fn open_sqlite(url: &StoreUrl, path: &Path, timeouts: Timeouts) -> Result<Db, Fault> {
    prepare_file(path)?;
    let options = |busy: Duration| {
        SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // An intent must survive a power cut, or it is not an intent.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(busy)
    };
    let one = |busy| {
        let one = sqlite_pool(1);
        one.connect_with(options(busy))
    };
    // Locked from the first connection on: creating the WAL fails if another process does the same.
    let alone = alone(path, timeouts.open).await?;
    let once = one(timeouts.open).await?;
    if is_to_migrate(url, &sqlite_migrations(&once).await?, &SQLITE)? {
        migrated(SQLITE.run(&once).await)?;
    }
    // Opened before the first connection is closed: the last one that is closed writes the WAL back and removes it.
    let writer = one(timeouts.operation).await?;
    once.close().await;
    drop(alone);
    let readers =
        sqlite_pool(READERS).connect_lazy_with(options(timeouts.operation).read_only(true));
    Ok(Db::Sqlite {
        writer,
        readers,
        file: file_number(path)?,
    })
}

/// Returns the pool options for connections to a PostgreSQL server.
///
/// Without any limit of age, sqlx 0.9.0 starts no task that looks after idle connections. That task counts down from the number
/// of idle connections, which another thread may have made less than zero for a moment: then it counts down from 2^64 at full
/// speed, and the process never ends. A connection that broke meanwhile is noticed when it is used, as sqlx asks it first.
fn postgres_pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Returns the pool options for connections to an SQLite file, without limits of age as for PostgreSQL.
///
/// On a full disk, and after other disk faults, SQLite ends a transaction by itself. sqlx then fails to roll it back
/// and would refuse every later transaction on that connection, so such a connection is closed.
fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(NEVER)
        .before_acquire(|connection, _| {
            let is_usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_usable) })
        })
}

async fn sqlite_migrations(pool: &SqlitePool) -> Result<Vec<AppliedMigration>, Fault> {
    let table = "select count(*) from sqlite_schema where name = '_sqlx_migrations'";
    let there: i64 = sqlx::query_scalar(table).fetch_one(pool).await?;
    match there {
        0 => Ok(Vec::new()),
        _ => Ok(sqlx::query_as(MIGRATIONS).fetch_all(pool).await?),
    }
}

/// A migration that the store has recorded.
#[derive(sqlx::FromRow)]
struct AppliedMigration {
    version: i64,
    description: String,
    success: bool,
    checksum: Vec<u8>,
}

/// Returns whether the schema is behind; refuses one that the migrations of this program did not make.
fn is_to_migrate(
    url: &StoreUrl,
    has: &[AppliedMigration],
    knows: &Migrator,
) -> Result<bool, Fault> {
    let newest = knows.iter().map(|migration| migration.version).max();
    let newest = newest.unwrap_or_default();
    if let Some(last) = has.last().filter(|last| last.version > newest) {
        return Err(Fault::from(StoreError::NewerSchema {
            store: url.to_string(),
            has: last.version,
            knows: newest,
        }));
    }
    if let Some(what) = has.iter().find_map(|applied| foreign(applied, knows)) {
        return Err(foreign_schema(url, what));
    }
    // Each schema builds on the one before.
    let mut missing = knows.iter().filter(|migration| {
        let mut applied = has.iter();
        !applied.any(|applied| applied.version == migration.version)
    });
    match (missing.next(), has.last()) {
        (Some(migration), Some(last)) if migration.version < last.version => {
            let what = format!("migration {} is missing", migration.version);
            Err(foreign_schema(url, what))
        }
        (missing, _) => Ok(missing.is_some()),
    }
}

/// Returns the problem with an applied migration.
fn foreign(applied: &AppliedMigration, knows: &Migrator) -> Option<String> {
    let AppliedMigration {
        version,
        description,
        success,
        checksum,
    } = applied;
    let named = format!("migration {version} (`{description}`)");
    let mut known = knows.iter();
    let Some(known) = known.find(|migration| migration.version == *version) else {
        return Some(format!("{named} is unknown"));
    };
    if !success {
        return Some(format!("{named} failed half-way"));
    }
    (known.checksum.as_ref() != checksum.as_slice())
        .then(|| format!("{named} differs from the one of this gamctl"))
}

fn foreign_schema(url: &StoreUrl, what: String) -> Fault {
    Fault::from(StoreError::ForeignSchema {
        store: url.to_string(),
        what,
    })
}

fn migrated(done: Result<(), MigrateError>) -> Result<(), Fault> {
    match done {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(error.into())
        }
        Err(other) => Err(Fault::Broken(format!(
            "its schema cannot be brought up to date: {other}"
        ))),
    }
}

/// Creates the folder and the file for their owner only.
fn prepare_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
    }
    // SQLite gives the files beside it the mode of this one.
    let mut file = fs::OpenOptions::new();
    file.create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}

/// Returns the device and inode number of a file.
pub(super) fn file_number(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Waits until no other process creates the file or changes its schema.
///
/// sqlx has no lock for SQLite: of two processes that create the same tables one fails.
async fn alone(path: &Path, most: Duration) -> Result<fs::File, Fault> {
    let mut name = path.as_os_str().to_owned();
    name.push(".schema-lock");
    let path = PathBuf::from(name);
    let mut file = fs::OpenOptions::new();
    let file = file.create(true).append(true).mode(0o600).open(&path);
    let file = file?;
    let waiting = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    match within(most, waiting).await {
        Some(Ok(locked)) => Ok(locked?),
        Some(Err(why)) => Err(Fault::Broken(why.to_string())),
        None => Err(Fault::Away(format!(
            "another process is changing its schema (it holds {})",
            path.display()
        ))),
    }
}
