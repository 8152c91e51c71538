//! How fast a whole network is probed: 10 000 twins in other processes, one request each.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use gamctl::model::{DeviceName, GamModel};
use gamctl::observe::CommandLine;
use gamctl::reconcile::{Accesses, DeviceAccess, probe_all};
use gamctl::secrets::Secret;
use gamctl::simulator::gam::{Build, FirmwareProfile, Hardware};
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::transport::snmp::{Access, Turns};

const TWINS: u16 = 10_000;

/// A twin has two sockets, and a process may often have no more than a few thousand.
const PROCESSES: u16 = 4;

const RUNS: u16 = 3;
const SSH_PORT: u16 = 2222;
const SNMP_PORT: u16 = 1161;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return;
    }
    if let Some(at) = arguments
        .iter()
        .position(|argument| argument == "--serve-twins")
    {
        let numbers: Vec<u16> = arguments[at + 1..at + 3]
            .iter()
            .map(|number| number.parse().unwrap())
            .collect();
        serve(numbers[0], numbers[1]);
        return;
    }
    println!(
        "setup: {TWINS} twins of GAM-4-CX as delivered in {PROCESSES} processes, an address of 127.0.0.0/8 each, SNMP 2c over loopback, {} cores, {} build, {RUNS} runs",
        std::thread::available_parallelism().map_or(1, usize::from),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    let start = Instant::now();
    let share = TWINS / PROCESSES;
    let mut fleets: Vec<Fleet> = (0..PROCESSES)
        .map(|part| Fleet::start(part * share, share))
        .collect();
    for fleet in &mut fleets {
        fleet.wait();
    }
    println!(
        "       twins started in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for run in 1..=RUNS {
        let (took, silent) = runtime.block_on(probe_them());
        println!(
            "run {run}: {TWINS} devices probed in {:.2} s, {:.0} a second, {silent} without an answer (goal ≤ 10 s)",
            took.as_secs_f64(),
            f64::from(TWINS) / took.as_secs_f64()
        );
    }
    let requests: u64 = fleets.into_iter().map(Fleet::stop).sum();
    println!(
        "       the twins got {requests} requests: {:.3} for each probe",
        f64::from(u32::try_from(requests).unwrap()) / (f64::from(TWINS) * f64::from(RUNS))
    );
}

/// Twins in a process of their own.
struct Fleet {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Fleet {
    fn start(first: u16, count: u16) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--serve-twins", &first.to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn wait(&mut self) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
    }

    /// Ends the twins; returns how many requests they got.
    fn stop(mut self) -> u64 {
        drop(self.input);
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        assert!(self.child.wait().unwrap().success());
        text.trim().parse().unwrap()
    }
}

fn address(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 31, high, low))
}

/// The other process: twins until its input ends.
fn serve(first: u16, count: u16) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut twins = Vec::new();
        for number in first..first + count {
            let hardware = Hardware::of(GamModel::Gam4Cx, u64::from(number));
            let mut settings = TwinSettings::new(Build {
                configuration: None,
                hardware,
                firmware: FirmwareProfile::default(),
                seed: u64::from(number),
            });
            settings.ip = address(number);
            settings.ssh_port = SSH_PORT;
            settings.snmp_port = SNMP_PORT;
            twins.push(Twin::start(settings).await.unwrap());
        }
        println!("ready");
        std::io::stdout().flush().unwrap();
        let wait = || std::io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(wait).await.unwrap().unwrap();
        let requests: u64 = twins
            .iter()
            .map(|twin| twin.state(|state| state.counts.requests))
            .sum();
        println!("{requests}");
    });
}

/// Probes every twin; returns the time, and how many did not answer.
async fn probe_them() -> (Duration, usize) {
    let devices: Accesses = (0..TWINS)
        .map(|number| {
            let access = DeviceAccess {
                snmp: SocketAddr::new(address(number), SNMP_PORT),
                access: Access::V2c {
                    community: Secret::new(b"public".to_vec()),
                },
                command_line: CommandLine::None("a bench has no login".to_owned()),
                silence: Duration::from_secs(5),
                turns: Turns::default(),
            };
            let name = DeviceName::new(&format!("device-{number:05}")).unwrap();
            (name, Ok(access))
        })
        .collect();
    let start = Instant::now();
    let probes = probe_all(devices, |_| ()).await;
    let took = start.elapsed();
    let silent = probes.values().filter(|probe| probe.is_err()).count();
    for probe in probes.values().flatten() {
        assert!(probe.serial.is_some() && probe.alarms.is_some());
    }
    (took, silent)
}
