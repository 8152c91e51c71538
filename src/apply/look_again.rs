//! Looks at a device that needs time to settle or to restart, until it has or its timeout passes.

use std::time::{Duration, Instant};

use super::cause::{Failure, Interruption, LookFailure, NoLook, StoppedAt};
use super::device_apply::{DeviceApply, Start, interrupted};
use super::verify::{VerifyResult, has_restarted};
use super::{ApplyLog, Ended, NotCompared, Progress};
use crate::model::Observation;
use crate::observe::{LookError, look};

/// A look at a device that was written to, and its evaluation.
pub(super) struct Seen {
    pub(super) look: Observation,
    pub(super) verify_result: VerifyResult,
    pub(super) restarted: bool,
    pub(super) not_compared: Vec<NotCompared>,
}

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    /// Looks until the device is as intended, has restarted, or its time is up; `Err` in `Ok` is the reason that there
    /// is no look.
    ///
    /// With `is_open` a line may still take effect, so the present configuration may change: then it waits for the
    /// whole time. After a line that was plainly refused, two looks in a row that find the same are enough.
    pub(super) async fn look_until_settled(
        &self,
        start: &Start<'_>,
        is_open: bool,
    ) -> Result<Result<Seen, NoLook>, Ended> {
        let until = Instant::now() + self.job.timeouts.settle;
        let mut earlier: Option<Observation> = None;
        loop {
            let look = match self.look_when_back().await? {
                Ok(look) => look,
                Err(no_look) => return Ok(Err(no_look)),
            };
            let is_still = earlier.as_ref().is_some_and(|earlier| {
                earlier.config == look.config && earlier.unread == look.unread
            });
            let seen = self.judged(start, look);
            let is_clear = self.is_clear(start, &seen, is_open)
                || (is_still && !is_open && self.was_refused());
            if is_clear || Instant::now() + self.job.timeouts.pause >= until {
                return Ok(Ok(seen));
            }
            earlier = Some(seen.look);
            self.pause(self.job.timeouts.pause).await?;
        }
    }

    /// Returns whether the device answered the last line with an error: no line is on its way any more.
    fn was_refused(&self) -> bool {
        let last = self.steps.last().and_then(|step| step.failure.as_ref());
        matches!(last, Some(Failure::LineRefused { .. }))
    }

    pub(super) fn judged(&self, start: &Start<'_>, look: Observation) -> Seen {
        let again = (self.job.replan)(&look);
        let again = again.as_ref().map_err(String::as_str);
        Seen {
            not_compared: again.map(NotCompared::of).unwrap_or_default(),
            verify_result: start.ends.verify_result(&look, again),
            restarted: has_restarted(start.before, &look, start.at.elapsed()),
            look,
        }
    }

    /// Looks, and waits for a device that does not answer; `Err` in `Ok` is the reason that it is not back in time.
    pub(super) async fn look_when_back(&self) -> Result<Result<Observation, NoLook>, Ended> {
        let began = Instant::now();
        loop {
            // In a box: the future of a look is large, and a rollback has several below each other.
            let error = match Box::pin(look(&self.job.target)).await {
                Ok(look) => return Ok(Ok(look)),
                Err(error) => error,
            };
            let patience = self.patience_with(&error);
            if began.elapsed() + self.job.timeouts.pause >= patience {
                return Ok(Err(NoLook {
                    seconds: began.elapsed().as_secs(),
                    failure: LookFailure::of(&error),
                }));
            }
            (self.job.progress)(Progress::Waiting);
            self.pause(self.job.timeouts.pause).await?;
        }
    }

    /// Returns the time to wait: a device that starts up may answer oddly for a moment, and only silence is a restart.
    fn patience_with(&self, error: &LookError) -> Duration {
        match error.is_transient() {
            true => self.job.timeouts.restart,
            false => self.job.timeouts.settle,
        }
    }

    /// Waits, unless the program is asked to stop.
    pub(super) async fn pause(&self, time: Duration) -> Result<(), Ended> {
        let mut stop = self.job.stop.clone();
        let stopped = async {
            if stop.wait_for(|is_stopped| *is_stopped).await.is_err() {
                // The sender is gone, so no stop can be requested.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = stopped => Err(interrupted(Interruption::StopRequested {
                at: StoppedAt::WaitingForLook,
            })),
        }
    }

    /// Returns whether another look cannot differ: the device is at the end of all steps, or of the accepted ones.
    fn is_clear(&self, start: &Start<'_>, seen: &Seen, is_open: bool) -> bool {
        if seen.restarted
            || matches!(
                seen.verify_result,
                VerifyResult::Reached | VerifyResult::OthersChanged(_)
            )
        {
            return true;
        }
        let taken = self.steps.iter().filter(|step| step.failure.is_none());
        let taken = taken.count();
        let has_failed = self.steps.len() > taken;
        // The unanswered line has taken effect; until then it still may.
        let so_far = match is_open {
            true => taken + 1,
            false => taken,
        };
        let steps = start.plan.steps.get(..so_far).unwrap_or_default();
        has_failed && start.ends.is_after(steps, &seen.look)
    }
}
