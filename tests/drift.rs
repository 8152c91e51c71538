//! Tests `gamctl plan --drift`, `gamctl adopt --drift` and the nightly job of `docs/operating.md` on twins with a store.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::ci_steps::search_path;
use crate::crash::site::{Flat, Said, Site};

fn site() -> Site {
    let mut site = Site::with(2);
    site.intend(vec![
        Flat::new(1, 0, "home-100"),
        Flat::new(2, 1, "home-300"),
    ]);
    site
}

fn drift(site: &Site) -> Said {
    site.run(&["plan", "--drift"])
}

#[test]
fn a_drift_job_is_green_until_a_device_changes_whatever_waits_to_be_applied() {
    let mut site = site();
    // Without a record of what was applied, nothing is called drift or no drift.
    drift(&site)
        .exits(1)
        .says("cannot tell drift from changes not applied yet");
    site.apply().exits(0);
    drift(&site).exits(0).says("No drift.");
    site.intend(vec![
        Flat::new(1, 0, "home-500"),
        Flat::new(2, 1, "home-300"),
    ]);
    site.run(&["plan"]).exits(2);
    drift(&site)
        .exits(0)
        .says("No drift. 3 changes of the inventory not applied yet.");
    site.twin(1).edit_line("ghn subscriber 1 vid 777");
    drift(&site)
        .exits(2)
        .says("Drift on oak-1: 1 object changed on the device. 3 changes of the inventory not applied yet.");
    site.apply().exits(0);
    drift(&site).exits(0);
}

/// Returns what `adopt --drift` prints and does, with these arguments besides.
fn adopt(site: &Site, more: &[&str]) -> Said {
    let mut arguments = vec!["adopt", "--drift"];
    arguments.extend(more);
    if more.contains(&"--branch") {
        arguments.extend(["--author", "Ada <ada@example.net>"]);
    }
    site.run(&arguments)
}

#[test]
fn drift_is_adopted_as_a_commit_on_a_branch_and_no_drift_is_left_there() {
    let mut site = site();
    site.intend(vec![
        Flat::new(1, 0, "home-100"),
        Flat::new(2, 1, "home-300"),
        Flat::new(3, 1, "home-300"),
    ]);
    site.apply().exits(0);
    adopt(&site, &[])
        .exits(0)
        .says("No drift. Nothing to adopt.");
    let vlans = "ghn subscriber 1 vid 777";
    assert!(!site.twin(1).edit_line(vlans).contains("% "));
    let before = site.world.head();
    adopt(&site, &[])
        .exits(0)
        .says("VLAN 102 → 777")
        .says("This would adopt 1 drifted field of oak-1. Nothing is written.");
    adopt(&site, &["--branch", "keep"])
        .exits(0)
        .says("to keep, a new branch from main: 1 drifted field of oak-1.");
    // The branch that is checked out is left alone, and so are the files.
    assert_eq!(site.world.head(), before);
    assert_eq!(site.world.git(&["status", "--porcelain"]), "");
    let message = site.world.git(&["log", "-1", "--format=%B", "keep"]);
    assert!(
        message.starts_with("adopt 1 drifted field of oak-1\n")
            && message.contains("\n- oak-1, subscriber apt-2: VLAN 102 → 777, 20")
            && message.ends_with("\nGamctl-Command: adopt"),
        "{message}"
    );
    let difference = site.world.git(&["diff", "-U0", "main", "keep"]);
    let changed: Vec<&str> = difference
        .lines()
        .filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        })
        .collect();
    assert_eq!(changed, ["-vlan = 102", "+vlan = 777"]);
    // What the branch has is no drift there any more.
    adopt(&site, &["--branch", "keep"])
        .exits(0)
        .says("Nothing to adopt.");
    site.world.git(&["merge", "-q", "--ff-only", "keep"]);
    site.run(&["plan"]).exits(0);
    site.apply().exits(0);
    drift(&site).exits(0).says("No drift.");
}

#[test]
fn what_the_inventory_cannot_express_is_listed_and_left_out() {
    let mut site = site();
    site.apply().exits(0);
    // Not applied yet: a change of the inventory is not drift.
    site.intend(vec![
        Flat::new(1, 0, "home-500"),
        Flat::new(2, 1, "home-300"),
    ]);
    for (twin, line) in [
        (1, "ghn bw-profile 2 rate-downstream 50 rate-upstream 50"),
        (0, "no ghn subscriber 1"),
    ] {
        let said = site.twin(twin).edit_line(line);
        assert!(!said.contains("% "), "{line}: {said}");
    }
    adopt(&site, &["--branch", "keep"])
        .exits(0)
        .says("subscriber apt-1: the device does not have it")
        .says("a changed plan would change all its subscribers")
        .says("Nothing adopted: the drift cannot be written into the inventory.");
    assert_eq!(site.world.git(&["branch", "--list", "keep"]), "");
}

#[test]
fn drift_that_breaks_a_rule_of_the_inventory_is_refused_and_nothing_is_written() {
    let site = site();
    site.apply().exits(0);
    // The captive portal's VLAN is no VLAN of a subscriber.
    assert!(
        !site
            .twin(1)
            .edit_line("ghn subscriber 1 vid 4094")
            .contains("% ")
    );
    adopt(&site, &["--branch", "keep"])
        .exits(3)
        .says("Nothing adopted: what the devices have would cause errors in the inventory.");
    assert_eq!(site.world.git(&["branch", "--list", "keep"]), "");
}

#[test]
fn the_flags_of_a_drift_adoption_go_with_drift_only() {
    let site = site();
    site.run(&["adopt", "--branch", "keep"]).exits(1);
    adopt(&site, &["--branch", "keep", "--rev", "HEAD"]).exits(1);
}

#[test]
fn a_changed_plan_is_no_failure_of_a_job_that_shows_it() {
    let site = site();
    site.run(&["plan", "--applied", "HEAD"]).exits(2);
    site.run(&["plan", "--applied", "HEAD", "--exit-zero"])
        .exits(0);
    site.run(&["plan", "--applied", "HEAD", "--exit-zero", "--drift"])
        .exits(1);
    let text = site.world.read("subscribers/oaks.toml");
    site.world.write(
        "subscribers/oaks.toml",
        text.replace("vlan = 101", "vlan = 5000"),
    );
    site.run(&["plan", "--exit-zero"]).exits(3);
}

/// Returns the first block of a language that contains `part`.
fn block(language: &str, part: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operating.md");
    let text = fs::read_to_string(path).unwrap();
    let fence = format!("```{language}\n");
    let blocks = text.split(fence.as_str()).skip(1);
    let mut blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks
        .find(|block| block.contains(part))
        .unwrap()
        .to_owned()
}

#[test]
fn the_nightly_script_of_the_documents_speaks_up_for_drift_and_for_nothing_else() {
    let site = site();
    let folder = site.world.root().display().to_string();
    let script = block("sh", "# gamctl-drift");
    assert!(script.contains("cd /srv/network\n"), "{script}");
    let script = script.replace("cd /srv/network\n", &format!("cd '{folder}'\n"));
    let remote = site.world.beside("remote.git").display().to_string();
    site.world.git(&["clone", "-q", "--bare", ".", &remote]);
    site.world.git(&["remote", "add", "origin", &remote]);
    site.world.git(&["fetch", "-q", "origin"]);
    site.world
        .git(&["branch", "-q", "--set-upstream-to", "origin/main"]);
    let path = site.world.beside("gamctl-drift");
    fs::write(&path, script).unwrap();
    let job = || {
        let (command, _said) = site.command(&[]);
        let mut shell = Command::new("bash");
        shell.arg("-e").arg(&path);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.env("PATH", search_path());
        let output = shell.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text)
    };
    assert_eq!(job().0, 1, "nothing is recorded yet");
    site.apply().exits(0);
    assert_eq!(job(), (0, String::new()));
    site.twin(0).edit_line("ghn subscriber 1 vid 777");
    let (code, text) = job();
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("Drift on oak-0") && text.contains("VLAN 777 → 101"),
        "{text}"
    );
}
