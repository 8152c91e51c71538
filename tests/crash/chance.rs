//! Runs random sequences in many sites at once, from seeds that repeat them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use proptest::test_runner::{RngSeed, contextualize_config};

use super::site::{Flat, Site};
use crate::properties::tried;

pub(crate) const DEVICES: usize = 3;

/// SplitMix64: the same sequence for the same seed, as far as the machine allows.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// A random choice of subscribers: some have left, and some have other speeds and VLANs than before.
    pub(crate) fn flats(&mut self) -> Vec<Flat> {
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

/// The number of tries.
#[derive(Clone, Copy)]
pub(super) struct Tries {
    /// In all sites together; `PROPTEST_CASES` overrides it.
    pub(super) kills: u32,
    /// The tries of one site: a store with hundreds of runs needs long to be checked.
    pub(super) of_a_site: u32,
    /// The number of sites at once.
    pub(super) at_once: usize,
}

/// Runs a sequence in as many sites as needed, and names the seeds of those that failed.
pub(super) fn in_sites(tries: Tries, story: impl Fn(Chance) + Sync) {
    let config = contextualize_config(tried(tries.kills));
    let RngSeed::Fixed(seed) = config.rng_seed else {
        panic!("no seed");
    };
    let sites = u64::from(config.cases.div_ceil(tries.of_a_site));
    let (next, failed) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..tries.at_once {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= sites {
                        return;
                    }
                    let seed = seed.wrapping_add(number);
                    let told = std::panic::AssertUnwindSafe(|| story(Chance(seed)));
                    if std::panic::catch_unwind(told).is_err() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {sites} sites, see above; again by PROPTEST_CASES={} and PROPTEST_RNG_SEED= one of {failed:?}",
        failed.len(),
        tries.of_a_site
    );
}

/// Applies everything, and returns the milliseconds that it lasted.
pub(super) fn to_the_end(site: &Site) -> u64 {
    let began = Instant::now();
    site.apply().exits(0);
    let took = began.elapsed();
    site.is_done();
    u64::try_from(took.as_millis()).unwrap()
}
