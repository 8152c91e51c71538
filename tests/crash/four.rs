//! Runs four appliers at once on Postgres and stops any of them: none ends with an error of the store.

use std::time::Duration;

use super::chance::{Chance, DEVICES, Tries, in_sites};
use super::site::{Said, Site};
use crate::postgres;

const TRIES: Tries = Tries {
    kills: 2,
    of_a_site: 2,
    at_once: 1,
};

const APPLIERS: usize = 4;

/// Longer than the server leaves a transaction idle, which is a part of the 5 s that a query may last.
const LONG_STOP: u64 = 7_000;

/// Checks the exit code of a run that met other runs, or was stopped for longer than its lease.
fn met_others(said: &Said) {
    let code = said.status.code();
    // Done; refused, since others hold devices; lost its lease while it was stopped; the plan is stale.
    let is_known = [Some(0), Some(4), Some(5), Some(7)].contains(&code);
    let of_the_store = [
        "no connection became free",
        "terminating connection",
        "idle-in-transaction",
        "the store",
    ];
    // The heading over what the store knows about other runs is no error.
    let text = said.text.replace("Known from the store", "");
    let complaint = of_the_store.iter().find(|words| text.contains(**words));
    assert!(
        is_known && complaint.is_none(),
        "{code:?}, {complaint:?}: {}",
        said.text
    );
}

#[test]
fn of_four_appliers_any_may_be_stopped_and_none_has_an_error_of_the_store() {
    let cluster = postgres::shared();
    in_sites(TRIES, |chance| {
        let mut site = Site::with_leases(DEVICES, 2);
        let database = site.runtime.block_on(cluster.database());
        site.url = Some(cluster.url(&database).to_string());
        story(chance, &mut site);
        site.runtime.block_on(cluster.drop_database(&database));
    });
}

fn story(mut chance: Chance, site: &mut Site) {
    site.intend(chance.flats());
    site.apply().exits(0);
    for round in 0..TRIES.of_a_site {
        site.intend(chance.flats());
        let appliers: Vec<_> = (0..APPLIERS)
            .map(|_| site.start(&["apply", "--yes"], None))
            .collect();
        for nth in 0..3 {
            // The time is random: every moment must be safe.
            std::thread::sleep(Duration::from_millis(chance.below(400)));
            let stopped = &appliers[usize::try_from(chance.below(4)).unwrap()];
            stopped.signal("-STOP");
            // One is stopped for longer than its lease, the others for a moment.
            let stop = match nth {
                0 => LONG_STOP,
                _ => chance.below(1_500),
            };
            std::thread::sleep(Duration::from_millis(stop));
            stopped.signal("-CONT");
        }
        for applier in appliers {
            met_others(&applier.ended());
        }
        // A process that lost its lease may still have a line in transit, which the next apply finds.
        let last = site.apply().exits(0);
        site.is_done();
        let store = site.store();
        let unsaved = site.runtime.block_on(store.unsaved()).unwrap();
        assert_eq!(unsaved, [], "round {round}: {}", last.text);
        let held = site.count("lease where not is_released");
        assert_eq!(held, 0, "round {round}: {}", last.text);
    }
}
