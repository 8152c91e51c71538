//! The road of one device, arrow by arrow.

use std::time::Instant;

use super::arriving::not_reached;
use super::before::{is_fit, is_ours, may_begin, may_save};
use super::cause::{Failure, Interruption, Left, NotRestored, Remark, SoFar, StoppedAt};
use super::typing::Typed;
use super::verdict::{Ends, Stand};
use super::{
    DeviceOutcome, Ended, Ending, Entry, Job, Moment, NotCompared, Progress, Purpose, StepOutcome,
    Witness, Work,
};
use crate::crash;
use crate::model::{DeviceConfig, DeviceState, Fingerprint, Observation};
use crate::plan::{DevicePlan, Observed};
use crate::transport::ssh::Session;

/// Carries out the approved plan of one device, and says how it ended.
///
/// Every arrow is committed to `witness` before the next is taken, but for the last: `Entry::Ended` is for the caller to
/// commit, together with what is ours on the device from here on.
///
/// # Guarantees
///
/// Nothing is written unless the device is the one that is meant, is as it was when the plan was made, and planning again
/// leads to the same steps. No line is sent that is not in a committed intent. Nothing is saved that a look did not verify,
/// nor after a line whose reply was not a good one.
pub async fn apply_device(job: &Job<'_>, witness: &impl Witness) -> Ending {
    let began = Instant::now();
    let mut road = Road {
        job,
        witness,
        seen: None,
        steps: Vec::new(),
        remarks: Vec::new(),
        not_compared: Vec::new(),
    };
    let ended = match road.walk().await {
        Ok(ended) | Err(ended) => ended,
    };
    let outcome = DeviceOutcome {
        device: job.request.device.clone(),
        ended,
        steps: road.steps,
        remarks: road.remarks,
        not_compared: road.not_compared,
        millis: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Ending {
        outcome,
        seen: road.seen,
    }
}

/// One device on its way. What ends the way early is an error.
pub(super) struct Road<'a, 'j, W> {
    pub(super) job: &'a Job<'j>,
    pub(super) witness: &'a W,
    pub(super) seen: Option<Observation>,
    pub(super) steps: Vec<StepOutcome>,
    pub(super) remarks: Vec<Remark>,
    pub(super) not_compared: Vec<NotCompared>,
}

/// What is held against every later look.
pub(super) struct Start<'p> {
    pub(super) before: &'p Observation,
    /// When that look was taken.
    pub(super) at: Instant,
    pub(super) plan: &'p DevicePlan,
    pub(super) ends: Ends<'p>,
}

impl<W: Witness> Road<'_, '_, W> {
    async fn walk(&mut self) -> Result<Ended, Ended> {
        let job = self.job;
        is_ours(job.request)?;
        if job.work == Work::Steps {
            is_fit(job.plan, job.request)?;
        }
        let (before, at, session) = self.first_look().await?;
        let fingerprint = Fingerprint::of(&before);
        let looked = Entry::Looked {
            moment: Moment::Before,
            fingerprint: fingerprint.clone(),
            observation: Box::new(before.clone()),
        };
        crash::point("looked-before");
        self.commit(looked, SoFar::NothingWritten).await?;
        crash::point("looked-after");
        self.seen = Some(before.clone());
        let plan = self.approved(&before, fingerprint)?;
        if plan.steps.is_empty() && job.work == Work::Steps {
            return Ok(Ended::Unchanged);
        }
        let mut session = match session {
            Some(session) => session,
            None => self.open().await.map_err(|error| not_reached(&error))?,
        };
        self.check_board(&mut session, &before).await?;
        if self.is_stopped() {
            session.close().await;
            return Err(interrupted(Interruption::StopRequested {
                at: StoppedAt::BeforeWriting,
            }));
        }
        let start = Start {
            before: &before,
            at,
            plan: &plan,
            ends: Ends::of(&before, &plan.steps),
        };
        self.intend(Purpose::Apply, &plan, SoFar::NothingWritten)
            .await?;
        if job.work == Work::SaveOnly {
            self.verified(Purpose::Apply, &before).await?;
            return self.save(&start, Some(session)).await;
        }
        match self.type_steps(session, &plan, Purpose::Apply).await? {
            Typed::All(session) => self.verify(&start, *session).await,
            Typed::Failed(failure) => self.after_failure(&start, failure).await,
        }
    }

    /// Returns the plan to carry out, once it was checked against the look.
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
        let seen = match self.look_until_settled(start, false).await? {
            Ok(seen) => seen,
            Err(look) => return Ok(away(start, Failure::CannotVerify { look }, None)),
        };
        self.looked(Moment::After, &seen.look).await?;
        self.not_compared.clone_from(&seen.not_compared);
        match seen.stand {
            Stand::Reached => {
                self.verified(Purpose::Apply, &seen.look).await?;
                self.remark_others(start.ends.others(&seen.look));
                self.save(start, Some(session)).await
            }
            stand => {
                // It did as it was told, and is not trusted any more.
                session.close().await;
                let cause = Failure::NotFoundAfterWriting {
                    missing: Vec::new(),
                };
                self.settle_accounts(start, cause, true, seen.look, seen.restarted, stand)
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

/// Returns how it ended with a device that was written to, when it is not known what became of it.
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
