//! What gamctl remembers: runs, plans, intents, outcomes, looks, what is ours, who holds a device, and who did what.
//!
//! `kept` the values that go in and come out · `url` where a store is · `store` its connections · `deadline` how long it may take · `open`,
//! `session`, `document`, `version` the two engines and what is stored in them · `room` whether their disks have any · `run`, `take`, `lease`, `record`, `look`, `ledger`, `audit`, `freeze`,
//! `unfinished`, `story` its operations · `query` pages of it, and what was so at a time · `journal` what is written while the store is away.

mod audit;
mod batch;
mod deadline;
mod document;
mod error;
mod freeze;
mod journal;
mod kept;
mod lease;
mod ledger;
mod look;
mod open;
mod query;
mod record;
mod room;
mod run;
mod session;
mod store;
mod story;
mod take;
mod unfinished;
mod url;
mod version;

pub use error::StoreError;
pub use journal::{Journal, JournalError, Replayed};
pub use kept::{
    Acquired, AppliedCommit, Audit, AuditRow, Chapter, EntryRow, Filter, Freeze, Kept, Lease,
    NewLedger, NewRun, OutcomeRow, RunId, RunSummary, Subject, Taken, Unfinished, UnsavedDevice,
};
pub use look::LookStatus;
pub use open::Timeouts;
pub use query::{
    AsOf, Cursor, CursorError, DeviceSummary, FoundThen, LookSummary, PAGE, Page, QueryError,
    RunDevice, VerifiedThen,
};
pub use store::{Facts, Store};
pub use url::{StoreUrl, StoreUrlError};
