//! Runs `gamctl demo` as its watcher does: reads it at 80 columns, enters its last commands, and closes its output.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::world::World;

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
    let mut child = Command::new(env!("CARGO_BIN_EXE_gamctl"))
        .args(["demo", "--fast", "--keep"])
        .arg(&folder)
        .env("HOME", world.beside("home"))
        .env("COLUMNS", "80")
        .env("GAMCTL_WHO", "ada@noc")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut shown = Vec::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        let is_last = line.ends_with(" doctor");
        shown.push(line);
        if is_last {
            break;
        }
    }
    let text = shown.join("\n");
    let story = shown.iter().find(|line| !line.is_empty()).unwrap();
    assert!(story.starts_with("Three GAMs in three closets"), "{text}");
    let wide: Vec<&String> = shown.iter().filter(|line| !fits(line)).collect();
    assert_eq!(wide, [""; 0]);
    // Each thing that happened has one line, and its run can be copied.
    let summary = shown.iter().position(|line| line.contains("This happened"));
    let summary = &shown[summary.unwrap() + 1..];
    let summary: Vec<&String> = summary.iter().take_while(|line| !line.is_empty()).collect();
    assert_eq!(summary.len(), 7, "{text}");
    let run = summary[0].split_whitespace().next().unwrap();
    assert_eq!(run.len(), 12, "{text}");
    let program = Path::new(env!("CARGO_BIN_EXE_gamctl"));
    let start = shown.iter().rposition(|line| line.is_empty()).unwrap();
    // A long command continues behind a `\`, as the shell reads it.
    let entered = shown[start + 1..].join("\n").replace("\\\n", " ");
    let mut commands: Vec<String> = entered.lines().map(|line| line.trim().to_owned()).collect();
    assert!(commands[0].starts_with("cd "), "{commands:#?}");
    let folder_line = commands.remove(0);
    commands.push(format!("{} history --run {run}", program.display()));
    for command in commands {
        let script = format!("{folder_line}\n{command}\n");
        let output = Command::new("bash")
            .args(["-c", &script])
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", world.beside("home"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        // Without a terminal, `apply` is not confirmed; `plan` has changes; the fault is `doctor`'s problem.
        let code = output.status.code().unwrap();
        let is_expected = match () {
            () if command.ends_with(" apply") => code == 4,
            () if command.ends_with(" plan") => code == 2,
            () if command.ends_with(" doctor") => code < 2,
            () => code == 0,
        };
        assert!(is_expected, "{command}: {code}\n{said}");
    }
    assert!(child.try_wait().unwrap().is_none());
    // The watcher goes away.
    drop(lines);
    assert!(child.wait().unwrap().success());
    let socket = folder.join("inventory/twin.sock");
    assert!(UnixStream::connect(socket).is_err(), "the twins still run");
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
