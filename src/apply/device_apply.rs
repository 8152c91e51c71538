//! Runs the apply state machine for one device.

use std::time::Instant;

use tracing::{Instrument as _, debug_span};

use super::before::{is_fit, is_writable, may_begin, may_save};
use super::cause::{
    Failure, Interruption, Left, NotReached, NotRestored, Remark, SoFar, SshFailure, StoppedAt,
};
use super::connect::IdentifiedSession;
use super::verify::{BeforeAndAfter, VerifyResult};
use super::{
    ApplyLog, DeviceOutcome, Ended, Ending, Entry, Job, LookReason, NotCompared, Progress, Purpose,
    StepOutcome, Work,
};
use crate::model::{DeviceConfig, DeviceState, Fingerprint, Observation};
use crate::observe::look_at_startup;
use crate::plan::{DevicePlan, Observed};
use crate::transport::ssh::{Session, SshError};

/// Carries out the approved plan of one device, and returns its outcome.
///
/// Every step is committed to the log before the next one, except the last: the caller commits `Entry::Ended`, together
/// with the new ledger of the device. A look is committed with what was decided from it.
///
/// # Guarantees
///
/// Nothing is written unless three things hold: the right device answers, it is as it was when the plan was made, and
/// planning again gives the same steps. Only lines of a committed intent are sent. Only a configuration that a look
/// verified is saved, and never after a line whose reply was not good.
pub async fn apply_device(job: &Job<'_>, log: &impl ApplyLog) -> Ending {
    let began = Instant::now();
    let mut apply = DeviceApply {
        job,
        log,
        seen: None,
        steps: Vec::new(),
        remarks: Vec::new(),
        not_compared: Vec::new(),
    };
    let ended = match Box::pin(apply.walk()).await {
        Ok(ended) | Err(ended) => ended,
    };
    let outcome = DeviceOutcome {
        device: job.request.device.clone(),
        ended,
        steps: apply.steps,
        remarks: apply.remarks,
        not_compared: apply.not_compared,
        subscriber_ids: job.plan.subscriber_ids(),
        millis: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Ending {
        outcome,
        seen: apply.seen,
    }
}

/// The state of an apply on one device. An early end is an error.
pub(super) struct DeviceApply<'a, 'j, W> {
    pub(super) job: &'a Job<'j>,
    pub(super) log: &'a W,
    pub(super) seen: Option<Observation>,
    pub(super) steps: Vec<StepOutcome>,
    pub(super) remarks: Vec<Remark>,
    pub(super) not_compared: Vec<NotCompared>,
}

/// The state before the apply, compared with every later look.
pub(super) struct Start<'p> {
    pub(super) before: &'p Observation,
    /// The time of that look.
    pub(super) at: Instant,
    pub(super) plan: &'p DevicePlan,
    pub(super) ends: BeforeAndAfter<'p>,
}

/// The result of sending a plan.
pub(super) enum SendResult {
    /// Every line was accepted, and configuration mode was left.
    All(Box<Session>),
    Failed(SendFailure),
}

/// A failure; the session is closed.
pub(super) struct SendFailure {
    pub(super) cause: Failure,
    /// A line was sent without a reply: it may still take effect.
    pub(super) is_open: bool,
    /// Every line of every step got a good reply before.
    pub(super) is_sent: bool,
}

impl SendFailure {
    /// Nothing was sent yet.
    pub(super) fn before_anything(cause: Failure) -> Self {
        Self {
            cause,
            is_open: false,
            is_sent: false,
        }
    }
}

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    async fn walk(&mut self) -> Result<Ended, Ended> {
        let job = self.job;
        is_writable(job.request)?;
        if job.work == Work::Steps {
            is_fit(job.plan, job.request)?;
        }
        let (before, at, session) = self.first_look().await?;
        let fingerprint = Fingerprint::of(&before);
        let looked = Entry::Looked {
            moment: LookReason::Before,
            fingerprint: fingerprint.clone(),
            observation: Box::new(before.clone()),
        };
        self.seen = Some(before.clone());
        let (plan, session) = match self.ready(&before, fingerprint, session).await {
            Ok(ready) => ready,
            Err(ended) => {
                self.looked_before(looked, None).await?;
                return Err(ended);
            }
        };
        let start = Start {
            before: &before,
            at,
            plan: &plan,
            ends: BeforeAndAfter::of(&before, &plan.steps),
        };
        // The intent is stored before the first byte is sent. Otherwise, after a crash, gamctl could not know that
        // lines may have reached the device.
        let intent = Entry::Intent {
            purpose: Purpose::Apply,
            plan: Box::new(plan.clone()),
        };
        self.looked_before(looked, Some(intent)).await?;
        if job.work == Work::SaveOnly {
            self.verified(Purpose::Apply, &before).await?;
            return self.save(&start, Some(session), None).await;
        }
        match self.send_steps(session, &plan, Purpose::Apply).await? {
            SendResult::All(session) => Box::pin(self.verify(&start, *session)).await,
            SendResult::Failed(failure) => Box::pin(self.after_failure(&start, failure)).await,
        }
    }

    /// Returns the plan to carry out and a session for it, if everything is as it was when the plan was made. An early end is
    /// an error.
    async fn ready(
        &mut self,
        before: &Observation,
        fingerprint: Fingerprint,
        session: Option<IdentifiedSession>,
    ) -> Result<(DevicePlan, Session), Ended> {
        let plan = self.approved(before, fingerprint)?;
        if plan.steps.is_empty() && self.job.work == Work::Steps {
            return Err(Ended::Unchanged);
        }
        // The look came over SNMP, the lines go over SSH: forwarded ports may lead to two devices.
        let session = self.session_to(before, session).await?;
        if self.is_stopped() {
            session.close().await;
            return Err(interrupted(Interruption::StopRequested {
                at: StoppedAt::BeforeWriting,
            }));
        }
        Ok((plan, session))
    }

    /// Returns the plan to carry out, after it was checked against the look.
    fn approved(
        &mut self,
        before: &Observation,
        fingerprint: Fingerprint,
    ) -> Result<DevicePlan, Ended> {
        let job = self.job;
        let nothing = DeviceConfig::default();
        let intended = match job.request.state {
            DeviceState::Retired => &nothing,
            DeviceState::Managed
            | DeviceState::Observe
            | DeviceState::Locked
            | DeviceState::Preprovision => job.request.intended,
        };
        let again = (job.replan)(before);
        self.not_compared = again.as_ref().map(NotCompared::of).unwrap_or_default();
        match job.work {
            Work::Steps => {
                may_begin(job.plan, &again, job.then, before, &fingerprint, intended)?;
                Ok(job.plan.clone())
            }
            Work::SaveOnly => {
                let again = may_save(again)?;
                let observed = Some(Observed {
                    sequence: before.sequence,
                    fingerprint,
                });
                Ok(DevicePlan { observed, ..again })
            }
        }
    }

    /// Verifies by a second look, and saves.
    async fn verify(&mut self, start: &Start<'_>, session: Session) -> Result<Ended, Ended> {
        (self.job.progress)(Progress::Verifying);
        // None of these three needs another. A startup file that is written after the last line has that line.
        let settled = Box::pin(self.look_until_settled(start, false));
        let looked = tokio::try_join!(
            self.left(Purpose::Apply),
            settled.instrument(debug_span!("verify")),
            async { Ok(Box::pin(look_at_startup(&self.job.target)).await) },
        );
        let (seen, file) = match looked {
            Ok(((), seen, file)) => (seen, file),
            Err(ended) => {
                session.close().await;
                return Err(ended);
            }
        };
        let seen = match seen {
            Ok(seen) => seen,
            Err(look) => return Ok(away(start, Failure::CannotVerify { look }, None)),
        };
        self.not_compared.clone_from(&seen.not_compared);
        match seen.verify_result {
            VerifyResult::Reached => {
                self.looked_and_verified(&seen.look).await?;
                self.remark_others(start.ends.others(&seen.look));
                // The agent may have been silent for a while.
                let file = file.is_ok().then_some(file);
                self.save(start, Some(session), file).await
            }
            verify_result => {
                self.looked(LookReason::After, &seen.look).await?;
                // The session has done its part; verification does not rely on it.
                session.close().await;
                let cause = Failure::NotFoundAfterWriting {
                    missing: Vec::new(),
                };
                self.settle_accounts(start, cause, true, seen.look, seen.restarted, verify_result)
                    .await
            }
        }
    }

    pub(super) fn remark_others(&mut self, others: Vec<Left>) {
        let others = others.into_iter();
        self.remarks
            .extend(others.map(|what| Remark::OthersChanged { what }));
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.job.stop.borrow()
    }
}

pub(super) fn interrupted(cause: Interruption) -> Ended {
    Ended::Interrupted {
        cause: Box::new(cause),
    }
}

pub(super) fn not_reached(error: &SshError) -> Ended {
    match error.because() {
        SshError::Fenced { .. } => lease_expired(error, Some(SoFar::NothingWritten)),
        _ => Ended::Unreachable {
            cause: Box::new(NotReached::CommandLine {
                error: SshFailure::of(error),
            }),
        },
    }
}

pub(super) fn lease_expired(error: &SshError, so_far: Option<SoFar>) -> Ended {
    interrupted(Interruption::LeaseExpired {
        error: SshFailure::of(error),
        so_far,
    })
}

/// Returns the outcome of a device that was written to and then could not be looked at.
pub(super) fn away(start: &Start<'_>, cause: Failure, not_restored: Option<NotRestored>) -> Ended {
    let objects: std::collections::BTreeSet<String> = start
        .plan
        .steps
        .iter()
        .map(|step| step.change.object().to_string())
        .collect();
    let objects = objects.into_iter();
    Ended::Stuck {
        cause: Box::new(cause),
        not_restored: not_restored.map(Box::new),
        left: objects.map(|object| Left::Unknown { object }).collect(),
    }
}
