//! Tests `gamctl apply --waves` on twins: the canary first, a gate, the rest; and nothing more after a gate that pauses.

use gamctl::simulator::fault::{Fault, FaultOrder};

use crate::crash::judge::writings;
use crate::crash::site::{Flat, Said, Site};

/// Three devices, of which oak-1 is the canary, and a short settle time.
fn site() -> Site {
    let mut site = Site::with(3);
    let devices = site.world.read("devices/oaks.toml");
    let canary = devices.replace(
        "[device.oak-1]\n",
        "[device.oak-1]\nlabels = { canary = \"true\" }\n",
    );
    site.world.write("devices/oaks.toml", canary);
    let policy = site.world.read("policy.toml");
    let waves = "\n[waves]\nfirst = 1\nthen = [\"25%\"]\nsettle = \"1s\"\n";
    site.world.write("policy.toml", policy + waves);
    site.world.commit_all("waves");
    site.intend(vec![
        Flat::new(1, 0, "home-100"),
        Flat::new(2, 1, "home-100"),
        Flat::new(3, 2, "home-100"),
    ]);
    site
}

fn apply(site: &Site, more: &[&str]) -> Said {
    let mut arguments = vec!["apply", "--waves", "--yes"];
    arguments.extend(more);
    site.run(&arguments)
}

#[test]
fn all_waves_are_carried_out_in_order_with_a_gate_between_them() {
    let site = site();
    let said = apply(&site, &[])
        .exits(0)
        .says("Wave 1 of 2: oak-1")
        .says("Gate: open")
        .says("Wave 2 of 2: oak-0 and oak-2")
        .says("All 2 waves are carried out.");
    let at = |part: &str| said.text.find(part).unwrap();
    assert!(at("Wave 1") < at("Gate: open") && at("Gate: open") < at("Wave 2"));
    site.run(&["plan"]).exits(0);
    // Each wave is a run of its own.
    assert_eq!(site.count("run"), 2);
}

#[test]
fn nothing_is_written_to_the_rest_after_a_canary_that_fails() {
    let site = site();
    let drop = Fault::SshRefuse {};
    site.twin(1).set_fault(FaultOrder::new(drop));
    apply(&site, &[])
        .exits(5)
        .says("Wave 1 of 2: oak-1")
        .says("Paused after wave 1 of 2: ")
        .says("2 devices not started: oak-0 and oak-2.")
        .says("`gamctl apply --waves` plans the rest again");
    for number in [0, 2] {
        assert!(writings(site.twin(number)).is_empty());
    }
    site.twin(1).clear_faults();
    apply(&site, &[]).exits(0);
    site.run(&["plan"]).exits(0);
}

#[test]
fn one_device_has_no_waves() {
    let site = site();
    let said = apply(&site, &["--device", "oak-0"]).exits(0);
    assert!(!said.text.contains("Wave"), "{}", said.text);
    // The two that are left still have a canary.
    apply(&site, &[]).exits(0).says("Wave 1 of 2: oak-1");
}

#[test]
fn an_interrupt_at_the_gate_starts_no_further_wave() {
    let site = site();
    let policy = site.world.read("policy.toml");
    let slow = policy.replace("settle = \"1s\"", "settle = \"1h\"");
    site.world.write("policy.toml", slow);
    site.world.commit_all("settle for an hour");
    // The policy of the commit before applies.
    site.world.commit_all("nothing");
    let running = site.start(&["apply", "--waves", "--yes"], None);
    running.has_said("Gate: ");
    running.signal("-INT");
    running
        .ended()
        .exits(8)
        .says("Stopped in wave 1 of 2.")
        .says("Done: oak-1.")
        .says("2 devices not started: oak-0 and oak-2.");
    for number in [0, 2] {
        assert!(writings(site.twin(number)).is_empty());
    }
}

#[test]
fn the_document_has_the_run_of_each_wave() {
    let site = site();
    let said = apply(&site, &["--format", "json", "--quiet"]).exits(0);
    let start = said.text.find("{\n").unwrap();
    let document: serde_json::Value = serde_json::from_str(&said.text[start..]).unwrap();
    assert_eq!(document["schema"], "gamctl/waves");
    assert_eq!(document["end"], "done");
    assert_eq!(document["waves"][0]["devices"][0], "oak-1");
    assert_eq!(
        document["waves"][1]["run"]["outcomes"][1]["ended"],
        "applied"
    );
}
