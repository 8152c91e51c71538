//! Runs the sync of one billing system: reads both sides, proposes, gates, and makes the commit.
//!
//! `settings` and `inventory_facts` translate the inventory for `sync`, `heard_endpoints` the looks of the store. `client` reads
//! the billing system, with the numbers of `request_numbers`. `prepare` proposes a commit without writing anything,
//! `prepared` is that commit, `reported`, `checked` and `unmapped` describe results for `report`.

mod checked;
mod client;
mod heard_endpoints;
mod inventory_facts;
mod prepare;
mod prepared;
mod reported;
mod request_numbers;
mod settings;
mod unmapped;

pub use checked::check_lines;
pub use client::{BillingCheck, BillingClient, BillingClientError, ReadScope};
pub use heard_endpoints::heard_endpoints;
pub use inventory_facts::sync_inventory;
pub use prepare::{PrepareError, SyncRequest, prepare};
pub use prepared::{LaneRefusal, PreparedSync};
pub use settings::{sync_limits, sync_settings};
