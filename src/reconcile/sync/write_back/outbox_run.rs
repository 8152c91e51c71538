//! Carries the outbox of one billing system through one run: decides, queues, sends, settles.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use compact_str::CompactString;

use super::billing_writer::BillingWriter;
use super::due_writes::{DueWrites, MOST_ROWS, Memories};
use super::lines::WriteLines;
use super::request::{WriteBackError, WriteBackLimits, WriteBackRequest};
use super::sender::{JudgedWrite, WriteSender};
use crate::crash;
use crate::history::{
    BillingWrite, OutboxRow, SERVICE_GONE, StoreError, TicketStep, WriteAnswer, WriteState,
};
use crate::model::billing::{BillingService, SnapshotScope};
use crate::reconcile::sync::client::BillingClient;
use crate::reconcile::sync::memory::SyncLease;
use crate::sync::WriteBackField;

/// The lease is extended after so many writes: each may take some seconds.
const RENEW_EVERY: u32 = 10;

/// So many lost answers in one run end it: the system or the way to it fails.
const MOST_LOST: u32 = 3;

/// A run of write-back.
pub(super) struct OutboxRun<'a> {
    request: WriteBackRequest<'a>,
    lease: &'a SyncLease,
    /// As stored.
    memory: Memories,
}

impl<'a> OutboxRun<'a> {
    pub(super) async fn of(
        request: WriteBackRequest<'a>,
        lease: &'a SyncLease,
    ) -> Result<Self, WriteBackError> {
        let memory = request
            .store
            .write_back_memory(&request.system.name)
            .await?;
        Ok(Self {
            request,
            lease,
            memory,
        })
    }

    pub(super) async fn open_rows(&self, state: WriteState) -> Result<Vec<OutboxRow>, StoreError> {
        let WriteBackRequest { store, system, .. } = self.request;
        store
            .billing_writes(&system.name, Some(state), MOST_ROWS)
            .await
    }

    async fn settle(
        &self,
        row: &OutboxRow,
        answer: &WriteAnswer,
    ) -> Result<Option<WriteState>, StoreError> {
        let WriteBackRequest { store, system, .. } = self.request;
        store
            .settle_write(&system.name, row, answer, self.lease.leader())
            .await
    }

    pub(super) async fn remember(&mut self, memory: Memories) -> Result<(), StoreError> {
        let WriteBackRequest { store, system, .. } = self.request;
        let leader = self.lease.leader();
        store
            .set_write_back_memory(&system.name, &self.memory, &memory, leader)
            .await?;
        self.memory = memory;
        Ok(())
    }

    /// Decides about writes of earlier runs whose answer was lost, by the reading that followed them.
    pub(super) async fn decide_sent(
        &mut self,
        lines: &mut WriteLines,
    ) -> Result<(), WriteBackError> {
        for row in self.open_rows(WriteState::Sent).await? {
            let again = WriteAnswer::NotDone {
                again_in: Duration::ZERO,
                because: "answer-lost".into(),
            };
            let answer = match &row.write {
                BillingWrite::Fields {
                    service, values, ..
                } => match self.request.service(service) {
                    Some(service) if has_values(service, values) => WriteAnswer::Proved,
                    Some(_) => again,
                    None if self.request.snapshot.proves_absence() => {
                        WriteAnswer::Refused(SERVICE_GONE.into())
                    }
                    // This reading is about other accounts.
                    None => continue,
                },
                // The messages of a ticket in Splynx cannot be read: one too few is better than two.
                BillingWrite::Ticket {
                    step: TicketStep::Comment,
                    ..
                } if matches!(self.request.client, BillingClient::Splynx(_)) => {
                    WriteAnswer::Refused("answer-lost".into())
                }
                // Each of these reads before it writes.
                BillingWrite::Note { .. }
                | BillingWrite::Ticket { .. }
                | BillingWrite::Health { .. } => again,
            };
            if let Some(state) = self.settle(&row, &answer).await? {
                lines.settled(&row, state, Some(&answer), None);
            }
        }
        Ok(())
    }

    /// Queues what was refused or given up; what is not due any more is withdrawn afterwards.
    pub(super) async fn requeue_refused(&self) -> Result<(), StoreError> {
        let WriteBackRequest { store, system, .. } = self.request;
        let leader = self.lease.leader();
        store.requeue_writes(&system.name, leader).await.map(|_| ())
    }

    pub(super) async fn due(&self) -> Result<DueWrites, StoreError> {
        let WriteBackRequest { store, system, .. } = self.request;
        let tickets = store.billing_tickets(&system.name).await?;
        DueWrites::of(&self.request, &self.memory, &tickets).await
    }

    /// Queues what is due, and withdraws what is queued and not due any more.
    pub(super) async fn queue(
        &mut self,
        writer: &BillingWriter<'_>,
        mut due: DueWrites,
        lines: &mut WriteLines,
    ) -> Result<DueWrites, WriteBackError> {
        let WriteBackRequest { store, system, .. } = self.request;
        without_undefined(&self.request, writer, &mut due, lines);
        let keys: BTreeSet<CompactString> = due.writes.iter().map(BillingWrite::key).collect();
        let queued = self.open_rows(WriteState::Queued).await?;
        let over = queued
            .iter()
            .filter(|row| self.is_decided(&row.write) && !keys.contains(&row.write.key()));
        let over: Vec<CompactString> = over.map(|row| row.write.key()).collect();
        let leader = self.lease.leader();
        store.withdraw_writes(&system.name, &over, leader).await?;
        store
            .queue_writes(&system.name, &due.writes, leader)
            .await?;
        self.remember(due.memory.clone()).await?;
        Ok(due)
    }

    /// Returns whether this run has decided about a kind of write: if it is not due, it is not needed.
    fn is_decided(&self, write: &BillingWrite) -> bool {
        let snapshot = self.request.snapshot;
        match write {
            BillingWrite::Fields { service, .. } => {
                self.request.service(service).is_some() || snapshot.proves_absence()
            }
            BillingWrite::Ticket { .. } => true,
            BillingWrite::Health { .. } => snapshot.scope == SnapshotScope::Everything,
            BillingWrite::Note { .. } => false,
        }
    }

    /// Sends queued writes, and settles each by what a read showed.
    pub(super) async fn send(
        &mut self,
        sender: &WriteSender<'_>,
        limits: WriteBackLimits<'_>,
        lines: &mut WriteLines,
    ) -> Result<(), WriteBackError> {
        let WriteBackRequest { store, system, .. } = self.request;
        let mut memory = self.memory.clone();
        let mut lost = 0;
        for number in 0..limits.most_writes {
            if limits.watch.gives_way() {
                break;
            }
            if number % RENEW_EVERY == 0 && !self.lease.renew(store, &system.name).await? {
                return Err(WriteBackError::LeaseOver(system.name.clone()));
            }
            let claimed = store.claim_write(&system.name, self.lease.leader()).await?;
            let Some(row) = claimed else {
                break;
            };
            limits.watch.sends(&row.write);
            crash::point("write-back-sent");
            let sent = sender.carry_out(&row.write, &memory).await;
            crash::point("write-back-answered");
            let judged = JudgedWrite::of(sent, row.tries);
            let error = judged.error.as_ref();
            match &judged.answer {
                Some(answer) => {
                    if *answer == WriteAnswer::Proved {
                        sender.prove(&row.write, &mut memory);
                    }
                    if let Some(state) = self.settle(&row, answer).await? {
                        lines.settled(&row, state, Some(answer), error);
                    }
                }
                None => {
                    lost += 1;
                    lines.settled(&row, WriteState::Sent, None, error);
                }
            }
            if let Some(error) = error.filter(|_| judged.stops || lost >= MOST_LOST) {
                lines.stop(error);
                break;
            }
        }
        self.remember(memory).await?;
        Ok(())
    }
}

/// Returns the rows that are not proved.
pub(super) async fn unsettled(
    request: &WriteBackRequest<'_>,
) -> Result<Vec<OutboxRow>, StoreError> {
    let mut rows = Vec::new();
    for state in [
        WriteState::Queued,
        WriteState::Sent,
        WriteState::Refused,
        WriteState::GivenUp,
    ] {
        let system = &request.system.name;
        rows.extend(
            request
                .store
                .billing_writes(system, Some(state), MOST_ROWS)
                .await?,
        );
    }
    Ok(rows)
}

/// Leaves out fields that are not defined in billing: a write to them would be dropped without an error.
pub(super) fn without_undefined(
    request: &WriteBackRequest<'_>,
    writer: &BillingWriter<'_>,
    due: &mut DueWrites,
    lines: &mut WriteLines,
) {
    let memory = &mut due.memory;
    due.writes.retain(|write| {
        let BillingWrite::Fields {
            service,
            values,
            native_place,
        } = write
        else {
            return true;
        };
        let read = request.service(service);
        let tariff = read.and_then(|read| read.tariff.as_ref());
        let undefined = writer.undefined(tariff, values);
        let is_native = native_place
            .as_ref()
            .is_some_and(|place| writer.native(place).is_some());
        if let Some(memory) = memory.get_mut(service)
            && (!undefined.is_empty() || !is_native)
        {
            memory.leave_native();
        }
        lines.undefined(writer.defined_for(tariff), &undefined);
        undefined.is_empty()
    });
}

fn has_values(service: &BillingService, values: &BTreeMap<WriteBackField, CompactString>) -> bool {
    let back = &service.written_back;
    values
        .iter()
        .all(|(field, wanted)| field.of(back) == Some(wanted))
}
