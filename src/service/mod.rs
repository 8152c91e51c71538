//! The service: watches the inventory and the devices day and night, and applies what may go by itself.
//!
//! `fetch` follows the branch and judges its commits · `schedule` decides which device is read when · `metrics` counts what
//! happens, for Prometheus.

pub mod fetch;
pub mod metrics;
pub mod schedule;
