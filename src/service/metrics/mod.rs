//! Provides metrics for Prometheus: a table, a registry, the text format, alert rules and a dashboard.

mod board;
mod cell;
mod family;
mod label;
mod process;
mod reference;
mod registry;
mod rules;
mod snapshot;
mod table;
mod text;

pub use board::dashboard;
pub use cell::{Age, Counter, Gauge, Histogram};
pub use label::{
    ApplyOutcome, BillingResult, BudgetLimit, HookResult, LabelValue, LeaderTask, LookKind,
    LookPriority, LookResult, RolloutState, ServiceClass, StatusClass, StoreOperation,
    SubscriberState, Task, TraceResult,
};
pub use process::{ProcessFiles, ProcessReading, read_process};
pub use reference::metric_reference;
pub use registry::{BudgetUse, Metrics};
pub use rules::{ALERT_RULES, AlertRule, alert_rules};
pub use snapshot::{Distribution, MetricSeries, Series, SeriesValue, Snapshot};
pub use table::{
    Label, LabelValues, MAX_BYTES, MAX_LANES, MAX_ROUTES, MAX_SERIES, METRICS, Metric, MetricType,
};
pub use text::{CONTENT_TYPE, render};
