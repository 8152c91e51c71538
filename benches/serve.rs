//! How fast the service acts: from a push to verified devices, a freeze, a killed instance; and what it costs while nothing happens.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

#[path = "serve/bed.rs"]
mod bed;
#[path = "../tests/postgres.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod postgres;
#[path = "running_twins.rs"]
mod running_twins;

use std::fs;
use std::time::{Duration, Instant};

use bed::{Bed, Instance, Wanted, subscriber_name};
use gamctl::history::Store;

const RUNS: usize = 3;

/// A building some way off.
const LATENCY: &str = "ssh=150ms,line=40ms,snmp=1ms,save=500ms";

/// Devices and subscribers of the large commit, and how many of each device it touches.
const DEVICES: usize = 50;
const SUBSCRIBERS: usize = 22;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return;
    }
    let devices: usize = number(&arguments, "--devices", 200);
    let subscribers: usize = number(&arguments, "--subscribers", 2);
    let seconds: u64 = number(&arguments, "--seconds", 60);
    println!(
        "setup: instances, twins and store in processes of their own on loopback, {}, {} cores, {} build",
        match postgres::installed() {
            Some(_) => "PostgreSQL with every commit flushed by its server (fsync off)",
            None => "SQLite, as PostgreSQL is not installed",
        },
        std::thread::available_parallelism().map_or(1, usize::from),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    // One part alone: `cargo bench --bench serve -- --only idle`.
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.and_then(|at| arguments.get(at + 1));
    let is_wanted = |part: &str| only.is_none_or(|only| only == part);
    if is_wanted("one") {
        one_subscriber();
    }
    if is_wanted("thousand") {
        a_thousand();
    }
    if is_wanted("kill") {
        kill();
    }
    if is_wanted("idle") {
        idle(devices, subscribers, seconds);
    }
}

fn number<T: std::str::FromStr>(arguments: &[String], name: &str, usual: T) -> T {
    let at = arguments.iter().position(|argument| argument == name);
    let given = at.and_then(|at| arguments.get(at + 1)?.parse().ok());
    given.unwrap_or(usual)
}

fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

fn plan_of(run: usize) -> &'static str {
    if run.is_multiple_of(2) { "two" } else { "one" }
}

/// From the webhook to the first line on the device, and to verified and saved.
fn one_subscriber() {
    let mut bed = Bed::start(&Wanted {
        devices: 1,
        subscribers: 384,
        latency: "ssh=150ms,line=40ms,snmp=20ms,save=500ms",
        serve: "",
        is_adopted: true,
    });
    let (instance, ready) = bed.serve();
    bed.until("first look", |bed| bed.is_at(None, 1));
    let (mut first, mut verified) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let before = bed.lines(0);
        let commit = bed.commit(&[subscriber_name(7)], plan_of(run));
        let began = Instant::now();
        instance.hook();
        bed.until("first line", |bed| bed.lines(0) > before);
        first.push(began.elapsed());
        bed.until("verified device", |bed| bed.is_at(Some(&commit), 1));
        verified.push(began.elapsed());
    }
    println!(
        "one subscriber of 384, median of {RUNS}: webhook → first line {:.2} s (goal ≤ 2 s), → verified, saved and its gate open {:.2} s; ready {:.2} s after its start (goal ≤ 5 s)",
        middle(first),
        middle(verified),
        ready.as_secs_f64()
    );
}

/// A commit that touches a thousand subscribers on 50 devices, in waves; and a freeze in the last of them.
fn a_thousand() {
    let mut bed = Bed::start(&Wanted {
        devices: DEVICES,
        subscribers: SUBSCRIBERS,
        latency: LATENCY,
        serve: "",
        is_adopted: true,
    });
    let (instance, _) = bed.serve();
    bed.until("first looks", |bed| bed.is_at(None, DEVICES));
    // Two of each device stay as they are, so that both profiles are always there.
    let touched: Vec<String> = (0..DEVICES * SUBSCRIBERS)
        .filter(|number| number % SUBSCRIBERS > 1)
        .map(subscriber_name)
        .collect();
    let commit = bed.commit(&touched, plan_of(0));
    let began = Instant::now();
    instance.hook();
    bed.until("end of the rollout", |bed| {
        bed.is_at(Some(&commit), DEVICES)
    });
    println!(
        "{} subscribers on {DEVICES} devices at {LATENCY}, waves of 1, 5 %, 25 % and the rest, settle 1 s: webhook → all verified {:.1} s",
        touched.len(),
        began.elapsed().as_secs_f64()
    );
    freeze(&bed, &instance, &touched);
    let memory = resident(&instance);
    let bytes = bed.ask(async |store: &Store| store.facts().await.unwrap().bytes);
    println!(
        "after both: {memory:.0} MB of memory, {:.0} MB of store",
        bytes as f64 / 1e6
    );
}

/// From the end of `gamctl freeze` to the last device that a line was sent to for the first time.
fn freeze(bed: &Bed, instance: &Instance, touched: &[String]) {
    let before: Vec<usize> = (0..DEVICES).map(|device| bed.lines(device)).collect();
    let begun = |bed: &Bed| {
        let devices = 0..DEVICES;
        let begun = devices.filter(|device| bed.lines(*device) > before[*device]);
        begun.count()
    };
    bed.commit(touched, plan_of(1));
    instance.hook();
    bed.until("large wave", |bed| begun(bed) > DEVICES / 3);
    let asked = Instant::now();
    bed.gamctl(&["freeze", "--for", "1h", "--reason", "bench"]);
    let frozen = Instant::now();
    let (mut count, mut last) = (begun(bed), Duration::ZERO);
    while frozen.elapsed() < Duration::from_secs(10) {
        let now = begun(bed);
        if now > count {
            (count, last) = (now, frozen.elapsed());
        }
    }
    println!(
        "freeze in a wave ({:.2} s for the command): last new device {:.2} s after it (goal ≤ 1 s), {count} of {DEVICES} were begun",
        (frozen - asked).as_secs_f64(),
        last.as_secs_f64()
    );
}

/// Kills the leader of two instances.
fn kill() {
    let mut bed = Bed::start(&Wanted {
        devices: DEVICES,
        subscribers: 2,
        latency: LATENCY,
        serve: "look = \"15s\"\nprobe = \"15s\"\n",
        is_adopted: true,
    });
    if !bed.has_postgres() {
        println!("skipped: two instances need PostgreSQL; ./test installs it");
        return;
    }
    let (one, _) = bed.serve();
    let (other, _) = bed.serve();
    bed.until("first looks", |bed| bed.is_at(None, DEVICES));
    bed.until("two shares", |bed| {
        bed.ask(async |store: &Store| {
            let instances = store.instances().await.unwrap();
            instances.len() == 2 && instances.iter().all(|one| one.report.devices > 0)
        })
    });
    // The first one leads every task.
    let share = bed.ask(async |store: &Store| {
        let instances = store.instances().await.unwrap();
        let killed = instances
            .iter()
            .find(|found| found.process == one.process());
        killed.map_or(0, |found| found.report.devices)
    });
    let at = bed.ask(async |store: &Store| store.clock().await.unwrap());
    let began = Instant::now();
    drop(one);
    bed.until("other leader", |bed| {
        bed.ask(async |store: &Store| {
            let instances = store.instances().await.unwrap();
            let left = instances
                .iter()
                .find(|found| found.process == other.process());
            let leaders = store.leaders().await.unwrap();
            leaders.values().all(|leader| {
                leader.is_in_force && left.is_some_and(|left| left.id == leader.holder)
            })
        })
    });
    let leads = began.elapsed();
    bed.until("look at every device", |bed| {
        bed.ask(async |store: &Store| {
            let statuses = store.device_statuses().await.unwrap();
            statuses.values().all(|row| row.status.looked > Some(at))
        })
    });
    println!(
        "kill -9 of one of two instances with {share} of {DEVICES} devices and all leader tasks, look = 15 s: tasks are taken over after {:.1} s (goal ≤ 25 s), every device was looked at again after {:.1} s (goal ≤ 45 s)",
        leads.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
}

/// What the service costs while nothing changes, at the usual intervals.
fn idle(devices: usize, subscribers: usize, seconds: u64) {
    let mut bed = Bed::start(&Wanted {
        devices,
        subscribers,
        latency: "snmp=1ms",
        serve: "",
        is_adopted: false,
    });
    let (instance, ready) = bed.serve();
    let looked = bed.until("first looks", |bed| {
        bed.ask(async |store: &Store| {
            let statuses = store.device_statuses().await.unwrap();
            let looked = statuses.values().filter(|row| row.status.looked.is_some());
            looked.count() == devices
        })
    });
    let (began, before) = (Instant::now(), ticks(&instance));
    std::thread::sleep(Duration::from_secs(seconds));
    let used = (ticks(&instance) - before) as f64 / TICKS_PER_SECOND;
    println!(
        "{devices} devices of {subscribers} subscribers with nothing to do for {seconds} s, usual intervals: {:.1} % of a core, {:.0} MB; ready after {:.2} s, each looked at once after {:.1} s",
        100.0 * used / began.elapsed().as_secs_f64(),
        resident(&instance),
        ready.as_secs_f64(),
        looked.as_secs_f64()
    );
}

/// Linux counts processor time in this unit, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Returns the processor time that a process has used.
fn ticks(instance: &Instance) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", instance.process())).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let times = fields.split_whitespace().skip(11).take(2);
    times.map(|time| time.parse::<u64>().unwrap()).sum()
}

/// Returns the memory that a process has now, in MB.
fn resident(instance: &Instance) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", instance.process())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes: f64 = line
        .and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap();
    kilobytes / 1024.0
}
