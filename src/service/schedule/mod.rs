//! Decides when each device is read: intervals and the request budget.
//!
//! All values are plain: they have no clock and no task. Times are milliseconds since 1970, and the clock may jump.

mod budget;
mod interval;
mod jitter;
mod kind;
mod stretch;

pub use budget::{Permission, RequestBudget, RequestRates};
pub use interval::{
    Activity, Interval, IntervalBounds, IntervalReason, Intervals, LastRead, LastReads, Pace,
    backoff, spread_overdue,
};
pub use kind::{DueTimes, Outcome, PerKind, Priority, ReadKind};
pub use stretch::{Demand, Stretch};
