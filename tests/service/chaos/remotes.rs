//! Takes the repository away or makes it slow, and checks that devices are looked after by the last good target.

use std::fs;

use gamctl::history::Store;

use super::pair::{Pair, Setup};
use super::slow_fetch::SlowFetch;
use crate::crash::chance::DEVICES;
use crate::crash::site::Flat;

fn one_each(plan: &'static str) -> Vec<Flat> {
    let devices = (0..).zip(0..DEVICES);
    devices
        .map(|(number, device)| Flat::new(1 + 10 * number, device, plan))
        .collect()
}

#[test]
fn without_its_repository_the_last_target_stays_in_force_and_drift_is_restored() {
    let mut pair = Pair::with_looks_every("2s");
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

#[test]
fn while_a_fetch_takes_long_devices_are_looked_after_and_its_commit_counts_when_it_ends() {
    let slow = SlowFetch::new();
    let mut pair = Pair::with(Setup {
        variables: [slow.variables(), slow.variables()],
        ..Setup::default()
    });
    pair.site.intend(one_each("home-100"));
    pair.converges();

    let lines = pair.lines();
    slow.begins();
    pair.site.intend(one_each("home-500"));
    pair.waits_for("fetch", |_| slow.is_under_way().then_some(()));
    let (_, twin) = pair.site.twins.iter().next().unwrap();
    twin.edit_line("ghn subscriber 1 vid 777");
    pair.waits_for("restored drift", |pair| {
        (pair.lines() > lines).then_some(())
    });
    let head = pair.site.world.head();
    let target = pair.ask(async |store: &Store| store.target().await.unwrap());
    assert_ne!(
        target.unwrap().commit,
        head,
        "the fetch has not ended: {}",
        pair.report()
    );
    slow.ends();
    pair.converges();
    pair.ends_as_intended();
}
