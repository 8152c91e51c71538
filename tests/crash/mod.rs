//! The real program on real twins, killed, frozen, stopped and robbed of its store: whatever dies, what `judge` checks holds.

mod again_at_once;
mod away;
mod canaries;
mod chance;
mod four;
pub(crate) mod judge;
mod points;
mod random;
mod signals;
pub(crate) mod site;
pub(crate) mod two;
