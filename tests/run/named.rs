//! Tests that people read the id and the name of a subscriber wherever a run names one.

use gamctl::simulator::fault::{Fault, FaultOrder};

use crate::crash::site::{Site, device};

const WORD: &str = "subscriber acct-20001 (a01)";

fn site(vlan: u16) -> Site {
    let site = Site::with(1);
    intend(&site, vlan);
    site
}

fn intend(site: &Site, vlan: u16) {
    let text = format!(
        "[subscriber.acct-20001]\nname = \"a01\"\ndevice = \"{}\"\nport = 1\n\
        endpoint = \"00:0e:d8:1c:00:01\"\nservice_plan = \"home-100\"\nvlan = {vlan}\n",
        device(0)
    );
    site.world.write("subscribers/oaks.toml", text);
    site.world.commit_all("a VLAN");
}

#[test]
fn plan_apply_history_and_explain_name_a_subscriber_by_id_then_name() {
    let site = site(101);
    site.run(&["plan"]).exits(2).says(WORD);
    site.run(&["plan", "--format", "markdown"])
        .exits(2)
        .says("acct-20001 (a01)");
    site.run(&["plan", "--format", "json"])
        .exits(2)
        .says("\"subscriber_ids\"")
        .says("\"id\": \"acct-20001\"");
    site.apply().exits(0).says(WORD);
    site.run(&["explain", "acct-20001"])
        .exits(0)
        .says("Subscriber acct-20001 (a01) on oak-0")
        .says(&format!("+ {WORD}"));
    // What failed is named in the same way, at once and later.
    intend(&site, 102);
    let broken = FaultOrder::new(Fault::SshIgnore {});
    site.twin(0).set_fault(broken.matching("vid 102"));
    let wrong = format!("`vlan` of {WORD} is 101 instead of 102");
    let said = site.apply().exits(5).says(&wrong);
    let run = said.text.split("gamctl history --run ").nth(1).unwrap();
    let run = run.split('`').next().unwrap();
    site.run(&["history", "--run", run]).exits(0).says(&wrong);
    site.run(&["explain", "a01"]).exits(0).says(&wrong);
}

#[test]
fn a_removed_subscriber_is_found_by_id_name_and_mac_with_the_run_that_removed_it() {
    let site = site(101);
    site.apply().exits(0);
    site.world.write("subscribers/oaks.toml", "");
    site.world.commit_all("moved out");
    site.apply().exits(0);
    for word in ["acct-20001", "a01", "00:0e:d8:1c:00:01"] {
        site.run(&["find", word]).exits(0).says("removed by run");
        site.run(&["explain", word]).exits(0).says("a01");
        site.run(&["history", "--subscriber", word])
            .exits(0)
            .says("2 runs.");
    }
}
