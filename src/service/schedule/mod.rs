//! Decides when each device is read: intervals, the queue of due reads, and the request budget.
//!
//! The loop of the service gives ten guarantees. Those that this module alone gives are tested here; for the others it
//! has a part, and the rest is with the tasks that read and write.
//!
//! 1. **One read of a device at a time.** [`Queue::next`] starts no read of a device before the one in progress has ended.
//!    That a device has one writer is the task of its lease.
//! 2. **A trigger during a read causes exactly one more read.** The read in progress may have passed what changed.
//! 3. **Bursts of triggers are merged.** A device has at most one entry for each kind of read, and a wider read fulfils
//!    the narrower ones that are due.
//! 4. **The higher priority goes first; within a priority, the earlier due time.** One start in twenty goes to the device
//!    that has been due longest, if that is more than a minute, so that no device starves.
//! 5. **Concurrency is limited**: 200 slots in all, two at a site, one for a device. Failing devices use at most 10 % of
//!    the slots in all and at a site, but at least one. Due reads beyond a limit are parked and cost nothing.
//! 6. **After a start or a takeover, the schedule continues.** A read is due at the last read plus its interval
//!    ([`Pace::due`]). Overdue reads are spread over the interval ([`spread_overdue`]).
//! 7. **A failed read changes nothing but the device status.** Here it only makes its device a failing one, with a backoff.
//! 8. **A dead device does not delay healthy ones**: it has the lowest priority, a backoff, and few slots.
//! 9. **A read without a change adds no rows except a sample.** The queue is not stored.
//! 10. **A newer target makes older plans void.** An entry in the queue is never an intent; it only means "due".
//!
//! All values are plain: they have no clock and no task. Times are milliseconds since 1970, and the clock may jump.

mod budget;
mod concurrency;
mod interval;
mod jitter;
mod kind;
mod queue;
mod queued_device;
mod ready;
mod steady_time;
mod stretch;

#[cfg(test)]
mod tests;

pub use budget::{Permission, RequestBudget, RequestRates};
pub use concurrency::Limits;
pub use interval::{
    Activity, Interval, IntervalBounds, IntervalReason, Intervals, LastRead, LastReads, Pace,
    backoff, spread_overdue,
};
pub use kind::{DueTimes, Outcome, PerKind, Priority, ReadKind};
pub use queue::{Next, Queue, QueueCounts};
pub use queued_device::Due;
pub use stretch::{Demand, Stretch};
