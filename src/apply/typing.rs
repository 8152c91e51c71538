//! The lines of a plan, one after the other, each step written down before the next is begun.

use super::road::{Road, interrupted};
use super::{Ended, Entry, Exchange, Progress, Purpose, StepOutcome, Witness};
use crate::crash;
use crate::model::chain;
use crate::plan::{DevicePlan, Step};
use crate::transport::ssh::{ConfigLine, Session, SshError};

/// What came of typing.
pub(super) enum Typed {
    /// Every line was taken, and configuration mode was left.
    All(Box<Session>),
    Failed(Failure),
}

/// Something went wrong; the session is gone.
pub(super) struct Failure {
    pub(super) because: String,
    /// A line left and nothing was said to it: the device may be at it still.
    pub(super) is_open: bool,
    /// Every line of every step was answered well before.
    pub(super) is_typed: bool,
}

impl Failure {
    /// Nothing was typed yet.
    pub(super) fn before_anything(because: String) -> Self {
        Self {
            because,
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
            let failure = self.failed(purpose, 1, Vec::new(), &error).await?;
            return Ok(Typed::Failed(failure));
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
            let exchanges = match type_step(&mut session, step).await {
                Ok(exchanges) => exchanges,
                Err((exchanges, error)) => {
                    let failure = self.failed(purpose, number, exchanges, &error).await?;
                    return Ok(Typed::Failed(failure));
                }
            };
            let entry = Entry::Typed {
                purpose,
                step: number,
                exchanges,
                failure: None,
            };
            let so_far = format!("steps 1 to {number} of {of} were written");
            if let Err(ended) = self.commit(entry, &so_far).await {
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
            let mut failure = failure_of(&error)?;
            failure.is_typed = true;
            return Ok(Typed::Failed(failure));
        }
        let entry = Entry::Left { purpose };
        if let Err(ended) = self
            .commit(entry, "everything was written, and nothing verified")
            .await
        {
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
    ) -> Result<Failure, Ended> {
        let text = chain(error);
        exchanges.extend(error.exchange().cloned().map(Exchange::from));
        if purpose == Purpose::Apply {
            self.steps.push(StepOutcome {
                step: number,
                failure: Some(text.clone()),
            });
        }
        let entry = Entry::Typed {
            purpose,
            step: number,
            exchanges,
            failure: Some(text),
        };
        let committed = self.commit(entry, "a line had failed before").await;
        let failure = failure_of(error)?;
        committed.map(|()| failure)
    }

    /// Leaves the device in good order half-way.
    async fn stop_after(&self, mut session: Session, done: usize, of: usize) -> Ended {
        let left = session.configure_end().await;
        let mut because = format!("stopped after step {done} of {of}; nothing was saved");
        match left {
            Ok(_) => {
                session.close().await;
                let entry = Entry::Left {
                    purpose: Purpose::Apply,
                };
                if let Err(ended) = self.commit(entry, &because).await {
                    return ended;
                }
            }
            Err(error) => because.push_str(&format!("; {}", chain(&error))),
        }
        interrupted(&because)
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
    // All of them were taken as lines before the first was typed.
    for line in step
        .lines
        .iter()
        .filter_map(|line| ConfigLine::new(line).ok())
    {
        match session.line(&line).await {
            Ok(exchange) => exchanges.push(exchange.into()),
            Err(error) => return Err((exchanges, error)),
        }
    }
    Ok(exchanges)
}

/// Returns what a failure is; one of a fence ends everything.
pub(super) fn failure_of(error: &SshError) -> Result<Failure, Ended> {
    let is_answered = match error.because() {
        SshError::Fenced { .. } => return Err(interrupted(&chain(error))),
        SshError::Declined { .. } | SshError::Unexpected { .. } => true,
        _ => false,
    };
    Ok(Failure {
        because: chain(error),
        is_open: error.may_have_run() && !is_answered,
        is_typed: false,
    })
}
