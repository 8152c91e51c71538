//! What the completion of a shell gets: names of the inventory and the store, quoted, without any trace on disk.
//!
//! `tests/outside/completion.py` enters lines into bash, zsh and fish on a terminal.

use std::fmt::Write as _;

use gamctl::inventory::GOOD_INVENTORY;

use crate::world::World;

const HOSTILE: &str = "$(touch pwned);`touch pwned`|x 'y' \"z\" &";

fn good() -> World {
    let world = World::without_repository();
    for (path, text) in GOOD_INVENTORY {
        world.write(path, text);
    }
    world
}

/// Calls the function of bash as bash does, and returns what it would insert.
fn in_bash(world: &World, words: &[&str]) -> Vec<String> {
    let program = env!("CARGO_BIN_EXE_gamctl");
    let script = format!(
        "source <('{program}' completions bash); COMP_WORDS=('{program}' \"$@\"); COMP_CWORD=$#; \
        _gamctl '{program}' \"${{!#}}\" ''; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let mut arguments = vec!["--noprofile", "--norc", "-c", script.as_str(), "bash"];
    arguments.extend(words);
    let output = world.run(world.root(), "bash", &arguments);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// Runs `gamctl complete` and returns its lines.
fn asked(world: &World, shell: &str, words: &[&str]) -> Vec<String> {
    let mut arguments = vec!["complete", shell, "--", "gamctl"];
    arguments.extend(words);
    let output = world.run(world.root(), env!("CARGO_BIN_EXE_gamctl"), &arguments);
    assert!(output.status.success(), "{words:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_text_of_another_person_is_never_inserted_into_the_line_of_bash() {
    let world = good();
    let freeze = ["freeze", "-q", "--for", "3d", "--reason", HOSTILE];
    let frozen = world.run(world.root(), env!("CARGO_BIN_EXE_gamctl"), &freeze);
    let number = String::from_utf8(frozen.stdout).unwrap();
    assert_eq!(in_bash(&world, &["thaw", ""]), [number.trim()]);
    assert!(!world.root().join("pwned").exists());
    let shown = asked(&world, "fish", &["thaw", ""]);
    assert!(shown[1].ends_with(HOSTILE), "{shown:?}");
}

#[test]
fn names_of_a_thousand_devices_are_completed() {
    let world = good();
    let mut devices = String::new();
    for number in 0..1000 {
        writeln!(
            devices,
            "[device.tower-{number}]\nstate = \"preprovision\"\n"
        )
        .unwrap();
    }
    world.write("devices/towers.toml", devices);
    assert_eq!(in_bash(&world, &["plan", "--device", "tower-99"]).len(), 11);
    assert_eq!(
        in_bash(&world, &["plan", "--device", "=", "tower-999"]),
        ["tower-999"]
    );
    let all = asked(&world, "fish", &["observe", "tower-"]);
    assert_eq!(all.len(), 1001);
    assert_eq!(all[..3], ["words", "tower-0", "tower-1"]);
}

#[test]
fn billing_systems_are_completed_and_their_accounts_are_not() {
    let world = good();
    world.write(
        "billing.toml",
        "[billing.sonar-east]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n",
    );
    for words in [
        &["sync", "check", ""][..],
        &["sync", "map", ""],
        &["sync", "list", "waiting", ""],
        &["sync", "explain", "1042", ""],
        &["sync", "adopt", ""],
        &["sync", "pause", ""],
        &["sync", "resume", ""],
        &["sync", "write-back", ""],
    ] {
        let found = asked(&world, "fish", words);
        assert_eq!(
            found,
            ["words", "sonar-east\thttps://isp.sonar.software"],
            "{words:?}"
        );
    }
    let begun = asked(&world, "fish", &["sync", "sonar"]);
    assert_eq!(begun, ["words", "sonar-east\thttps://isp.sonar.software"]);
    let both = in_bash(&world, &["sync", ""]);
    assert!(both.contains(&"sonar-east".to_owned()), "{both:?}");
    assert!(both.contains(&"check".to_owned()), "{both:?}");
    assert_eq!(asked(&world, "zsh", &["sync", "--account", ""]), ["words"]);
    let classes = asked(&world, "fish", &["sync", "list", "wait"]);
    assert_eq!(classes, ["words", "waiting\twaiting"]);
}

#[test]
fn runs_and_freezes_come_from_a_store_and_without_one_nothing_is_created() {
    let world = good();
    assert_eq!(asked(&world, "zsh", &["thaw", ""]), ["words"]);
    assert_eq!(asked(&world, "zsh", &["history", "--run", ""]), ["words"]);
    assert!(!world.beside(".local").exists());
    let program = env!("CARGO_BIN_EXE_gamctl");
    let freeze = ["freeze", "-q", "--for", "3d", "--reason", "holi\u{7}days"];
    let frozen = world.run(world.root(), program, &freeze);
    let number = String::from_utf8(frozen.stdout).unwrap();
    let number = number.trim();
    let found = asked(&world, "zsh", &["thaw", ""]);
    assert!(found[1].starts_with(&format!("{number}\t")), "{found:?}");
    assert!(found[1].ends_with("holidays"), "{found:?}");
    assert_eq!(in_bash(&world, &["thaw", &number[..4]]), [number]);
}

#[test]
fn a_broken_inventory_or_settings_complete_nothing_and_say_nothing() {
    let world = World::without_repository();
    assert_eq!(asked(&world, "bash", &["plan", "--device", ""]), ["words"]);
    world.write("network.toml", "schema = [\n");
    assert_eq!(asked(&world, "bash", &["plan", "--device", ""]), ["words"]);
    world.write("gamctl.toml", "nonsense = 1\n");
    assert_eq!(asked(&world, "bash", &["plan", "--device", ""]), ["words"]);
    // Commands and flags need none.
    assert_eq!(in_bash(&world, &["pla"]), ["plan"]);
}
