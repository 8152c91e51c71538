//! Kills a process that writes to SQLite: in transactions, at crash points and at random.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gamctl::apply::{Ended, Entry};
use gamctl::history::{Filter, RunId, Store, StoreUrl};
use gamctl::model::DeviceName;
use uuid::Uuid;

use super::sample::{device, intent, ledger, outcome, typed};
use super::{TIMEOUTS, lease};

/// Gives a child of this process its store and its crash point.
const CHILD: &str = "GAMCTL_TEST_WRITES_TO";
const DIES_AT: &str = "GAMCTL_TEST_DIES_AT";

#[allow(
    clippy::disallowed_methods,
    reason = "a child process gets its parameters from the environment"
)]
fn variable_of(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// Writes to a store until it is killed, and prints the durable entries.
#[test]
#[ignore = "the other tests here start it in a process of its own"]
fn a_child_that_writes() {
    let Some(path) = variable_of(CHILD) else {
        return;
    };
    if let Some(point) = variable_of(DIES_AT) {
        gamctl::crash::arm(&point);
    }
    super::run(async {
        let store = Store::open(&StoreUrl::sqlite(path), TIMEOUTS)
            .await
            .unwrap();
        let run = super::sample::run();
        store.begin_run(&run).await.unwrap();
        let writers = (0..8).map(|number| tokio::spawn(write_on(store.clone(), run.id, number)));
        let writers: Vec<_> = writers.collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

async fn write_on(store: Store, run: RunId, writer: usize) {
    for round in 0.. {
        // The leases of the killed process have not expired yet.
        let own = run.0.simple().to_string();
        let device = device(&format!("oak-{}-{writer}-{round}", &own[20..]));
        let lease = lease(&store, &device, Uuid::now_v7()).await;
        let entries = [
            intent(&device),
            typed(1, "profile 1"),
            typed(2, "subscriber 1"),
        ];
        for (number, entry) in (1..).zip(&entries) {
            store.record(run, &lease, number, entry).await.unwrap();
            say(run, &device, number);
        }
        let ended = outcome(&device, Ended::Applied);
        let mine = ledger(&["apt-1"], "c1");
        store
            .finish(run, &lease, 4, &ended, Some(&mine))
            .await
            .unwrap();
        say(run, &device, 4);
    }
}

/// Prints it directly: the test runner would capture it.
fn say(run: RunId, device: &DeviceName, number: u32) {
    let mut out = std::io::stdout();
    writeln!(out, "durable {} {device} {number}", run.0).unwrap();
}

fn child(store: &Path, dies_at: Option<&str>) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "--nocapture", "--test-threads=1"]);
    child
        .arg("history::killed::a_child_that_writes")
        .env(CHILD, store);
    if let Some(point) = dies_at {
        child.env(DIES_AT, point);
    }
    let child = child
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    child.spawn().unwrap()
}

/// The entries that the child reported as durable: the last number of each device in each run.
type Durable = BTreeMap<(String, DeviceName), usize>;

/// Reads the child's output until it has this many lines, or ended; kills it, and reads the rest.
fn durable(mut child: Child, lines: usize) -> Durable {
    let mut durable = Durable::new();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut note = |line: String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["durable", run, device, number] = words[..] {
            let key = (run.to_owned(), DeviceName::new(device).unwrap());
            durable.insert(key, number.parse().unwrap());
        }
    };
    for line in said.by_ref().map_while(Result::ok).take(lines) {
        note(line);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line may be cut off in the middle.
    said.map_while(Result::ok).for_each(note);
    durable
}

/// Checks that every entry reported as durable is there, and that entries are complete.
async fn judge(path: &Path, durable: &Durable) {
    let store = Store::open(&StoreUrl::sqlite(path), TIMEOUTS)
        .await
        .unwrap();
    let all = Filter {
        most: 1_000_000,
        ..Filter::default()
    };
    let outcomes = store.outcomes(&all).await.unwrap();
    let ledgers = store.ledgers().await.unwrap();
    assert_eq!(
        outcomes.len(),
        ledgers.len(),
        "an end and what is ours come together"
    );
    for ((run, device), number) in durable {
        let run = RunId(Uuid::parse_str(run).unwrap());
        let entries = store.entries(run, device).await.unwrap();
        assert!(entries.len() >= *number, "{device}: {number} is not there");
    }
    let unfinished = store.unfinished().await.unwrap();
    for one in &unfinished {
        let entries = store.entries(one.run, &one.device).await.unwrap();
        let ends = entries
            .iter()
            .filter(|row| matches!(row.entry, Entry::Ended { .. }));
        assert_eq!(ends.count(), 0);
        assert_eq!(one.intents.len(), 1);
    }
    store.close().await;
    assert_eq!(check(path, "pragma integrity_check").await, "ok");
    for statement in [
        // A device with an outcome is not unfinished; every intent has one or the other.
        "select count(*) from unfinished join outcome using (run, device)",
        "select count(*) from entry where kind = 'intent' and not exists (select 1 from unfinished where unfinished.run = entry.run and unfinished.device = entry.device) and not exists (select 1 from outcome where outcome.run = entry.run and outcome.device = entry.device)",
        "select count(*) from (select 1 from effect group by run, device, number having count(*) <> 5)",
        "select count(*) from pragma_foreign_key_check",
    ] {
        assert_eq!(
            check(path, &format!("select cast(({statement}) as text)")).await,
            "0",
            "{statement}"
        );
    }
}

async fn check(path: &Path, statement: &str) -> String {
    use sqlx::{AssertSqlSafe, ConnectOptions as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    let asked = sqlx::query_scalar(AssertSqlSafe(statement.to_owned()));
    asked.fetch_one(&mut connection).await.unwrap()
}

#[test]
fn a_writer_that_is_killed_at_any_moment_leaves_a_whole_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut all = Durable::new();
    // One after another, into the same file.
    for lines in [0, 1, 5, 17, 60, 150] {
        all.append(&mut durable(child(&path, None), lines + 3));
        super::run(judge(&path, &all));
    }
    assert!(all.len() > 30, "{}", all.len());
}

#[test]
fn a_writer_that_dies_in_a_transaction_leaves_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut all = Durable::new();
    for point in [
        "intent-before:2",
        "intent-after:9",
        "ledger-before:3",
        "ledger-after:4",
        "outcome-before:5",
        "outcome-after",
    ] {
        let said = durable(child(&path, Some(point)), usize::MAX);
        all.extend(said);
        super::run(judge(&path, &all));
    }
    assert!(all.len() > 20, "{}", all.len());
}
