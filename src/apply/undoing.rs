//! When something went wrong: what came of it is found out by a look, and undone by planning back.

use super::cause::{Failure, NoLook, NoRollback, NotRestored, Restored, SoFar, Unsaved};
use super::looking::Seen;
use super::road::{Road, Start, away};
use super::typing::{Trouble, Typed};
use super::verdict::{Stand, has_restarted};
use super::{Ended, Moment, Progress, Purpose, Witness};
use crate::model::{Fingerprint, Observation, chain};
use crate::plan::{Back, DevicePlan, Observed, back};
use crate::render::render;

/// How often the way back is tried.
const TRIES: usize = 2;

/// What came of one try to go back.
enum Try {
    Ended(Ended),
    /// Not all the way; what is there now, and why.
    Again(Box<Observation>, NotRestored),
}

impl<W: Witness> Road<'_, '_, W> {
    /// Finds out what came of lines of which one failed.
    pub(super) async fn after_failure(
        &mut self,
        start: &Start<'_>,
        trouble: Trouble,
    ) -> Result<Ended, Ended> {
        (self.job.progress)(Progress::LookingAgain);
        let Trouble {
            cause,
            is_open,
            is_typed,
        } = trouble;
        let seen = match self.look_until_settled(start, is_open).await? {
            Ok(seen) => seen,
            Err(look) => return Ok(away(start, cause, Some(NotRestored::CannotLook { look }))),
        };
        let Seen {
            look,
            stand,
            restarted,
            not_compared,
        } = seen;
        self.looked(Moment::Failed, &look).await?;
        self.not_compared = not_compared;
        if stand == Stand::Reached && is_typed {
            // Only the way out of configuration mode failed.
            self.verified(Purpose::Apply, &look).await?;
            return self.save(start, None).await;
        }
        self.settle_accounts(start, cause, is_typed, look, restarted, stand)
            .await
    }

    /// Decides what becomes of a device that is not where it shall be, or is for reasons that nobody saw.
    ///
    /// A device that is as it shall be although a reply was lost or bad is left as it is and is not saved. To go back would cut those
    /// off who are served now, for nothing that is known to be wrong; to save would make lasting what the device itself did not say
    /// yes to, and would take away the way back that a restart is. The next apply finds nothing to do and saves.
    ///
    /// After a restart nothing is undone: nothing of ours was saved, so nothing of ours is left, and what is otherwise than before was
    /// never in the startup file.
    pub(super) async fn settle_accounts(
        &mut self,
        start: &Start<'_>,
        cause: Failure,
        is_typed: bool,
        look: Observation,
        restarted: bool,
        stand: Stand,
    ) -> Result<Ended, Ended> {
        if restarted && stand != Stand::Reached {
            return Ok(self.after_restart(start, cause, &look));
        }
        match stand {
            Stand::Reached => Ok(Ended::Unsaved {
                cause: Box::new(Unsaved::NotConfirmed { failure: cause }),
            }),
            Stand::OthersMoved(others) => {
                self.remark_others(others);
                let failure = (!is_typed).then_some(cause);
                Ok(Ended::Unsaved {
                    cause: Box::new(Unsaved::OthersChanged { failure }),
                })
            }
            Stand::Unread(left) => Ok(Ended::Stuck {
                cause: Box::new(cause),
                not_restored: Some(Box::new(NotRestored::Unread)),
                left,
            }),
            Stand::Elsewhere(left) => {
                let cause = match is_typed {
                    true => cause.with_missing(left),
                    false => cause,
                };
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

    /// Says what a device came up as.
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

    /// Plans back to the picture before, and does that.
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
        let mut way = back(request, &start.before.config, now, &start.plan.steps);
        way.plan.observed = Some(Observed {
            sequence: now.sequence,
            fingerprint: Fingerprint::of(now),
        });
        let plan = match rendered(&way, request, now) {
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
            Ok(session) => self.type_steps(session, &plan, Purpose::Undo).await?,
            Err(no_session) => Typed::Failed(Trouble::before_anything(no_session?.into())),
        };
        let trouble = match typed {
            Typed::All(session) => {
                session.close().await;
                None
            }
            Typed::Failed(trouble) => Some(trouble),
        };
        let is_open = trouble.as_ref().is_some_and(|trouble| trouble.is_open);
        let look = match self.look_until_back(start, &way, is_open).await? {
            Ok(look) => look,
            Err(look) => {
                let why = NotRestored::CannotLookAfterRollback { look };
                return Ok(Try::Ended(away(start, cause.clone(), Some(why))));
            }
        };
        self.looked(Moment::After, &look).await?;
        if has_restarted(start.before, &look, start.at.elapsed()) {
            return Ok(Try::Ended(self.after_restart(start, cause.clone(), &look)));
        }
        let differs = start.ends.left_of(&way.goal, &look);
        if differs.is_empty() {
            self.verified(Purpose::Undo, &look).await?;
            self.remark_others(start.ends.others(&look));
            return Ok(Try::Ended(Ended::RolledBack {
                cause: Box::new(cause.clone()),
                restored: Restored::ByPlan,
            }));
        }
        let why = match trouble {
            Some(Trouble { cause, .. }) => NotRestored::RollbackFailed {
                failure: Box::new(cause),
            },
            None => NotRestored::RollbackIncomplete { differs },
        };
        Ok(Try::Again(Box::new(look), why))
    }

    /// Looks until the device is back where it was, or has had its time.
    async fn look_until_back(
        &self,
        start: &Start<'_>,
        way: &Back,
        is_open: bool,
    ) -> Result<Result<Observation, NoLook>, Ended> {
        let until = std::time::Instant::now() + self.job.pace.settle;
        loop {
            let look = match self.look_when_back().await? {
                Ok(look) => look,
                Err(no_look) => return Ok(Err(no_look)),
            };
            let is_back = start.ends.left_of(&way.goal, &look).is_empty() && !is_open;
            if is_back || std::time::Instant::now() + self.job.pace.pause >= until {
                return Ok(Ok(look));
            }
            self.pause(self.job.pace.pause).await?;
        }
    }
}

/// Returns the plan back with its lines; or why it cannot be carried out.
fn rendered(
    way: &Back,
    request: &crate::plan::Request<'_>,
    now: &Observation,
) -> Result<DevicePlan, NoRollback> {
    if let Some(refusal) = way.plan.refusals.first() {
        let refusal = refusal.clone();
        return Err(NoRollback::PlanRefused { refusal });
    }
    let plan = render(way.plan.clone()).map_err(|failed| NoRollback::CannotRender {
        error: chain(&failed.error),
    })?;
    if let Some(complaint) = way.lint(&plan, request, now).first() {
        let error = complaint.to_string();
        return Err(NoRollback::LintError { error });
    }
    if plan.steps.is_empty() {
        let notes = plan.notes;
        return Err(NoRollback::NoSteps { notes });
    }
    Ok(plan)
}
