//! Tests of the service: its parts against the real programs they use, the whole of it on twins, and instances that are killed.

pub(crate) mod chaos;
mod fetch;
mod followed;
mod on_twins;
mod settings;
mod web;
