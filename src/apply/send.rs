//! Sends the lines of a plan one by one; logs each step before the next starts.

use tracing::Instrument as _;
use tracing::field::Empty;

use super::cause::{Failure, Interruption, SoFar, SshFailure, StoppedAt};
use super::device_apply::{DeviceApply, SendFailure, SendResult, interrupted, lease_expired};
use super::{ApplyLog, Ended, Entry, Exchange, Progress, Purpose, StepOutcome};
use crate::crash;
use crate::plan::{DevicePlan, Step};
use crate::transport::ssh::{Session, SshError};

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    /// Sends the lines of every step, and leaves configuration mode, which the caller commits. A signal stops an apply
    /// half-way, but not a rollback: half a rollback is worse than either end.
    pub(super) async fn send_steps(
        &mut self,
        mut session: Session,
        plan: &DevicePlan,
        purpose: Purpose,
    ) -> Result<SendResult, Ended> {
        if let Err(error) = session.configure_begin().await {
            let cause = Failure::CannotEnterConfigMode {
                error: SshFailure::of(&error),
            };
            let trouble = self.failed(purpose, 1, Vec::new(), &error, cause);
            return trouble.await.map(SendResult::Failed);
        }
        let of = plan.steps.len();
        for (number, step) in (1..).zip(&plan.steps) {
            if purpose == Purpose::Apply && self.is_stopped() {
                return Err(self.stop_after(session, number - 1, of).await);
            }
            (self.job.progress)(Progress::Sending {
                purpose,
                step: number,
                of,
            });
            crash::point("step-before");
            let span = tracing::info_span!("step", number, of, purpose = ?purpose, failed = Empty);
            let exchanges = match send_step(&mut session, step).instrument(span.clone()).await {
                Ok(exchanges) => exchanges,
                Err((exchanges, error)) => {
                    span.record("failed", true);
                    let cause = Failure::of_line(number, &error);
                    let trouble = self.failed(purpose, number, exchanges, &error, cause);
                    return trouble.await.map(SendResult::Failed);
                }
            };
            let entry = Entry::Sent {
                purpose,
                step: number,
                exchanges,
                failure: None,
            };
            let so_far = SoFar::Steps { step: number, of };
            // Commit before the next step: recovery must know which steps a dead process had finished.
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
            let trouble = send_failure(&error, cause)?;
            return Ok(SendResult::Failed(SendFailure {
                is_sent: true,
                ..trouble
            }));
        }
        Ok(SendResult::All(Box::new(session)))
    }

    /// Logs the step that failed.
    async fn failed(
        &mut self,
        purpose: Purpose,
        number: usize,
        mut exchanges: Vec<Exchange>,
        error: &SshError,
        cause: Failure,
    ) -> Result<SendFailure, Ended> {
        exchanges.extend(error.exchange().cloned().map(Exchange::from));
        if purpose == Purpose::Apply {
            self.steps.push(StepOutcome {
                step: number,
                failure: Some(cause.clone()),
            });
        }
        let entry = Entry::Sent {
            purpose,
            step: number,
            exchanges,
            failure: Some(cause.clone()),
        };
        let committed = self.commit(entry, SoFar::LineFailed).await;
        let trouble = send_failure(error, cause)?;
        committed.map(|()| trouble)
    }

    /// Leaves configuration mode after a stop half-way.
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

/// Sends the lines of one step; an error comes with the lines that got a good reply before it.
async fn send_step(
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

/// Classifies a failed line; an expired lease ends the whole apply.
fn send_failure(error: &SshError, cause: Failure) -> Result<SendFailure, Ended> {
    let is_answered = match error.because() {
        SshError::Fenced { .. } => return Err(lease_expired(error, None)),
        SshError::Declined { .. } | SshError::Unexpected { .. } => true,
        _ => false,
    };
    Ok(SendFailure {
        cause,
        is_open: error.may_have_run() && !is_answered,
        is_sent: false,
    })
}
