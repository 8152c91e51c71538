//! Runs two instances of the real service on one Postgres and real twins, and kills, stops or isolates them.
//!
//! `pair` starts and ends the instances · `sound` checks what holds at any moment · `stories` one test for each kind of end ·
//! `random` rounds of random ends · `stores` a store that is slow, full, restored or without
//! notifications · `hosts` an instance with a wrong clock or a full disk · `remotes` a repository that is away or slow ·
//! `slow_fetch` a slow line to it · `points` ends at named points of an apply · `wire` the way to the server.

mod hosts;
mod pair;
mod points;
mod random;
mod remotes;
mod slow_fetch;
mod sound;
mod stores;
mod stories;
mod wire;

pub(super) use sound::{rollouts_have_no_gap, target_has_no_gap};
