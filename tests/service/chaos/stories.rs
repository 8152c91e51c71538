//! Ends an instance in each way once, in the middle of a wave, and checks what the other one does.

use gamctl::apply::Ended;
use gamctl::history::{Filter, Store};

use super::pair::Pair;
use crate::crash::chance::Chance;

/// Both run, everything is at the target, and devices answer slowly enough to be met in the middle.
fn settled(chance: &mut Chance, look: &'static str) -> Pair {
    let mut pair = Pair::with_looks_every(look);
    settle(&mut pair, chance);
    pair
}

/// Brings everything to the target, and makes devices slow.
pub(super) fn settle(pair: &mut Pair, chance: &mut Chance) {
    pair.site.intend(chance.flats());
    pair.converges();
    pair.slowly(200);
}

#[test]
fn after_a_kill_of_the_leader_in_a_wave_the_other_one_goes_on() {
    let mut chance = Chance(1);
    let mut pair = settled(&mut chance, "2s");
    pair.is_in_a_wave(chance.flats());
    let killed = pair.leader();
    pair.kill(killed);
    pair.fast();
    assert_eq!(pair.leader(), 1 - killed);
    pair.converges();
    // A commit while it is away reaches every device.
    pair.site.intend(chance.flats());
    pair.converges();
    pair.start(killed);
    pair.site.intend(chance.flats());
    pair.converges();
    pair.ends_as_intended();
}

#[test]
fn a_leader_that_is_stopped_past_its_time_writes_nothing_more_when_it_wakes() {
    let mut chance = Chance(2);
    let mut pair = settled(&mut chance, "2s");
    pair.is_in_a_wave(chance.flats());
    let stopped = pair.leader();
    pair.signal(stopped, "-STOP");
    pair.fast();
    pair.waits_for("other leader", |pair| {
        (pair.leader() != stopped).then_some(())
    });
    pair.converges();
    let before = pair.lines();
    pair.signal(stopped, "-CONT");
    // It has heartbeats again, so it lives again and gets its share of the devices.
    pair.waits_for("heartbeat of the one that was stopped", |pair| {
        let live = pair.ask(async |store: &Store| {
            let instances = store.instances().await.unwrap();
            instances.iter().filter(|one| one.silent < 2).count()
        });
        (live == 2).then_some(())
    });
    pair.converges();
    assert_eq!(pair.lines(), before, "{}", pair.report());
    assert!(pair.is_running(stopped));
    pair.site.intend(chance.flats());
    pair.converges();
    pair.ends_as_intended();
}

#[test]
fn a_leader_that_is_asked_to_end_finishes_its_devices_first() {
    let mut chance = Chance(3);
    let mut pair = settled(&mut chance, "2s");
    pair.is_in_a_wave(chance.flats());
    let ended = pair.leader();
    let status = pair.ends(ended);
    assert_eq!(status.code(), Some(0), "{}", pair.report());
    let outcomes = pair.ask(async |store: &Store| {
        let all = Filter {
            most: 1000,
            ..Filter::default()
        };
        assert_eq!(store.unfinished().await.unwrap().len(), 0);
        store.outcomes(&all).await.unwrap()
    });
    for row in outcomes {
        let is_whole = matches!(row.outcome.ended, Ended::Applied | Ended::Unchanged);
        assert!(is_whole, "{:?}: {}", row.outcome, pair.report());
    }
    pair.fast();
    pair.converges();
    pair.start(ended);
    pair.site.intend(chance.flats());
    pair.converges();
    pair.ends_as_intended();
}

#[test]
fn a_store_that_is_away_in_a_wave_gets_everything_later() {
    let mut chance = Chance(4);
    let mut pair = settled(&mut chance, "2s");
    pair.is_in_a_wave(chance.flats());
    pair.cluster.stop();
    pair.fast();
    std::thread::sleep(std::time::Duration::from_secs(6));
    assert!(pair.is_running(0) && pair.is_running(1));
    pair.cluster.start();
    pair.goes_on(&mut chance);
}

#[test]
fn an_instance_that_ends_without_its_store_says_that_something_is_left() {
    let mut chance = Chance(6);
    let mut pair = settled(&mut chance, "2s");
    pair.is_in_a_wave(chance.flats());
    let ended = pair.leader();
    pair.cluster.stop();
    pair.fast();
    let journal = pair.state(ended).join("journal");
    pair.waits_for("an end in the journal", |_| {
        std::fs::metadata(&journal)
            .is_ok_and(|file| file.len() > 0)
            .then_some(())
    });
    assert_eq!(pair.ends(ended).code(), Some(8));
    pair.cluster.start();
    pair.start(ended);
    pair.goes_on(&mut chance);
}

#[test]
fn a_commit_while_no_instance_runs_reaches_every_device_without_waiting_for_the_next_look() {
    let mut chance = Chance(5);
    let mut pair = settled(&mut chance, "30m");
    pair.is_in_a_wave(chance.flats());
    pair.kill(0);
    pair.kill(1);
    pair.fast();
    pair.site.intend(chance.flats());
    pair.start(0);
    pair.start(1);
    pair.converges();
    pair.ends_as_intended();
}
