//! Stores what the billing sync keeps: base, cursors, runs, classifications, approvals, outbox, lane use.
//!
//! `stored_base` the values that were accepted last · `cursor` where the next delta begins, and numbers of signed requests ·
//! `run` the runs, with `classified` services and `held` changes of the last one · `approval` consents to held changes · `lane`
//! the changes of the last hour · `pause` systems that are not synced · `outbox` writes to billing, with `written` values that
//! were proved · `parts` many rows in one statement.
//!
//! A process may be killed between any two of these, in this order:
//!
//! 1. `reserve_lane`, in one transaction with the use of approvals, before the push: a commit whose process died still counts
//!    to the limits, and an approval lets nothing through twice.
//! 2. The push. Without what follows, the next run finds that billing and inventory are equal, and makes that the base.
//! 3. `finish_sync`, in one transaction: base, classifications, held changes and the row of the run.
//! 4. `set_delta_cursor`: if it is missing, the next delta reads the same accounts again, and finds nothing to do.
//! 5. `queue_writes`: a value that was not queued differs again at the next reading.
//! 6. `claim_write` before each request: a request without an answer is found as `sent`, and a read decides.
//!
//! No type here can have personal data: `model::billing::Personal` cannot be serialised.

mod approval;
mod classified;
mod cursor;
mod held;
mod lane;
mod outbox;
mod outbox_write;
mod parts;
mod pause;
mod run;
mod stored_base;
mod written;

pub use approval::{HeldApproval, NewHeldApproval};
pub use classified::{ClassifiedRow, ClassifiedScope, ServiceFilter};
pub use held::HeldRow;
pub use outbox::{OutboxRow, WRITE_GIVEN_UP_AFTER, WRITE_TRIES, WriteAnswer, WriteState};
pub use outbox_write::{BillingWrite, SERVICE_GONE, TicketStep};
pub use pause::{NewSyncPause, SyncPause};
pub use run::{FinishedSync, NewSyncRun, SyncOutcome, SyncReport, SyncRun, SyncScope};
pub use stored_base::{BaseChange, StoredBase};

use crate::history::error::Fault;
use crate::history::service::still_leads;
use crate::history::session::Session;
use crate::history::{Leader, StoreError};
use crate::model::NameError;
use crate::model::billing::BillingName;

/// Returns the leader task that one sync of a system has at a time.
///
/// The holder must be the run, not the process: two runs of one process must not have it at the same time.
pub fn sync_task(system: &BillingName) -> String {
    format!("sync {system}")
}

/// Fails unless a run still has the lease on the sync of a system, until the end of the transaction.
async fn still_syncs(
    session: &mut Session,
    system: &BillingName,
    leader: &Leader,
) -> Result<(), Fault> {
    let task = sync_task(system);
    if leader.task != task {
        return Err(Fault::from(StoreError::NotLeader { task }));
    }
    still_leads(session, leader).await
}

/// Reports a stored name that is not one.
fn invalid(error: &NameError) -> Fault {
    Fault::Broken(format!("a name in it cannot be read: {error}"))
}
