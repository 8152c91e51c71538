//! How fast changes reach devices: one subscriber from commit to saved, a thousand changes beside netmiko, and 500 devices at once.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench prints, and ends at the first thing that goes wrong"
)]

#[path = "running_twins.rs"]
#[allow(dead_code, reason = "other benches use more of it")]
mod running_twins;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use running_twins::RunningTwins;
use serde_json::{Value, json};

const GAMCTL: &str = env!("CARGO_BIN_EXE_gamctl");
const RUNS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` and `cargo bench -- --list` ask for nothing that this bench has.
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return;
    }
    println!(
        "setup: gamctl and the twins in processes of their own on loopback, SQLite with every entry flushed to disk, {} cores, {} build, median of {RUNS} runs",
        std::thread::available_parallelism().map_or(1, usize::from),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    );
    one_subscriber();
    beside_netmiko();
    at_once();
}

/// A network in a folder, its twins, and a store.
struct Bed {
    folder: tempfile::TempDir,
    twins: RunningTwins,
}

impl Bed {
    /// Starts twins that are as the inventory says, so that what is changed later is all that changes.
    fn start(devices: usize, subscribers: usize, latency: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        write_inventory(&source, devices, subscribers);
        let twins = RunningTwins::start(&source, &folder.path().join("network"), latency);
        let bed = Self { folder, twins };
        bed.gamctl(&["adopt"], 0);
        bed
    }

    fn network(&self) -> PathBuf {
        self.folder.path().join("network")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(GAMCTL);
        command
            .args(arguments)
            .current_dir(self.network())
            .env("GAMCTL_STATE", self.folder.path().join("state"))
            .env("GIT_AUTHOR_NAME", "Bench")
            .env("GIT_AUTHOR_EMAIL", "bench@example.net")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Runs gamctl, and returns how long it took and the most memory that it had, in MB.
    fn gamctl(&self, arguments: &[&str], exit: i32) -> (Duration, f64) {
        let start = Instant::now();
        let mut child = self.command(arguments).spawn().unwrap();
        let mut most: f64 = 0.0;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(exit), "gamctl {arguments:?}");
                return (start.elapsed(), most);
            }
            most = most.max(peak(child.id()).unwrap_or(0.0));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns the most memory that a process had so far, in MB.
fn peak(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

fn write_inventory(folder: &Path, devices: usize, subscribers: usize) {
    let write = |path: &str, text: &str| {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write(
        "network.toml",
        "schema = 1\n\n[vlans]\nmanagement = 4093\nsubscribers = \"100-3799\"\n\n[profiles]\nheadroom_percent = 6\n",
    );
    write(
        "policy.toml",
        "[limits]\nremovals_per_device = { count = 100, percent = 100 }\nremovals = { count = 100000, percent = 100 }\ninterruptions = { count = 100000, percent = 100 }\nslower = { count = 100000, percent = 100 }\ndevices = { count = 1000 }\n",
    );
    write(
        "service-plans.toml",
        "[service_plan.one]\ndown = 100\nup = 100\n\n[service_plan.two]\ndown = 200\nup = 100\n",
    );
    write(
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"snmp\" } }\nssh = { user = \"admin\", password = { secret = \"ssh\" } }\n",
    );
    let (mut boxes, mut people) = (String::new(), String::new());
    for device in 0..devices {
        writeln!(
            boxes,
            "[device.gam-{device:04}]\nmodel = \"GAM-24-C\"\naddress = \"10.{}.{}.1\"\nsite = \"site-{device:04}\"\nstate = \"managed\"\ncredentials = \"default\"\n",
            device / 250,
            device % 250
        )
        .unwrap();
        for subscriber in 0..subscribers {
            let number = device * subscribers + subscriber;
            // The first one has what the others get, so that its profile is there already.
            let plan = if subscriber == 0 { "two" } else { "one" };
            writeln!(
                people,
                "[subscriber.acct-{number:05}]\ndevice = \"gam-{device:04}\"\nport = {}\nendpoint = \"00:0e:d8:{:02x}:{:02x}:{:02x}\"\nservice_plan = \"{plan}\"\nvlan = {}\n",
                subscriber / 16 + 1,
                number >> 16,
                (number >> 8) & 0xff,
                number & 0xff,
                100 + subscriber
            )
            .unwrap();
        }
    }
    write("devices/all.toml", &boxes);
    write("subscribers/all.toml", &people);
}

fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// From `git commit` to verified and saved, on a full device as far away as most.
fn one_subscriber() {
    let latency = "ssh=150ms,line=40ms,snmp=20ms,save=500ms";
    let bed = Bed::start(1, 384, latency);
    let mut times = Vec::new();
    for run in 0..RUNS * 2 {
        let plan = format!("service_plan={}", if run % 2 == 0 { "two" } else { "one" });
        let start = Instant::now();
        bed.gamctl(&["set", "acct-00007", &plan, "--commit", "-m", "bench"], 0);
        bed.gamctl(&["apply", "--yes"], 0);
        times.push(start.elapsed());
    }
    println!(
        "one subscriber of 384 at {latency}, from `set --commit` to verified and saved: {:.2} s (goal ≤ 5 s)",
        middle(times)
    );
}

/// A thousand changes on 50 devices, beside the same lines through netmiko.
fn beside_netmiko() {
    let latency = "ssh=150ms,line=40ms,snmp=1ms,save=500ms";
    let bed = Bed::start(50, 22, latency);
    let wide = ["apply", "--yes", "--at-once", "50"];
    let (mut times, mut memory) = (Vec::new(), 0.0);
    let plan = bed.folder.path().join("plan.json");
    for run in 0..RUNS {
        let to = if run % 2 == 0 { "two" } else { "one" };
        let set = format!("service_plan={to}");
        // Two of each device stay as they are, so that both profiles are always there.
        let all: Vec<String> = (0..50 * 22)
            .filter(|number| number % 22 > 1)
            .map(|number| format!("acct-{number:05}"))
            .collect();
        let mut arguments = vec!["set"];
        arguments.extend(all.iter().map(String::as_str));
        arguments.extend([set.as_str(), "--commit", "-m", "bench"]);
        bed.gamctl(&arguments, 0);
        bed.gamctl(&["plan", "--out", plan.to_str().unwrap()], 2);
        let (took, most) = bed.gamctl(&wide, 0);
        times.push(took);
        memory = most;
    }
    let ours = middle(times);
    println!(
        "1000 changes on 50 devices at {latency}: plan, look, write, look, save and record all of it in {ours:.2} s, {memory:.0} MB"
    );
    match netmiko_in(&bed.folder.path().join("python")) {
        Err(why) => println!("       skipped: netmiko cannot be installed here: {why}"),
        Ok(python) => {
            let tasks = bed.folder.path().join("tasks.json");
            fs::write(&tasks, tasks_of(&bed, &plan)).unwrap();
            let mut times = Vec::new();
            for _ in 0..RUNS {
                let output = Command::new(&python)
                    .arg(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/benches/apply/lines.py"
                    ))
                    .arg(&tasks)
                    .stderr(Stdio::inherit())
                    .output()
                    .unwrap();
                assert!(output.status.success());
                let text = String::from_utf8(output.stdout).unwrap();
                let (lines, took) = text.trim().split_once(' ').unwrap();
                assert_eq!(lines, "1000");
                times.push(Duration::from_secs_f64(took.parse().unwrap()));
            }
            let theirs = middle(times);
            println!(
                "the same lines through netmiko in 50 threads, typed and saved, nothing looked at: {theirs:.2} s; netmiko / ours: {:.1} × (goal ≥ 5)",
                theirs / ours
            );
        }
    }
}

/// Returns the lines of a plan by device, with how each is opened.
fn tasks_of(bed: &Bed, plan: &Path) -> String {
    let plan: Value = serde_json::from_slice(&fs::read(plan).unwrap()).unwrap();
    let tasks: Vec<Value> = plan["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| {
            let twins = bed.twins.ready["twins"].as_array().unwrap();
            let twin = twins.iter().find(|twin| twin["name"] == device["device"]);
            let twin = twin.unwrap();
            let steps = device["steps"].as_array().unwrap().iter();
            let lines: Vec<&Value> = steps
                .flat_map(|step| step["lines"].as_array().unwrap())
                .collect();
            json!({
                "address": twin["address"],
                "port": twin["ssh_port"],
                "user": twin["user"],
                "password": twin["password"],
                "lines": lines,
            })
        })
        .collect();
    Value::Array(tasks).to_string()
}

fn netmiko_in(folder: &Path) -> Result<PathBuf, String> {
    let run = |command: &mut Command| match command.output() {
        Err(error) => Err(error.to_string()),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = text.lines().last().unwrap_or("it failed without a word");
            Err(last.to_owned())
        }
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let python = folder.join("bin/python");
    run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "netmiko==4.*",
    ]))?;
    Ok(python)
}

/// 500 devices at once, one change each.
fn at_once() {
    let latency = "ssh=150ms,line=40ms,snmp=1ms,save=500ms";
    let bed = Bed::start(500, 3, latency);
    let all: Vec<String> = (0..500)
        .map(|device| format!("acct-{:05}", device * 3 + 2))
        .collect();
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let set = format!("service_plan={}", if run % 2 == 0 { "two" } else { "one" });
        let mut arguments = vec!["set"];
        arguments.extend(all.iter().map(String::as_str));
        arguments.extend([set.as_str(), "--commit", "-m", "bench"]);
        bed.gamctl(&arguments, 0);
        let (took, most) = bed.gamctl(&["apply", "--yes", "--at-once", "500"], 0);
        times.push(took);
        memory.push(most);
    }
    memory.sort_by(f64::total_cmp);
    println!(
        "500 devices at once at {latency}, one change each: {:.2} s, {:.0} MB at most",
        middle(times),
        memory[memory.len() / 2]
    );
}
