//! Provides metrics for Prometheus: a table, a registry and the text format.

mod cell;
mod family;
mod label;
mod process;
mod registry;
mod snapshot;
mod table;
mod text;

pub use cell::{Age, Counter, Gauge, Histogram};
pub use label::{
    ApplyOutcome, BudgetLimit, DeviceCondition, LabelValue, LeaderTask, LookKind, LookPriority,
    LookResult, RolloutState, SnmpResult, StatusClass, StoreOperation, SubscriberState, Task,
};
pub use process::{ProcessFiles, ProcessReading, read_process};
pub use registry::{BudgetUse, Metrics};
pub use snapshot::{Distribution, MetricSeries, Series, SeriesValue, Snapshot};
pub use table::{
    Label, LabelValues, MAX_BYTES, MAX_LANES, MAX_ROUTES, MAX_SERIES, METRICS, Metric, MetricType,
};
pub use text::{CONTENT_TYPE, render};
