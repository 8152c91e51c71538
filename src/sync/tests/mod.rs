//! Tests the sync: examples of rules and classifications, faults of billing, properties.

mod classes;
mod faults;
mod gates;
mod lanes;
mod memory;
mod operations;
mod places;
mod properties;
mod records;
mod world;
mod written;
