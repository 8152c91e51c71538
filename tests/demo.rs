//! Runs `gamctl demo` as its watcher does: reads it at 80 columns, enters its commands, and ends it.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::crash::site::LONG;
use crate::world::World;

type Lines = std::io::Lines<BufReader<ChildStdout>>;

/// Starts the demonstration without pauses, in a new folder.
fn demo(world: &World, folder: &Path) -> (Child, Lines) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gamctl"))
        .args(["demo", "--fast", "--keep"])
        .arg(folder)
        .env("HOME", world.beside("home"))
        .env("COLUMNS", "80")
        .env("GAMCTL_WHO", "ada@noc")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// Reads lines until one ends with this; returns all of them.
fn read_until(lines: &mut Lines, end: &str) -> Vec<String> {
    let mut shown = Vec::new();
    for line in lines.by_ref() {
        shown.push(line.unwrap());
        if shown.last().is_some_and(|line| line.ends_with(end)) {
            return shown;
        }
    }
    panic!("no line ends with `{end}`:\n{}", shown.join("\n"));
}

/// Enters a command in a shell, as it was shown.
fn entered(world: &World, command: &str) -> Output {
    Command::new("bash")
        .args(["-c", command])
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", world.beside("home"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Returns the JSON document of a command in the folder of the demonstration.
fn document(folder: &Path, command: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_gamctl"))
        .args([command, "--format", "json"])
        .current_dir(folder.join("inventory"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the process of the service.
fn service(folder: &Path) -> u64 {
    let status = document(folder, "status");
    status["instances"][0]["process"].as_u64().unwrap()
}

/// Checks that neither the twins nor the service run any more.
fn is_over(folder: &Path, service: u64) {
    for socket in ["twin.sock", "billing.sock"] {
        let path = folder.join("inventory").join(socket);
        assert!(UnixStream::connect(path).is_err(), "{socket} still answers");
    }
    let service = Path::new("/proc").join(service.to_string());
    assert!(!service.exists(), "the service still runs");
}

/// Returns whether a line fits, or could not be broken at a space.
fn fits(line: &str) -> bool {
    let count = line.chars().count();
    let longest = line.split(' ').map(|word| word.chars().count()).max();
    count <= 80 || longest.is_some_and(|longest| longest > 60)
}

#[test]
fn the_demo_fits_80_columns_its_commands_work_as_shown_and_it_ends_with_its_reader() {
    let world = World::without_repository();
    let folder = world.beside("demo");
    let (mut child, mut lines) = demo(&world, &folder);
    let shown = read_until(&mut lines, " doctor");
    let text = shown.join("\n");
    let story = shown.iter().find(|line| !line.is_empty()).unwrap();
    assert!(story.starts_with("Three GAMs in three closets"), "{text}");
    let wide: Vec<&String> = shown.iter().filter(|line| !fits(line)).collect();
    assert_eq!(wide, [""; 0]);
    // Each thing that happened has one line, and its run can be copied.
    let summary = shown.iter().position(|line| line.contains("This happened"));
    let summary = &shown[summary.unwrap() + 1..];
    let summary: Vec<&String> = summary.iter().take_while(|line| !line.is_empty()).collect();
    assert_eq!(summary.len(), 12, "{text}");
    let run = summary[0].split_whitespace().next().unwrap();
    assert_eq!(run.len(), 12, "{text}");
    // The canary comes first, then the gate, then the rest.
    let of_rollout = [
        "  wave   1  ",
        "  gate   1  ",
        "wave 1 is verified",
        "  wave   2  ",
    ];
    let places = of_rollout.map(|part| text.find(part));
    assert!(places[0].is_some() && places.is_sorted(), "{text}");
    // A line is sold, served, suspended and served again, each by a commit of the sync.
    let of_billing = [
        "not in the inventory",
        "registered now:",
        "Served ",
        "sync sonar: 1 added",
        "Suspended ",
        "Served again ",
        "1 service in sync",
    ];
    let places = of_billing.map(|part| text.find(part));
    assert!(places[0].is_some() && places.is_sorted(), "{text}");
    // The service can be watched from the moment when it is ready, by the commands that are shown then.
    let ready = shown
        .iter()
        .position(|line| line.starts_with("gamctl serve is ready"));
    let live = &shown[ready.unwrap()..];
    let watch = live
        .iter()
        .position(|line| line.ends_with("status --watch"));
    let watch = &live[watch.unwrap() - 1..=watch.unwrap()];
    let watched = entered(&world, &format!("{} | head -n 3", watch.join("\n")));
    let is_live = watched.stdout.starts_with(b"Nothing needs attention.");
    assert!(is_live, "{watched:?} of {watch:?}");
    let start = shown.iter().rposition(|line| line.is_empty()).unwrap();
    // A long command continues behind a `\`, as the shell reads it.
    let commands = shown[start + 1..].join("\n").replace("\\\n", " ");
    let mut commands: Vec<String> = commands
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    assert!(commands[0].starts_with("cd "), "{commands:#?}");
    let folder_line = commands.remove(0);
    let program = Path::new(env!("CARGO_BIN_EXE_gamctl"));
    commands.push(format!("{} history --run {run}", program.display()));
    for command in commands {
        let output = entered(&world, &format!("{folder_line}\n{command}\n"));
        let code = output.status.code().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        // The fault may be a problem for `doctor`.
        let is_expected = code == 0 || (command.ends_with(" doctor") && code == 1);
        assert!(is_expected, "{command}: {code}\n{said}");
    }
    // As announced, a person must decide about the device that fails.
    let until = Instant::now() + LONG;
    loop {
        let rollouts = document(&folder, "rollouts");
        let newest = &rollouts["rollouts"][0];
        let because = newest["because"].as_str().unwrap_or_default();
        if newest["state"] == "paused" && because.contains("birch-12") {
            break;
        }
        assert!(Instant::now() < until, "{rollouts:#}");
    }
    let service = service(&folder);
    assert!(child.try_wait().unwrap().is_none());
    // The watcher goes away.
    drop(lines);
    assert!(child.wait().unwrap().success());
    is_over(&folder, service);
}

#[test]
fn ctrl_c_while_the_service_works_ends_it_and_the_twins() {
    let world = World::without_repository();
    let folder = world.beside("demo");
    let (mut child, mut lines) = demo(&world, &folder);
    let _before = read_until(&mut lines, "the rest follows:");
    // The canary is applied, and the rollout is open.
    let service = service(&folder);
    let process = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &process]).status();
    assert!(sent.unwrap().success());
    assert!(child.wait().unwrap().success());
    is_over(&folder, service);
    let status = document(&folder, "status");
    // It released its place, and left no device unfinished.
    assert_eq!(status["instances"].as_array().unwrap().len(), 0, "{status}");
    let devices = status["devices"].as_array().unwrap();
    let words = devices.iter().map(|device| &device["condition"]["word"]);
    assert!(words.into_iter().all(|word| word != "applying"), "{status}");
}

#[test]
fn a_reader_that_sees_enough_ends_the_demo_and_leaves_nothing_behind() {
    let world = World::without_repository();
    let temporary = world.beside("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gamctl"))
        .args(["demo", "--fast"])
        .env("TMPDIR", &temporary)
        .env("HOME", world.beside("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _first = lines.next().unwrap().unwrap();
    drop(lines);
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}
