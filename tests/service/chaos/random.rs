//! Kills, stops, ends and isolates instances at random moments, round after round, with commits in between.

use std::time::Duration;

use super::pair::{DEAD, Pair};
use crate::crash::chance::Chance;

/// In the suite.
const ROUNDS: u64 = 3;

/// Kills in the suite, and between two commits that must be reached.
const KILLS: u64 = 50;
const KILLS_OF_A_COMMIT: u64 = 10;

/// Sets the number of kills of the long run.
const KILLS_VARIABLE: &str = "GAMCTL_KILLS";

/// After so many rounds both instances end and everything is checked; a store with hundreds of runs needs long for it.
const OF_A_PAIR: u64 = 10;

const SEED: u64 = 15;

/// Sets the number of rounds of the long run, and its seed.
const ROUNDS_VARIABLE: &str = "GAMCTL_ROUNDS";
const SEED_VARIABLE: &str = "GAMCTL_SEED";

#[test]
fn instances_that_end_at_any_moment_lose_and_double_nothing() {
    run(ROUNDS, SEED);
}

#[test]
fn fifty_kills_of_one_instance_or_the_other_lose_and_double_nothing() {
    kill(KILLS, SEED);
}

#[test]
#[ignore = "as many kills as GAMCTL_KILLS says, two seconds each"]
fn instances_that_are_killed_five_hundred_times() {
    kill(told(KILLS_VARIABLE, 500), told(SEED_VARIABLE, SEED));
}

#[test]
#[ignore = "as many rounds as GAMCTL_ROUNDS says, a quarter of a minute each"]
fn instances_that_end_at_any_moment_for_a_night() {
    run(told(ROUNDS_VARIABLE, 50), told(SEED_VARIABLE, SEED));
}

fn told(variable: &str, otherwise: u64) -> u64 {
    #[allow(clippy::disallowed_methods, reason = "tests have no settings file")]
    let told = std::env::var(variable);
    told.map_or(otherwise, |text| text.parse().unwrap())
}

fn run(rounds: u64, seed: u64) {
    let mut left = rounds;
    for number in 0.. {
        if left == 0 {
            return;
        }
        let of_this = left.min(OF_A_PAIR);
        left -= of_this;
        let mut chance = Chance(seed.wrapping_add(number));
        let mut pair = Pair::with_looks_every("2s");
        for _ in 0..of_this {
            round(&mut pair, &mut chance);
        }
        pair.ends_as_intended();
    }
}

/// Kills one instance or the other while a commit is carried out, and starts it again at once.
fn kill(kills: u64, seed: u64) {
    let mut left = kills;
    for number in 0.. {
        if left == 0 {
            return;
        }
        let mut chance = Chance(seed.wrapping_add(number));
        let mut pair = Pair::with_looks_every("2s");
        let of_this = left.min(KILLS_OF_A_COMMIT * OF_A_PAIR);
        left -= of_this;
        for nth in 0..of_this {
            if nth % KILLS_OF_A_COMMIT == 0 {
                pair.slowly(chance.below(150));
                pair.site.intend(chance.flats());
            }
            waits(&mut chance, 1_500);
            let one = usize::try_from(chance.below(2)).unwrap();
            pair.kill(one);
            waits(&mut chance, 300);
            pair.start(one);
            if nth % KILLS_OF_A_COMMIT == KILLS_OF_A_COMMIT - 1 {
                pair.fast();
                pair.converges();
                pair.is_sound();
            }
        }
        pair.ends_as_intended();
    }
}

fn round(pair: &mut Pair, chance: &mut Chance) {
    pair.slowly(chance.below(150));
    pair.site.intend(chance.flats());
    waits(chance, 5_000);
    let one = usize::try_from(chance.below(2)).unwrap();
    match chance.below(6) {
        0 | 1 => {
            pair.kill(one);
            meanwhile(pair, chance);
            pair.start(one);
        }
        2 => {
            pair.signal(one, "-STOP");
            std::thread::sleep(Duration::from_secs(DEAD.into()));
            meanwhile(pair, chance);
            pair.signal(one, "-CONT");
        }
        3 => {
            pair.ends_in_good_order(one);
            meanwhile(pair, chance);
            pair.start(one);
        }
        4 => {
            pair.cluster.stop();
            waits(chance, 4_000);
            pair.cluster.start();
            meanwhile(pair, chance);
        }
        _ => {
            pair.kill(0);
            pair.kill(1);
            meanwhile(pair, chance);
            pair.start(one);
            pair.start(1 - one);
        }
    }
    pair.fast();
    pair.converges();
    pair.is_sound();
}

/// Time passes, and sometimes somebody commits.
fn meanwhile(pair: &mut Pair, chance: &mut Chance) {
    waits(chance, 4_000);
    if chance.below(2) == 0 {
        pair.site.intend(chance.flats());
    }
}

/// The time is random: every moment must be safe.
fn waits(chance: &mut Chance, millis: u64) {
    std::thread::sleep(Duration::from_millis(chance.below(millis)));
}
