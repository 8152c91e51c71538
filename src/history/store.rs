//! Opens the store, applies its deadlines, and reports its state to `doctor`.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::Batches;
use super::deadline::{repeated, within};
use super::error::Fault;
use super::open::{self, Db, Timeouts};
use super::session::Session;
use super::{StoreError, StoreUrl};

/// The store. Cheap to clone: clones share their connections.
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) url: StoreUrl,
    pub(super) db: Db,
    pub(super) timeouts: Timeouts,
    pub(super) batches: Batches,
}

/// The state of a store, as `doctor` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFacts {
    /// `Postgres` or `SQLite`.
    pub engine: &'static str,
    pub version: String,
    pub schema: i64,
    /// The newest schema of this program.
    pub knows: i64,
    /// The round trip of a small query.
    pub latency: Duration,
    pub bytes: u64,
    /// Seconds since 1970, by the store's clock.
    pub clock: u64,
}

pub(super) const CLOCK: &str = "select @seconds(t) as clock from (select @now as t) as moment";

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Store({})", self.inner.url)
    }
}

impl Store {
    /// Opens a store and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// `Away` if it is unreachable, `NewerSchema` if a later gamctl wrote it.
    pub async fn open(url: &StoreUrl, timeouts: Timeouts) -> Result<Self, StoreError> {
        let doing = "be opened";
        let opened = repeated(timeouts.open, || open::open(url, timeouts)).await;
        let db = opened.map_err(|fault| said(url, doing, fault))?;
        Ok(Self::of(url, db, timeouts))
    }

    /// Opens a store for queries, within the time for opening. Nothing is created, locked or migrated.
    ///
    /// # Errors
    ///
    /// As `open`, and if its schema is older than that of this program.
    pub async fn open_to_read(url: &StoreUrl, timeouts: Timeouts) -> Result<Self, StoreError> {
        let opened = within(timeouts.open, open::open_to_read(url, timeouts)).await;
        let late = || Err(Fault::Away(format!("no answer within {:?}", timeouts.open)));
        let db = opened.unwrap_or_else(late);
        Ok(Self::of(
            url,
            db.map_err(|fault| said(url, "be opened", fault))?,
            timeouts,
        ))
    }

    fn of(url: &StoreUrl, db: Db, timeouts: Timeouts) -> Self {
        let inner = Inner {
            url: url.clone(),
            db,
            timeouts,
            batches: Batches::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub fn url(&self) -> &StoreUrl {
        &self.inner.url
    }

    /// Closes all connections after work in progress.
    pub async fn close(&self) {
        match &self.inner.db {
            Db::Postgres(pool) => pool.close().await,
            Db::Sqlite {
                writer, readers, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }

    /// Returns the seconds since 1970 by the store's clock.
    pub async fn clock(&self) -> Result<u64, StoreError> {
        self.within("read the time", || async {
            let mut session = self.read().await?;
            let row = session.row(CLOCK, &[]).await?;
            row.map_or(Ok(0), |row| row.count("clock"))
        })
        .await
    }

    /// Returns the state of the store itself.
    pub async fn facts(&self) -> Result<StoreFacts, StoreError> {
        self.within("report its version", || async {
            let mut session = self.read().await?;
            let asked = Instant::now();
            session.row("select 1", &[]).await?;
            let latency = asked.elapsed();
            let (engine, facts) = match session.is_postgres() {
                true => (
                    "Postgres",
                    "select current_setting('server_version') as version, pg_database_size(current_database()) as bytes",
                ),
                false => (
                    "SQLite",
                    "select sqlite_version() as version, (select page_count * page_size from pragma_page_count, pragma_page_size) as bytes",
                ),
            };
            let row = session.row(facts, &[]).await?;
            let row = row.ok_or_else(|| Fault::Broken("no answer".to_owned()))?;
            let (version, bytes) = (row.text("version")?, row.count("bytes")?);
            let schema = session.row("select max(version) as newest from _sqlx_migrations", &[]).await?;
            let schema = schema.map_or(Ok(None), |row| row.maybe_number("newest"))?;
            let clock = session.row(CLOCK, &[]).await?;
            Ok(StoreFacts {
                engine,
                version,
                schema: schema.unwrap_or_default(),
                knows: open::newest(session.is_postgres()),
                latency,
                bytes,
                clock: clock.map_or(Ok(0), |row| row.count("clock"))?,
            })
        })
        .await
    }

    /// Writes one row of its own, to find out whether the store accepts writes.
    pub async fn check_write(&self) -> Result<(), StoreError> {
        self.within("accept a write", || async {
            let mut session = self.write_once().await?;
            let sql = "insert into write_check (id, at) values (1, @now) \
                on conflict (id) do update set at = excluded.at";
            session.execute(sql, &[]).await?;
            session.commit().await
        })
        .await
    }

    /// Starts to read. Only SQLite uses a transaction: on a server it would stay open while this process is suspended.
    pub(super) async fn read(&self) -> Result<Session, Fault> {
        Ok(match &self.inner.db {
            Db::Postgres(pool) => Session::Single(pool.acquire().await?),
            Db::Sqlite { readers, .. } => Session::Sqlite(readers.begin().await?),
        })
    }

    /// Starts to write. SQLite locks here: a transaction that reads before it writes could not get the lock later.
    pub(super) async fn write(&self) -> Result<Session, Fault> {
        Ok(match &self.inner.db {
            Db::Postgres(pool) => Session::Postgres(pool.begin().await?),
            Db::Sqlite { writer, file, .. } => {
                // If a backup replaced the file, writes to the opened file would be lost.
                let path = self.inner.url.path().unwrap_or(Path::new(""));
                if open::file_number(path).ok() != Some(*file) {
                    return Err(Fault::from(StoreError::Rewound {
                        store: self.inner.url.to_string(),
                        missing: "its file was replaced".to_owned(),
                    }));
                }
                Session::Sqlite(writer.begin_with("begin immediate").await?)
            }
        })
    }

    /// Starts to write with one statement, which needs no transaction on a server.
    pub(super) async fn write_once(&self) -> Result<Session, Fault> {
        match &self.inner.db {
            Db::Postgres(_) => self.read().await,
            Db::Sqlite { .. } => self.write().await,
        }
    }

    /// Runs `work` within the deadline, again after a broken connection, and names the operation on failure.
    pub(super) async fn within<T, W>(
        &self,
        doing: &'static str,
        work: impl Fn() -> W,
    ) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, Fault>>,
    {
        let done = repeated(self.inner.timeouts.operation, work).await;
        done.map_err(|fault| self.said(doing, fault))
    }

    pub(super) fn said(&self, doing: &'static str, fault: Fault) -> StoreError {
        said(&self.inner.url, doing, fault)
    }
}

fn said(url: &StoreUrl, doing: &'static str, fault: Fault) -> StoreError {
    let store = url.to_string();
    match fault {
        Fault::Said(error) => *error,
        Fault::Away(because) | Fault::Lost(because) => StoreError::Away {
            store,
            doing,
            because,
        },
        Fault::Refusing => StoreError::Away {
            store,
            doing,
            because: refused_by(url),
        },
        Fault::Full(because) => StoreError::Full {
            store,
            doing,
            because: no_space(url, &because),
        },
        Fault::Newer { what, has, knows } => StoreError::NewerDocument {
            store,
            what,
            has,
            knows,
        },
        Fault::Rewound => StoreError::Rewound {
            store,
            missing: format!("it lacks the record that is needed to {doing}"),
        },
        Fault::Another(what) => StoreError::Conflict { store, what },
        Fault::Damaged(because) => StoreError::Damaged {
            store,
            doing,
            because,
        },
        Fault::Refused(because) | Fault::Broken(because) => StoreError::Broken {
            store,
            doing,
            because,
        },
        Fault::Fenced => StoreError::Broken {
            store,
            doing,
            because: "the lease belongs to another claim".to_owned(),
        },
    }
}

/// Returns which server refuses connections.
fn refused_by(url: &StoreUrl) -> String {
    match url.postgres() {
        Some(options) => match options.get_socket() {
            Some(socket) => format!("connection refused by {}", socket.display()),
            None => format!(
                "connection refused by {}:{}",
                options.get_host(),
                options.get_port()
            ),
        },
        None => "connection refused".to_owned(),
    }
}

/// Returns which disk has no space left; `reported` is what the database reported.
fn no_space(url: &StoreUrl, reported: &str) -> String {
    let Some(path) = url.path() else {
        return format!("no space left on the disk of the server: {reported}");
    };
    let folder = path.parent().unwrap_or(path).display();
    match free(path) {
        Some(free) => format!("no space left on {folder} ({} kB are free)", free / 1024),
        None => format!("no space left on {folder}"),
    }
}

/// Returns the free bytes of the file system of a file that may not exist yet.
pub(super) fn free(file: &Path) -> Option<u64> {
    let mut folders = file.ancestors();
    let there = folders.find(|path| path.exists())?;
    let system = rustix::fs::statvfs(there).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}
