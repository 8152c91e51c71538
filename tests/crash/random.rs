//! Death at any moment, again and again, and whoever starts next is the next victim.

use std::time::{Duration, Instant};

use proptest::test_runner::{RngSeed, contextualize_config};

use super::site::{Flat, Site};
use crate::properties::tried;

/// How many are killed; `PROPTEST_CASES` says otherwise.
const KILLS: u32 = 200;

/// So many, then another site: what a store has of hundreds of runs takes long to judge.
const KILLS_OF_A_SITE: u32 = 25;

/// How many sites at a time.
const AT_ONCE: usize = 3;

pub(super) const DEVICES: usize = 3;

/// SplitMix64: the same story for the same seed, as far as the machine lets it.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// Some live here and some have gone; some have other speeds and VLANs than before.
    pub(super) fn flats(&mut self) -> Vec<Flat> {
        let mut flats = Vec::new();
        for device in 0..DEVICES {
            for number in 1..=4 {
                if self.below(3) == 0 {
                    continue;
                }
                let plans = ["home-100", "home-300", "home-500"];
                let plan = plans[usize::try_from(self.below(3)).unwrap()];
                let number = number + u16::try_from(device * 10).unwrap();
                let mut flat = Flat::new(number, device, plan);
                flat.vlan += 100 * u16::try_from(self.below(3)).unwrap();
                flats.push(flat);
            }
        }
        flats
    }
}

#[test]
fn who_is_killed_at_any_moment_leaves_what_the_next_start_finishes() {
    let config = contextualize_config(tried(KILLS));
    let RngSeed::Fixed(seed) = config.rng_seed else {
        panic!("no seed");
    };
    let sites = u64::from(config.cases.div_ceil(KILLS_OF_A_SITE));
    let next = std::sync::atomic::AtomicU64::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if number >= sites {
                        return;
                    }
                    let seed = seed.wrapping_add(number);
                    let story = std::panic::AssertUnwindSafe(|| story(Chance(seed)));
                    if std::panic::catch_unwind(story).is_err() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "see above; again by PROPTEST_CASES={KILLS_OF_A_SITE} and PROPTEST_RNG_SEED= one of {failed:?}"
    );
}

fn story(mut chance: Chance) {
    let mut site = Site::with(DEVICES);
    site.intend(chance.flats());
    let mut whole = to_the_end(&site);
    let mut left = KILLS_OF_A_SITE;
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

/// Applies all of it, and returns how many milliseconds that took.
pub(super) fn to_the_end(site: &Site) -> u64 {
    let began = Instant::now();
    site.apply().exits(0);
    let took = began.elapsed();
    site.is_done();
    u64::try_from(took.as_millis()).unwrap()
}
