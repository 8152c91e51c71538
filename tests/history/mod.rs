//! One suite for both engines of the store: every test runs on SQLite and on Postgres.

mod bench_store;
mod billing;
mod documents;
mod failures;
mod full;
mod hints;
mod journal;
mod killed;
mod leases;
mod looks;
mod memory;
mod migrations;
mod owned;
mod queries;
mod records;
mod sample;
mod schema;
mod service;
mod story;
mod suspended;

use std::time::Duration;

use gamctl::history::{Lease, NewRun, Store, StoreUrl, Timeouts};
use gamctl::model::DeviceName;
use tempfile::TempDir;
use uuid::Uuid;

use crate::postgres;

/// Timeouts for a busy machine.
const TIMEOUTS: Timeouts = Timeouts {
    open: Duration::from_secs(120),
    operation: Duration::from_secs(60),
};

/// Runs each of these on SQLite and on Postgres.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { crate::history::run(async { super::$name(crate::history::Bed::sqlite().await).await }); })*
        }
        mod postgres {
            $(#[test] fn $name() { crate::history::run(crate::history::on_postgres(super::$name)); })*
        }
    };
}
use on_both;

fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

/// Runs a test on an empty database, which is dropped if the test passes: many of them fill the memory.
async fn on_postgres<T: Future<Output = ()>>(test: impl FnOnce(Bed) -> T) {
    let bed = Bed::postgres().await;
    let database = bed.database.clone().unwrap();
    test(bed).await;
    postgres::shared().drop_database(&database).await;
}

/// An empty store.
struct Bed {
    store: Store,
    url: StoreUrl,
    /// The database in the shared cluster.
    database: Option<String>,
    folder: TempDir,
}

impl Bed {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::sqlite(folder.path().join("state/store.db"));
        let store = Store::open(&url, TIMEOUTS).await.unwrap();
        Self {
            store,
            url,
            database: None,
            folder,
        }
    }

    async fn postgres() -> Self {
        let cluster = tokio::task::spawn_blocking(postgres::shared).await.unwrap();
        let database = cluster.database().await;
        let url = cluster.url(&database);
        let store = Store::open(&url, TIMEOUTS).await.unwrap();
        Self {
            store,
            url,
            database: Some(database),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Opens the same store as another process would.
    async fn another(&self) -> Store {
        Store::open(&self.url, TIMEOUTS).await.unwrap()
    }

    /// Runs a statement with a plain database client, and returns the database's answer.
    async fn past(&self, statement: &str) -> Result<u64, String> {
        use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
        let sql = AssertSqlSafe(statement.to_owned());
        let said = match (&self.database, self.url.path()) {
            (Some(database), _) => {
                let mut connection = postgres::shared().connect(database).await;
                connection
                    .execute(sql)
                    .await
                    .map(|done| done.rows_affected())
            }
            (None, path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new();
                let options = options.filename(path.unwrap()).foreign_keys(true);
                let mut connection = options.connect().await.unwrap();
                let said = connection
                    .execute(sql)
                    .await
                    .map(|done| done.rows_affected());
                connection.close().await.unwrap();
                said
            }
        };
        said.map_err(|why| why.to_string())
    }

    /// Returns the number that a statement selects.
    async fn number(&self, statement: &str) -> i64 {
        let text = format!("select cast(({statement}) as text)");
        self.text(&text).await.parse().unwrap()
    }

    /// Returns the text that a statement selects.
    async fn text(&self, statement: &str) -> String {
        use sqlx::{AssertSqlSafe, ConnectOptions as _};
        let sql = AssertSqlSafe(statement.to_owned());
        match (&self.database, self.url.path()) {
            (Some(database), _) => {
                let mut connection = postgres::shared().connect(database).await;
                let asked = sqlx::query_scalar(sql).fetch_one(&mut connection);
                asked.await.unwrap()
            }
            (None, path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new();
                let mut connection = options.filename(path.unwrap()).connect().await.unwrap();
                let asked = sqlx::query_scalar(sql).fetch_one(&mut connection);
                asked.await.unwrap()
            }
        }
    }

    /// Starts a run and leases a device for it.
    async fn at_work(&self, device: &DeviceName) -> (NewRun, Lease) {
        let run = sample::run();
        self.store.begin_run(&run).await.unwrap();
        let lease = lease(&self.store, device, Uuid::now_v7()).await;
        (run, lease)
    }
}

/// Leases a device that is free.
async fn lease(store: &Store, device: &DeviceName, holder: Uuid) -> Lease {
    let minute = Duration::from_secs(60);
    match store
        .acquire(device, holder, Uuid::now_v7(), minute)
        .await
        .unwrap()
    {
        gamctl::history::AcquiredLease::Lease(lease) => lease,
        held => panic!("{held:?}"),
    }
}
