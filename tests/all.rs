//! All integration tests in one binary: each further binary would link the whole library once more.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a helper that panics fails its test, which is what it is for"
)]

mod architecture;
mod golden;
mod rust_scan;
