//! Death at any moment, again and again, and whoever starts next is the next victim.

use std::time::Duration;

use super::chance::{Chance, DEVICES, Tries, in_sites, to_the_end};
use super::site::Site;

const TRIES: Tries = Tries {
    kills: 200,
    of_a_site: 25,
    at_once: 3,
};

#[test]
fn who_is_killed_at_any_moment_leaves_what_the_next_start_finishes() {
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
            // Whatever it is at then: no moment is better than another.
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
