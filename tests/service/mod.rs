//! Tests of the service: its parts against the real programs they use, the whole of it on twins, and instances that are killed.

pub(crate) mod chaos;
mod client;
mod collector;
mod fetch;
mod followed;
mod logged;
mod on_twins;
mod program;
mod settings;
mod traced;
