//! All integration tests in one binary: each further binary would link the whole library once more.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on should end right there; clippy exempts test functions but not their helpers"
)]

mod architecture;
mod cli;
mod corpus;
mod documents;
mod golden;
mod planner;
mod properties;
mod rendering;
mod rules;
mod rust_scan;
mod source;
mod twin;
mod world;
