//! Finds devices on the network and holds them against the inventory; nothing is written anywhere.
//!
//! `range` which addresses are asked · `sweep` the asking, at a bounded rate · `compare` who is who · `patch` what the
//! inventory is missing, as text.

mod compare;
mod patch;
mod range;
mod sweep;

pub use compare::{Comparison, KnownDevice, Missing, Seen, Verdict, compare};
pub use patch::patch;
pub use range::{AddressRange, MOST_ADDRESSES, RangeError, addresses};
pub use sweep::{Answer, Response, Sweep, SweepTarget, sweep};
