//! Runs a compressed day: hundreds of events and faults on both twins, with the service between, and checks it at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gamctl::history::Store;
use serde_json::Map;
use tokio::runtime::Runtime;

use crate::bed::{Bed, Wanted, system};
use crate::customers::Customers;
use crate::faults;
use crate::figures::Random;
use crate::personal_data::{PersonalData, Searched};
use crate::product::Product;
use crate::rest::{Rest, added_twice, rest};
use crate::shop::Shop;

const DEVICES: usize = 8;
const CUSTOMERS: usize = 25;
const LATENCY: &str = "ssh=20ms,line=5ms,snmp=1ms,save=50ms";
const ANSWER: Duration = Duration::from_millis(5);

/// A day of 24 hours in minutes: the intervals are as short, and the rate is as high, as settings may have them.
const SERVE: &str = "probe = \"5s\"\npoll = \"10s\"\nlook = \"15s\"\n";
const BILLING: &str =
    "write_back = [\"place\", \"notes\"]\nrequests_per_minute = 400\nfull_every = \"5m\"";
/// Lists with missing rows are held back; what customers cancel within five minutes is not.
const POLICY: &str = "limits = { additions = { count = 5000 }, changes = { count = 5000 }, suspensions = { count = 5000 }, removals = { count = 5000 }, drop = { count = 20, percent = 10 } }\n";

/// The longest time from the last event until everything is done.
const REST: Duration = Duration::from_secs(900);

/// The wrong things take turns, with a rest between them.
const FAULT: Duration = Duration::from_secs(7);
const BETWEEN_FAULTS: Duration = Duration::from_secs(4);

/// Faults of whole lists last until a service that was started again has read everything.
const LIST_FAULT: Duration = Duration::from_secs(26);

/// The mistake of the office is made after so many percent of the events, and taken back later.
const MISTAKE: (usize, usize) = (40, 65);

/// What the gate held back in the course of the day.
#[derive(Default)]
struct HeldBack {
    /// By rule: the most changes at once, and the seconds in which some were held.
    by_rule: BTreeMap<&'static str, (usize, u64)>,
    asked: Option<Instant>,
}

/// The faults that take turns.
struct Troubles {
    next: usize,
    is_set: bool,
    device: Option<usize>,
    changed: Instant,
    lasts: Duration,
    random: Random,
    restarts: usize,
}

pub(crate) fn day(product: Product, events: usize, minutes: u64, seed: u64, runtime: &Runtime) {
    let shop = Shop::open(product, seed, ANSWER, None, runtime);
    let wanted = Wanted {
        devices: DEVICES,
        customers: CUSTOMERS,
        latency: LATENCY,
        serve: SERVE,
        billing: BILLING,
        policy: POLICY,
        logs: true,
    };
    let mut bed = Bed::start(&wanted, &shop, runtime);
    let mut customers = Customers::of(&bed, DEVICES, seed);
    let spares = customers.plug_spares(&bed, events / 4);
    bed.serve();
    bed.until_heard(&spares);
    println!(
        "day, {}: {events} events in {minutes} min, {} customers on {DEVICES} devices at the beginning, {} faults of billing and {} of devices in turn, seed {seed}, log level debug",
        product.name(),
        DEVICES * CUSTOMERS,
        faults::of_billing(product).len(),
        faults::of_devices().len()
    );
    let (mut held, mut troubles) = (HeldBack::default(), Troubles::new(seed));
    let span = Duration::from_secs(60 * minutes);
    let between = span / u32::try_from(events).unwrap();
    let began = Instant::now();
    let mut begun = 0;
    while begun < events || began.elapsed() < span {
        if begun < events && began.elapsed() >= between * u32::try_from(begun).unwrap() {
            customers.happen(&bed, &shop);
            begun += 1;
            if begun == events * MISTAKE.0 / 100 {
                let count = customers.mistake(true, &shop);
                println!("  by mistake the office blocks {count} customers of one site");
            }
            if begun == events * MISTAKE.1 / 100 {
                customers.mistake(false, &shop);
            }
        }
        customers.plug_due(&bed, Instant::now());
        troubles.turn(&mut bed, &shop);
        held.note(&bed);
        std::thread::sleep(Duration::from_millis(20));
    }
    troubles.end(&bed, &shop);
    // Before the bench itself reads billing every few seconds.
    let most = shop.counters()["most_in_one_minute"].clone();
    let last = Instant::now();
    let found = until_rest(&mut bed, &mut customers, &mut held);
    println!(
        "  {begun} events and {} restarts of the service; at rest {:.0} s after the last one: {} subscribers, {} commits of the sync",
        troubles.restarts,
        last.elapsed().as_secs_f64(),
        found.subscribers,
        commits(&bed)
    );
    println!(
        "  requests until the last event: at most {most} in any minute, refused by the limit (faults) {}",
        shop.limited()
    );
    print(&bed, &shop, &customers, &found, &held);
    check_personal_data(&mut bed, &shop);
}

/// Waits until everything is as it must be.
fn until_rest(bed: &mut Bed<'_>, customers: &mut Customers, held: &mut HeldBack) -> Rest {
    let began = Instant::now();
    loop {
        customers.plug_due(bed, Instant::now());
        held.note(bed);
        let found = rest(bed, &customers.all);
        if found.problems.is_empty() {
            return found;
        }
        if began.elapsed() >= REST {
            let first: Vec<&String> = found.problems.iter().take(40).collect();
            let explained = explained(bed, &found.problems);
            let (count, said) = (found.problems.len(), bed.said());
            let folder = bed.keep_folder().display();
            panic!(
                "{count} things are wrong: {first:#?}\n{explained}\n{said}\nall files are in {folder}"
            );
        }
        std::thread::sleep(Duration::from_secs(3));
    }
}

/// Has gamctl explain the first accounts that problems begin with.
fn explained(bed: &Bed<'_>, problems: &[String]) -> String {
    let accounts = problems.iter().filter_map(|problem| {
        let (account, _) = problem.split_once('/')?;
        account.parse::<u64>().ok()
    });
    let accounts: BTreeSet<u64> = accounts.collect();
    let explained = accounts.iter().take(3).map(|account| {
        let output = bed.gamctl(&["sync", "explain", &account.to_string()]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    explained.collect()
}

fn commits(bed: &Bed<'_>) -> String {
    bed.git(&["fetch", "-q", "forge"]);
    bed.git(&[
        "rev-list",
        "--count",
        "--author=sync@isp.example",
        "forge/main",
    ])
}

fn print(bed: &Bed<'_>, shop: &Shop, customers: &Customers, found: &Rest, held: &HeldBack) {
    let events = customers.events.iter();
    let events: Vec<String> = events
        .map(|(event, count)| format!("{event:?} {count}"))
        .collect();
    println!("  events: {}", events.join(", "));
    for ((class, rule), count) in &found.classes {
        println!("  {count:>4}  {class} {rule}");
    }
    for (rule, (most, seconds)) in &held.by_rule {
        println!("  held back by {rule}: at most {most} changes at once, for {seconds} s");
    }
    // The clone is as old as the last edit of an engineer.
    bed.git(&["fetch", "-q", "forge"]);
    bed.git(&["reset", "-q", "--hard", "forge/main"]);
    let plan = bed.gamctl(&["plan"]);
    assert_eq!(plan.status.code(), Some(0), "{plan:?}");
    let twice = added_twice(bed);
    assert!(twice.is_empty(), "added twice: {twice:?}");
    let traffic = shop.traffic();
    let doubled = traffic.notes.values().filter(|count| **count > 1).count();
    assert_eq!(doubled, 0, "{:?}", traffic.notes);
    println!(
        "  every service is in its class, `gamctl plan` has nothing to do, all written-back fields are as verified, {} notes, none doubled, no service added twice",
        traffic.notes.len()
    );
    drop(traffic);
    let counters = shop.counters();
    let bills = shop.product.choose("bills", "billing_mutations");
    let bills = &counters[bills];
    let is_none = bills.as_u64() == Some(0) || bills.as_object().is_some_and(Map::is_empty);
    assert!(is_none, "{bills}");
    shop.print_requests();
}

/// Searches everything that was written for the people of the billing twin.
fn check_personal_data(bed: &mut Bed<'_>, shop: &Shop) {
    let (people, count) = shop.people();
    let data = PersonalData::of(&people, 0..count);
    let mut searched = Searched::default();
    let metrics = bed.metrics_page();
    assert!(metrics.windows(15).any(|part| part == b"gamctl_billing_"));
    data.search_in(&mut searched, "metrics", &metrics);
    for arguments in [["sync"].as_slice(), &["status"], &["sync", "map"]] {
        let output = bed.gamctl(arguments);
        data.search_in(&mut searched, &arguments.join(" "), &output.stdout);
        data.search_in(&mut searched, &arguments.join(" "), &output.stderr);
    }
    bed.stop();
    data.search_folder(&mut searched, bed.folder());
    let file = bed.store_file();
    bed.wait(data.search_store(&mut searched, &file));
    let answers = data.search(&shop.traffic().answers);
    println!(
        "  personal data: {} texts of {count} people in all forms, searched for in {} files, git objects and columns, {:.0} MB with the log at debug: {} hits (goal 0); in the answers of billing: {}",
        data.texts,
        searched.places,
        searched.bytes as f64 / 1e6,
        searched.hits.len(),
        answers.join(", ")
    );
    assert!(searched.hits.is_empty(), "{:#?}", searched.hits);
    assert!(answers.contains(&"name") && answers.contains(&"mail address"));
}

impl HeldBack {
    /// Asks what is held back, once a second.
    fn note(&mut self, bed: &Bed<'_>) {
        let now = Instant::now();
        if self
            .asked
            .is_some_and(|at| now - at < Duration::from_secs(1))
        {
            return;
        }
        self.asked = Some(now);
        let held = bed.ask(async |store: &Store| store.held_changes(&system()).await.unwrap());
        for row in held {
            let (most, seconds) = self.by_rule.entry(row.finding.rule()).or_default();
            *most = (*most).max(row.subscribers.len());
            *seconds += 1;
        }
    }
}

impl Troubles {
    fn new(seed: u64) -> Self {
        Self {
            next: 0,
            is_set: false,
            device: None,
            changed: Instant::now(),
            lasts: BETWEEN_FAULTS,
            random: Random::new(seed),
            restarts: 0,
        }
    }

    /// Sets the next fault, or ends the one that is set.
    fn turn(&mut self, bed: &mut Bed<'_>, shop: &Shop) {
        if self.changed.elapsed() < self.lasts {
            return;
        }
        self.changed = Instant::now();
        if self.is_set {
            return self.end(bed, shop);
        }
        (self.is_set, self.lasts) = (true, FAULT);
        let all = faults::of_billing(shop.product);
        let faults = all[self.next % all.len()];
        shop.faults(faults);
        let of_devices = faults::of_devices();
        let device = self.random.below(DEVICES);
        bed.device_fault(device, &of_devices[self.next % of_devices.len()]);
        self.device = Some(device);
        self.next += 1;
        // Lists as a whole are read at the start: kill -9, and a stop in good order, by turns.
        if faults.iter().any(|fault| concerns_lists(fault)) {
            self.restarts += 1;
            self.lasts = LIST_FAULT;
            bed.restart(self.restarts.is_multiple_of(2));
        }
    }

    fn end(&mut self, bed: &Bed<'_>, shop: &Shop) {
        (self.is_set, self.lasts) = (false, BETWEEN_FAULTS);
        shop.clear_faults();
        if let Some(device) = self.device.take() {
            bed.clear_device_faults(device);
        }
    }
}

/// Returns whether a fault is about lists that only a reading of everything has.
fn concerns_lists(fault: &str) -> bool {
    [
        "empty-list",
        "rows-missing",
        "partner-lost",
        "permission-lost",
        "counts-move",
        "total-moves",
        "account-slips",
    ]
    .iter()
    .any(|word| fault.contains(word))
}
