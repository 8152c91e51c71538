//! Measures a sale: until the line is verified, with webhooks, by polling, and with an endpoint that is plugged in later.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::bed::{Bed, Wanted, is_served, mac, port, verified};
use crate::figures::{middle, seconds};
use crate::product::Product;
use crate::shop::{Plan, Shop};

/// A sale of each kind on each device.
const DEVICES: usize = 3;
const CUSTOMERS: usize = 20;

/// The first number of an endpoint that no customer has yet.
const FIRST_SPARE: usize = 1_000;

/// A building some way off, and an instance of billing in the internet.
const LATENCY: &str = "ssh=150ms,line=40ms,snmp=20ms,save=500ms";
const ANSWER: Duration = Duration::from_millis(100);

/// The time between two sales that are found by polling, so that they meet the interval at different moments.
const BETWEEN: Duration = Duration::from_secs(19);

pub(crate) fn one(product: Product, runtime: &Runtime) {
    let shop = Shop::open(product, 1, ANSWER, Some(limit(product)), runtime);
    let wanted = Wanted {
        devices: DEVICES,
        customers: CUSTOMERS,
        latency: LATENCY,
        serve: "",
        billing: "write_back = [\"place\"]",
        policy: "",
        logs: false,
    };
    let mut bed = Bed::start(&wanted, &shop, runtime);
    // Two spare endpoints on each device are in the wall before they are sold.
    let spares: Vec<(usize, String)> = (0..2 * DEVICES).map(spare).collect();
    for (number, (device, mac)) in spares.iter().enumerate() {
        bed.plug(*device, mac, port(CUSTOMERS + number));
    }
    bed.serve();
    bed.until_heard(&spares);

    let tariff = Plan::Home500.tariff(product);
    let by_hook = spares.iter().take(DEVICES).map(|(_, mac)| {
        let began = Instant::now();
        shop.sell(tariff, mac);
        bed.until("sold line", |bed| {
            verified(&bed.ledgers(), mac).is_some_and(is_served)
        });
        began.elapsed()
    });
    let by_hook = by_hook.collect();

    shop.lose_webhooks();
    let polled: Vec<&String> = spares.iter().skip(DEVICES).map(|(_, mac)| mac).collect();
    let mut sold = BTreeMap::new();
    let began = Instant::now();
    let mut done: BTreeMap<&String, Duration> = BTreeMap::new();
    bed.until("lines found by polling", |bed| {
        let due = usize::try_from(began.elapsed().as_secs() / BETWEEN.as_secs()).unwrap();
        for mac in polled.iter().take(due + 1) {
            sold.entry(*mac).or_insert_with(|| {
                shop.sell(tariff, mac);
                Instant::now()
            });
        }
        note_verified(bed, &sold, &mut done);
        done.len() == DEVICES
    });
    let by_polling = done.into_values().collect();
    shop.clear_faults();

    // Each device notices its endpoint at its own moment.
    let later: Vec<(usize, String)> = (2 * DEVICES..3 * DEVICES).map(spare).collect();
    for (_, mac) in &later {
        shop.sell(tariff, mac);
    }
    std::thread::sleep(Duration::from_secs(10));
    let mut plugged = BTreeMap::new();
    for (number, (device, mac)) in later.iter().enumerate() {
        bed.plug(*device, mac, port(CUSTOMERS + 2 * DEVICES + number));
        plugged.insert(mac, Instant::now());
    }
    let mut done: BTreeMap<&String, Duration> = BTreeMap::new();
    bed.until("lines plugged later", |bed| {
        note_verified(bed, &plugged, &mut done);
        done.len() == DEVICES
    });
    let plugged_later = done.into_values().collect();

    print(&shop, [by_hook, by_polling, plugged_later]);
}

fn print(shop: &Shop, times: [Vec<Duration>; 3]) {
    let [by_hook, by_polling, plugged_later] = times;
    let product = shop.product;
    println!(
        "one, {}: devices at {LATENCY}, billing answers after {} ms, {} customers before, usual intervals, median of {DEVICES} (slowest)",
        product.name(),
        ANSWER.as_millis(),
        DEVICES * CUSTOMERS
    );
    println!(
        "  sold → verified: with a webhook and a heard endpoint {} (goal ≤ 15 s)",
        figure(by_hook)
    );
    println!(
        "  sold → verified: by polling, with a heard endpoint {} (goal ≤ 180 s)",
        figure(by_polling)
    );
    println!(
        "  plugged → verified: sold before, probes each 60 s, heard for 30 s {} (no goal)",
        figure(plugged_later)
    );
    let most = &shop.counters()["most_in_one_minute"];
    println!(
        "  requests: at most {most} in any minute (limit {}), refused {} (goal 0)",
        limit(product),
        shop.limited()
    );
}

fn limit(product: Product) -> u64 {
    product.choose(120, 400)
}

/// Notes the lines that are verified now, each with the time since its beginning.
fn note_verified<'m>(
    bed: &Bed<'_>,
    begun: &BTreeMap<&'m String, Instant>,
    done: &mut BTreeMap<&'m String, Duration>,
) {
    let ledgers = bed.ledgers();
    for (mac, began) in begun {
        if verified(&ledgers, mac).is_some_and(is_served) {
            done.entry(mac).or_insert_with(|| began.elapsed());
        }
    }
}

fn spare(number: usize) -> (usize, String) {
    (number % DEVICES, mac(FIRST_SPARE + number))
}

fn figure(times: Vec<Duration>) -> String {
    let slowest = times.iter().max().copied().unwrap_or_default();
    format!("{:.1} s ({:.1})", middle(times), seconds(slowest))
}
