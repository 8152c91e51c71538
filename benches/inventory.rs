//! How fast and how large: validating, resolving, re-validating and editing the largest inventories in sight, made from a seed.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

#[path = "resident.rs"]
mod resident;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gamctl::authoring::edit::{Edit, KeyPath, Object, apply};
use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{Cache, Reading, canonical_order, read, resolve};
use resident::resident;

const SITES: usize = 500;
const DEVICES_PER_SITE: usize = 20;
const SUBSCRIBERS_PER_DEVICE: usize = 25;
const SUBSCRIBERS_IN_ONE_FILE: usize = 70_000;
const RUNS: usize = 7;

fn main() {
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let bytes = write_inventory(directory.path());
    let devices = SITES * DEVICES_PER_SITE;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "setup: {devices} devices, {} subscribers, {} files, {:.1} MB of TOML",
        devices * SUBSCRIBERS_PER_DEVICE,
        SITES * 2 + 4,
        megabytes(bytes)
    );
    println!(
        "       {cores} cores, {} build, median of {RUNS} runs (fastest in brackets)",
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    println!("       started with {:.0} MB resident", resident("VmRSS"));

    let source = Source::directory(directory.path()).unwrap();
    measure("validate a directory, cold", "≤ 1.0 s", || {
        validate(&source, &Cache::default())
    });
    let reading = validate(&source, &Cache::default());
    measure("resolve every device", "≤ 0.3 s", || {
        resolve(&reading.inventory)
    });
    let resolved = resolve(&reading.inventory);
    println!(
        "resident with inventory and {} intended configurations: {:.0} MB now, {:.0} MB at most so far (goal ≤ 300 MB)",
        resolved.len(),
        resident("VmRSS"),
        resident("VmHWM")
    );
    drop((reading, resolved));

    let repository = git2::Repository::init(directory.path()).unwrap();
    commit(&repository, "all");
    let head = || Source::git(directory.path(), "HEAD").unwrap();
    measure("validate a git commit, cold", "≤ 1.5 s", || {
        validate(&head(), &Cache::default())
    });

    measure("  of which listing the commit", "", || {
        head().list(&Limits::default()).unwrap()
    });
    let cache = Cache::default();
    let first = validate(&head(), &cache);
    let mut times = Vec::new();
    for run in 0..RUNS {
        let path = directory.path().join("subscribers/site-0007.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + &format!("# commit {run}\n")).unwrap();
        commit(&repository, "one file");
        let start = Instant::now();
        let reading = validate(&head(), &cache);
        times.push(start.elapsed());
        drop(reading);
    }
    print_times(
        "validate after a commit to one file, warm",
        "≤ 0.1 s",
        times,
    );
    drop(first);
    println!(
        "resident at most over all of it: {:.0} MB",
        resident("VmHWM")
    );
    edit_one_large_file();
}

/// Measures what a billing sync does that writes one file: a value for each of its subscribers, as a new key and over an old one.
fn edit_one_large_file() {
    let mut text = String::new();
    for number in 1..=SUBSCRIBERS_IN_ONE_FILE {
        write!(text, "[subscriber.acct-{number}]\ndevice = \"d{}\"\nport = {}\nservice_plan = \"gig\"\nvlan = {}\n\n", number / 24, number % 24 + 1, 100 + number % 3600).unwrap();
    }
    println!(
        "setup: {SUBSCRIBERS_IN_ONE_FILE} subscribers of 6 lines in one file, {:.1} MB of TOML in memory",
        megabytes(text.len())
    );
    let files: BTreeMap<Arc<str>, Arc<str>> =
        BTreeMap::from([("subscribers.toml".into(), text.into())]);
    for (what, key, value) in [
        ("set a new key", "description", "x"),
        ("replace one key", "service_plan", "home-100"),
    ] {
        let edits: Vec<Edit> = (1..=SUBSCRIBERS_IN_ONE_FILE)
            .map(|number| Edit::Set {
                object: Object::subscriber(format!("acct-{number}")),
                key: KeyPath::from([key]),
                value: value.into(),
            })
            .collect();
        let what = format!("{what} of every subscriber of one file");
        measure(&what, "≤ 3 s", || {
            let changes = apply(&files, &edits, &|kind, path| canonical_order(kind, path)).unwrap();
            assert_eq!(changes.len(), 1);
            changes
        });
    }
}

fn validate(source: &Source, cache: &Cache) -> Reading {
    let reading = read(source, &Limits::default(), cache).unwrap();
    assert!(reading.findings.is_empty(), "{:?}", &reading.findings[..1]);
    assert_eq!(
        reading.inventory.subscribers().count(),
        SITES * DEVICES_PER_SITE * SUBSCRIBERS_PER_DEVICE
    );
    reading
}

fn measure<T>(what: &str, goal: &str, mut work: impl FnMut() -> T) {
    let times = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let result = work();
            let time = start.elapsed();
            drop(result);
            time
        })
        .collect();
    print_times(what, goal, times);
}

fn print_times(what: &str, goal: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!(
        "{what}: {:.3} s ({:.3}), goal {goal}",
        times[times.len() / 2].as_secs_f64(),
        times[0].as_secs_f64()
    );
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn commit(repository: &git2::Repository, message: &str) {
    let mut index = repository.index().unwrap();
    index
        .add_all(["*"], git2::IndexAddOption::DEFAULT, None)
        .unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let time = git2::Time::new(1_767_225_600, 0);
    let ada = git2::Signature::new("Ada", "ada@example.net", &time).unwrap();
    let parent = repository
        .head()
        .ok()
        .and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<_> = parent.iter().collect();
    repository
        .commit(Some("HEAD"), &ada, &ada, message, &tree, &parents)
        .unwrap();
}

/// Writes the inventory and returns its size in bytes; the same every time.
fn write_inventory(root: &Path) -> usize {
    let mut random = Random(42);
    let mut total = 0;
    let mut write = |path: String, text: String| {
        total += text.len();
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("network.toml".into(), "schema = 1\n[vlans]\nmanagement = 4093\nsubscribers = \"100-3799\"\n[suspension]\nhow = \"captive\"\nservice_plan = \"suspended\"\n".into());
    write(
        "policy.toml".into(),
        "[limits]\nremovals = { count = 20, percent = 2 }\n".into(),
    );
    let mut plans = String::from(
        "[service_plan.suspended]\ndown = 10\nup = 10\n[service_plan.gig]\nunthrottled = true\n",
    );
    for speed in [25, 50, 100, 200, 300, 500, 700] {
        write!(plans, "[service_plan.home-{speed}]\ndown = {speed}\nup = {speed}\ndescription = \"Home {speed}/{speed}\"\n").unwrap();
    }
    write("service-plans.toml".into(), plans);
    write("credentials.toml".into(), "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n".into());
    let mut mac = 0u32;
    for site in 0..SITES {
        let (mut devices, mut subscribers) = (String::new(), String::new());
        for device in 0..DEVICES_PER_SITE {
            let name = format!("site-{site:04}-{device:02}");
            write!(devices, "[device.{name}]\nmodel = \"GAM-24-C\"\naddress = \"10.{}.{}.{}\"\nsite = \"site-{site:04}\"\nlabels = {{ region = \"north\" }}\nserial = \"{:08}\"\n\n[device.{name}.uplink.1]\nallowed_vlans = \"3-4094\"\n\n[device.{name}.port.1]\nname = \"riser-a\"\nenabled = true\n\n", site / 250, site % 250, device + 1, site * 100 + device).unwrap();
            for subscriber in 0..SUBSCRIBERS_PER_DEVICE {
                mac += 1;
                let plan = [
                    "home-25", "home-50", "home-100", "home-200", "home-300", "gig",
                ][random.below(6)];
                let state = if random.below(20) == 0 {
                    "state = \"suspended\"\n"
                } else {
                    ""
                };
                write!(subscribers, "[subscriber.acct-{mac}]\ndevice = \"{name}\"\nport = {}\nendpoint = \"00:0e:d8:{:02x}:{:02x}:{:02x}\"\nservice_plan = \"{plan}\"\nvlan = {}\n{state}name = \"apt-{subscriber}\"\ndescription = \"unit {subscriber}\"\n\n", subscriber % 24 + 1, mac >> 16 & 255, mac >> 8 & 255, mac & 255, 100 + random.below(3600)).unwrap();
            }
        }
        write(format!("devices/site-{site:04}.toml"), devices);
        write(format!("subscribers/site-{site:04}.toml"), subscribers);
    }
    total
}

/// A small generator of numbers that are the same on every machine (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
