//! Tests of the service: its parts with the programs that they use, all of it on twins, killed instances, and a week.

pub(crate) mod chaos;
mod client;
mod collector;
mod doctor;
mod fetch;
mod followed;
mod logged;
mod on_twins;
mod program;
mod settings;
mod traced;
mod week;
