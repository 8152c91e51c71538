//! Rehearsals: a plan that a simulated GAM refuses is not carried out, and no other device waits for it.

use gamctl::simulator::gam::Configuration;

use crate::crash::site::{Flat, Site};

/// Returns flats that fill the first device, of four coax ports: 16 endpoints on each.
fn full() -> Vec<Flat> {
    (1..=64)
        .map(|number| Flat::new(number, 0, "home-100"))
        .collect()
}

#[test]
fn a_plan_that_passes_is_rehearsed_and_carried_out() {
    let mut site = Site::with(2);
    site.intend(vec![
        Flat::new(1, 0, "home-100"),
        Flat::new(2, 1, "home-300"),
    ]);
    site.run(&["plan", "--rehearse"])
        .exits(2)
        .says("Rehearsed the plans of 2 devices on simulated GAMs");
    site.run(&["apply", "--yes", "--rehearse"]).exits(0);
    site.run(&["plan", "--rehearse"])
        .exits(0)
        .says("Nothing to rehearse: no device has changes.");
}

#[test]
fn a_plan_that_only_the_strictest_gam_refuses_is_refused_and_the_neighbour_is_changed() {
    let mut site = Site::with(2);
    site.intend(full());
    site.apply().exits(0);
    // Nobody knows whether an endpoint that is on no port counts on a full device.
    let mut flats = full();
    flats.push(Flat::new(65, 0, "home-100"));
    flats.push(Flat::new(80, 1, "home-100"));
    site.intend(flats);
    let text = site.world.read("subscribers/oaks.toml");
    let (before, after) = text.split_once("[subscriber.apt-65]").unwrap();
    let after = after.replacen("port = 2", "port = \"unassigned\"", 1);
    let text = format!("{before}[subscriber.apt-65]{after}");
    site.world.write("subscribers/oaks.toml", text);
    site.world.commit_all("a spare endpoint");
    site.run(&["plan", "--rehearse"])
        .exits(4)
        .says("reached for the system\"")
        .says("--assume endpoints=all");
    let running = |site: &Site, number| -> Configuration {
        site.twin(number).gam(|gam| gam.running().clone())
    };
    let before = running(&site, 0);
    site.run(&["apply", "--yes", "--rehearse"]).exits(4);
    assert_eq!(running(&site, 0), before);
    assert_eq!(running(&site, 1).subscribers.len(), 1);
    // Without a rehearsal it is carried out, and this twin takes it.
    site.apply().exits(0);
    assert_ne!(running(&site, 0), before);
}
