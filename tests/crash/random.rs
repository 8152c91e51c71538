//! Kills each run at a random time, and the next one too.

use std::time::Duration;

use super::chance::{Chance, DEVICES, Tries, in_sites, to_the_end};
use super::site::Site;

const TRIES: Tries = Tries {
    kills: 200,
    of_a_site: 25,
    at_once: 3,
};

#[test]
fn a_kill_at_any_moment_is_finished_by_the_next_start() {
    in_sites(TRIES, story);
}

fn story(mut chance: Chance) {
    let mut site = Site::with(DEVICES);
    site.intend(chance.flats());
    let mut whole = to_the_end(&site);
    let mut left = TRIES.of_a_site;
    while left > 0 {
        site.intend(chance.flats());
        for _ in 0..=chance.below(7).min(left.into()) {
            let mut running = site.start(&["apply", "--yes"], None);
            // The time is random: every moment must be safe.
            std::thread::sleep(Duration::from_millis(chance.below(whole)));
            running.child.kill().unwrap();
            let said = running.ended();
            site.time_passes();
            if said.is_killed() {
                left = left.saturating_sub(1);
            } else {
                said.exits(0);
                break;
            }
        }
        whole = whole.min(to_the_end(&site));
    }
}
