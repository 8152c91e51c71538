//! The lines of a plan, one after the other, each step written down before the next is begun.

use tracing::Instrument as _;

use super::arriving::lease_expired;
use super::cause::{Failure, Interruption, SoFar, SshFailure, StoppedAt};
use super::road::{Road, interrupted};
use super::{Ended, Entry, Exchange, Progress, Purpose, StepOutcome, Witness};
use crate::crash;
use crate::plan::{DevicePlan, Step};
use crate::transport::ssh::{Session, SshError};

/// What came of typing.
pub(super) enum Typed {
    /// Every line was taken, and configuration mode was left.
    All(Box<Session>),
    Failed(Trouble),
}

/// Something went wrong; the session is gone.
pub(super) struct Trouble {
    pub(super) cause: Failure,
    /// A line left and nothing was said to it: the device may be at it still.
    pub(super) is_open: bool,
    /// Every line of every step was answered well before.
    pub(super) is_typed: bool,
}

impl Trouble {
    /// Nothing was typed yet.
    pub(super) fn before_anything(cause: Failure) -> Self {
        Self {
            cause,
            is_open: false,
            is_typed: false,
        }
    }
}

impl<W: Witness> Road<'_, '_, W> {
    /// Types the lines of every step. Only the way there is stopped half-way by a signal: half a way back would be worse than both ends.
    pub(super) async fn type_steps(
        &mut self,
        mut session: Session,
        plan: &DevicePlan,
        purpose: Purpose,
    ) -> Result<Typed, Ended> {
        if let Err(error) = session.configure_begin().await {
            let cause = Failure::CannotEnterConfigMode {
                error: SshFailure::of(&error),
            };
            let trouble = self.failed(purpose, 1, Vec::new(), &error, cause);
            return trouble.await.map(Typed::Failed);
        }
        let of = plan.steps.len();
        for (number, step) in (1..).zip(&plan.steps) {
            if purpose == Purpose::Apply && self.is_stopped() {
                return Err(self.stop_after(session, number - 1, of).await);
            }
            (self.job.progress)(Progress::Typing {
                purpose,
                step: number,
                of,
            });
            crash::point("step-before");
            let span = tracing::info_span!("step", number, of, purpose = ?purpose);
            let exchanges = match type_step(&mut session, step).instrument(span).await {
                Ok(exchanges) => exchanges,
                Err((exchanges, error)) => {
                    let cause = Failure::of_line(number, &error);
                    let trouble = self.failed(purpose, number, exchanges, &error, cause);
                    return trouble.await.map(Typed::Failed);
                }
            };
            let entry = Entry::Typed {
                purpose,
                step: number,
                exchanges,
                failure: None,
            };
            let so_far = SoFar::Steps { step: number, of };
            if let Err(ended) = self.commit(entry, so_far).await {
                leave(session, self.job.fence.is_open()).await;
                return Err(ended);
            }
            crash::point("step-after");
            if purpose == Purpose::Apply {
                self.steps.push(StepOutcome {
                    step: number,
                    failure: None,
                });
            }
        }
        if let Err(error) = session.configure_end().await {
            let cause = Failure::CannotLeaveConfigMode {
                error: SshFailure::of(&error),
                missing: Vec::new(),
            };
            let trouble = trouble_of(&error, cause)?;
            return Ok(Typed::Failed(Trouble {
                is_typed: true,
                ..trouble
            }));
        }
        let entry = Entry::Left { purpose };
        if let Err(ended) = self.commit(entry, SoFar::EverythingWritten).await {
            session.close().await;
            return Err(ended);
        }
        crash::point("left-after");
        Ok(Typed::All(Box::new(session)))
    }

    /// Writes down the step that failed.
    async fn failed(
        &mut self,
        purpose: Purpose,
        number: usize,
        mut exchanges: Vec<Exchange>,
        error: &SshError,
        cause: Failure,
    ) -> Result<Trouble, Ended> {
        exchanges.extend(error.exchange().cloned().map(Exchange::from));
        if purpose == Purpose::Apply {
            self.steps.push(StepOutcome {
                step: number,
                failure: Some(cause.clone()),
            });
        }
        let entry = Entry::Typed {
            purpose,
            step: number,
            exchanges,
            failure: Some(cause.clone()),
        };
        let committed = self.commit(entry, SoFar::LineFailed).await;
        let trouble = trouble_of(error, cause)?;
        committed.map(|()| trouble)
    }

    /// Leaves the device in good order half-way.
    async fn stop_after(&self, mut session: Session, done: usize, of: usize) -> Ended {
        let left = session.configure_end().await;
        if left.is_ok() {
            session.close().await;
            let entry = Entry::Left {
                purpose: Purpose::Apply,
            };
            let so_far = SoFar::StoppedAfterStep { step: done, of };
            if let Err(ended) = self.commit(entry, so_far).await {
                return ended;
            }
        }
        interrupted(Interruption::StopRequested {
            at: StoppedAt::AfterStep {
                step: done,
                of,
                not_left: left.err().map(|error| SshFailure::of(&error)),
            },
        })
    }
}

async fn leave(mut session: Session, may_write: bool) {
    if may_write && session.configure_end().await.is_ok() {
        session.close().await;
    }
}

/// Types the lines of one step; with an error comes what was typed well before it.
async fn type_step(
    session: &mut Session,
    step: &Step,
) -> Result<Vec<Exchange>, (Vec<Exchange>, SshError)> {
    let mut exchanges = Vec::with_capacity(step.lines.len());
    for line in &step.lines {
        match session.line(line).await {
            Ok(exchange) => exchanges.push(exchange.into()),
            Err(error) => return Err((exchanges, error)),
        }
    }
    Ok(exchanges)
}

/// Returns what a failed line means; one that failed for a lease that expired ends everything.
fn trouble_of(error: &SshError, cause: Failure) -> Result<Trouble, Ended> {
    let is_answered = match error.because() {
        SshError::Fenced { .. } => return Err(lease_expired(error, None)),
        SshError::Declined { .. } | SshError::Unexpected { .. } => true,
        _ => false,
    };
    Ok(Trouble {
        cause,
        is_open: error.may_have_run() && !is_answered,
        is_typed: false,
    })
}
