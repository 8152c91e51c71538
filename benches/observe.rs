//! How fast devices are looked at: one that is far, many of which some are dead, and our session beside net-snmp and pysnmp.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

#[path = "full_device.rs"]
mod full_device;
#[path = "resident.rs"]
mod resident;

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use full_device::full_device;
use gamctl::model::{DeviceName, GamModel};
use gamctl::observe::{CommandLine, Target, look_and_count, snmp_options};
use gamctl::reconcile::{DeviceAccess, Looks, look_at_all};
use gamctl::secrets::Secret;
use gamctl::simulator::gam::{Build, FirmwareProfile, Hardware};
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::transport::snmp::{Access, Counters, Oid, Session, SnmpOptions, Turns};
use resident::resident;

const TWINS: u64 = 50;
const SUBSCRIBERS: u16 = 384;
const RUNS: usize = 3;

/// Looks at one device.
const LOOKS: usize = 9;

/// A network: so many devices, one in ten of them dead, and so many subscribers on each of the others.
const NETWORK: u64 = 200;
const FEW: u16 = 24;

const LATENCY: Duration = Duration::from_millis(20);

/// Requests in flight before their number followed the device.
const BEFORE: usize = 24;

/// The time of a slow agent for an answer.
const SLOW: Duration = Duration::from_millis(30);
const SLOW_SUBSCRIBERS: u16 = 96;

/// pysnmp reads one device in so many, and what it took is multiplied: it is a matter of minutes otherwise.
const PYSNMP_SHARE: usize = 5;

/// Tables of what is configured on the G.hn side: …143.1.2.TABLE.1 of ports, endpoints, profiles and subscribers.
const CONFIGURED: [u32; 11] = [1, 3, 6, 1, 4, 1, 20095, 2001, 143, 1, 2];
const TABLES: [u32; 4] = [10, 20, 30, 40];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return;
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--read") {
        read_all(&arguments[at + 1..]);
        return;
    }
    println!(
        "setup: {TWINS} twins of GAM-24-C with {SUBSCRIBERS} subscribers each in one process, SNMP 2c over loopback, {} rows a request, {} cores, {} build, median of {RUNS} runs; CPU is the client's own",
        SnmpOptions::default().rows,
        std::thread::available_parallelism().map_or(1, usize::from),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(far_away());
    runtime.block_on(slow_agent());
    runtime.block_on(some_dead());
    let twins = runtime.block_on(start(TWINS, SUBSCRIBERS, Duration::ZERO, Duration::ZERO));
    let addresses: Vec<String> = twins
        .iter()
        .map(|twin| twin.snmp_address().to_string())
        .collect();
    println!("       twins: {:.0} MB resident", resident("VmRSS"));
    compare(&addresses);
    runtime.block_on(stop(twins));
}

/// One look at a device that takes 20 ms to answer: what counts there is how many requests follow one another.
async fn far_away() {
    let twins = start(1, SUBSCRIBERS, LATENCY, Duration::ZERO).await;
    let most = snmp_options().in_flight;
    for in_flight in [1, 8, BEFORE, most] {
        let runs = if in_flight < BEFORE { RUNS } else { LOOKS };
        let title = format!("always {in_flight} requests in flight");
        let mut times = Vec::new();
        for _ in 0..runs {
            times.push(look_at(&twins[0], in_flight, &Turns::fixed()).await);
        }
        print_looks(&title, times);
    }
    let mut first = Vec::new();
    for _ in 0..LOOKS {
        first.push(look_at(&twins[0], most, &Turns::default()).await);
    }
    print_looks("as many as it answers quickly, a first look", first);
    let turns = Turns::default();
    let mut further = Vec::new();
    look_at(&twins[0], most, &turns).await;
    for _ in 0..LOOKS {
        further.push(look_at(&twins[0], most, &turns).await);
    }
    print_looks("the same, a further look", further);
    stop(twins).await;
}

fn print_looks(title: &str, mut runs: Vec<(Duration, Counters)>) {
    runs.sort_by_key(|(took, _)| *took);
    let (took, counters) = runs[runs.len() / 2];
    println!(
        "one look at {SUBSCRIBERS} subscribers at {LATENCY:?}, {title}: {:.2} s, {} PDUs, {} sent again; fastest of {} {:.2} s (goal ≤ 0.5 s)",
        took.as_secs_f64(),
        counters.requests,
        counters.resent,
        runs.len(),
        runs[0].0.as_secs_f64()
    );
}

/// One look at a device whose agent computes one answer at a time and holds 16 requests.
async fn slow_agent() {
    let twins = start(1, SLOW_SUBSCRIBERS, Duration::ZERO, SLOW).await;
    let most = snmp_options().in_flight;
    let adaptive = Turns::default();
    for (title, in_flight, turns) in [
        (
            format!("always {BEFORE} requests in flight"),
            BEFORE,
            Turns::fixed(),
        ),
        (
            "as many as it answers quickly, a first look".to_owned(),
            most,
            adaptive.clone(),
        ),
        ("the same, a further look".to_owned(), most, adaptive),
    ] {
        let dropped = || twins[0].state(|state| state.counts.dropped);
        let before = dropped();
        let (took, counters) = look_at(&twins[0], in_flight, &turns).await;
        println!(
            "one look at a slow agent ({SLOW:?} for each answer, {SLOW_SUBSCRIBERS} subscribers), {title}: {:.2} s, {} PDUs need {:.2} s, {} sent again, {} dropped by the agent (goal 0)",
            took.as_secs_f64(),
            counters.requests,
            f64::from(u32::try_from(counters.requests).unwrap()) * SLOW.as_secs_f64(),
            counters.resent,
            dropped() - before
        );
    }
    stop(twins).await;
}

async fn look_at(twin: &Twin, in_flight: usize, turns: &Turns) -> (Duration, Counters) {
    let device = DeviceName::new("far").unwrap();
    let target = Target {
        device: &device,
        address: twin.snmp_address(),
        access: &public(),
        snmp_options: SnmpOptions {
            in_flight,
            ..snmp_options()
        },
        turns: turns.clone(),
        command_line: CommandLine::None("a bench has no login".to_owned()),
        clock: || 0,
    };
    let start = Instant::now();
    let (observation, counters) = look_and_count(&target).await.unwrap();
    let took = start.elapsed();
    assert!(!observation.config.subscribers.is_empty());
    assert!(observation.unread.is_empty(), "{:?}", observation.unread);
    (took, counters)
}

/// A network in which one device in ten is dead: how much later the others are in than if it were not there.
async fn some_dead() {
    let dead = NETWORK / 10;
    let twins = start(NETWORK - dead, FEW, LATENCY, Duration::ZERO).await;
    // They are there, and nobody answers.
    let silent: Vec<UdpSocket> = (0..dead)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    // By turns, so that whatever else the machine does falls on both.
    for run in 0..=LOOKS {
        let one = until_all_healthy(&twins, &[]).await;
        let other = until_all_healthy(&twins, &silent).await;
        // The first ones warm up.
        if run > 0 {
            alone.push(one);
            beside.push(other);
        }
    }
    for (what, at) in [("half of the healthy ones", 0), ("all of them", 1)] {
        let [without, with] = [&alone, &beside].map(|runs| {
            let mut times: Vec<f64> = runs.iter().map(|run| run[at].as_secs_f64()).collect();
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        println!(
            "{} devices with {FEW} subscribers at {LATENCY:?}, {what} are in after {without:.3} s, beside {dead} dead ones after {with:.3} s: {:+.1} % (goal < 5 %)",
            twins.len(),
            (with / without - 1.0) * 100.0
        );
    }
    stop(twins).await;
}

/// Looks at a network until the last healthy device is in; returns when half of them were, and when all.
async fn until_all_healthy(twins: &[Twin], silent: &[UdpSocket]) -> [Duration; 2] {
    let healthy = twins.iter().map(Twin::snmp_address);
    let mut addresses: Vec<(bool, SocketAddr)> = healthy.map(|address| (true, address)).collect();
    for (place, socket) in silent.iter().enumerate() {
        // Among the others, as in any inventory.
        addresses.insert(place * 10, (false, socket.local_addr().unwrap()));
    }
    let name = |place: usize| DeviceName::new(&format!("device-{place:03}")).unwrap();
    let is_healthy: BTreeMap<DeviceName, bool> = addresses
        .iter()
        .enumerate()
        .map(|(place, (is_healthy, _))| (name(place), *is_healthy))
        .collect();
    let devices = addresses.iter().enumerate().map(|(place, (_, snmp))| {
        let opening = DeviceAccess {
            silence: Duration::from_secs(5),
            snmp: *snmp,
            access: public(),
            command_line: CommandLine::None("a bench has no login".to_owned()),
            turns: Turns::default(),
        };
        (name(place), Ok(opening))
    });
    let devices = devices.collect();
    let all_in = tokio::sync::Notify::new();
    let mut arrivals = Vec::new();
    let start = Instant::now();
    // So many twins on a few cores are slow, and none of them is lost.
    let looks = Looks {
        snmp_options: SnmpOptions {
            timeout: Duration::from_secs(5),
            ..snmp_options()
        },
        ..Looks::new(|| 0)
    };
    let looks = look_at_all(devices, looks, |device| {
        if is_healthy[device] {
            arrivals.push(start.elapsed());
        }
        if arrivals.len() == twins.len() {
            all_in.notify_one();
        }
    });
    // Nobody has to wait here until the dead ones are given up.
    tokio::select! {
        _ = looks => {}
        () = all_in.notified() => {}
    }
    [arrivals[twins.len() / 2], arrivals[twins.len() - 1]]
}

fn public() -> Access {
    Access::V2c {
        community: Secret::new(b"public".to_vec()),
    }
}

async fn start(count: u64, subscribers: u16, latency: Duration, cpu: Duration) -> Vec<Twin> {
    let mut twins = Vec::new();
    for seed in 1..=count {
        let mut settings = settings(seed, subscribers);
        settings.latency.snmp = latency;
        settings.latency.snmp_cpu = cpu;
        twins.push(Twin::start(settings).await.unwrap());
    }
    twins
}

async fn stop(twins: Vec<Twin>) {
    for twin in twins {
        twin.stop().await;
    }
}

fn settings(seed: u64, subscribers: u16) -> TwinSettings {
    let hardware = Hardware::of(GamModel::Gam24C, seed);
    TwinSettings::new(Build {
        configuration: Some(full_device(&hardware, subscribers)),
        hardware,
        firmware: FirmwareProfile::default(),
        seed,
    })
}

/// What a client took.
#[derive(Clone, Copy)]
struct Taken {
    cells: usize,
    wall: f64,
    cpu: f64,
}

fn compare(addresses: &[String]) {
    let ours = median("our session, all devices at once, one thread", || {
        gamctl(addresses)
    });
    if is_there("snmpbulkwalk") {
        let theirs = median(
            "snmpbulkwalk -Cr25, a process for each table, all devices at once",
            || net_snmp(addresses),
        );
        assert_eq!(theirs.cells, ours.cells, "net-snmp reads the same");
        println!(
            "       net-snmp / ours: wall {:.1} ×, CPU {:.1} × (goal: CPU ≥ 1)",
            theirs.wall / ours.wall,
            theirs.cpu / ours.cpu
        );
    } else {
        println!("       skipped: snmpbulkwalk is not installed (Debian's package snmp)");
    }
    let directory = tempfile::tempdir().unwrap();
    match pysnmp_in(directory.path()) {
        Err(why) => println!("       skipped: pysnmp cannot be installed here: {why}"),
        Ok(python) => {
            let share: Vec<String> = addresses.iter().step_by(PYSNMP_SHARE).cloned().collect();
            let title = format!(
                "pysnmp in 10 threads, {} devices × {PYSNMP_SHARE}",
                share.len()
            );
            let theirs = median(&title, || {
                let taken = pysnmp(&python, &share);
                let times = f64::from(u32::try_from(PYSNMP_SHARE).unwrap());
                Taken {
                    cells: taken.cells * PYSNMP_SHARE,
                    wall: taken.wall * times,
                    cpu: taken.cpu * times,
                }
            });
            assert_eq!(theirs.cells, ours.cells, "pysnmp reads the same");
            println!(
                "       pysnmp / ours: wall {:.1} × (goal ≥ 20), CPU {:.1} ×",
                theirs.wall / ours.wall,
                theirs.cpu / ours.cpu
            );
        }
    }
}

/// Runs something a few times and returns the run in the middle, by time.
fn median(title: &str, mut run: impl FnMut() -> Taken) -> Taken {
    let mut runs: Vec<Taken> = (0..RUNS).map(|_| run()).collect();
    runs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    let taken = runs[RUNS / 2];
    println!(
        "{title}: {} cells in {:.2} s, {:.2} s of CPU",
        taken.cells, taken.wall, taken.cpu
    );
    taken
}

/// Runs clients and measures them; `run` returns how many cells they read.
fn measured(run: impl FnOnce() -> usize) -> Taken {
    let (start, before) = (Instant::now(), children());
    let cells = run();
    Taken {
        cells,
        wall: start.elapsed().as_secs_f64(),
        cpu: children() - before,
    }
}

/// Returns the seconds of CPU that ended children of this process took, by the kernel's own account.
fn children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program may hold anything; after it come state, parent, …: user and system time of children are 16th and 17th.
    let fields = stat
        .rsplit(") ")
        .next()
        .unwrap()
        .split(' ')
        .skip(13)
        .take(2);
    // A hundred of these are a second, on every Linux there is.
    fields
        .map(|ticks| ticks.parse::<f64>().unwrap() / 100.0)
        .sum()
}

fn roots() -> Vec<Oid> {
    let table = |table: &u32| Oid::new(CONFIGURED).join(&[*table, 1]);
    TABLES.iter().map(table).collect()
}

fn gamctl(addresses: &[String]) -> Taken {
    measured(|| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        last_number(
            &child
                .arg("--read")
                .args(addresses)
                .stderr(Stdio::inherit())
                .output()
                .unwrap(),
        )
    })
}

fn net_snmp(addresses: &[String]) -> Taken {
    measured(|| {
        std::thread::scope(|scope| {
            let walks: Vec<_> = addresses
                .iter()
                .map(|address| {
                    scope.spawn(move || {
                        roots()
                            .iter()
                            .map(|root| bulk_walk(address, root))
                            .sum::<usize>()
                    })
                })
                .collect();
            walks.into_iter().map(|walk| walk.join().unwrap()).sum()
        })
    })
}

fn bulk_walk(address: &str, root: &Oid) -> usize {
    let output = Command::new("snmpbulkwalk")
        .args([
            "-v2c", "-c", "public", "-t", "5", "-m", "", "-Onqx", "-Cr25", address,
        ])
        .arg(root.to_string())
        .output()
        .unwrap();
    assert!(output.status.success());
    // Long text goes on in further lines.
    let lines = output.stdout.split(|byte| *byte == b'\n');
    lines.filter(|line| line.starts_with(b".")).count()
}

fn is_there(program: &str) -> bool {
    let version = Command::new(program).arg("-V").output();
    version.is_ok()
}

fn pysnmp_in(directory: &Path) -> Result<PathBuf, String> {
    let run = |command: &mut Command| match command.output() {
        Err(error) => Err(error.to_string()),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(text
                .lines()
                .last()
                .unwrap_or("it failed without a word")
                .to_owned())
        }
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(directory))?;
    let python = directory.join("bin/python");
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "pysnmp==7.*",
    ]);
    run(&mut install)?;
    Ok(python)
}

fn pysnmp(python: &Path, addresses: &[String]) -> Taken {
    let roots: Vec<String> = roots().iter().map(Oid::to_string).collect();
    measured(|| {
        let mut child = Command::new(python);
        child.arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/benches/observe/walk.py"
        ));
        child
            .arg(roots.join(","))
            .args(addresses)
            .stderr(Stdio::inherit());
        last_number(&child.output().unwrap())
    })
}

fn last_number(output: &Output) -> usize {
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().last().unwrap().parse().unwrap()
}

/// The other process: reads every column of these devices at once; prints how many cells there were, last.
fn read_all(addresses: &[String]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Fifty devices at once on two cores are slow, and none of them is lost.
    let snmp_options = SnmpOptions {
        timeout: Duration::from_secs(5),
        ..SnmpOptions::default()
    };
    let (cells, counters) = runtime.block_on(async {
        let reads: Vec<_> = addresses
            .iter()
            .map(|address| tokio::spawn(read(address.parse().unwrap(), snmp_options)))
            .collect();
        let (mut cells, mut all) = (0, Counters::default());
        for read in reads {
            let (some, counters) = read.await.unwrap();
            cells += some;
            all.requests += counters.requests;
            all.resent += counters.resent;
        }
        (cells, all)
    });
    println!(
        "{} PDUs, {} sent again, {cells}",
        counters.requests, counters.resent
    );
}

async fn read(address: SocketAddr, snmp_options: SnmpOptions) -> (usize, Counters) {
    let session = Session::open(address, &public(), snmp_options)
        .await
        .unwrap();
    let columns = session.columns(&columns()).await.unwrap();
    let cells = columns.iter().map(|column| column.cells.len()).sum();
    (cells, session.counters())
}

/// Every column of these tables.
fn columns() -> Vec<Oid> {
    let ports = [
        10, 30, 40, 50, 60, 71, 72, 80, 90, 100, 110, 120, 130, 140, 150, 10_000,
    ];
    let endpoints = [10, 20, 30, 40, 50, 55, 60, 10_000];
    let profiles = [10, 20, 30, 40, 50, 60, 10_000];
    let subscribers = [
        10, 20, 30, 40, 50, 55, 70, 75, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200,
        210, 220, 10_000,
    ];
    let of = |table: &Oid, columns: &[u32]| -> Vec<Oid> {
        columns
            .iter()
            .map(|column| table.join(&[*column]))
            .collect()
    };
    let all: [&[u32]; 4] = [&ports, &endpoints, &profiles, &subscribers];
    let tables = roots();
    let columns = tables.iter().zip(all);
    columns
        .flat_map(|(table, columns)| of(table, columns))
        .collect()
}
