//! Defines failures of the environment, because of which a run cannot be prepared or carried out.

use crate::history::{JournalError, StoreError};
use crate::inventory::ScopeError;
use crate::inventory::source::SourceError;
use crate::reconcile::StoreLocationError;

/// The reason that a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Inventory(#[from] SourceError),
    #[error(transparent)]
    StoreLocation(#[from] StoreLocationError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(
        "the inventory at `{revision}` has errors, so the configuration intended then is unknown; `gamctl validate --rev {revision}` lists them"
    )]
    BaselineInvalid { revision: String },
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error("no device is in scope; `gamctl show` lists them")]
    NoDeviceInScope,
    #[error("a run that writes needs a store, and none was opened")]
    StoreMissing,
    #[error("the plan cannot be stored: {0}")]
    PlanNotStorable(String),
    #[error("gamctl failed in the middle of a run: {0}; the next run looks at the devices again")]
    Panicked(String),
}
