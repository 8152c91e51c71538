//! The files in docs/deploy: gamctl accepts the settings, with the secrets that the systemd unit passes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::world::World;

fn deployed(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/deploy")
        .join(path);
    fs::read_to_string(path).unwrap()
}

#[allow(clippy::disallowed_methods, reason = "the program finds git by it")]
/// Runs `serve --check` with settings, and with a folder of credentials as systemd makes one.
fn check(world: &World, settings: &str) -> (i32, String) {
    world.write("etc/gamctl.toml", settings);
    let output = Command::new(env!("CARGO_BIN_EXE_gamctl"))
        .args(["--config", "gamctl.toml", "serve", "--check"])
        .current_dir(world.root().join("etc"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", world.beside("home"))
        .env("CREDENTIALS_DIRECTORY", world.root().join("credentials"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code().unwrap(), text)
}

/// Returns the example with what exists in a test: its repository, its state directory, and free ports.
fn settings(world: &World) -> String {
    let mut settings = deployed("gamctl.toml");
    let root = world.root().display();
    for (written, instead) in [
        (
            "ssh://git@git.example.net/isp/network.git",
            format!("{root}/.git"),
        ),
        ("\"/var/lib/gamctl\"", format!("\"{root}/state\"")),
        ("127.0.0.1:8080", "127.0.0.1:0".to_owned()),
        ("127.0.0.1:9080", "127.0.0.1:0".to_owned()),
    ] {
        assert!(settings.contains(written), "no `{written}` in the example");
        settings = settings.replace(written, &instead);
    }
    settings
}

#[test]
fn the_example_of_settings_passes_the_check_of_the_service() {
    let world = World::good();
    world.write("credentials/git-hook", "a webhook secret\n");
    let (code, text) = check(&world, &settings(&world));
    assert_eq!(code, 0, "{text}");
    assert!(world.root().join("state/gamctl.db").exists(), "{text}");
}

#[test]
fn without_its_credential_the_webhook_stops_the_check_with_the_missing_name() {
    let world = World::good();
    world.write("credentials/other", "");
    let (code, text) = check(&world, &settings(&world));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("`git-hook`"), "{text}");
}

#[test]
fn a_credential_names_the_store_before_the_settings_do() {
    let world = World::good();
    world.write("credentials/git-hook", "a webhook secret\n");
    let elsewhere = world.root().join("elsewhere.db");
    world.write(
        "credentials/store-url",
        format!("sqlite://{}\n", elsewhere.display()),
    );
    let (code, text) = check(&world, &settings(&world));
    assert_eq!(code, 0, "{text}");
    assert!(elsewhere.exists(), "{text}");
}

#[test]
fn every_secret_that_the_example_names_is_a_credential_of_the_unit() {
    let (settings, unit) = (deployed("gamctl.toml"), deployed("systemd/gamctl.service"));
    let is_passed = |name: &str| {
        let line = format!("LoadCredential={name}:/etc/gamctl/secrets/{name}");
        unit.lines().any(|one| one == line)
    };
    assert!(settings.contains("webhook = { secret = \"git-hook\" }"));
    assert!(settings.contains("/run/credentials/gamctl.service/git-key"));
    for name in ["git-hook", "git-key"] {
        assert!(is_passed(name), "{name}");
    }
    assert!(unit.contains("--config /etc/gamctl/gamctl.toml serve"));
    assert!(settings.contains("state = \"/var/lib/gamctl\""));
    assert!(unit.contains("StateDirectory=gamctl\n"));
}
