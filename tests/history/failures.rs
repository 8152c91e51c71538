//! Tests a store that is unreachable, slow, full or restored: reported, nothing lost or doubled.

use std::time::Duration;

use gamctl::apply::Ended;
use gamctl::history::{Journal, Lease, NewRun, Store, StoreError, Timeouts};
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use super::sample::{device, intent, ledger, outcome, run, typed};
use super::{Bed, TIMEOUTS, lease};
use crate::postgres::{self, Cluster};

/// Short timeouts, for tests of silence.
const SOON: Timeouts = Timeouts {
    open: Duration::from_secs(120),
    operation: Duration::from_secs(2),
};

/// Starts an apply and records its intent.
async fn begun(store: &Store) -> (NewRun, Lease) {
    let run = run();
    store.begin_run(&run).await.unwrap();
    let lease = lease(store, &device("oak"), Uuid::now_v7()).await;
    let intent = intent(&lease.device);
    store.record(run.id, &lease, 1, &intent).await.unwrap();
    (run, lease)
}

#[test]
fn a_server_that_stops_in_the_middle_of_a_device_loses_nothing() {
    super::run(async {
        let cluster = Cluster::own(&["synchronous_commit = on"]);
        let database = cluster.database().await;
        let store = Store::open(&cluster.url(&database), SOON).await.unwrap();
        let (run, lease) = begun(&store).await;
        cluster.stop();
        let step = typed(1, "profile 1");
        let why = store.record(run.id, &lease, 2, &step).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");
        let minute = Duration::from_secs(60);
        let why = store.renew(&lease, minute).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");
        let why = Store::open(store.url(), SOON).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");

        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"));
        journal.record(run.id, &lease, 2, &step).await.unwrap();
        let ended = outcome(&lease.device, Ended::Applied);
        let mine = ledger(&["apt-1"], "c1");
        journal
            .finish(run.id, &lease, 3, &ended, Some(&mine))
            .await
            .unwrap();
        assert!(journal.replay(&store, "ada@noc").await.is_err());

        cluster.start();
        // The same store, without being opened again.
        let replayed = journal.replay(&store, "ada@noc").await.unwrap();
        assert_eq!((replayed.entries, replayed.rejected.len()), (2, 0));
        let entries = store.entries(run.id, &lease.device).await.unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(store.ledgers().await.unwrap().len(), 1);
        store.close().await;
    });
}

#[test]
fn a_server_that_restarts_between_two_entries_is_not_noticed() {
    super::run(async {
        let cluster = Cluster::own(&["synchronous_commit = on"]);
        let database = cluster.database().await;
        let store = Store::open(&cluster.url(&database), TIMEOUTS)
            .await
            .unwrap();
        let (run, lease) = begun(&store).await;
        cluster.stop();
        cluster.start();
        for number in 2..6 {
            let step = typed(1, "profile 1");
            store.record(run.id, &lease, number, &step).await.unwrap();
        }
        assert_eq!(store.entries(run.id, &lease.device).await.unwrap().len(), 5);
        store.close().await;
    });
}

#[test]
fn a_slow_server_times_out_and_its_late_write_is_not_doubled() {
    super::run(super::on_postgres(async |bed: Bed| {
        let store = Store::open(&bed.url, SOON).await.unwrap();
        let (run, lease) = begun(&store).await;
        let database = bed.database.as_deref().unwrap();
        let mut other = postgres::shared().connect(database).await;
        let mut lock = other.begin().await.unwrap();
        lock.execute("lock table entry in access exclusive mode")
            .await
            .unwrap();
        let step = typed(1, "profile 1");
        for _ in 0..3 {
            let why = store.record(run.id, &lease, 2, &step).await.unwrap_err();
            assert!(why.is_away(), "{why:?}");
        }
        // Operations that do not need the table go on.
        store.renew(&lease, Duration::from_secs(60)).await.unwrap();
        lock.rollback().await.unwrap();
        for _ in 0..2 {
            store.record(run.id, &lease, 2, &step).await.unwrap();
        }
        assert_eq!(bed.number("select count(*) from entry").await, 2);
    }));
}

#[test]
fn a_full_server_is_unreachable_until_it_has_connections() {
    super::run(async {
        let cluster = Cluster::own(&["max_connections = 12", "superuser_reserved_connections = 1"]);
        let database = cluster.database().await;
        let url = cluster.url(&database);
        // Not yet connected, but for its schema.
        let store = Store::open(&url, SOON).await.unwrap();
        let mut taken = Vec::new();
        for _ in 0..12 {
            use sqlx::ConnectOptions as _;
            match cluster.options(&database).connect().await {
                Ok(connection) => taken.push(connection),
                Err(_) => break,
            }
        }
        let why = store.begin_run(&run()).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");
        let why = Store::open(&url, SOON).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");
        for connection in taken {
            connection.close().await.unwrap();
        }
        let mut lease = None;
        // The server counts a connection until its process is gone.
        while lease.is_none() {
            let asked = store
                .acquire(
                    &device("oak"),
                    Uuid::now_v7(),
                    Uuid::now_v7(),
                    Duration::from_secs(60),
                )
                .await;
            match asked {
                Ok(acquired) => lease = Some(acquired),
                Err(why) => assert!(why.is_away(), "{why:?}"),
            }
        }
        store.close().await;
    });
}

/// Copies a database, or restores a copy, as a backup would while it is open.
async fn copy(from: &str, to: &str) {
    let cluster = postgres::shared();
    cluster.drop_database(to).await;
    let others = format!(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{from}'"
    );
    cluster.administer(&others).await;
    cluster
        .administer(&format!("create database {to} template {from}"))
        .await;
}

/// Restores a backup of a database.
async fn put_back(backup: &str, database: &str) {
    copy(backup, database).await;
    postgres::shared().drop_database(backup).await;
}

#[test]
fn a_writer_whose_lease_a_backup_does_not_have_is_fenced() {
    super::run(super::on_postgres(async |bed: Bed| {
        let database = bed.database.clone().unwrap();
        let backup = format!("{database}_backup");
        copy(&database, &backup).await;
        let (run, lease) = begun(&bed.store).await;
        put_back(&backup, &database).await;
        let step = typed(1, "profile 1");
        let why = bed
            .store
            .record(run.id, &lease, 2, &step)
            .await
            .unwrap_err();
        assert_eq!(
            why.to_string(),
            "lost the lease on oak: the store has no lease, and this process has 1: it was restored to an older state, such as a backup"
        );
        assert!(
            bed.store
                .renew(&lease, Duration::from_secs(60))
                .await
                .unwrap_err()
                .is_fenced()
        );
        assert_eq!(bed.number("select count(*) from entry").await, 0);
    }));
}

#[test]
fn a_writer_is_fenced_though_a_backup_gave_its_epoch_to_another() {
    super::run(super::on_postgres(async |bed: Bed| {
        let oak = device("oak");
        let before = lease(&bed.store, &oak, Uuid::now_v7()).await;
        bed.store.release(&before).await.unwrap();
        let database = bed.database.clone().unwrap();
        let backup = format!("{database}_backup");
        copy(&database, &backup).await;
        let (run, ours) = begun(&bed.store).await;
        put_back(&backup, &database).await;
        let theirs = lease(&bed.another().await, &oak, Uuid::now_v7()).await;
        assert_eq!((ours.epoch, theirs.epoch), (2, 2));
        bed.store.begin_run(&run).await.unwrap();
        let why = bed
            .store
            .record(run.id, &ours, 1, &intent(&oak))
            .await
            .unwrap_err();
        assert!(
            why.to_string()
                .contains("belongs to another process in the store"),
            "{why}"
        );
        assert_eq!(bed.number("select count(*) from entry").await, 0);
    }));
}

#[test]
fn entries_that_a_backup_lacks_are_missed_and_none_is_doubled() {
    super::run(super::on_postgres(async |bed: Bed| {
        let (run, lease) = begun(&bed.store).await;
        let database = bed.database.clone().unwrap();
        let backup = format!("{database}_backup");
        copy(&database, &backup).await;
        let steps: Vec<_> = (1..4).map(|step| typed(step, "profile 1")).collect();
        for (number, step) in (2..4).zip(&steps) {
            bed.store
                .record(run.id, &lease, number, step)
                .await
                .unwrap();
        }
        put_back(&backup, &database).await;
        let why = bed
            .store
            .record(run.id, &lease, 4, &steps[2])
            .await
            .unwrap_err();
        assert!(matches!(why, StoreError::Rewound { .. }), "{why:?}");
        assert!(
            why.to_string()
                .contains("it was restored to an older state"),
            "{why}"
        );
        // The next start finds the device unfinished, from the rows of the backup.
        let listed = bed.store.unfinished().await.unwrap();
        assert_eq!((listed.len(), listed[0].next_entry), (1, 2));
        assert_eq!(bed.number("select count(*) from entry").await, 1);
    }));
}

#[test]
fn a_restored_sqlite_file_rejects_writes_of_processes_that_had_it_open() {
    super::run(async {
        let bed = Bed::sqlite().await;
        let path = bed.url.path().unwrap();
        let backup = bed.folder.path().join("backup.db");
        bed.past(&format!("vacuum into '{}'", backup.display()))
            .await
            .unwrap();
        let (run, lease) = begun(&bed.store).await;
        std::fs::rename(&backup, path).unwrap();
        for beside in ["-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(beside);
            std::fs::remove_file(name).unwrap();
        }
        let step = typed(1, "profile 1");
        let why = bed
            .store
            .record(run.id, &lease, 2, &step)
            .await
            .unwrap_err();
        assert!(matches!(why, StoreError::Rewound { .. }), "{why:?}");
        // The next process works with what is there.
        let next = bed.another().await;
        assert_eq!(next.unfinished().await.unwrap(), []);
        let (run, lease) = begun(&next).await;
        applied_on(&next, &run, &lease).await;
    });
}

async fn applied_on(store: &Store, run: &NewRun, lease: &Lease) {
    let ended = outcome(&lease.device, Ended::Applied);
    store.finish(run.id, lease, 2, &ended, None).await.unwrap();
    assert_eq!(store.unfinished().await.unwrap(), []);
}

#[test]
fn a_locked_sqlite_file_is_given_up_on_and_comes_back() {
    super::run(async {
        use sqlx::ConnectOptions as _;
        let bed = Bed::sqlite().await;
        let store = Store::open(&bed.url, SOON).await.unwrap();
        let (run, lease) = begun(&store).await;
        let options = sqlx::sqlite::SqliteConnectOptions::new();
        let mut other = options
            .filename(bed.url.path().unwrap())
            .connect()
            .await
            .unwrap();
        other.execute("begin exclusive").await.unwrap();
        let step = typed(1, "profile 1");
        let why = store.record(run.id, &lease, 2, &step).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");
        let why = store
            .renew(&lease, Duration::from_secs(60))
            .await
            .unwrap_err();
        assert!(why.is_away(), "{why:?}");
        // A reader blocks no other process.
        assert_eq!(store.unfinished().await.unwrap().len(), 1);
        other.execute("rollback").await.unwrap();
        store.record(run.id, &lease, 2, &step).await.unwrap();
        assert_eq!(bed.number("select count(*) from entry").await, 2);
    });
}
