//! Runs the transcripts of `tests/cli/`, each in its own folder, and compares the output exactly.
//!
//! A transcript has commands, `$ gamctl …` or a small line of shell. Each is followed by its output, its messages on
//! stderr behind `! `, and `[exit N]`. Lines before a command are for the reader.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use gamctl::inventory::GOOD_INVENTORY;

use crate::golden::assert_golden;
use crate::world::World;

/// Runs before each command: the environment must not change the output.
const PRELUDE: &str = "unset GITHUB_ACTIONS GITLAB_CI GITEA_ACTIONS FORGEJO_ACTIONS GAMCTL_DOCS_URL NO_COLOR TERM COLUMNS LINES CLICOLOR CLICOLOR_FORCE GAMCTL_CONFIG GAMCTL_INVENTORY GAMCTL_BRANCH GAMCTL_AGE_IDENTITY GAMCTL_STATE GAMCTL_STORE_URL GAMCTL_CRASH_AT XDG_CONFIG_HOME XDG_STATE_HOME; LC_ALL=C; GAMCTL_WHO=ada@noc; export LC_ALL GAMCTL_WHO; ";

/// Runs the commands of a transcript again and returns it with their output.
fn replay(transcript: &str) -> String {
    let world = World::without_repository();
    let program = Path::new(env!("CARGO_BIN_EXE_gamctl")).parent().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory.example");
    let prelude = format!(
        "{PRELUDE}PATH='{}':$PATH; EXAMPLE='{}'; ",
        program.display(),
        example.display()
    );
    let mut text = String::new();
    let mut is_output = false;
    for line in transcript.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            text.push_str(line);
            text.push('\n');
            let script = format!("{prelude}{command}");
            let output = world.run(world.root(), "/bin/sh", &["-c", &script]);
            let shown = |bytes: &[u8]| steady(&world, &String::from_utf8_lossy(bytes));
            for line in shown(&output.stdout).lines() {
                writeln!(text, "{line}").unwrap();
            }
            for line in shown(&output.stderr).lines() {
                writeln!(text, "{}", format!("! {line}").trim_end()).unwrap();
            }
            writeln!(text, "[exit {}]", output.status.code().unwrap()).unwrap();
            is_output = true;
        } else if is_output {
            is_output = !line.starts_with("[exit ");
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Replaces values that vary: the temporary folder, times, and generated numbers, commits and keys.
fn steady(world: &World, text: &str) -> String {
    let folder = world.beside("");
    let mut text = text.replace(folder.to_str().unwrap(), "/tmp/");
    for (shape, with) in SHAPES {
        text = reshaped(&text, shape, with);
    }
    let mut steady = String::new();
    let mut word = String::new();
    let mut flush = |word: &mut String| {
        let is_commit = [7, 12, 40].contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.bytes().any(|byte| byte.is_ascii_digit());
        // The public keys of `age` are 62 letters and digits.
        let is_key = word.len() == 62 && word.starts_with("age1");
        steady.push_str(match (is_commit, is_key) {
            (true, _) => "COMMIT",
            (_, true) => "PUBLICKEY",
            (false, false) => word,
        });
        word.clear();
    };
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            word.push(character);
        } else {
            flush(&mut word);
            word.push(character);
            flush(&mut word);
        }
    }
    flush(&mut word);
    steady
}

/// Shapes of values that vary: `#` is a digit, `h` a hexadecimal one, any other character itself.
const SHAPES: [(&str, &str); 8] = [
    // Commits made by a command have the date of the test.
    ("by Test, ####-##-##", "by Test, DAY"),
    ("hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", "RUN"),
    ("####-##-## ##:##:## UTC", "MOMENT"),
    ("####-##-## ##:## UTC", "MOMENT"),
    // By the clock of a device.
    ("####-##-## ##:## by", "MOMENT by"),
    ("    ##:##:##  ", "    TIME      "),
    (" #.# s", " N s"),
    (" ##.# s", " N s"),
];

/// Replaces everything of a shape.
pub(crate) fn reshaped(text: &str, shape: &str, with: &str) -> String {
    let is_like = |shape: char, letter: char| match shape {
        '#' => letter.is_ascii_digit(),
        'h' => letter.is_ascii_digit() || ('a'..='f').contains(&letter),
        other => other == letter,
    };
    let mut done = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let mut letters = rest.chars();
        let is_whole = shape
            .chars()
            .all(|shape| letters.next().is_some_and(|letter| is_like(shape, letter)));
        if is_whole {
            done.push_str(with);
            rest = letters.as_str();
        } else {
            done.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    done
}

#[test]
fn every_transcript_matches_the_output() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // A story that a test of its own writes.
        .filter(|name| !name.starts_with("a-week"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    let failed: Vec<&String> = std::thread::scope(|scope| {
        let threads: Vec<_> = names
            .iter()
            .map(|name| {
                let thread = scope.spawn(move || {
                    let path = format!("tests/cli/{name}");
                    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
                    assert_golden(&path, &replay(&fs::read_to_string(file).unwrap()));
                });
                (name, thread)
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|(name, thread)| thread.join().is_err().then_some(name))
            .collect()
    });
    assert!(failed.is_empty(), "see above: {failed:#?}");
}

/// Runs the program as another user, since root can read every file.
#[test]
fn an_unreadable_file_is_reported_and_its_objects_are_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(folder.path(), 0o755);
    for (path, text) in GOOD_INVENTORY {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        open(path.parent().unwrap(), 0o755);
        fs::write(&path, text).unwrap();
        open(&path, 0o644);
    }
    open(&folder.path().join("devices/maple.toml"), 0o000);
    // The build folder may not be readable for that user.
    let program = folder.path().join("gamctl");
    // Copied by a separate process: a child that another test just forked may still have a file open that this process
    // wrote, and it is then too "busy" to run.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_gamctl"))
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    open(&program, 0o755);
    let mut command = Command::new(&program);
    command
        .args(["validate", "--format", "json"])
        .current_dir(folder.path());
    let is_root = std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder.path()).unwrap()) == 0;
    if is_root {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{document:#}");
    assert_eq!(findings[0]["rule"], "unreadable-file");
    assert_eq!(findings[0]["file"], "devices/maple.toml");
    assert_eq!(output.status.code(), Some(3));
}
