//! How fast and how large twins are: one on one core, then two hundred full ones in one process, walked at once by another.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::unreachable,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

#[path = "full_device.rs"]
mod full_device;
#[path = "resident.rs"]
mod resident;
#[path = "twin/walk.rs"]
mod walk;

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use full_device::full_device;
use gamctl::model::GamModel;
use gamctl::simulator::commands::running_config;
use gamctl::simulator::gam::{Build, FirmwareProfile, Gam, Hardware};
use gamctl::simulator::mib::Mib;
use gamctl::simulator::moment::Moment;
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::simulator::snmp::{Access, Agent, Community, EngineId, Limits, Setup};
use resident::resident;

const TWINS: u64 = 200;
const SUBSCRIBERS: u16 = 384;
const RUNS: usize = 7;

/// 1.3.6.1.4.1.20095.2001.143.1.2: what is configured on the G.hn side, as a first look reads it.
const CONFIGURATION: &[u8] = &[
    43, 6, 1, 4, 1, 0x81, 0x9c, 0x7f, 0x8f, 0x51, 0x81, 0x0f, 1, 2,
];
/// …143.1.3.20.10: the brief status of every endpoint.
const BRIEF_STATUS: &[u8] = &[
    43, 6, 1, 4, 1, 0x81, 0x9c, 0x7f, 0x8f, 0x51, 0x81, 0x0f, 1, 3, 20, 10,
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
    if let Some(at) = arguments.iter().position(|argument| argument == "--walk") {
        walk_all(&arguments[at + 1..]);
        return;
    }
    println!(
        "setup: GAM-24-C with {SUBSCRIBERS} subscribers each, {} rows a request, {} cores, {} build, median of {RUNS} runs (fastest in brackets)",
        walk::ROWS,
        std::thread::available_parallelism().map_or(1, usize::from),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    one_core();
    fleet();
}

fn build(seed: u64) -> Build {
    let hardware = Hardware::of(GamModel::Gam24C, seed);
    Build {
        configuration: Some(full_device(&hardware, SUBSCRIBERS)),
        hardware,
        firmware: FirmwareProfile::V1_8,
        seed,
    }
}

/// One agent without a network: what a core can give at most.
fn one_core() {
    let now = Moment::from_unix_millis(1_795_253_544_000);
    let mut gam = Gam::new(build(1), now);
    gam.plug_all(now);
    let mut agent = Agent::new(Setup {
        engine_id: EngineId::from_mac(20_095, gam.hardware().mac.octets()),
        boots: 1,
        booted_at: now,
        communities: vec![Community {
            name: "public".to_owned(),
            access: Access::Read,
        }],
        users: Vec::new(),
        limits: Limits::default(),
        seed: 1,
    });
    println!(
        "       running-config of one: {} bytes",
        running_config(&gam).len()
    );
    for (title, root) in [
        ("configuration", CONFIGURATION),
        ("brief status", BRIEF_STATUS),
    ] {
        let mut speeds = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            let mut total = 0;
            while start.elapsed() < Duration::from_millis(300) {
                total += walk_in_process(&mut agent, &mut gam, root, now);
            }
            speeds.push(per_second(total, start.elapsed()));
        }
        speeds.sort_by(f64::total_cmp);
        println!(
            "one twin on one core, {title}: {:.0} rows/s [{:.0}]",
            speeds[RUNS / 2],
            speeds[RUNS - 1]
        );
    }
}

fn walk_in_process(agent: &mut Agent, gam: &mut Gam, root: &[u8], now: Moment) -> usize {
    let mut after = root.to_vec();
    let mut total = 0;
    for id in 1.. {
        let mut view = Mib { gam, now };
        let request = walk::request("public", id, &after);
        let answer = agent.answer(&request, &mut view, now).unwrap();
        let (count, last) = walk::rows(&answer, root);
        total += count;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    total
}

/// Two hundred twins in this process, walked at once from another one.
fn fleet() {
    let before = resident("VmRSS");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let start = Instant::now();
    let twins: Vec<Twin> = runtime.block_on(async {
        let mut twins = Vec::new();
        for seed in 1..=TWINS {
            let twin = Twin::start(TwinSettings::new(build(seed))).await.unwrap();
            twin.change(Gam::plug_all);
            twins.push(twin);
        }
        twins
    });
    let started = start.elapsed();
    println!(
        "{TWINS} twins: started in {:.2} s, {:.0} MB resident ({:.0} MB before; goal ≤ 1536)",
        started.as_secs_f64(),
        resident("VmRSS"),
        before
    );
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.arg("--walk");
    for twin in &twins {
        child.arg(twin.snmp_address().to_string());
    }
    assert!(child.status().unwrap().success());
    println!(
        "{TWINS} twins: {:.0} MB resident after the walks",
        resident("VmRSS")
    );
    for twin in twins {
        runtime.block_on(twin.stop());
    }
}

/// The other process: walks every address at once, and says how fast that went.
fn walk_all(addresses: &[String]) {
    let addresses: Vec<SocketAddr> = addresses
        .iter()
        .filter_map(|address| address.parse().ok())
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for (title, root) in [
        ("configuration", CONFIGURATION),
        ("brief status", BRIEF_STATUS),
    ] {
        let start = Instant::now();
        let total: usize = runtime.block_on(async {
            let walks: Vec<_> = addresses
                .iter()
                .map(|address| tokio::spawn(walk::walk(*address, "public", root)))
                .collect();
            let mut total = 0;
            for walk in walks {
                total += walk.await.unwrap();
            }
            total
        });
        let elapsed = start.elapsed();
        println!(
            "all walked at once from outside, {title}: {total} rows in {:.2} s, {:.0} rows/s",
            elapsed.as_secs_f64(),
            per_second(total, elapsed)
        );
    }
}

fn per_second(count: usize, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / elapsed.as_secs_f64()
}
