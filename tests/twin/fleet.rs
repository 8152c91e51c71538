//! Tests a fleet of twins and its control socket through the command line.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gamctl::simulator::fault::FaultOrder;

use super::running_fleet::{RunningFleet, example, snmp_answer, ssh_opening};

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn every_device_of_the_example_has_a_twin_that_answers_until_it_is_stopped() {
    let fleet = RunningFleet::start(&[]);
    let names: Vec<&str> = fleet
        .twins()
        .iter()
        .map(|twin| twin["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["birch-12", "birch-yard", "maple-court-a"]);
    for twin in fleet.twins() {
        assert!(ssh_opening(twin).starts_with("SSH-2.0-"));
        assert!(twin["host_key"].as_str().unwrap().starts_with("SHA256:"));
        assert!(twin["password"].as_str().unwrap().len() >= 8);
    }
    let [birch, yard, maple] = fleet.twins() else {
        panic!("three twins");
    };
    assert!(contains(&snmp_answer(birch), "birch-12"));
    assert!(contains(&snmp_answer(maple), "maple-court-a"));
    // The same credentials are the same secrets, and pinned serial numbers are kept.
    assert_eq!(birch["password"], maple["password"]);
    assert_ne!(birch["password"], yard["password"]);
    assert_eq!(birch["serial"], "02140386");
    assert_eq!(yard["snmp_v3"]["priv"]["protocol"], "aes");
    assert!(yard.get("community").is_none());
    let control = fleet.control().to_owned();
    let mode = std::fs::metadata(&control).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (code, _folder) = fleet.stop();
    assert_eq!(code, 0);
    assert!(!control.exists());
}

#[test]
fn the_same_seed_makes_the_same_secrets_and_keys() {
    let secrets = |seed| {
        let fleet = RunningFleet::start(&["--seed", seed, "--device", "birch-12"]);
        let twin = &fleet.twins()[0];
        [twin["password"].clone(), twin["host_key"].clone()]
    };
    let first = secrets("1");
    assert_eq!(first, secrets("1"));
    let other = secrets("2");
    assert!(first[0] != other[0] && first[1] != other[1]);
}

#[test]
fn in_a_network_every_twin_has_an_address_of_its_own() {
    let any = ["--ssh-port", "0", "--snmp-port", "0"];
    let fleet = RunningFleet::start(&[&["--listen", "127.77.3.0/24"][..], &any].concat());
    let addresses: Vec<&str> = fleet
        .twins()
        .iter()
        .map(|twin| twin["address"].as_str().unwrap())
        .collect();
    assert_eq!(addresses, ["127.77.3.1", "127.77.3.2", "127.77.3.3"]);
    assert!(ssh_opening(&fleet.twins()[2]).starts_with("SSH-2.0-"));
}

#[test]
fn a_port_that_is_taken_is_named_with_its_device() {
    let fleet = RunningFleet::start(&["--device", "birch-12"]);
    let port = fleet.twins()[0]["ssh_port"].to_string();
    let example = example();
    let output = fleet.gamctl(
        "",
        &[
            "twin",
            "-i",
            example.to_str().unwrap(),
            "--device",
            "birch-yard",
            "--ssh-port",
            &port,
        ],
    );
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let taken = format!(
        "the twin of `birch-yard` did not start: cannot listen on 127.0.0.1:{port} for SSH"
    );
    assert!(talk.contains(&taken), "{talk}");
}

#[test]
fn endpoints_are_plugged_and_unplugged() {
    let silent = ["--assume", "shut-ports=silent"];
    let fleet = RunningFleet::start(&["--device", "birch-12", silent[0], silent[1]]);
    let state = |mac: &str| {
        let shown = fleet.ask(&["show", "birch-12"]);
        let endpoints = shown["endpoints"].as_array().unwrap();
        endpoints
            .iter()
            .find(|one| one["mac"] == mac)
            .map(|one| one["state"].as_str().unwrap().to_owned())
    };
    let (first, stranger) = ("00:0e:d8:2b:18:09", "00:0e:d8:99:00:01");
    assert_eq!(state(first).as_deref(), Some("ok"));
    fleet.ask(&["plug", "birch-12", first, "8"]);
    assert_eq!(state(first).as_deref(), Some("wrong-port"));
    fleet.ask(&["unplug", "birch-12", first]);
    assert_eq!(state(first).as_deref(), Some("not-detected"));
    let alarms = fleet.ask(&["show", "birch-12"])["alarms"].clone();
    // The first one is of the second uplink, which nothing is plugged into.
    assert_eq!(alarms[1]["condition"], "los");
    fleet.ask(&["plug", "birch-12", stranger, "12"]);
    // Port 12 is shut down by the inventory.
    assert_eq!(state(stranger).as_deref(), Some("unheard"));
    fleet.ask(&["plug", "birch-12", stranger, "8"]);
    assert_eq!(state(stranger).as_deref(), Some("unknown-mac"));
    let (talk, code) = fleet.ctl(&["plug", "birch-12", stranger, "13"]);
    assert_eq!(code, 1);
    assert!(talk.contains("its ports are 1 to 12"), "{talk}");
    let (talk, code) = fleet.ctl(&["unplug", "birch-12", "00:0e:d8:99:00:02"]);
    assert!(code == 1 && talk.contains("not plugged in"), "{talk}");
}

#[test]
fn a_wire_gets_worse_and_better_again() {
    let fleet = RunningFleet::start(&["--device", "birch-12"]);
    let mac = "00:0e:d8:2b:18:09";
    let alarms = || fleet.ask(&["show", "birch-12"])["alarms"].clone();
    fleet.ask(&["wire", "birch-12", mac, "--snr", "31", "--meters", "180"]);
    assert_eq!(alarms()[1]["condition"], "lowsnr");
    fleet.ask(&["wire", "birch-12", mac, "--snr", "45"]);
    assert_eq!(alarms().as_array().unwrap().len(), 1);
    let (talk, code) = fleet.ctl(&["wire", "birch-12", mac, "--snr", "4294967295"]);
    assert!(
        code == 1 && talk.contains("at most 2000 m and 70 dB"),
        "{talk}"
    );
    let (talk, code) = fleet.ctl(&["wire", "birch-12", "00:0e:d8:99:00:02", "--snr", "4"]);
    assert!(code == 1 && talk.contains("not plugged in"), "{talk}");
}

#[test]
fn a_save_by_another_user_survives_a_reboot() {
    let fleet = RunningFleet::start(&["--device", "birch-12"]);
    fleet.ask(&["edit", "birch-12", "hostname kept"]);
    assert_eq!(
        fleet.ask(&["show", "birch-12"])["startup"],
        "differs-from-running"
    );
    fleet.ask(&["save", "birch-12"]);
    assert_eq!(
        fleet.ask(&["show", "birch-12"])["startup"],
        "same-as-running"
    );
    let saved = fleet.ask(&["config", "birch-12", "--startup"]);
    let saved = saved["configuration"].as_str().unwrap().to_owned();
    assert!(saved.contains("hostname kept"), "{saved}");
}

#[test]
fn alarms_and_faults_come_and_go() {
    let fleet = RunningFleet::start(&["--device", "birch-12"]);
    let count = |what: &str| {
        let shown = fleet.ask(&["show", "birch-12"]);
        shown[what].as_array().unwrap().len()
    };
    // The second uplink has no link.
    assert_eq!((count("alarms"), count("faults")), (1, 0));
    let raise = ["alarm", "raise", "birch-12", "lowsnr", "--entity", "CPE-3"];
    fleet.ask(&[&raise[..], &["--severity", "mn", "--not-service-affecting"]].concat());
    let alarm = fleet.ask(&["show", "birch-12"])["alarms"][1].clone();
    assert_eq!(
        (
            &alarm["entity"],
            &alarm["severity"],
            &alarm["service_affecting"]
        ),
        (&"CPE-3".into(), &"mn".into(), &false.into())
    );
    fleet.ask(&["alarm", "clear", "birch-12", "lowsnr", "--entity", "CPE-3"]);
    assert_eq!(count("alarms"), 1);
    let (talk, code) = fleet.ctl(&["alarm", "clear", "birch-12", "lowsnr"]);
    assert!(
        code == 1 && talk.contains("was not raised by hand"),
        "{talk}"
    );

    let set = fleet.ask(&["fault", "set", "birch-12", "ssh-drop", "at=after", "nth=3"]);
    assert_eq!(set["id"], 1);
    fleet.ask(&["fault", "set", "birch-12", "snmp-silence"]);
    let (text, _) = fleet.ctl(&["fault", "list", "birch-12"]);
    assert!(text.contains("ssh-drop at=after nth=3"), "{text}");
    fleet.ask(&["fault", "clear", "birch-12", "1"]);
    assert_eq!(count("faults"), 1);
    fleet.ask(&["fault", "clear", "birch-12"]);
    assert_eq!(count("faults"), 0);
    let (talk, code) = fleet.ctl(&["fault", "set", "birch-12", "snmp-loss"]);
    assert!(code == 1 && talk.contains("percent"), "{talk}");
}

#[test]
fn another_user_edits_and_a_reboot_reverts_it() {
    let fleet = RunningFleet::start(&["--device", "birch-12"]);
    let (before, _) = fleet.ctl(&["config", "birch-12"]);
    let (text, code) = fleet.ctl(&[
        "edit",
        "birch-12",
        "hostname elsewhere",
        "interface G.hn 1/3",
        "shutdown",
    ]);
    assert_eq!(
        text,
        "birch-12(config)# hostname elsewhere\nelsewhere(config)# interface G.hn 1/3\nelsewhere(config-if)# shutdown\n"
    );
    assert_eq!(code, 0);
    let shown = fleet.ask(&["show", "birch-12"]);
    assert_eq!(shown["hostname"], "elsewhere");
    assert_eq!(shown["startup"], "differs-from-running");
    let (saved, _) = fleet.ctl(&["config", "birch-12", "--startup"]);
    assert_eq!(saved, before);
    let (text, code) = fleet.ctl(&["edit", "birch-12", "hostnam%e x"]);
    assert!(code == 1 && text.contains("% Invalid word"), "{text}");
    let (text, code) = fleet.ctl(&["edit", "birch-12", "hostname x\rreload"]);
    assert!(code == 1 && text.contains("not a character"), "{text}");

    fleet.ask(&["reboot", "birch-12"]);
    // Each question is a round trip, so this does not spin; what never comes is ended by the test's own patience.
    while fleet.ask(&["show", "birch-12"])["is_up"] == false {}
    assert_eq!(fleet.ctl(&["config", "birch-12"]).0, before);
    assert_eq!(
        fleet.ask(&["log", "birch-12"])["lines"],
        serde_json::json!([])
    );
}

#[test]
fn faults_and_starts_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let faults = folder.path().join("faults.toml");
    let text = "[[fault]]\ndevice = \"birch-*\"\nfault = \"snmp-loss\"\npercent = 30\n";
    std::fs::write(&faults, text).unwrap();
    let fleet = RunningFleet::start_in(
        folder,
        &["--faults", "faults.toml", "--start-with", "factory"],
    );
    let listed = fleet.ask(&["list"]);
    let column = |name: &str| {
        let twins = listed["twins"].as_array().unwrap().iter();
        twins
            .map(|twin| twin[name].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(column("faults"), [1, 1, 0]);
    // As delivered, and everybody is there to be discovered.
    assert_eq!(column("endpoints"), [0, 0, 0]);
    assert_eq!(column("plugged"), [10, 5, 23]);

    let (dump, _) = fleet.ctl(&["config", "birch-12"]);
    std::fs::write(fleet.folder().join("dump.txt"), &dump).unwrap();
    let (code, folder) = fleet.stop();
    assert_eq!(code, 0);
    let arguments = ["--start-with", "dump.txt", "--device", "birch-12"];
    let fleet = RunningFleet::start_in(folder, &arguments);
    assert_eq!(fleet.ctl(&["config", "birch-12"]).0, dump);

    // As somebody copies it from the terminal of a real box.
    let copied =
        format!("GAM# show running-config\n{dump}spanning-tree aggregation\n link-type p2p\n");
    std::fs::write(fleet.folder().join("dump.txt"), copied).unwrap();
    let (code, folder) = fleet.stop();
    assert_eq!(code, 0);
    let fleet = RunningFleet::start_in(folder, &arguments);
    assert_eq!(fleet.ctl(&["config", "birch-12"]).0, dump);
}

#[test]
fn the_management_vlan_is_the_inventorys() {
    let fleet = RunningFleet::start(&["--device", "birch-*"]);
    for (device, vlan) in [("birch-12", 4093), ("birch-yard", 90)] {
        let (config, _) = fleet.ctl(&["config", device]);
        assert!(
            config.contains(&format!("\ninterface vlan {vlan}\n")),
            "{config}"
        );
    }
}

#[test]
fn the_operators_guide_has_every_fault() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operating.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    // The list of all is in what is said to somebody who names none of them.
    let error = serde_json::from_str::<FaultOrder>(r#"{"fault":"?"}"#).unwrap_err();
    let error = error.to_string();
    let (_, all) = error.split_once("expected one of ").unwrap();
    let missing: Vec<&str> = all
        .split(", ")
        .filter(|name| !guide.contains(name.split(" at ").next().unwrap()))
        .collect();
    assert!(missing.is_empty(), "docs/operating.md lacks {missing:?}");
}
