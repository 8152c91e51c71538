//! Leases of other runs: who holds them, since when, and how a run waits for them.

use super::{busy, oak};
use crate::crash::site::{Flat, Site};

#[test]
fn a_second_run_says_which_run_of_whom_holds_the_device_on_which_host_since_when() {
    let (site, running) = busy(700);
    let process = running.child.id();
    let said = site.apply().text;
    assert!(
        said.contains(&format!("of ada@noc (process {process} on ")),
        "{said}"
    );
    assert!(said.contains("is writing to it since 20"), "{said}");
    assert!(said.contains("`--wait 2m` waits for it"), "{said}");
    assert!(!said.contains("ended in the middle"), "{said}");
    let doctor = site.run(&["doctor", "--local"]).text;
    assert!(
        doctor.contains(&format!("{}: run ", oak(0))) && !doctor.contains("ended in the middle"),
        "{doctor}"
    );
    site.run(&["history"]).says("  running  ");
    running.ended().exits(0);
    site.run(&["history"]).says("1 applied");
}

#[test]
fn a_run_waits_for_the_one_before_it_and_plans_after_its_end() {
    let (site, running) = busy(200);
    let said = site.run(&["apply", "--yes", "--wait", "2m"]);
    let said = said.exits(0).says("Waiting: ").says("is writing to it");
    said.says("Nothing to do");
    running.ended().exits(0);
}

#[test]
fn a_run_whose_process_died_is_distinguished_from_one_in_progress() {
    let mut site = Site::with(1);
    site.intend(vec![Flat::new(1, 0, "home-100")]);
    site.dies_at("line-answered:2");
    site.run(&["history"]).says("  died  ");
    let runs = site.run(&["history", "--format", "json"]).text;
    assert!(runs.contains("\"state\": \"died\""), "{runs}");
    site.apply().exits(0);
    site.run(&["history"]).says("  died  ");
}
