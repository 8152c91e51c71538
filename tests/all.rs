//! The one integration binary: each folder under `tests/` is a module here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on should end right there; clippy exempts test functions but not their helpers"
)]

mod source;
