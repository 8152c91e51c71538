//! How fast the store is: what applies of many devices record in a second, and how long it takes to explain in a store with a million outcomes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    dead_code,
    reason = "a bench prints, ends at the first thing that goes wrong, and uses a part of what the tests have"
)]

#[path = "store/fill.rs"]
mod fill;
#[path = "../tests/postgres.rs"]
mod postgres;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use gamctl::apply::{DeviceOutcome, Ended, Entry, Exchange, LookReason, Purpose};
use gamctl::history::{
    AcquiredLease, NewLedger, NewRun, RunId, Store, StoreUrl, Subject, Timeouts,
};
use gamctl::model::{
    DeviceConfig, DeviceName, DeviceState, Fingerprint, MacAddress, Observation, SubscriberName,
};
use gamctl::plan::{Census, DevicePlan, Impact, InventoryVersion, Ledger, Object, Step};
use uuid::Uuid;

/// Devices that are applied to at once, as `apply` does by default and at most.
const AT_ONCE: [usize; 2] = [50, 500];
const RUNS: usize = 3;

/// Steps of each apply: one subscriber's service plan is one, a new building fifty.
const STEPS: usize = 10;

/// Subjects that are explained.
const SUBJECTS: usize = 101;

/// As many chapters as `explain` shows.
const CHAPTERS: u32 = 20;

const TIMEOUTS: Timeouts = Timeouts {
    open: Duration::from_secs(600),
    operation: Duration::from_secs(600),
};

/// What makes a commit outlive a power cut, which throw-away clusters do without.
const DURABLE: [&str; 3] = [
    "fsync = on",
    "synchronous_commit = on",
    "full_page_writes = on",
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return;
    }
    let outcomes = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(1_000_000);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The account of a server passes through.
    open_folder(folder.path());
    println!("stores in {}", folder.path().display());

    let sqlite = StoreUrl::sqlite(folder.path().join("store.db"));
    runtime.block_on(measure(&sqlite, outcomes));
    if postgres::installed().is_none() {
        println!("no PostgreSQL here: ./test installs it");
        return;
    }
    let cluster = postgres::Cluster::own_in(folder.path(), &DURABLE);
    runtime.block_on(async {
        let database = cluster.database().await;
        measure(&cluster.url(&database), outcomes).await;
    });
}

fn open_folder(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o711);
    std::fs::set_permissions(folder, mode).unwrap();
}

async fn measure(url: &StoreUrl, outcomes: u64) {
    let store = Store::open(url, TIMEOUTS).await.unwrap();
    let facts = store.facts().await.unwrap();
    println!("\n{} {}", facts.engine, facts.version);
    for devices in AT_ONCE {
        let mut rates = Vec::new();
        for _ in 0..RUNS {
            rates.push(records_a_second(&store, devices).await);
        }
        rates.sort_unstable();
        println!(
            "{devices} devices at once, {} records each: {} records a second (median of {RUNS})",
            STEPS + 6,
            rates[RUNS / 2]
        );
    }
    let filling = Instant::now();
    let filled = fill::fill(&store, url, outcomes, &sample()).await;
    let store = Store::open(url, TIMEOUTS).await.unwrap();
    let bytes = store.facts().await.unwrap().bytes;
    println!(
        "{outcomes} outcomes on {} devices in {} runs: filled in {:.0} s, {} MB",
        filled.devices,
        filled.runs,
        filling.elapsed().as_secs_f64(),
        bytes / 1_000_000
    );
    explain(&store, &filled).await;
}

fn sample() -> fill::Sample {
    let device = DeviceName::new(fill::DEVICE).unwrap();
    let intent = Entry::Intent {
        purpose: Purpose::Apply,
        plan: Box::new(plan(&device, fill::STEPS)),
    };
    let end = outcome(&device);
    let ended = Entry::Ended {
        outcome: end.clone(),
    };
    let entries = vec![
        ("intent", intent),
        ("typed", typed(1)),
        ("typed", typed(2)),
        ("ended", ended),
    ];
    fill::Sample { entries, end }
}

async fn explain(store: &Store, filled: &fill::Filled) {
    let device = |number: usize| {
        let number = number * 7_919 % usize::try_from(filled.devices).unwrap();
        DeviceName::new(&format!("oak-{number}")).unwrap()
    };
    let subscriber = vec![("subscriber".to_owned(), "apt-101".to_owned())];
    let of_subscriber = |number| Subject::Objects(device(number), subscriber.clone());
    for (what, subject) in [
        (
            "a device",
            &(|number| Subject::Device(device(number))) as &dyn Fn(usize) -> Subject,
        ),
        ("a subscriber", &of_subscriber),
    ] {
        let mut took = Vec::new();
        for number in 0..SUBJECTS {
            let asked = Instant::now();
            let story = store.story(&subject(number), CHAPTERS).await.unwrap();
            took.push(asked.elapsed());
            assert_eq!(story.len(), usize::try_from(CHAPTERS).unwrap());
        }
        took.sort_unstable();
        println!(
            "explain {what}, {CHAPTERS} chapters: median {:.1} ms, worst of {SUBJECTS} {:.1} ms (goal 100 ms)",
            millis(took[SUBJECTS / 2]),
            millis(took[SUBJECTS - 1])
        );
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Records applies of so many devices at once, with looks of full size.
async fn records_a_second(store: &Store, devices: usize) -> u64 {
    let run = run();
    store.begin_run(&run).await.unwrap();
    let began = Instant::now();
    let applies = (0..devices).map(|number| {
        let device = DeviceName::new(&format!("bench-{number}")).unwrap();
        tokio::spawn(apply(store.clone(), run.id, device))
    });
    let applies: Vec<_> = applies.collect();
    let mut records = 0;
    for apply in applies {
        records += apply.await.unwrap();
    }
    let rate = f64::from(records) / began.elapsed().as_secs_f64();
    // Truncation is meant.
    format!("{rate:.0}").parse().unwrap()
}

fn run() -> NewRun {
    NewRun {
        id: RunId(Uuid::now_v7()),
        verb: "apply".to_owned(),
        who: "bench@here".to_owned(),
        inventory: InventoryVersion {
            commit: Some("0a1b2c".to_owned()),
            tree: None,
            digest: "d".to_owned(),
        },
        is_uncommitted: false,
        plan: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        holder: None,
    }
}

fn look(device: &DeviceName, hostname: &str) -> Observation {
    let mut look = Observation::of(device.clone());
    // Made once: what is measured is the store.
    static FULL: LazyLock<DeviceConfig> = LazyLock::new(full_config);
    look.config = FULL.clone();
    look.config.system.hostname = Some(hostname.parse().unwrap());
    look
}

/// A device with 24 ports of 16 subscribers.
fn full_config() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    for id in 1..=384_u16 {
        let mac: MacAddress = format!("00:0e:d8:70:{:02x}:{:02x}", id >> 8, id & 0xff)
            .parse()
            .unwrap();
        let endpoint = serde_json::json!({
            "slot": id, "name": format!("cpe-{id}"), "port": (id - 1) / 16 + 1,
        });
        let subscriber = serde_json::json!({
            "slot": id, "endpoint": mac, "rate": "unthrottled", "vlan": 100 + id, "tagged": false,
        });
        let name = SubscriberName::new(&format!("apt-{id}")).unwrap();
        let endpoint = serde_json::from_value(endpoint).unwrap();
        config.endpoints.insert(mac, endpoint);
        let subscriber = serde_json::from_value(subscriber).unwrap();
        config.subscribers.insert(name, subscriber);
    }
    config
}

fn plan(device: &DeviceName, steps: usize) -> DevicePlan {
    let line = |text: &str| gamctl::model::ConfigLine::new(text).unwrap();
    let rate = |name: &str, slot: u16| serde_json::json!({ "type": "profile", "value": { "name": name, "slot": slot } });
    let step = |number: usize| {
        let name = SubscriberName::new(&format!("apt-{}", 100 + number)).unwrap();
        Step {
            subscriber_ids: gamctl::model::SubscriberIds::default(),
            change: serde_json::from_value(serde_json::json!({
                "object": Object::Subscriber(name.clone()),
                "slot": number,
                "verb": "update",
                "fields": [{
                    "field": "rate",
                    "from": rate("home-100", 2),
                    "to": rate("home-200", 3),
                }],
            }))
            .unwrap(),
            lines: vec![line(&format!("ghn subscriber {number} bw-profile 3"))],
            inverse: vec![line(&format!("ghn subscriber {number} bw-profile 2"))],
            cannot_undo: None,
            impact: Impact::Interrupts {
                subscribers: vec![name],
            },
            effects: gamctl::plan::Effects::default(),
            because: Vec::new(),
            rolled_back: None,
        }
    };
    DevicePlan {
        device: device.clone(),
        state: DeviceState::Managed,
        observed: None,
        census: Census::default(),
        steps: (1..=steps).map(step).collect(),
        refusals: Vec::new(),
        notes: Vec::new(),
        unmanaged: Vec::new(),
    }
}

fn typed(step: usize) -> Entry {
    Entry::Sent {
        purpose: Purpose::Apply,
        step,
        exchanges: vec![Exchange {
            line: format!("subscriber {step} bw-profile 3"),
            reply: Vec::new(),
            millis: 40,
        }],
        failure: None,
    }
}

fn outcome(device: &DeviceName) -> DeviceOutcome {
    DeviceOutcome {
        device: device.clone(),
        ended: Ended::Applied,
        steps: Vec::new(),
        remarks: Vec::new(),
        not_compared: Vec::new(),
        subscriber_ids: gamctl::model::SubscriberIds::default(),
        millis: 2_000,
    }
}

/// Records what one apply does and returns how many records that were.
async fn apply(store: Store, run: RunId, device: DeviceName) -> u32 {
    let minute = Duration::from_secs(60);
    let acquired = store.acquire(&device, run.0, run.0, minute).await.unwrap();
    let AcquiredLease::Lease(lease) = acquired else {
        panic!("{acquired:?}");
    };
    let before = look(&device, "before");
    let after = look(&device, &format!("after-{}", run.0.simple()));
    let looked = |moment, look: &Observation| Entry::Looked {
        moment,
        fingerprint: Fingerprint::of(look),
        observation: Box::new(look.clone()),
    };
    let mut entries = vec![
        looked(LookReason::Before, &before),
        Entry::Intent {
            purpose: Purpose::Apply,
            plan: Box::new(plan(&device, STEPS)),
        },
    ];
    entries.extend((1..=STEPS).map(typed));
    entries.push(looked(LookReason::After, &after));
    entries.push(Entry::Verified {
        purpose: Purpose::Apply,
        fingerprint: Fingerprint::of(&after),
    });
    entries.push(Entry::Saved {
        bytes: Some(40_000),
        proof: "the reply".to_owned(),
        exchanges: Vec::new(),
    });
    let mut number = 0;
    for entry in &entries {
        number += 1;
        store.record(run, &lease, number, entry).await.unwrap();
    }
    number += 1;
    let ledger = NewLedger {
        ledger: Ledger::of(after.config),
        commit: Some("0a1b2c".to_owned()),
    };
    let ended = outcome(&device);
    let done = store.finish(run, &lease, number, &ended, Some(&ledger));
    done.await.unwrap();
    store.release(&lease).await.unwrap();
    number
}
