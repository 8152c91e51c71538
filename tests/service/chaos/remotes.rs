//! Takes the repository away, and checks that devices are looked after by the last good target.

use std::fs;

use gamctl::history::Store;

use super::pair::Pair;
use crate::crash::chance::DEVICES;
use crate::crash::site::Flat;

#[test]
fn without_its_repository_the_last_target_stays_in_force_and_drift_is_restored() {
    let mut pair = Pair::with_looks_every("2s");
    let one_each = |plan| -> Vec<Flat> {
        let devices = (0..).zip(0..DEVICES);
        devices
            .map(|(number, device)| Flat::new(1 + 10 * number, device, plan))
            .collect()
    };
    pair.site.intend(one_each("home-100"));
    pair.converges();
    let git = pair.site.world.root().join(".git");
    let away = pair.site.world.beside("git-away");
    fs::rename(&git, &away).unwrap();
    pair.waits_for("failure of the fetch", |pair| {
        let branch = pair.ask(async |store: &Store| store.branch_state().await.unwrap());
        branch.error
    });
    let lines = pair.lines();
    let (_, twin) = pair.site.twins.iter().next().unwrap();
    twin.edit_line("ghn subscriber 1 vid 777");
    pair.waits_for("restored drift", |pair| {
        (pair.lines() > lines).then_some(())
    });
    let text = pair.site.run(&["status"]).text;
    assert!(text.contains("fetch"), "{text}");
    fs::rename(&away, &git).unwrap();
    pair.site.intend(one_each("home-500"));
    pair.converges();
    pair.ends_as_intended();
}
