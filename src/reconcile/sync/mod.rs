//! Runs the sync of one billing system: reads both sides, proposes, gates, and makes the commit.
//!
//! `settings` and `inventory_facts` translate the inventory for `sync`, `heard_endpoints` the looks of the store. `client`
//! reads the billing system, with the numbers of `request_numbers`. `prepare` proposes a commit for a `request`, `prepared` is
//! that commit. `memory` has what earlier runs left, and the lease of a run. `reported`, `explained`, `checked` and `unmapped`
//! describe results for `report`, `write_back` writes verified values back to billing.

mod checked;
mod client;
mod explained;
mod heard_endpoints;
mod inventory_facts;
mod memory;
mod prepare;
mod prepared;
mod reported;
mod request;
mod request_numbers;
mod settings;
mod unmapped;
mod write_back;

pub use checked::check_lines;
pub use client::{BillingCheck, BillingClient, BillingClientError, ReadScope};
pub use heard_endpoints::heard_endpoints;
pub use inventory_facts::sync_inventory;
pub use memory::{RunEnd, SyncLease, SyncMemory};
pub use prepare::{PrepareError, prepare};
pub use prepared::{LaneRefusal, PreparedSync};
pub use reported::services_of;
pub use request::SyncRequest;
pub use settings::{sync_limits, sync_settings};
pub use write_back::{
    WriteBackError, WriteBackLimits, WriteBackRequest, accounts_to_write_back, preview_write_back,
    verified_services, write_back_system,
};
