//! Runs two instances of the real service on one Postgres and real twins, and kills, stops or isolates them.
//!
//! `pair` starts and ends the instances · `sound` checks what holds at any moment · `stories` one test for each kind of end ·
//! `random` rounds of random ends.

mod pair;
mod random;
mod sound;
mod stories;
