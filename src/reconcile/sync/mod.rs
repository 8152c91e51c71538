//! Runs the sync of one billing system: reads both sides, proposes, gates, and makes the commit.
//!
//! `settings` and `inventory_facts` translate the inventory for `sync`, `heard_endpoints` the looks of the store. `client`
//! reads the billing system, with the numbers of `request_numbers`; `reading` does so again and again. `prepare` proposes a
//! commit for a `request`, `prepared` is that commit, `adoption` one of links alone, `counted_commit` makes it under the
//! limits of the lane, `round` does all of this for the service. `approval` and `contested` are for decisions of a person. `memory` has what earlier runs left, and the lease of a
//! run. `conditions` sums the systems up, `reported`, `explained`, `checked` and `unmapped` describe results for `report`,
//! `hook` registers webhooks, `write_back` writes verified values back to billing.

mod adoption;
mod approval;
mod checked;
mod client;
mod conditions;
mod contested;
mod counted_commit;
mod explained;
mod heard_endpoints;
mod hook;
mod inventory_facts;
mod memory;
mod prepare;
mod prepared;
mod reading;
mod reported;
mod request;
mod request_numbers;
mod round;
mod settings;
mod unmapped;
mod write_back;

pub use adoption::{PreparedAdoption, prepare_adoption};
pub use approval::ApprovalWish;
pub use checked::check_lines;
pub use client::{BillingCheck, BillingClient, BillingClientError, ReadScope};
pub use conditions::sync_conditions;
pub use contested::{ContestedSubscriber, NotContested};
pub use counted_commit::{CommitFailure, CountedChanges, CountedCommitError, counted_commit};
pub use heard_endpoints::{add_heard, heard_endpoints};
pub use hook::{
    HOOK_PROBE, HookRegistration, RegisterHookError, register_hook, registration_lines,
    splynx_hook_steps,
};
pub use inventory_facts::sync_inventory;
pub use memory::{RunEnd, RunNote, SyncLease, SyncMemory};
pub use prepare::{PrepareError, prepare};
pub use prepared::{LaneRefusal, PreparedSync};
pub use reading::{BillingHint, ChangedAccounts, FullReading, SyncCursor};
pub use reported::services_of;
pub use request::SyncRequest;
pub use round::{Round, RoundEnd, RoundError, lane_authorship};
pub use settings::{sync_limits, sync_settings};
pub use write_back::{
    WriteBackError, WriteBackLimits, WriteBackRequest, WriteBackWatch, accounts_to_write_back,
    preview_write_back, verified_services, write_back_system,
};
