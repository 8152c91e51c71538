//! Tests every command in the inventory that `gamctl twin --write-inventory` writes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use super::own_address;
use super::running_fleet::{RunningFleet, example, git};

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn every_command_works_in_the_copy_with_nothing_set_up() {
    let fleet = RunningFleet::start(&["--write-inventory", "copy"]);
    let copy = fleet.folder().join("copy");
    let output = fleet.gamctl("copy", &["validate", "--strict"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(printed(&output).starts_with("No findings: 3 devices, 40 subscribers"));

    let output = fleet.gamctl(
        "copy",
        &["show", "device", "birch-yard", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let devices = fs::read_to_string(copy.join("devices/birch-street.toml")).unwrap();
    for twin in &fleet.twins()[..2] {
        let address = format!(
            "address = \"127.0.0.1:{}/{}\"",
            twin["ssh_port"], twin["snmp_port"]
        );
        let host_key = format!("host_key = {}", twin["host_key"]);
        assert!(
            devices.contains(&address) && devices.contains(&host_key),
            "{devices}"
        );
    }
    // Comments are where they were.
    assert!(devices.contains("# One pair is broken"), "{devices}");

    let output = fleet.gamctl("copy", &["set", "acct-1001", "vlan=111", "--commit"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert_eq!(git(&copy, &["log", "--format=%s"]).lines().count(), 2);

    // The control socket is found where one stands.
    let output = fleet.gamctl("copy", &["twin", "ctl", "list"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[test]
fn secrets_are_there_for_their_owner_and_in_no_commit() {
    let fleet = RunningFleet::start(&["--write-inventory", "copy"]);
    let copy = fleet.folder().join("copy");
    let mode = |path: &str| {
        let metadata = fs::metadata(copy.join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("secrets"), mode("secrets/gam-ssh")), (0o700, 0o600));
    let password = fs::read_to_string(copy.join("secrets/gam-ssh")).unwrap();
    assert_eq!(fleet.twins()[0]["password"], password.trim_end());
    let auth = fs::read_to_string(copy.join("secrets/outdoor-snmp-auth")).unwrap();
    assert_eq!(
        fleet.twins()[1]["snmp_v3"]["auth"]["password"],
        auth.trim_end()
    );
    assert_eq!(git(&copy, &["status", "--porcelain"]), "");
    let files = git(&copy, &["ls-files"]);
    assert!(files.contains("gamctl.toml") && !files.contains("secrets") && !files.contains("sock"));
}

#[test]
fn a_device_without_a_twin_is_out_of_reach() {
    let fleet = RunningFleet::start(&["--device", "maple-*", "--write-inventory", "copy"]);
    let devices = fs::read_to_string(fleet.folder().join("copy/devices/birch-street.toml"));
    let devices = devices.unwrap();
    assert!(!devices.contains("address ="), "{devices}");
    assert_eq!(devices.matches("state = \"preprovision\"").count(), 2);
    let output = fleet.gamctl("copy", &["validate"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[test]
fn only_a_copy_is_overwritten_and_only_with_force() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/notes.txt"), "mine").unwrap();
    let fleet = RunningFleet::start_in(folder, &["--write-inventory", "copy"]);
    let example = example();
    let refused = |folder: &str, more: &[&str]| {
        let mut all = vec!["twin", "-i", example.to_str().unwrap(), "--write-inventory"];
        all.push(folder);
        all.extend(more);
        let output = fleet.gamctl("", &all);
        assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
        printed(&output)
    };
    assert!(refused("copy", &[]).contains("`--force` overwrites it"));
    assert!(refused("mine", &["--force"]).contains("is not empty"));
    // Its twins run.
    assert!(refused("copy", &["--force"]).contains("running twins"));
    let copy = fleet.folder().join("copy");
    fs::write(copy.join("subscribers/more.toml"), "").unwrap();
    let (code, folder) = fleet.stop();
    assert_eq!(code, 0);
    let fleet = RunningFleet::start_in(folder, &["--write-inventory", "copy", "--force"]);
    assert!(!copy.join("subscribers/more.toml").exists());
    assert_eq!(git(&copy, &["log", "--format=%s"]).lines().count(), 2);
    assert_eq!(git(&copy, &["status", "--porcelain"]), "");
    let output = fleet.gamctl("copy", &["validate"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[test]
fn twins_of_the_copy_come_back_to_where_they_were() {
    let network = format!("{}/24", own_address(0));
    let any = ["--ssh-port", "0", "--snmp-port", "0"];
    let fleet = RunningFleet::start(
        &[
            &["--write-inventory", "copy", "--listen", network.as_str()][..],
            &any,
        ]
        .concat(),
    );
    let before = fleet.ready["twins"].clone();
    let (_, folder) = fleet.stop();
    let copy = folder.path().join("copy");
    let fleet = RunningFleet::start_of(&copy, folder, &[]);
    assert_eq!(fleet.ready["twins"], before);
    assert_eq!(fleet.control(), copy.join("twin.sock"));
}
