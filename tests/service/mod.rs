//! Tests of the service: its parts against the real programs they use, and whole instances that are killed.

pub(crate) mod chaos;
mod fetch;
mod followed;
