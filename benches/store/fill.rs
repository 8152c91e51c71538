//! Fills a store past its operations: a million applies one by one would take the bench an hour.

use gamctl::history::{Store, StoreUrl};
use sqlx::{AssertSqlSafe, Executor as _};
use uuid::Uuid;

use gamctl::apply::{DeviceOutcome, Entry};

/// What a store was filled with.
pub(crate) struct Filled {
    pub(crate) runs: u64,
    pub(crate) devices: u64,
}

/// The device that is replaced in what is copied.
pub(crate) const DEVICE: &str = "oak-0";

/// Steps of each apply; two subscribers are on it.
pub(crate) const STEPS: usize = 2;

/// What is copied for each outcome; its device is [`DEVICE`].
pub(crate) struct Sample {
    /// With their kinds.
    pub(crate) entries: Vec<(&'static str, Entry)>,
    pub(crate) end: DeviceOutcome,
}

/// Puts in so many outcomes, each with its entries and its end, and with the subscribers that were changed.
pub(crate) async fn fill(store: &Store, url: &StoreUrl, outcomes: u64, sample: &Sample) -> Filled {
    let devices = 10_000.min(outcomes / 20);
    let runs = outcomes / devices;
    let ids: Vec<Uuid> = (0..runs).map(|_| Uuid::now_v7()).collect();
    let script = match url.path() {
        Some(_) => sqlite(devices, &ids, sample),
        None => postgres(devices, &ids, sample),
    };
    store.close().await;
    match url.path() {
        Some(path) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
            for statement in script {
                connection.execute(AssertSqlSafe(statement)).await.unwrap();
            }
        }
        None => {
            let options: sqlx::postgres::PgConnectOptions = url.to_string().parse().unwrap();
            let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
            for statement in script {
                connection.execute(AssertSqlSafe(statement)).await.unwrap();
            }
        }
    }
    Filled { runs, devices }
}

/// What the engines spell differently.
struct Dialect {
    now: &'static str,
    id: fn(&Uuid) -> String,
    json: &'static str,
    flag: &'static str,
    /// `number` from 0 to one less than so many.
    numbers: fn(u64) -> String,
}

fn sqlite(devices: u64, runs: &[Uuid], sample: &Sample) -> Vec<String> {
    let dialect = Dialect {
        now: "1700000000000",
        id: |id| format!("'{id}'"),
        json: "",
        flag: "0",
        numbers: |many| {
            format!(
                "(with recursive n (number) as (select 0 union all select number + 1 from n where number + 1 < {many}) select number from n) as n"
            )
        },
    };
    let mut script = vec!["pragma synchronous = off".to_owned()];
    script.extend(statements(devices, runs, sample, &dialect));
    script.push("analyze".to_owned());
    script
}

fn postgres(devices: u64, runs: &[Uuid], sample: &Sample) -> Vec<String> {
    let dialect = Dialect {
        now: "now()",
        id: |id| format!("'{id}'::uuid"),
        json: "::jsonb",
        flag: "false",
        numbers: |many| format!("generate_series(0, {many} - 1) as n (number)"),
    };
    let mut script = vec!["set synchronous_commit = off".to_owned()];
    script.extend(statements(devices, runs, sample, &dialect));
    script.push("vacuum analyze".to_owned());
    script
}

fn statements(devices: u64, runs: &[Uuid], sample: &Sample, dialect: &Dialect) -> Vec<String> {
    let Dialect {
        now,
        id,
        json,
        flag,
        numbers,
    } = dialect;
    let holder = id(&Uuid::now_v7());
    let all = numbers(devices);
    let with_name = |content: &str| {
        let content = content.replace('\'', "''");
        format!("replace('{content}', '{DEVICE}', 'oak-' || number){json}")
    };
    let mut script = vec![format!(
        "insert into lease (device, holder, epoch, since, until, is_released) \
        select 'oak-' || number, {holder}, 1, {now}, {now}, {flag} from {all}"
    )];
    let entries = sample.entries.iter();
    let entries = entries.map(|(kind, entry)| (kind, serde_json::to_string(entry).unwrap()));
    let entries: Vec<_> = entries.collect();
    let end = serde_json::to_string(&sample.end).unwrap();
    for run in runs {
        let run = id(run);
        script.push(format!(
            "insert into run (id, verb, who, inventory, inventory_commit, is_uncommitted, version, began, ended, result) \
            values ({run}, 'apply', 'bench@here', '{{\"digest\":\"d\"}}', 'c', {flag}, '0.1.0', {now}, {now}, 'done')"
        ));
        for (number, (kind, content)) in (1..).zip(&entries) {
            let content = with_name(content);
            script.push(format!(
                "insert into entry (run, device, number, epoch, holder, at, kind, digest, content) \
                select {run}, 'oak-' || number, {number}, 1, {holder}, {now}, '{kind}', 'd', {content} from {all}"
            ));
        }
        for step in 1..=STEPS {
            let subscriber = 100 + step;
            script.push(format!(
                "insert into effect (device, kind, subject, run, number, step) \
                select 'oak-' || number, 'subscriber', 'apt-{subscriber}', {run}, 1, {step} from {all}"
            ));
        }
        let content = with_name(&end);
        script.push(format!(
            "insert into outcome (run, device, at, ended, content) \
            select {run}, 'oak-' || number, {now}, 'applied', {content} from {all}"
        ));
    }
    script
}
