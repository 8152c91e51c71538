//! Finds devices on the network and compares them with the inventory; writes nothing.
//!
//! `range` ranges of addresses · `sweep` asks them, at a limited rate · `compare` matches responses with devices · `patch` the
//! TOML that the inventory lacks.

mod compare;
mod patch;
mod range;
mod sweep;

pub use compare::{Comparison, KnownDevice, Missing, Seen, Verdict, compare};
pub use patch::patch;
pub use range::{AddressRange, MOST_ADDRESSES, RangeError, addresses};
pub use sweep::{Answer, Response, Sweep, SweepTarget, sweep};
