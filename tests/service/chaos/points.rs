//! Ends the service at the named points of an apply, and checks that another process loses and doubles nothing.

use gamctl::crash::POINTS;

use super::pair::Pair;
use crate::crash::chance::Chance;

/// Where a device may have a line that the store does not know to be answered.
const NEAR_THE_DEVICE: &[&str] = &[
    "lease-after",
    "intent-after",
    "line-sent",
    "line-answered",
    "step-after",
    "left-after",
    "save-sent",
    "save-answered",
];

/// The journal is used only while the store is unreachable, and there is no billing system; other tests end a process there.
fn is_reached(point: &str) -> bool {
    let elsewhere = ["journal-", "replay-", "sync-", "write-back-"];
    !elsewhere.iter().any(|start| point.starts_with(start))
}

#[test]
fn an_instance_that_ends_near_the_device_loses_and_doubles_nothing() {
    ends_at(NEAR_THE_DEVICE);
}

#[test]
#[ignore = "every point, a quarter of a minute each"]
fn an_instance_that_ends_at_any_point_loses_and_doubles_nothing() {
    let points = POINTS.iter().copied().filter(|point| is_reached(point));
    ends_at(&points.collect::<Vec<_>>());
}

fn ends_at(points: &[&str]) {
    let mut chance = Chance(30);
    let mut pair = Pair::with_looks_every("2s");
    pair.site.intend(chance.flats());
    pair.converges();
    for point in points {
        // Alone, so that this instance carries out the rollout.
        pair.kill(0);
        pair.kill(1);
        pair.start_to_end_at(0, point);
        let before = chance.flats();
        pair.site.intend(before);
        pair.waits_for(&format!("end at {point}"), |pair| {
            (!pair.is_running(0)).then_some(())
        });
        pair.kill(0);
        pair.start(1);
        pair.start(0);
        pair.converges();
        pair.is_sound();
        pair.site.intend(chance.flats());
        pair.converges();
    }
    pair.ends_as_intended();
}
