//! The real program on real twins, killed, frozen, stopped and robbed of its store: whatever dies, what `judge` checks holds.

mod away;
mod canaries;
mod judge;
mod points;
mod random;
mod signals;
mod site;
mod two;
