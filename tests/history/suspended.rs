//! Suspends a process in the middle of its work on Postgres: it goes on, and blocks no other process.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use gamctl::apply::Ended;
use gamctl::history::{AcquiredLease, Lease, NewRun, Store, StoreUrl, Timeouts};
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use super::sample::{device, intent, ledger, outcome, run, typed};
use super::{Bed, lease};
use crate::postgres;

/// Less than a suspension lasts here.
const SHORT: Timeouts = Timeouts {
    open: Duration::from_secs(120),
    operation: Duration::from_secs(3),
};

/// Gives a child of this process its store and its device.
const STORE: &str = "GAMCTL_TEST_SUSPENDED_STORE";
const DEVICE: &str = "GAMCTL_TEST_SUSPENDED_DEVICE";

#[allow(
    clippy::disallowed_methods,
    reason = "a child process gets its parameters from the environment"
)]
fn variable_of(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// Leases a device, records an apply on request, and prints the result.
#[test]
#[ignore = "the other tests here start it in a process of its own"]
fn a_child_that_writes() {
    let (Some(url), Some(name)) = (variable_of(STORE), variable_of(DEVICE)) else {
        return;
    };
    let device = device(&name);
    super::run(async {
        let store = Store::open(&StoreUrl::parse(&url).unwrap(), SHORT).await;
        let store = store.unwrap();
        say("ready");
        for line in std::io::stdin().lines() {
            let done = match line.unwrap().as_str() {
                "finish" => finish(&store, &lease(&store, &device, Uuid::now_v7()).await).await,
                _ => one_after_another(&store, &device).await,
            };
            say(&match done {
                Ok(()) => "done".to_owned(),
                Err(why) => format!("failed: {why}"),
            });
        }
    });
}

/// Prints it directly: the test runner would capture it.
fn say(what: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "child {what}").unwrap();
}

type Done = Result<(), gamctl::history::StoreError>;

async fn finish(store: &Store, lease: &Lease) -> Done {
    let run: NewRun = run();
    store.begin_run(&run).await?;
    let entry = intent(&lease.device);
    store.record(run.id, lease, 1, &entry).await?;
    let ended = outcome(&lease.device, Ended::Applied);
    let mine = ledger(&["apt-1"], "c1");
    store.finish(run.id, lease, 2, &ended, Some(&mine)).await
}

/// Leases a device that others also want, and releases it, several times.
async fn one_after_another(store: &Store, device: &gamctl::model::DeviceName) -> Done {
    for _ in 0..5 {
        let (run, holder) = (run(), Uuid::now_v7());
        let short = Duration::from_secs(2);
        let lease = loop {
            match store.acquire(device, holder, holder, short).await? {
                AcquiredLease::Lease(lease) => break lease,
                AcquiredLease::Held { .. } => tokio::task::yield_now().await,
            }
        };
        store.begin_run(&run).await?;
        let entries = [intent(device), typed(1, "profile 1")];
        for (number, entry) in (1..).zip(&entries) {
            match store.record(run.id, &lease, number, entry).await {
                // It was suspended for longer than its lease.
                Err(why) if why.is_fenced() => break,
                done => done?,
            }
        }
        store.release(&lease).await?;
    }
    Ok(())
}

/// A child and its output.
struct Writer {
    child: Child,
    input: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(bed: &Bed, device: &str) -> Self {
        let cluster = postgres::shared();
        let url = cluster.url_text(bed.database.as_deref().unwrap());
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--ignored", "--exact", "--nocapture", "--test-threads=1"]);
        child
            .arg("history::suspended::a_child_that_writes")
            .env(STORE, url)
            .env(DEVICE, device)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut writer = Self { child, input, says };
        assert_eq!(writer.hear(), "ready");
        writer
    }

    fn tell(&mut self, what: &str) {
        writeln!(self.input, "{what}").unwrap();
    }

    /// Waits for its next line.
    fn hear(&mut self) -> String {
        loop {
            let line = self.says.next().expect("it lives").unwrap();
            // The test runner starts a line of its own without an end.
            if let Some((_, said)) = line.split_once("child ") {
                return said.to_owned();
            }
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Suspends it and waits until it is.
    fn suspend(&self) {
        self.signal("-STOP");
        let stat = format!("/proc/{}/stat", self.child.id());
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            std::thread::yield_now();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Waits until the number of gamctl's connections that are in such a state is this.
async fn until(bed: &Bed, state: &str, number: i64) {
    let sql = format!(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'gamctl' and {state}"
    );
    while bed.number(&sql).await != number {
        tokio::task::yield_now().await;
    }
}

/// Waits until the deadline of an operation has passed by the server's clock.
async fn outlast(bed: &Bed) {
    let now = bed.store.clock().await.unwrap();
    while bed.store.clock().await.unwrap() < now + SHORT.operation.as_secs() + 2 {
        tokio::task::yield_now().await;
    }
}

const WAITS: &str = "wait_event_type = 'Lock'";
const IN_TRANSACTION: &str = "state like 'idle in transaction%'";

#[test]
fn a_process_suspended_in_a_transaction_blocks_no_other_and_goes_on() {
    super::run(super::on_postgres(async |bed: Bed| {
        let other = Store::open(&bed.url, SHORT).await.unwrap();
        let database = bed.database.as_deref().unwrap();
        let mut writer = Writer::start(&bed, "oak");
        let mut locker = postgres::shared().connect(database).await;
        let mut lock = locker.begin().await.unwrap();
        lock.execute("lock table ledger in access exclusive mode")
            .await
            .unwrap();
        writer.tell("finish");
        // It wrote its last entry, and waits to write the ledger in the same transaction.
        until(&bed, WAITS, 1).await;
        writer.suspend();
        lock.rollback().await.unwrap();
        until(&bed, WAITS, 0).await;
        // Its transaction has locked the row of its lease. Another request must be answered with "held" in time.
        let asked = other
            .acquire(
                &device("oak"),
                Uuid::now_v7(),
                Uuid::now_v7(),
                SHORT.operation,
            )
            .await;
        assert!(matches!(asked, Ok(AcquiredLease::Held { .. })), "{asked:?}");
        until(&bed, IN_TRANSACTION, 0).await;
        assert_eq!(bed.number("select count(*) from entry").await, 1);
        outlast(&bed).await;
        writer.signal("-CONT");
        assert_eq!(writer.hear(), "done");
        assert_eq!(bed.number("select count(*) from entry").await, 2);
        assert_eq!(bed.number("select count(*) from ledger_version").await, 1);
        assert_eq!(bed.number("select count(*) from run").await, 1);
    }));
}

#[test]
fn a_deadline_that_passes_at_the_server_while_a_process_is_suspended_does_not_count() {
    super::run(super::on_postgres(async |bed: Bed| {
        let database = bed.database.as_deref().unwrap();
        let mut writer = Writer::start(&bed, "oak");
        let mut locker = postgres::shared().connect(database).await;
        let mut lock = locker.begin().await.unwrap();
        lock.execute("lock table ledger in access exclusive mode")
            .await
            .unwrap();
        writer.tell("finish");
        until(&bed, WAITS, 1).await;
        writer.suspend();
        // The server gives up on what the process waits for.
        until(&bed, WAITS, 0).await;
        until(&bed, IN_TRANSACTION, 0).await;
        lock.rollback().await.unwrap();
        outlast(&bed).await;
        writer.signal("-CONT");
        assert_eq!(writer.hear(), "done");
        assert_eq!(bed.number("select count(*) from entry").await, 2);
        assert_eq!(bed.number("select count(*) from ledger_version").await, 1);
    }));
}

#[test]
fn of_four_that_want_one_device_any_may_be_suspended_at_any_moment() {
    super::run(super::on_postgres(async |bed: Bed| {
        let mut writers: Vec<Writer> = (0..4).map(|_| Writer::start(&bed, "oak")).collect();
        for round in 0..3 {
            for writer in &mut writers {
                writer.tell("one after another");
            }
            for number in [round, round + 1] {
                writers[number].suspend();
            }
            outlast(&bed).await;
            for number in [round, round + 1] {
                writers[number].signal("-CONT");
            }
            for writer in &mut writers {
                assert_eq!(writer.hear(), "done");
            }
        }
        assert_eq!(
            bed.number("select count(*) from run").await,
            3 * 4 * 5,
            "none is missing, and none is there twice"
        );
    }));
}
