//! Runs `gamctl serve`: reads all devices on a schedule and brings them to the target.

pub mod schedule;
