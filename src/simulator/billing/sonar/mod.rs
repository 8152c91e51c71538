//! Simulates Sonar v2: a GraphQL interface over customers, services and equipment in memory.
//!
//! Facts that the vendor's description leaves open are marked (assumed) at the constant or function that decides them.

mod access;
mod answer;
mod carry_out;
mod counters;
mod data;
mod edit;
mod fault;
mod find;
mod graphql;
mod life;
mod query;
mod request;
mod schema;
mod twin;
mod webhook;
mod write;

#[cfg(test)]
mod tests;

pub use fault::{Fault, Group};
pub use twin::{SonarSettings, SonarTwin};
