//! Which inventory a command uses, and whose settings: named in the environment, before the command, or found upward.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gamctl::inventory::GOOD_INVENTORY;

use crate::world::World;

/// Runs the program; returns its exit code and everything that it printed.
fn run(world: &World, folder: &Path, inventory: Option<&Path>, line: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamctl"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GAMCTL_") {
            command.env_remove(name);
        }
    }
    if let Some(inventory) = inventory {
        command.env("GAMCTL_INVENTORY", inventory);
    }
    let output = command
        .args(line.split(' '))
        .current_dir(folder)
        .env("HOME", world.beside("home"))
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code().unwrap(), text)
}

/// Writes the good inventory into a folder of the world, with a network of the given note.
fn inventory(world: &World, folder: &str) -> PathBuf {
    for (path, text) in GOOD_INVENTORY {
        world.write(&format!("{folder}/{path}"), text);
    }
    world.root().join(folder)
}

#[test]
fn an_inventory_is_found_from_a_folder_inside_of_it() {
    let world = World::without_repository();
    let root = inventory(&world, "network");
    let (code, whole) = run(&world, &root, None, "show");
    assert_eq!(code, 0, "{whole}");
    world.write("network/devices/north/deep/README", "");
    for folder in ["devices", "devices/north/deep"] {
        let (code, text) = run(&world, &root.join(folder), None, "show");
        assert_eq!((code, &text), (0, &whole), "{folder}");
    }
}

#[test]
fn the_nearest_inventory_wins_and_the_search_ends_at_the_root_of_a_repository() {
    let world = World::without_repository();
    inventory(&world, "outer");
    let inner = inventory(&world, "outer/inner");
    world.write(
        "outer/inner/devices/more.toml",
        "[device.only-inner]\nstate = \"preprovision\"\n",
    );
    let (_, text) = run(&world, &inner.join("devices"), None, "show");
    assert!(text.contains("only-inner"), "{text}");
    world.write("outer/repo/docs/README", "");
    world.git_in(&world.root().join("outer/repo"), &["init", "-q"]);
    let docs = world.root().join("outer/repo/docs");
    let (code, text) = run(&world, &docs, None, "validate");
    let searched = format!(
        "no inventory was found in {} and the folders above it, up to {} (the root of the repository); name one with `-i FOLDER`",
        docs.display(),
        world.root().join("outer/repo").display()
    );
    assert!(code != 0 && text.contains(&searched), "{code}: {text}");
    let (code, text) = run(&world, &docs, None, "import 10.0.0.1");
    assert!(
        code == 1 && text.contains("name its folder with `-i FOLDER`"),
        "{text}"
    );
}

#[test]
fn settings_above_count_if_they_are_about_the_inventory() {
    let world = World::empty();
    let network = inventory(&world, "network");
    let other = inventory(&world, "other");
    let settings = "[inventory]\npath = \"network\"\n[secrets]\ndirectory = \"secrets\"\n";
    world.write("gamctl.toml", settings);
    world.write("secrets/extra", "value");
    world.write("docs/README", "");
    let lists = |folder: &Path| run(&world, folder, None, "secret list").1.contains("extra");
    assert!(lists(world.root()));
    assert!(lists(&network.join("devices")));
    assert!(lists(&world.root().join("docs")));
    assert!(!lists(&other));
    assert!(!lists(&other.join("devices")));
}

#[test]
fn an_inventory_of_the_environment_brings_its_settings_and_their_restrictions() {
    let world = World::without_repository();
    let network = inventory(&world, "network");
    world.write(
        "network/gamctl.toml",
        "[secrets]\ndirectory = \"secrets\"\n",
    );
    world.write("network/secrets/of-network", "value");
    // Settings of the current folder are about another inventory.
    let here = inventory(&world, "here");
    world.write("here/gamctl.toml", "[secrets]\ndirectory = \"secrets\"\n");
    world.write("here/secrets/of-here", "value");
    let elsewhere = world.beside("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    for folder in [&here, &elsewhere] {
        let (code, text) = run(&world, folder, Some(&network), "secret list");
        assert_eq!(code, 0, "{text}");
        assert!(
            text.contains("of-network") && !text.contains("of-here"),
            "{text}"
        );
    }
    let plain = inventory(&world, "plain");
    let (_, text) = run(&world, &here, Some(&plain), "secret list");
    assert!(!text.contains("of-here"), "{text}");
    for wrong in [
        "[secrets]\ndirectory = \"../here/secrets\"\n",
        "[store]\nstate = \"/tmp\"\n",
    ] {
        world.write("network/gamctl.toml", wrong);
        for line in ["secret list", "plan", "history"] {
            let (code, text) = run(&world, &elsewhere, Some(&network), line);
            assert!(
                code == 1 && text.contains("outside of the inventory"),
                "{line}: {text}"
            );
        }
    }
}

#[test]
fn an_inventory_is_named_before_the_command_as_behind_it() {
    let world = World::without_repository();
    let network = inventory(&world, "network");
    world.write(
        "network/gamctl.toml",
        "[secrets]\ndirectory = \"secrets\"\n",
    );
    world.write("network/secrets/of-network", "value");
    for command in [
        "show",
        "validate",
        "secret list",
        "fmt --check",
        "twin --device nobody",
    ] {
        let before = run(&world, world.root(), None, &format!("-i network {command}"));
        let behind = run(&world, world.root(), None, &format!("{command} -i network"));
        let inside = run(&world, &network, None, command);
        assert_eq!(before, behind, "{command}");
        assert_eq!(before.0, inside.0, "{command}: {} {}", before.1, inside.1);
    }
    for (line, reason) in [
        ("-i network man", "uses no inventory"),
        ("-i network twin ctl list", "uses no inventory"),
        ("-i network show -i network", "given twice"),
        ("-i network plan network", "given twice"),
    ] {
        let (code, text) = run(&world, world.root(), None, line);
        assert!(code == 1 && text.contains(reason), "{line}: {text}");
    }
}
