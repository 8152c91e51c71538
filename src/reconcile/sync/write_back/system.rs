//! Runs write-back for one billing system, previews it, and finds the accounts that it is due for.

use std::collections::{BTreeMap, BTreeSet};

use super::billing_writer::BillingWriter;
use super::due_writes::{DueWrites, MOST_ROWS};
use super::lines::WriteLines;
use super::outbox_run::{OutboxRun, unsettled, without_undefined};
use super::request::{WriteBackError, WriteBackLimits, WriteBackRequest};
use super::sender::WriteSender;
use super::verified::verified_services;
use crate::crash;
use crate::history::{BillingWrite, Store, StoreError, WriteState};
use crate::inventory::text::WriteBackFact;
use crate::inventory::{BillingSystem, Inventory};
use crate::model::billing::AccountId;
use crate::reconcile::sync::memory::SyncLease;
use crate::report::sync::WriteBackReport;
use crate::sync::WriteBackMemory;

/// Writes back to a billing system what its settings allow, and returns what was written.
///
/// `lease` must be in force: the run that made the reading has it. It is extended while writes are sent.
///
/// # Errors
///
/// Fails if the store fails, if the fields of the system cannot be asked for, or if another process took the lease. A failing
/// write is no error: the report has it.
pub async fn write_back_system(
    request: WriteBackRequest<'_>,
    lease: &SyncLease,
    limits: WriteBackLimits<'_>,
) -> Result<WriteBackReport, WriteBackError> {
    let mut lines = WriteLines::of(&request, false);
    if lines.is_off() || lines.pause(&request).await? {
        return Ok(lines.report());
    }
    let mut run = OutboxRun::of(request, lease).await?;
    run.decide_sent(&mut lines).await?;
    if limits.retries_refused {
        run.requeue_refused().await?;
    }
    let due = run.due().await?;
    let is_nothing = due.writes.is_empty() && run.open_rows(WriteState::Queued).await?.is_empty();
    if is_nothing {
        run.remember(due.memory.clone()).await?;
        lines.add_due(&due, &[]);
        return Ok(lines.report());
    }
    let writer =
        BillingWriter::open(request.client, request.inventory, &request.system.name).await?;
    let due = run.queue(&writer, due, &mut lines).await?;
    crash::point("write-back-queued");
    let sender = WriteSender {
        request,
        writer: &writer,
        items: &due.items,
    };
    run.send(&sender, limits, &mut lines).await?;
    let rows = unsettled(&request).await?;
    lines.add_due(&due, &rows);
    Ok(lines.report())
}

/// Returns what `write_back_system` would write. Nothing is changed, in billing or in the store.
///
/// # Errors
///
/// As `write_back_system`.
pub async fn preview_write_back(
    request: WriteBackRequest<'_>,
) -> Result<WriteBackReport, WriteBackError> {
    let mut lines = WriteLines::of(&request, true);
    if lines.is_off() || lines.pause(&request).await? {
        return Ok(lines.report());
    }
    let WriteBackRequest { store, system, .. } = request;
    let memory = store.write_back_memory(&system.name).await?;
    let tickets = store.billing_tickets(&system.name).await?;
    let mut due = DueWrites::of(&request, &memory, &tickets).await?;
    if !due.writes.is_empty() {
        let writer = BillingWriter::open(request.client, request.inventory, &system.name).await?;
        without_undefined(&request, &writer, &mut due, &mut lines);
    }
    let rows = unsettled(&request).await?;
    lines.add_due(&due, &rows);
    Ok(lines.report())
}

/// Returns the accounts with a service whose verified values are not those that billing was last seen to have.
///
/// Read these and call [`write_back_system`] with the reading: a delta of billing does not contain them, because nothing
/// changed there. Read some at a time, in turn: an account stays due as long as billing does not have its service, or the
/// fields are not defined. A field that others overwrite is not due, nor is a value that billing refused.
pub async fn accounts_to_write_back(
    store: &Store,
    inventory: &Inventory,
    system: &BillingSystem,
) -> Result<BTreeSet<AccountId>, StoreError> {
    if !system.write_back.contains(&WriteBackFact::Place) {
        return Ok(BTreeSet::new());
    }
    let verified = verified_services(store, inventory, &system.name, None).await?;
    let memory = store.write_back_memory(&system.name).await?;
    let mut settled = BTreeMap::new();
    for state in [WriteState::Refused, WriteState::GivenUp] {
        for row in store
            .billing_writes(&system.name, Some(state), MOST_ROWS)
            .await?
        {
            if let BillingWrite::Fields {
                service, values, ..
            } = row.write
            {
                settled.insert(service, values);
            }
        }
    }
    let nothing = WriteBackMemory::default();
    let due = verified.iter().filter(|(key, service)| {
        let missing = memory.get(*key).unwrap_or(&nothing).missing(service);
        !missing.is_empty() && settled.get(*key) != Some(&missing)
    });
    Ok(due.map(|(key, _)| key.account.clone()).collect())
}
