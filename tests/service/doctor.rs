//! Tests that `gamctl doctor` checks the service: git and the branch, secrets and listeners, instances, a halted branch.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use super::program::{SECRET, ServeProgram};
use crate::crash::site::{Said, Site};

/// A site whose settings have these further lines.
fn site(settings: &str) -> Site {
    let site = Site::with(1);
    let before = site.world.read("gamctl.toml");
    site.world
        .write("gamctl.toml", format!("{before}\n{settings}"));
    site.world.commit_all("settings");
    site
}

fn doctor(site: &Site) -> Said {
    site.run(&["doctor", "--local", "--format", "json"])
}

const FREE: &str = "[serve]\nlisten = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\n";

#[test]
fn a_complete_service_is_ready_before_its_first_start() {
    let site = site(&format!(
        "{FREE}\n[git]\nwebhook = {{ secret = \"hook\" }}\n"
    ));
    let missing = doctor(&site).exits(1);
    missing
        .says("no secret for the webhook")
        .says("gamctl secret list");
    let secret = site.secrets().join("hook");
    fs::write(&secret, SECRET).unwrap();
    fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
    let head = site.world.head();
    let said = doctor(&site)
        .exits(0)
        .says("\"what\": \"git 2.")
        .says(&format!("is at {}", &head[..12]))
        .says("the secret of the webhook is there")
        .says("can listen on 127.0.0.1:0");
    assert!(!said.text.contains(SECRET), "{}", said.text);
    // It fetches nothing and makes no mirror.
    assert!(!site.state.join("mirror").exists());
    site.run(&["adopt"]).exits(0);
    doctor(&site).exits(0).says("no instance runs");
}

#[test]
fn without_settings_of_a_service_none_is_checked() {
    let said = doctor(&site("")).exits(0);
    assert!(!said.text.contains("\"service\""), "{}", said.text);
}

#[test]
fn a_repository_that_cannot_be_followed_is_named_with_the_next_step() {
    for (git, what, next) in [
        ("branch = \"absent\"", "there is no branch `absent`", ""),
        (
            "url = \"/no/such/repository\"",
            "there is no git repository at /no/such/repository",
            "check the address",
        ),
        (
            "url = \"https://127.0.0.1:1/x.git\"",
            "cannot reach the git repository https://127.0.0.1:1/x.git",
            "check the network and the server",
        ),
        (
            "url = \"ssh://git@127.0.0.1:1/x.git\"",
            "no known_hosts for the git server",
            "ssh-keyscan",
        ),
        (
            "signers = \"/no/such/signers\"",
            "cannot read the allowed signers /no/such/signers",
            "no commit is accepted meanwhile",
        ),
        ("signers = \"/dev/null\"", "lists no signer", "ssh-keygen"),
    ] {
        let site = site(&format!("{FREE}\n[git]\n{git}\n"));
        doctor(&site).exits(1).says(what).says(next);
    }
    let site = site(FREE);
    let (mut command, _) = site.command(&["doctor", "--local"]);
    let output = command
        .env("PATH", "/no/such/folder")
        .stdout(std::process::Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("`git` is not installed"), "{said}");
}

#[test]
fn an_address_of_another_program_is_a_problem() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in other.incoming() {
            drop(stream);
        }
    });
    let serve = format!("[serve]\nlisten = \"{address}\"\nmetrics = false\n");
    doctor(&site(&serve))
        .exits(1)
        .says(&format!(
            "cannot listen on {address}: another program has it"
        ))
        .says("name another address or port under `[serve]`");
}

#[test]
fn a_running_instance_is_seen_alive_halted_and_gone() {
    let mut program = ServeProgram::start("heartbeat = \"500ms\"\ndead = \"3s\"\n");
    let (listen, metrics) = (program.listen, program.metrics);
    let settings = program.site.world.read("gamctl.toml");
    let settings = settings
        .replacen("127.0.0.1:0", &listen.to_string(), 1)
        .replacen("127.0.0.1:0", &metrics.to_string(), 1);
    program.site.world.write("gamctl.toml", settings);
    program.site.world.commit_all("the ports");
    let followed = program.site.world.head();
    program.waits_for("the commit", |program| {
        program.branch().commit.as_ref() == Some(&followed)
    });
    doctor(&program.site)
        .exits(0)
        .says(&format!("a gamctl serve answers on {listen}: live"))
        .says(&format!("metrics of a gamctl serve at {metrics}"))
        .says(" is alive");
    program
        .site
        .world
        .git(&["commit", "-q", "--amend", "-m", "rewritten"]);
    program.waits_for("the halt", |program| program.branch().halted.is_some());
    doctor(&program.site)
        .exits(1)
        .says("halted: the branch is at")
        .says("gamctl accept-history");
    program.kill();
    program.waits_for("the silence", |program| {
        let said = doctor(&program.site);
        said.text.contains("had its last heartbeat")
    });
}
