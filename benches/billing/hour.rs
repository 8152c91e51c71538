//! Measures a busy office: operations at the rate of 1000 an hour, with the requests that Splynx allows.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gamctl::history::StoredLedger;
use gamctl::model::{DeviceName, RateLimit};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::bed::{Bed, Served, Wanted, has_rate, is_served, mac, port, verified};
use crate::figures::{Random, percentile};
use crate::product::Product;
use crate::shop::{Plan, Shop};

const DEVICES: usize = 8;
const CUSTOMERS: usize = 25;
const PER_HOUR: f64 = 1000.0;
const REQUESTS: u64 = 120;
const LATENCY: &str = "ssh=150ms,line=40ms,snmp=1ms,save=500ms";
const ANSWER: Duration = Duration::from_millis(100);

/// The first number of an endpoint that no customer has yet.
const FIRST_SPARE: usize = 1_000;

/// The careful limits of the lane are below such an hour.
const POLICY: &str = "limits = { additions = { count = 5000 }, changes = { count = 5000 }, suspensions = { count = 5000 }, removals = { count = 5000 } }\n";

/// A field that changes more often in a day is left as it is.
const MOST_CHANGES: u8 = 3;

/// The time between two lines about the backlog.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Sale,
    Block,
    Payment,
    Plan,
    PlanOtherService,
    Swap,
    Cancel,
}

/// Each kind as often as it is listed.
const MIX: [Kind; 20] = [
    Kind::Sale,
    Kind::Sale,
    Kind::Sale,
    Kind::Sale,
    Kind::Sale,
    Kind::Block,
    Kind::Block,
    Kind::Block,
    Kind::Block,
    Kind::Payment,
    Kind::Payment,
    Kind::Payment,
    Kind::Payment,
    Kind::Plan,
    Kind::Plan,
    Kind::Plan,
    Kind::PlanOtherService,
    Kind::PlanOtherService,
    Kind::Swap,
    Kind::Cancel,
];

/// A customer, as the office sees them.
struct Customer {
    line: Served,
    is_paid: bool,
    is_gone: bool,
    /// Of the state, the service plan and the endpoint.
    changes: [u8; 3],
}

/// An operation that is not verified yet.
struct Open {
    kind: Kind,
    customer: usize,
    began: Instant,
}

struct Office<'b> {
    bed: Bed<'b>,
    shop: Shop,
    customers: Vec<Customer>,
    /// The rates of two customers that never change.
    rates: [RateLimit; 2],
    spares: usize,
    open: Vec<Open>,
    done: Vec<(Kind, Duration)>,
    random: Random,
}

pub(crate) fn hour(minutes: u64, seed: u64, runtime: &Runtime) {
    let shop = Shop::open(Product::Splynx, seed, ANSWER, Some(REQUESTS), runtime);
    let wanted = Wanted {
        devices: DEVICES,
        customers: CUSTOMERS,
        latency: LATENCY,
        serve: "",
        billing: "write_back = [\"place\", \"notes\"]",
        policy: POLICY,
        logs: false,
    };
    let mut bed = Bed::start(&wanted, &shop, runtime);
    let span = Duration::from_secs(60 * minutes);
    let between = Duration::from_secs_f64(3600.0 / PER_HOUR);
    let operations = usize::try_from(span.as_millis() / between.as_millis()).unwrap();
    let spares: Vec<(usize, String)> = (0..operations / 2).map(spare).collect();
    for (number, (device, mac)) in spares.iter().enumerate() {
        bed.plug(*device, mac, port(CUSTOMERS + number / DEVICES));
    }
    bed.serve();
    bed.until_heard(&spares);
    let mut office = Office::new(bed, shop, seed);
    println!(
        "hour: {operations} operations in {minutes} min (1000 an hour), {} customers on {DEVICES} devices at {LATENCY}, Splynx with {REQUESTS} requests a minute that answers after {} ms, place and notes are written back, usual intervals",
        DEVICES * CUSTOMERS,
        ANSWER.as_millis()
    );
    let began = Instant::now();
    let (mut begun, mut lines) = (0, 0);
    while begun < operations || !office.open.is_empty() {
        if begun < operations && began.elapsed() >= between * u32::try_from(begun).unwrap() {
            office.operate();
            begun += 1;
        }
        office.note_verified();
        if began.elapsed() >= BETWEEN_LINES * lines {
            lines += 1;
            println!(
                "  after {:>3} s: {begun} begun, {} verified, {} open",
                began.elapsed().as_secs(),
                office.done.len(),
                office.open.len()
            );
        }
        assert!(
            began.elapsed() < span + Duration::from_secs(600),
            "not verified: {:?}\n{}",
            office
                .open
                .iter()
                .map(|open| (open.kind, &office.customers[open.customer].line))
                .collect::<Vec<_>>(),
            office.bed.said()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    office.print(began.elapsed());
}

fn spare(number: usize) -> (usize, String) {
    (number % DEVICES, mac(FIRST_SPARE + number))
}

impl<'b> Office<'b> {
    fn new(bed: Bed<'b>, shop: Shop, seed: u64) -> Self {
        let ledgers = bed.ledgers();
        let rate = |number: usize| {
            let line = &bed.served[number];
            verified(&ledgers, &line.mac).unwrap().rate.clone()
        };
        let customers = bed.served.iter().map(|line| Customer {
            line: line.clone(),
            is_paid: true,
            is_gone: false,
            changes: [0; 3],
        });
        let mut customers: Vec<Customer> = customers.collect();
        for never_changes in customers.iter_mut().take(2) {
            never_changes.changes = [MOST_CHANGES; 3];
        }
        Self {
            rates: [rate(1), rate(0)],
            customers,
            spares: 0,
            open: Vec::new(),
            done: Vec::new(),
            random: Random::new(seed),
            bed,
            shop,
        }
    }

    /// Carries out one operation of the mix that fits a customer.
    fn operate(&mut self) {
        loop {
            let kind = MIX[self.random.below(MIX.len())];
            if let Some(customer) = self.begin(kind) {
                self.open.push(Open {
                    kind,
                    customer,
                    began: Instant::now(),
                });
                return;
            }
        }
    }

    fn begin(&mut self, kind: Kind) -> Option<usize> {
        if kind == Kind::Sale {
            return Some(self.sell());
        }
        let number = self.random.below(self.customers.len());
        let is_open = self.open.iter().any(|open| open.customer == number);
        let product = self.shop.product;
        let customer = &mut self.customers[number];
        let field = match kind {
            Kind::Block | Kind::Payment | Kind::Cancel => 0,
            Kind::Plan | Kind::PlanOtherService => 1,
            Kind::Swap | Kind::Sale => 2,
        };
        let fits = match kind {
            Kind::Payment => !customer.is_paid,
            _ => customer.is_paid,
        };
        if is_open || customer.is_gone || !fits || customer.changes[field] >= MOST_CHANGES {
            return None;
        }
        customer.changes[field] += 1;
        let account = customer.line.account;
        match kind {
            Kind::Sale => return None,
            Kind::Block | Kind::Payment => {
                customer.is_paid = kind == Kind::Payment;
                let word = if customer.is_paid { "pay" } else { "block" };
                self.shop.operate(json!({"do": word, "account": account}));
            }
            Kind::Cancel => {
                customer.is_gone = true;
                self.shop
                    .operate(json!({"do": "cancel", "account": account}));
            }
            Kind::Plan | Kind::PlanOtherService => {
                customer.line.plan = customer.line.plan.other();
                let how = if kind == Kind::Plan {
                    "in-place"
                } else {
                    "same-day"
                };
                let tariff = customer.line.plan.tariff(product);
                self.shop.operate(
                    json!({"do": "change-plan", "account": account, "tariff": tariff, "how": how}),
                );
            }
            Kind::Swap => {
                // In the place of the old one, which the technician takes away.
                let old = customer.line.mac.clone();
                let new = mac(2 * FIRST_SPARE + number);
                customer.line.mac.clone_from(&new);
                let (device, port) = (customer.line.device, customer.line.port);
                self.bed.unplug(device, &old);
                self.bed.plug(device, &new, port);
                self.shop
                    .operate(json!({"do": "swap", "account": account, "mac": new}));
            }
        }
        Some(number)
    }

    fn sell(&mut self) -> usize {
        let (device, mac) = spare(self.spares);
        let port = port(CUSTOMERS + self.spares / DEVICES);
        self.spares += 1;
        let sale = self
            .shop
            .sell(Plan::Home500.tariff(self.shop.product), &mac);
        self.customers.push(Customer {
            line: Served {
                account: sale.account,
                service: sale.service,
                device,
                port,
                mac,
                plan: Plan::Home500,
            },
            is_paid: true,
            is_gone: false,
            changes: [0; 3],
        });
        self.customers.len() - 1
    }

    fn note_verified(&mut self) {
        let ledgers = self.bed.ledgers();
        let (customers, rates) = (&self.customers, &self.rates);
        let done = self
            .open
            .extract_if(.., |open| is_verified(open, customers, rates, &ledgers));
        let done = done.map(|open| (open.kind, open.began.elapsed()));
        self.done.extend(done);
    }

    fn print(&self, took: Duration) {
        println!(
            "  all verified after {:.0} s: {} operations, at the rate of {:.0} an hour",
            took.as_secs_f64(),
            self.done.len(),
            f64::from(u32::try_from(self.done.len()).unwrap()) * 3600.0 / took.as_secs_f64()
        );
        let mut kinds: BTreeMap<Kind, Vec<Duration>> = BTreeMap::new();
        for (kind, time) in &self.done {
            kinds.entry(*kind).or_default().push(*time);
        }
        let all = self.done.iter().map(|(_, time)| *time).collect();
        print_times("operation → verified", all);
        for (kind, times) in kinds {
            print_times(&format!("  {kind:?}"), times);
        }
        let most = &self.shop.counters()["most_in_one_minute"];
        println!(
            "  requests: at most {most} in any minute (goal ≤ {REQUESTS}), refused with 429 {} (goal 0)",
            self.shop.limited()
        );
        self.shop.print_requests();
    }
}

fn print_times(what: &str, times: Vec<Duration>) {
    println!(
        "  {what}: {} times, median {:.1} s, 95 % {:.1} s, slowest {:.1} s",
        times.len(),
        percentile(times.clone(), 50),
        percentile(times.clone(), 95),
        percentile(times, 100)
    );
}

/// Returns whether a device was verified with what an operation leads to.
fn is_verified(
    open: &Open,
    customers: &[Customer],
    rates: &[RateLimit; 2],
    ledgers: &BTreeMap<DeviceName, StoredLedger>,
) -> bool {
    let customer = &customers[open.customer];
    let Some(subscriber) = verified(ledgers, &customer.line.mac) else {
        return false;
    };
    let [slow, fast] = rates;
    let rate = match customer.line.plan {
        Plan::Home100 => slow,
        Plan::Home500 => fast,
    };
    match open.kind {
        Kind::Sale | Kind::Payment | Kind::Swap => is_served(subscriber),
        Kind::Block | Kind::Cancel => !is_served(subscriber),
        Kind::Plan | Kind::PlanOtherService => has_rate(subscriber, rate),
    }
}
