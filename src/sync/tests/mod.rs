//! Tests the sync: examples of rules and classifications, faults of billing, properties.

mod classes;
mod faults;
mod gates;
mod lanes;
mod operations;
mod properties;
mod world;
mod written;
