//! Tests of the service: its parts against the real programs they use, and whole instances that are killed.
//! Tests of the service: its parts against the real programs they use, and the whole of it on twins.

pub(crate) mod chaos;
mod fetch;
mod followed;
mod on_twins;
