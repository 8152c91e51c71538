//! The service: watches the inventory and the devices day and night, and applies what may go by itself.
//!
//! `start` starts and ends an instance · `settings` its settings · `instance_state` what its tasks share · `task` runs
//! tasks again and again, one file each, `task_reports` how the last ones ended · `fetch` follows the branch and judges
//! its commits, `branch` calls it, `watch_remote` triggers it, `lanes` checks authors, `lane_hour` counts their changes
//! of the last hour, `older_store` notices a restored store · `schedule` decides which device is read when, `look` starts the reads, `read` does one, `requests`
//! limits their SNMP requests, `device_table` keeps the results, `stored_status` what the store has of them, `share`
//! divides the devices among instances · `rollout` brings devices to the target · `billing` syncs
//! billing systems · `metrics` counts what happens,
//! `measure` fills in the present state · `http` answers health checks, webhooks and Prometheus.

mod billing;
mod branch;
mod device_table;
pub mod fetch;
mod http;
mod instance_state;
mod lane_hour;
mod lanes;
mod look;
mod measure;
pub mod metrics;
mod older_store;
mod read;
mod requests;
mod rollout;
pub mod schedule;
mod settings;
mod share;
mod start;
mod stored_status;
mod task;
mod task_reports;
mod watch_remote;

pub use schedule::{IntervalBounds, Intervals, Limits as SlotLimits};
pub use settings::{ServiceSettings, Timing};
pub use start::{Opening, Service, StartError, mirror_folder};
