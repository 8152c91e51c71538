//! The service: watches the inventory and the devices day and night, and applies what may go by itself.
//!
//! `schedule` decides which device is read when · `metrics` counts what happens, for Prometheus.

pub mod metrics;
pub mod schedule;
