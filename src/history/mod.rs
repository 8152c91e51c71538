//! The store: runs, plans, intents, outcomes, looks, ledgers, leases and the audit log.
//!
//! `stored` stored values · `url` location · `store` connections · `deadline` timeouts · `open`, `session`, `document`,
//! `version` both engines and stored forms · `room` free disk space · `run`, `take`, `lease`, `record`, `look`, `ledger`,
//! `owned`, `audit`, `freeze`, `holder`, `silence`, `unfinished`, `story`, `rollbacks` operations · `service` what the service
//! keeps · `billing` what the billing sync keeps · `hints` what changed, for other instances · `query` pages of lists and past
//! states · `journal` entries while the store is unreachable.

mod audit;
mod batch;
mod billing;
mod deadline;
mod document;
mod error;
mod freeze;
mod hints;
mod holder;
mod journal;
mod lease;
mod ledger;
mod look;
mod open;
mod owned;
mod past;
mod query;
mod record;
mod rollbacks;
mod room;
mod run;
mod service;
mod session;
mod silence;
mod store;
mod stored;
mod story;
mod take;
mod unfinished;
mod url;
mod version;

pub use billing::{
    BaseChange, BillingWrite, ClassifiedRow, ClassifiedScope, FinishedSync, HeldApproval, HeldRow,
    NewHeldApproval, NewSyncPause, NewSyncRun, OutboxRow, SERVICE_GONE, ServiceFilter, StoredBase,
    SyncOutcome, SyncPause, SyncReport, SyncRun, SyncScope, TicketStep, WRITE_GIVEN_UP_AFTER,
    WRITE_TRIES, WriteAnswer, WriteState, sync_task,
};
pub use error::StoreError;
pub use hints::{Hint, Hints};
pub use holder::{LeaseHolder, LeaseInForce};
pub use journal::{Journal, JournalError, Replayed};
pub use look::{HeardSince, LookStatus};
pub use open::Timeouts;
pub use owned::OwnedSince;
pub use past::PastSubscriber;
pub use query::{
    AsOf, Cursor, CursorError, DeviceSummary, FoundThen, LookSummary, PAGE, Page, QueryError,
    RunDevice, VerifiedThen,
};
pub use service::{
    AcceptedHistory, Approval, BranchState, DeviceBeforeWave, DeviceStatus, DeviceStatusChanges,
    DeviceStatusRow, HeldCandidate, Instance, InstanceReport, Leader, LeaderRow, NewApproval,
    NewInstance, NewRollout, NewRolloutStep, RestoredField, RewrittenHistory, Rollout, RolloutId,
    RolloutKind, RolloutPlan, RolloutState, RolloutStep, RolloutStepContent, StatusMark, Target,
    TargetChange, TaskReport,
};
pub use silence::Silence;
pub use store::{Store, StoreFacts};
pub use stored::{
    AcquiredLease, AppliedCommit, Audit, AuditRow, Chapter, DeviceRollback, EntryRow, Filter,
    Freeze, Lease, NewLedger, NewRun, OutcomeRow, PlanClaim, RunId, RunProcess, RunSummary,
    StoredLedger, Subject, Unfinished, UnsavedDevice,
};
pub use url::{StoreUrl, StoreUrlError};
