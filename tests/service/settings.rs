//! Runs `gamctl serve --check` with settings of a repository: what is wrong is said, and no secret is.

use std::process::Command;

use crate::world::World;

const PASSWORD: &str = "hunter2-of-the-forge";

/// Checks settings in a folder of their own, from the folder above; returns the exit code and all output.
fn check(world: &World, inventory: &str, git: &str) -> (Option<i32>, String) {
    let folder = world.beside("etc");
    std::fs::create_dir_all(&folder).unwrap();
    let state = world.beside("state");
    let text = format!(
        "[store]\nstate = \"{}\"\n\n[serve]\nlisten = \"127.0.0.1:0\"\nmetrics = false\n\n[git]\n{git}\n",
        state.display()
    );
    std::fs::write(folder.join("gamctl.toml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamctl"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GAMCTL_") {
            command.env_remove(name);
        }
    }
    let output = command
        // Relative, so that the paths in it are as well.
        .args(["--config", "etc/gamctl.toml", "serve", "--check", "-i"])
        .arg(world.root().join(inventory))
        .current_dir(world.beside(""))
        .env("HOME", world.beside("home"))
        .env("GAMCTL_SECRET_FORGE", PASSWORD)
        .env_remove("XDG_STATE_HOME")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.contains(PASSWORD), "{said}");
    (output.status.code(), said)
}

#[test]
fn a_login_is_used_only_for_https_and_is_never_shown() {
    let world = World::good();
    let login = "login = { user = \"gamctl\", password = { secret = \"forge\" } }";
    for (git, expected) in [
        (login.to_owned(), "only for https"),
        (format!("url = \"ssh://git@127.0.0.1:1/x.git\"\n{login}"), "only for https"),
        (
            format!("url = \"https://127.0.0.1:1/x.git\"\n{login}"),
            "cannot reach",
        ),
        (
            "url = \"https://127.0.0.1:1/x.git\"\nlogin = { user = \"gamctl\", password = { secret = \"absent\" } }".to_owned(),
            "names a password that cannot be read",
        ),
    ] {
        let (code, said) = check(&world, "", &git);
        assert_eq!(code, Some(1), "{git}: {said}");
        assert!(said.contains(expected), "{git}: {said}");
    }
}

#[test]
fn a_collector_of_traces_is_shown_and_a_wrong_one_is_refused_before_anything_starts() {
    let world = World::good();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    let telemetry = |otlp: &str| format!("\n[telemetry]\notlp = \"{otlp}\"");
    let (code, said) = check(&world, "", &telemetry(&format!("http://{address}")));
    assert_eq!(code, Some(0), "{said}");
    let shown = format!("Traces go to http://{address}/v1/traces; it accepts connections.");
    assert!(said.contains(&shown), "{said}");
    drop(closed);
    let (code, said) = check(&world, "", &telemetry(&format!("http://{address}")));
    assert_eq!(code, Some(0), "traces are not needed for work: {said}");
    assert!(said.contains("cannot be reached now"), "{said}");
    for (wrong, expected) in [
        ("https://otel.example.net:4318", "without TLS"),
        ("127.0.0.1:4318", "write it without a user"),
        (
            &format!("http://gamctl:{PASSWORD}@127.0.0.1"),
            "write it without a user",
        ),
    ] {
        let (code, said) = check(&world, "", &telemetry(wrong));
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("invalid `[telemetry] otlp`") && said.contains(expected),
            "{said}"
        );
    }
}

#[test]
fn paths_begin_at_the_folder_of_the_settings() {
    let world = World::good();
    let (code, said) = check(&world, "", "url = \"../work\"");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = check(&world, "", "url = \"../absent\"\nsigners = \"signers\"");
    assert_eq!(code, Some(1), "{said}");
    let absent = format!("{}/../absent", world.beside("etc").display());
    assert!(said.contains(&absent), "{said}");
}

#[test]
fn a_local_inventory_below_the_root_of_its_repository_is_found() {
    let world = World::empty();
    for (path, text) in gamctl::inventory::GOOD_INVENTORY {
        world.write(&format!("network/{path}"), text);
    }
    world.commit_all("first");
    for git in ["", "folder = \"network\""] {
        let (code, said) = check(&world, "network", git);
        assert_eq!(code, Some(0), "{git}: {said}");
    }
}
