//! Kills applies at random and applies again at once: a dead process holds no device, all gets saved.

use std::time::Duration;

use super::chance::{Chance, DEVICES, Tries, in_sites, to_the_end};
use super::site::Site;
use crate::postgres;

const TRIES: Tries = Tries {
    kills: 12,
    of_a_site: 6,
    at_once: 2,
};

#[test]
fn sqlite_has_every_device_free_and_saved_after_the_next_apply() {
    in_sites(TRIES, |chance| story(chance, &mut Site::with(DEVICES)));
}

#[test]
fn postgres_has_every_device_free_and_saved_after_the_next_apply() {
    let cluster = postgres::shared();
    in_sites(TRIES, |chance| {
        let mut site = Site::with(DEVICES);
        let database = site.runtime.block_on(cluster.database());
        site.url = Some(cluster.url(&database).to_string());
        story(chance, &mut site);
        site.runtime.block_on(cluster.drop_database(&database));
    });
}

fn story(mut chance: Chance, site: &mut Site) {
    site.intend(chance.flats());
    let whole = to_the_end(site);
    for round in 0..TRIES.of_a_site {
        site.intend(chance.flats());
        let mut running = site.start(&["apply", "--yes"], None);
        // The time is random: every moment must be safe.
        std::thread::sleep(Duration::from_millis(chance.below(whole)));
        running.child.kill().unwrap();
        let killed = running.ended();
        let again = site.apply();
        assert_eq!(
            again.status.code(),
            Some(0),
            "round {round}, killed: {}\nagain: {}",
            killed.text,
            again.text
        );
        site.is_done();
        let store = site.store();
        let unsaved = site.runtime.block_on(store.unsaved()).unwrap();
        assert_eq!(unsaved, [], "round {round}: {}", again.text);
        let unfinished = site.runtime.block_on(store.unfinished()).unwrap();
        assert_eq!(unfinished, [], "round {round}: {}", again.text);
        let held = site.count("lease where not is_released");
        assert_eq!(held, 0, "round {round}: {}", again.text);
    }
}
