//! Carries out one claimed write, judges its result, and remembers what billing was seen to have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use compact_str::CompactString;

use super::billing_writer::{BillingWriter, WriteEnd};
use super::due_writes::Memories;
use super::problem::{WriteProblem, problem_word, write_problem};
use super::request::{WriteBackRequest, service_in};
use super::text::MarkedWrite;
use crate::billing::BillingError;
use crate::history::{BillingWrite, SERVICE_GONE, WriteAnswer};
use crate::model::billing::{BillingService, EquipmentId};
use crate::reconcile::sync::client::ReadScope;
use crate::sync::ServiceKey;

/// The time until the second try of a write; each later one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// Sends the writes of one run.
pub(super) struct WriteSender<'a> {
    pub(super) request: WriteBackRequest<'a>,
    pub(super) writer: &'a BillingWriter<'a>,
    /// The services of the items whose health is written.
    pub(super) items: &'a BTreeMap<EquipmentId, ServiceKey>,
}

/// The result of a try, for the outbox.
#[derive(Debug, Clone)]
pub(super) struct JudgedWrite {
    /// None: the answer was lost, and a read decides.
    pub(super) answer: Option<WriteAnswer>,
    pub(super) error: Option<BillingError>,
    /// No other write would succeed now.
    pub(super) stops: bool,
}

impl WriteSender<'_> {
    /// Carries out a write; what it needs is read first.
    pub(super) async fn carry_out(
        &self,
        write: &BillingWrite,
        memory: &Memories,
    ) -> Result<WriteEnd, BillingError> {
        match write {
            BillingWrite::Fields {
                service,
                values,
                native_place,
            } => {
                let Some(read) = self.read_service(service).await? else {
                    return Ok(WriteEnd::Refused(SERVICE_GONE.into()));
                };
                let native = native_place
                    .as_ref()
                    .and_then(|place| self.writer.native(place));
                let written = memory.get(service).and_then(|one| one.native.as_ref());
                self.writer
                    .fields(&read, values, native.as_ref(), written)
                    .await
            }
            BillingWrite::Note { .. } | BillingWrite::Ticket { .. } => {
                let marked = MarkedWrite::of(&self.request.system.name, write);
                match (marked, write) {
                    (Some(marked), BillingWrite::Ticket { step, .. }) => {
                        self.writer.ticket(&marked, *step).await
                    }
                    (Some(marked), _) => self.writer.note(&marked).await,
                    (None, _) => Ok(WriteEnd::Refused("not-supported".into())),
                }
            }
            BillingWrite::Health { item, status } => self.writer.health(item, status).await,
        }
    }

    /// Returns a service as it was just read; one of another account, queued by an earlier run, is read now.
    async fn read_service(&self, key: &ServiceKey) -> Result<Option<BillingService>, BillingError> {
        if let Some(service) = self.request.service(key) {
            return Ok(Some(service.clone()));
        }
        if self.request.snapshot.proves_absence() {
            return Ok(None);
        }
        let scope = ReadScope::Accounts(BTreeSet::from([key.account.clone()]));
        let read = self.request.client.read(&scope, self.request.now).await?;
        Ok(service_in(&read, key).cloned())
    }

    /// Remembers what billing was seen to have.
    pub(super) fn prove(&self, write: &BillingWrite, memory: &mut Memories) {
        match write {
            BillingWrite::Fields {
                service,
                values,
                native_place,
            } => {
                let native = native_place.as_ref();
                let native = native.and_then(|place| self.writer.native(place));
                let memory = memory.entry(service.clone()).or_default();
                memory.prove(values, native);
            }
            BillingWrite::Health { item, status } => {
                if let Some(service) = self.items.get(item) {
                    memory.entry(service.clone()).or_default().health = Some(status.clone());
                }
            }
            BillingWrite::Note { .. } | BillingWrite::Ticket { .. } => {}
        }
    }
}

impl JudgedWrite {
    pub(super) fn of(sent: Result<WriteEnd, BillingError>, tries: u64) -> Self {
        let (answer, error, stops) = match sent {
            Ok(WriteEnd::Done) => (Some(WriteAnswer::Proved), None, false),
            Ok(WriteEnd::Refused(because)) => (Some(WriteAnswer::Refused(because)), None, false),
            Ok(WriteEnd::NotDone(because)) => (Some(not_done(tries, because)), None, false),
            Err(error) => {
                let problem = write_problem(&error);
                let word = problem_word(&error.problem);
                let answer = match problem {
                    WriteProblem::AnswerLost => None,
                    WriteProblem::Refused => Some(WriteAnswer::Refused(word)),
                    WriteProblem::Later | WriteProblem::SystemFails => Some(not_done(tries, word)),
                };
                let stops = problem == WriteProblem::SystemFails;
                (answer, Some(error), stops)
            }
        };
        Self {
            answer,
            error,
            stops,
        }
    }
}

/// Returns the answer for a write that is sent again later.
fn not_done(tries: u64, because: CompactString) -> WriteAnswer {
    let doubled = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 2_u32.checked_pow(doubled).unwrap_or(u32::MAX);
    WriteAnswer::NotDone {
        again_in: FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE),
        because,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_twice_as_long_and_ten_of_them_fit_into_a_day() {
        let pause = |tries| match not_done(tries, "not-taken".into()) {
            WriteAnswer::NotDone { again_in, .. } => again_in.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!((pause(1), pause(2), pause(5)), (60, 120, 960));
        assert_eq!(pause(u64::MAX), LONGEST_PAUSE.as_secs());
        let all: u64 = (1..10).map(pause).sum();
        assert!(all < 24 * 3600, "{all}");
    }
}
