//! Rolls back a failed apply: looks, plans back to the earlier configuration, applies that plan.

use super::cause::{Failure, NoLook, NoRollback, NotRestored, Restored, SoFar, Unsaved};
use super::device_apply::{DeviceApply, SendFailure, SendResult, Start, away};
use super::look_again::Seen;
use super::verify::{VerifyResult, has_restarted};
use super::{ApplyLog, Ended, LookReason, Progress, Purpose};
use crate::model::{Fingerprint, Observation, chain};
use crate::plan::{DevicePlan, Observed, RollbackPlan, plan_rollback};
use crate::render::render;

/// The number of tries of a rollback.
const TRIES: usize = 2;

/// The result of one try of a rollback.
enum Try {
    Ended(Ended),
    /// Incomplete: the present configuration, and the reason.
    Again(Box<Observation>, NotRestored),
}

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    /// Decides on the state of the device after one line failed.
    pub(super) async fn after_failure(
        &mut self,
        start: &Start<'_>,
        trouble: SendFailure,
    ) -> Result<Ended, Ended> {
        (self.job.progress)(Progress::LookingAgain);
        let SendFailure {
            cause,
            is_open,
            is_sent,
        } = trouble;
        let seen = match self.look_until_settled(start, is_open).await? {
            Ok(seen) => seen,
            Err(look) => return Ok(away(start, cause, Some(NotRestored::CannotLook { look }))),
        };
        let Seen {
            look,
            verify_result,
            restarted,
            not_compared,
        } = seen;
        self.looked(LookReason::Failed, &look).await?;
        self.not_compared = not_compared;
        if verify_result == VerifyResult::Reached && is_sent {
            // Only leaving configuration mode failed.
            self.verified(Purpose::Apply, &look).await?;
            return self.save(start, None, None).await;
        }
        self.settle_accounts(start, cause, is_sent, look, restarted, verify_result)
            .await
    }

    /// Decides on a device that is not as intended, or that is although lines failed.
    ///
    /// A device that is as intended although a reply was lost or bad is kept as it is, and not saved. A rollback would
    /// cut off subscribers who have service now, without a known fault. A save would make permanent what the device did
    /// not confirm, and would give up the rollback that a restart is. The next apply finds nothing to do, and saves.
    ///
    /// After a restart nothing is rolled back: no unsaved line survives a restart. Other differences from before were
    /// never in the startup-config.
    pub(super) async fn settle_accounts(
        &mut self,
        start: &Start<'_>,
        cause: Failure,
        is_sent: bool,
        look: Observation,
        restarted: bool,
        verify_result: VerifyResult,
    ) -> Result<Ended, Ended> {
        // A restart discards every unsaved line, so a rollback plan would be based on lines that are gone.
        if restarted && verify_result != VerifyResult::Reached {
            return Ok(self.after_restart(start, cause, &look));
        }
        match verify_result {
            VerifyResult::Reached => Ok(Ended::Unsaved {
                cause: Box::new(Unsaved::NotConfirmed { failure: cause }),
            }),
            VerifyResult::OthersChanged(others) => {
                self.remark_others(others);
                let failure = (!is_sent).then_some(cause);
                Ok(Ended::Unsaved {
                    cause: Box::new(Unsaved::OthersChanged { failure }),
                })
            }
            VerifyResult::Unread(left) => Ok(Ended::Stuck {
                cause: Box::new(cause),
                not_restored: Some(Box::new(NotRestored::Unread)),
                left,
            }),
            VerifyResult::NotAsIntended(left) => {
                let cause = match is_sent {
                    true => cause.with_missing(left),
                    false => cause,
                };
                // Nothing took effect, so there is nothing to roll back: lines sent now would only disturb subscribers.
                if start.ends.left_of_before(&look).is_empty() {
                    self.remark_others(start.ends.others(&look));
                    return Ok(Ended::RolledBack {
                        cause: Box::new(cause),
                        restored: Restored::NothingTookEffect,
                    });
                }
                self.go_back(start, cause, look).await
            }
        }
    }

    /// Describes the configuration of a restarted device.
    pub(super) fn after_restart(
        &mut self,
        start: &Start<'_>,
        cause: Failure,
        look: &Observation,
    ) -> Ended {
        let left = start.ends.all_that_differs(look);
        if left.is_empty() {
            return Ended::RolledBack {
                cause: Box::new(cause),
                restored: Restored::ByRestart,
            };
        }
        Ended::Stuck {
            cause: Box::new(cause),
            not_restored: Some(Box::new(NotRestored::RestartedOtherwise)),
            left,
        }
    }

    /// Plans back to the earlier configuration, and applies that plan.
    async fn go_back(
        &mut self,
        start: &Start<'_>,
        cause: Failure,
        look: Observation,
    ) -> Result<Ended, Ended> {
        let mut now = Box::new(look);
        let mut trouble = None;
        for _ in 0..TRIES {
            match self.try_back(start, &cause, &now).await? {
                Try::Ended(ended) => return Ok(ended),
                Try::Again(look, why) => (now, trouble) = (look, Some(why)),
            }
        }
        Ok(Ended::Stuck {
            cause: Box::new(cause),
            not_restored: trouble.map(Box::new),
            left: start.ends.left_of_before(&now),
        })
    }

    async fn try_back(
        &mut self,
        start: &Start<'_>,
        cause: &Failure,
        now: &Observation,
    ) -> Result<Try, Ended> {
        let request = self.job.request;
        let mut rollback = plan_rollback(request, &start.before.config, now, &start.plan.steps);
        rollback.plan.observed = Some(Observed {
            sequence: now.sequence,
            fingerprint: Fingerprint::of(now),
        });
        let plan = match rendered(&rollback, request, now) {
            Ok(plan) => plan,
            Err(why) => {
                return Ok(Try::Ended(Ended::Stuck {
                    cause: Box::new(cause.clone()),
                    not_restored: Some(Box::new(NotRestored::NoRollback { why })),
                    left: start.ends.left_of_before(now),
                }));
            }
        };
        self.intend(Purpose::Undo, &plan, SoFar::HalfWritten)
            .await?;
        let typed = match self.open_again(start).await {
            Ok(session) => self.send_steps(session, &plan, Purpose::Undo).await?,
            Err(no_session) => SendResult::Failed(SendFailure::before_anything(no_session?.into())),
        };
        let trouble = match typed {
            SendResult::All(session) => {
                let left = self.left(Purpose::Undo).await;
                session.close().await;
                left?;
                None
            }
            SendResult::Failed(trouble) => Some(trouble),
        };
        let is_open = trouble.as_ref().is_some_and(|trouble| trouble.is_open);
        let look = match self.look_until_back(start, &rollback, is_open).await? {
            Ok(look) => look,
            Err(look) => {
                let why = NotRestored::CannotLookAfterRollback { look };
                return Ok(Try::Ended(away(start, cause.clone(), Some(why))));
            }
        };
        self.looked(LookReason::After, &look).await?;
        if has_restarted(start.before, &look, start.at.elapsed()) {
            return Ok(Try::Ended(self.after_restart(start, cause.clone(), &look)));
        }
        let differs = start.ends.left_of(&rollback.goal, &look);
        if differs.is_empty() {
            self.verified(Purpose::Undo, &look).await?;
            self.remark_others(start.ends.others(&look));
            return Ok(Try::Ended(Ended::RolledBack {
                cause: Box::new(cause.clone()),
                restored: Restored::ByPlan,
            }));
        }
        let why = match trouble {
            Some(SendFailure { cause, .. }) => NotRestored::RollbackFailed {
                failure: Box::new(cause),
            },
            None => NotRestored::RollbackIncomplete { differs },
        };
        Ok(Try::Again(Box::new(look), why))
    }

    /// Looks until the device is back at its earlier configuration, or its time is up.
    async fn look_until_back(
        &self,
        start: &Start<'_>,
        rollback: &RollbackPlan,
        is_open: bool,
    ) -> Result<Result<Observation, NoLook>, Ended> {
        let until = std::time::Instant::now() + self.job.timeouts.settle;
        loop {
            let look = match self.look_when_back().await? {
                Ok(look) => look,
                Err(no_look) => return Ok(Err(no_look)),
            };
            let is_back = start.ends.left_of(&rollback.goal, &look).is_empty() && !is_open;
            if is_back || std::time::Instant::now() + self.job.timeouts.pause >= until {
                return Ok(Ok(look));
            }
            self.pause(self.job.timeouts.pause).await?;
        }
    }
}

/// Renders the rollback plan; returns the reason if it cannot be applied.
fn rendered(
    rollback: &RollbackPlan,
    request: &crate::plan::Request<'_>,
    now: &Observation,
) -> Result<DevicePlan, NoRollback> {
    if let Some(refusal) = rollback.plan.refusals.first() {
        let refusal = refusal.clone();
        return Err(NoRollback::PlanRefused { refusal });
    }
    let plan = render(rollback.plan.clone()).map_err(|failed| NoRollback::CannotRender {
        error: chain(&failed.error),
    })?;
    if let Some(lint_error) = rollback.lint(&plan, request, now).first() {
        let error = lint_error.to_string();
        return Err(NoRollback::LintError { error });
    }
    if plan.steps.is_empty() {
        let notes = plan.notes;
        return Err(NoRollback::NoSteps { notes });
    }
    Ok(plan)
}
