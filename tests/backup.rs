//! Backups of running-configs: a file per device, a commit per change, no secret, and nothing lost where a device is silent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::crash::site::{Flat, Site};

/// A site with two devices, of which one has a subscriber, and the folder of its backups.
fn two_devices() -> (Site, PathBuf) {
    let mut site = Site::with(2);
    site.intend(vec![Flat::new(1, 0, "home-100")]);
    site.apply().exits(0);
    let folder = site.world.beside("backups");
    (site, folder)
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn backup<'a>(folder: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["backup", "--repository", folder.to_str().unwrap()];
    arguments.extend(more);
    arguments
}

#[test]
fn each_device_has_a_file_and_a_commit_only_where_something_changed() {
    let (mut site, folder) = two_devices();
    site.run(&backup(&folder, &[]))
        .exits(0)
        .says("2 backups committed");
    assert_eq!(
        git(&folder, &["log", "--reverse", "--format=%s"]),
        "begin\nupdate oak-0\nupdate oak-1\n"
    );
    assert_eq!(git(&folder, &["status", "--porcelain"]), "");
    let text = fs::read_to_string(folder.join("oak-0")).unwrap();
    assert!(text.starts_with("! gamctl backup of oak-0\n"), "{text}");
    assert!(text.contains("name \"apt-1\""), "{text}");
    assert!(text.ends_with("\nend\n"), "{text}");

    site.run(&backup(&folder, &[])).exits(0).says("2 unchanged");
    site.intend(vec![
        Flat::new(1, 0, "home-100"),
        Flat::new(2, 1, "home-300"),
    ]);
    site.apply().exits(0);
    site.run(&backup(&folder, &["--diff"]))
        .exits(0)
        .says("+ghn subscriber 1 name \"apt-2\"")
        .says("1 device differs from its latest backup, 1 unchanged");
    assert_eq!(git(&folder, &["rev-list", "--count", "HEAD"]), "3\n");
    site.run(&backup(&folder, &[]))
        .exits(0)
        .says("1 backup committed, 1 unchanged");
    let shown = git(&folder, &["show", "--format=%s", "HEAD"]);
    assert!(
        shown.starts_with("update oak-1\n") && shown.contains("apt-2"),
        "{shown}"
    );
}

#[test]
fn a_device_that_is_not_read_keeps_its_latest_backup() {
    let (mut site, folder) = two_devices();
    site.run(&backup(&folder, &[])).exits(0);
    let before = git(&folder, &["rev-parse", "HEAD"]);
    let gone = site.twins.pop_last().unwrap().1;
    drop(gone);
    site.run(&backup(&folder, &["--timeout", "500ms"]))
        .exits(6)
        .says("1 unchanged, 1 not read, latest backup kept");
    site.run(&backup(&folder, &["--timeout", "500ms", "oak-1"]))
        .exits(1);
    assert_eq!(git(&folder, &["rev-parse", "HEAD"]), before);
    assert!(folder.join("oak-1").is_file());
}

#[test]
fn no_password_of_a_device_is_in_its_backup() {
    let (site, folder) = two_devices();
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    site.run(&backup(&folder, &[])).exits(0);
    for name in ["oak-0", "oak-1"] {
        let text = text(name);
        let line = text.lines().find(|line| line.starts_with("username "));
        assert_eq!(line, Some("username admin privilege 15 password ***"));
    }
    let all = git(&folder, &["log", "-p"]);
    assert!(!all.contains("correct horse"), "{all}");
}

#[test]
fn the_file_of_a_device_follows_it_to_another_site() {
    let (site, folder) = two_devices();
    site.run(&backup(&folder, &[])).exits(0);
    let text = site.world.read("devices/oaks.toml");
    let text = text.replacen("[device.oak-0]\n", "[device.oak-0]\nsite = \"elm\"\n", 1);
    site.world.write("devices/oaks.toml", text);
    site.world.write("sites.toml", "[site.elm]\n");
    site.run(&backup(&folder, &[]))
        .exits(0)
        .says("1 backup committed");
    assert!(folder.join("elm/oak-0").is_file() && !folder.join("oak-0").exists());
}

#[test]
fn a_folder_of_something_else_is_refused_before_a_device_is_asked() {
    let (site, _) = two_devices();
    site.run(&backup(site.world.root(), &[]))
        .exits(1)
        .says("is not a repository of backups");
    let full = site.world.beside("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("notes"), "mine").unwrap();
    site.run(&backup(&full, &[]))
        .exits(1)
        .says("is not empty and has no backups");
    assert_eq!(fs::read_to_string(full.join("notes")).unwrap(), "mine");
    // A repository without a commit may have files that exist nowhere else.
    let begun = site.world.beside("begun");
    fs::create_dir(&begun).unwrap();
    git(&begun, &["init", "--quiet"]);
    fs::write(begun.join("README.md"), "mine").unwrap();
    site.run(&backup(&begun, &[]))
        .exits(1)
        .says("is not empty and has no backups");
    assert_eq!(fs::read_to_string(begun.join("README.md")).unwrap(), "mine");
    assert!(
        site.twin(0)
            .lines()
            .iter()
            .all(|logged| logged.line != "show running-config")
    );
}

#[test]
fn backups_are_beside_the_store_unless_the_settings_name_a_place() {
    let (site, _) = two_devices();
    site.run(&["backup"]).exits(0);
    assert!(site.state.join("backups/oak-0").is_file());
    let named = site.world.beside("named");
    let settings = site.world.read("gamctl.toml");
    site.world.write(
        "gamctl.toml",
        format!(
            "{settings}\n[backup]\nrepository = \"{}\"\n",
            named.display()
        ),
    );
    site.run(&["backup", "--format", "json"])
        .exits(0)
        .says("\"schema\": \"gamctl/backup\"")
        .says("\"result\": \"committed\"");
    assert!(named.join("oak-1").is_file());
}

#[test]
fn a_backup_that_cannot_be_committed_keeps_no_other_from_being_committed() {
    let (mut site, folder) = two_devices();
    site.run(&backup(&folder, &[])).exits(0);
    fs::write(folder.join("oak-0"), "somebody is at work here").unwrap();
    site.intend(vec![
        Flat::new(1, 0, "home-300"),
        Flat::new(2, 1, "home-300"),
    ]);
    site.apply().exits(0);
    site.run(&backup(&folder, &[]))
        .exits(6)
        .says("1 backup committed, 1 not kept")
        .says("`oak-0` is changed in the work tree and not committed");
    let kept = fs::read_to_string(folder.join("oak-0")).unwrap();
    assert_eq!(kept, "somebody is at work here");
}

#[test]
fn a_scope_without_devices_is_an_error_also_where_nothing_is_printed() {
    let (site, folder) = two_devices();
    site.run(&backup(&folder, &["--quiet", "--site", "nowhere"]))
        .exits(1)
        .says("no installed device is in scope");
}
