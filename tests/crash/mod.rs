//! Runs the real program on real twins and kills, stops or isolates it; `judge` checks the result.

mod again_at_once;
mod away;
mod canaries;
pub(crate) mod chance;
mod four;
pub(crate) mod judge;
mod points;
mod random;
mod signals;
pub(crate) mod site;
pub(crate) mod two;
