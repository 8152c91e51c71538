//! Measures the billing sync: from a sale to a verified line, a busy hour, processor time, memory, and a day with faults.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

#[path = "billing/bed.rs"]
mod bed;
#[path = "billing/customers.rs"]
mod customers;
#[path = "billing/day.rs"]
mod day;
#[path = "billing/engineers.rs"]
mod engineers;
#[path = "billing/faults.rs"]
mod faults;
#[path = "billing/figures.rs"]
mod figures;
#[path = "billing/first_inventory.rs"]
mod first_inventory;
#[path = "billing/generated.rs"]
mod generated;
#[path = "billing/hour.rs"]
mod hour;
#[path = "billing/one.rs"]
mod one;
#[path = "../tests/billing/personal_data.rs"]
mod personal_data;
#[path = "../tests/billing/product.rs"]
mod product;
#[path = "billing/pure.rs"]
mod pure;
#[path = "resident.rs"]
mod resident;
#[path = "billing/rest.rs"]
mod rest;
#[path = "running_twins.rs"]
mod running_twins;
#[path = "billing/shop.rs"]
mod shop;

use product::Product;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return;
    }
    if let [_, child, folder, services] = arguments.as_slice()
        && child == pure::MEMORY_CHILD
    {
        return pure::memory_child(folder, services);
    }
    println!(
        "setup: service and devices in processes of their own on loopback, billing twin in this one, SQLite, {} cores, {} build",
        std::thread::available_parallelism().map_or(1, usize::from),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let seed: u64 = number(&arguments, "--seed", 1);
    // One part alone: `cargo bench --bench billing -- --only pure`; one product: `--product sonar`.
    let only = word(&arguments, "--only");
    let is_wanted = |part: &str| only.is_none_or(|only| only == part);
    let product = word(&arguments, "--product");
    let products = Product::BOTH
        .into_iter()
        .filter(|one| product.is_none_or(|product| product == one.name()));
    let products: Vec<Product> = products.collect();
    if is_wanted("pure") {
        pure::pure(number(&arguments, "--accounts", 10_000));
    }
    if is_wanted("memory") {
        pure::memory(number(&arguments, "--services", 250_000));
    }
    if is_wanted("one") {
        for product in &products {
            one::one(*product, &runtime);
        }
    }
    if is_wanted("hour") {
        hour::hour(number(&arguments, "--minutes", 5), seed, &runtime);
    }
    // A test more than a measurement: only when it is asked for.
    if only == Some("day") {
        let events = number(&arguments, "--events", 500);
        let minutes = number(&arguments, "--minutes", 10);
        for product in &products {
            day::day(*product, events, minutes, seed, &runtime);
        }
    }
}

fn word<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(String::as_str)
}

fn number<T: std::str::FromStr>(arguments: &[String], name: &str, usual: T) -> T {
    let given = word(arguments, name).and_then(|given| given.parse().ok());
    given.unwrap_or(usual)
}
