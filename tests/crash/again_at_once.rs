//! Killed at any moment and applied again at once, on both engines: a dead process holds no device, and nothing stays unsaved.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::test_runner::{RngSeed, contextualize_config};

use super::random::{Chance, DEVICES, to_the_end};
use super::site::Site;
use crate::postgres;
use crate::properties::tried;

/// How many are killed on each engine; `PROPTEST_CASES` says otherwise.
const KILLS: u32 = 12;

/// So many, then another site: what a store has of hundreds of runs takes long to judge.
const KILLS_OF_A_SITE: u32 = 6;

/// How many sites at a time.
const AT_ONCE: usize = 2;

#[test]
fn sqlite_has_every_device_free_and_saved_after_the_next_apply() {
    in_sites(|chance| story(chance, &mut Site::with(DEVICES)));
}

#[test]
fn postgres_has_every_device_free_and_saved_after_the_next_apply() {
    let cluster = postgres::shared();
    in_sites(|chance| {
        let mut site = Site::with(DEVICES);
        let database = site.runtime.block_on(cluster.database());
        site.url = Some(cluster.url(&database).to_string());
        story(chance, &mut site);
        site.runtime.block_on(cluster.drop_database(&database));
    });
}

fn in_sites(story: impl Fn(Chance) + Sync) {
    let config = contextualize_config(tried(KILLS));
    let RngSeed::Fixed(seed) = config.rng_seed else {
        panic!("no seed");
    };
    let sites = u64::from(config.cases.div_ceil(KILLS_OF_A_SITE));
    let (next, failed) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
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
        "{} of {sites} sites, see above; again by PROPTEST_CASES={KILLS_OF_A_SITE} and PROPTEST_RNG_SEED= one of {failed:?}",
        failed.len()
    );
}

fn story(mut chance: Chance, site: &mut Site) {
    site.intend(chance.flats());
    let whole = to_the_end(site);
    for round in 0..KILLS_OF_A_SITE {
        site.intend(chance.flats());
        let mut running = site.start(&["apply", "--yes"], None);
        // Whatever it is doing then: no moment is better than another.
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
