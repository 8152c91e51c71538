//! What gamctl remembers: runs, plans, intents, outcomes, looks, what is ours, who holds a device, and who did what.
//!
//! `kept` the values that go in and come out.

mod kept;

pub use kept::{
    Audit, Chapter, Filter, Freeze, Kept, Lease, NewRun, OutcomeRow, RunId, RunSummary, Subject,
    Unfinished,
};
