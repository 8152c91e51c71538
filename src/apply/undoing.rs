//! When something went wrong: what came of it is found out by a look, and undone by planning back.

use super::looking::Seen;
use super::road::{Road, Start, away, chain};
use super::typing::{Failure, Typed};
use super::verdict::{Stand, has_restarted};
use super::{Ended, Moment, Progress, Purpose, Witness};
use crate::model::{Fingerprint, Observation};
use crate::plan::{Back, Observed, back};
use crate::render::dress;
use crate::transport::ssh::ConfigLine;

/// How often the way back is tried.
const TRIES: usize = 2;

/// What came of one try to go back.
enum Try {
    Ended(Ended),
    /// Not all the way; what is there now, and why.
    Again(Box<Observation>, String),
}

impl<W: Witness> Road<'_, '_, W> {
    /// Finds out what came of lines of which one failed.
    pub(super) async fn after_failure(
        &mut self,
        start: &Start<'_>,
        failure: Failure,
    ) -> Result<Ended, Ended> {
        (self.job.progress)(Progress::LookingAgain);
        let Failure {
            because,
            is_open,
            is_typed,
        } = failure;
        let seen = match self.look_until_settled(start, is_open).await? {
            Ok(seen) => seen,
            Err(no_look) => return Ok(away(start, &format!("{because}; {no_look}"))),
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
        self.settle_accounts(start, because, is_typed, look, restarted, stand)
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
        because: String,
        is_typed: bool,
        look: Observation,
        restarted: bool,
        stand: Stand,
    ) -> Result<Ended, Ended> {
        let stuck = |because: String, left: Vec<String>| Ended::Stuck { because, left };
        if restarted && stand != Stand::Reached {
            return Ok(self.after_restart(start, &because, &look));
        }
        match stand {
            Stand::Reached => Ok(Ended::Unsaved {
                because: format!(
                    "{because}; a look finds everything as it shall be, so nothing is undone, and nothing that a device did not say yes to is saved"
                ),
            }),
            Stand::OthersMoved(others) => {
                self.remark_others(&others);
                let because = match is_typed {
                    true => "what was planned is written; somebody else changed something meanwhile, and that is not saved for them".to_owned(),
                    false => format!("{because}; what was planned is there, and so is what somebody else changed meanwhile"),
                };
                Ok(Ended::Unsaved { because })
            }
            Stand::Unread(unread) => Ok(stuck(
                format!(
                    "{because}; what is there now cannot be read, so nothing is undone blindly"
                ),
                unread,
            )),
            Stand::Elsewhere(left) => {
                let because = match is_typed {
                    true => format!("{because}: {}", few(&left)),
                    false => because,
                };
                if start.ends.left_of_before(&look).is_empty() {
                    self.remark_others(&start.ends.others(&look));
                    return Ok(Ended::RolledBack {
                        because: format!("{because}; nothing of it had taken hold"),
                    });
                }
                self.go_back(start, because, look).await
            }
        }
    }

    /// Says what a device came up as.
    pub(super) fn after_restart(
        &mut self,
        start: &Start<'_>,
        because: &str,
        look: &Observation,
    ) -> Ended {
        let left = start.ends.all_that_differs(look);
        if left.is_empty() {
            return Ended::RolledBack {
                because: format!("{because}; the device restarted, and came up as it was before"),
            };
        }
        Ended::Stuck {
            because: format!(
                "{because}; the device restarted, and came up as something else than it was before"
            ),
            left,
        }
    }

    /// Plans back to the picture before, and does that.
    async fn go_back(
        &mut self,
        start: &Start<'_>,
        because: String,
        look: Observation,
    ) -> Result<Ended, Ended> {
        let mut now = Box::new(look);
        let mut trouble = String::new();
        for _ in 0..TRIES {
            match self.try_back(start, &because, &now).await? {
                Try::Ended(ended) => return Ok(ended),
                Try::Again(look, why) => (now, trouble) = (look, why),
            }
        }
        Ok(Ended::Stuck {
            because: format!("{because}; the way back failed: {trouble}"),
            left: start.ends.left_of_before(&now),
        })
    }

    async fn try_back(
        &mut self,
        start: &Start<'_>,
        because: &str,
        now: &Observation,
    ) -> Result<Try, Ended> {
        let request = self.job.request;
        let mut way = back(request, &start.before.config, now, &start.plan.steps);
        way.plan.observed = Some(Observed {
            sequence: now.sequence,
            fingerprint: Fingerprint::of(now),
        });
        let stuck = |why: String| {
            Ok(Try::Ended(Ended::Stuck {
                because: format!("{because}; there is no way back: {why}"),
                left: start.ends.left_of_before(now),
            }))
        };
        if let Some(why) = no_way(&mut way, request, now) {
            return stuck(why);
        }
        self.intend(Purpose::Undo, &way.plan, "it is half written")
            .await?;
        let typed = match self.open_again(start).await {
            Ok(session) => self.type_steps(session, &way.plan, Purpose::Undo).await?,
            Err(failure) => Typed::Failed(failure?),
        };
        let trouble = match typed {
            Typed::All(session) => {
                session.close().await;
                None
            }
            Typed::Failed(failure) => Some(failure),
        };
        let is_open = trouble.as_ref().is_some_and(|failure| failure.is_open);
        let look = match self.look_until_back(start, &way, is_open).await? {
            Ok(look) => look,
            Err(no_look) => {
                let ended = away(start, &format!("{because}; on the way back: {no_look}"));
                return Ok(Try::Ended(ended));
            }
        };
        self.looked(Moment::After, &look).await?;
        if has_restarted(start.before, &look, start.at.elapsed()) {
            return Ok(Try::Ended(self.after_restart(start, because, &look)));
        }
        let left = start.ends.left_of(&way.goal, &look);
        if left.is_empty() {
            self.verified(Purpose::Undo, &look).await?;
            self.remark_others(&start.ends.others(&look));
            return Ok(Try::Ended(Ended::RolledBack {
                because: because.to_owned(),
            }));
        }
        let why = trouble.map_or_else(|| few(&left), |failure| failure.because);
        Ok(Try::Again(Box::new(look), why))
    }

    /// Looks until the device is back where it was, or has had its time.
    async fn look_until_back(
        &self,
        start: &Start<'_>,
        way: &Back,
        is_open: bool,
    ) -> Result<Result<Observation, String>, Ended> {
        let until = std::time::Instant::now() + self.job.pace.settle;
        loop {
            let look = match self.look_when_back().await? {
                Ok(look) => look,
                Err(because) => return Ok(Err(because)),
            };
            let is_back = start.ends.left_of(&way.goal, &look).is_empty() && !is_open;
            if is_back || std::time::Instant::now() + self.job.pace.pause >= until {
                return Ok(Ok(look));
            }
            self.pause(self.job.pace.pause).await?;
        }
    }
}

/// Dresses the way back; returns why it cannot be gone.
fn no_way(way: &mut Back, request: &crate::plan::Request<'_>, now: &Observation) -> Option<String> {
    if let Some(refusal) = way.plan.refusals.first() {
        return Some(refusal.message.clone());
    }
    if let Err(error) = dress(&mut way.plan) {
        return Some(chain(&error));
    }
    if let Some(complaint) = way.lint(request, now).first() {
        return Some(complaint.to_string());
    }
    let mut lines = way.plan.steps.iter().flat_map(|step| &step.lines);
    if let Some(error) = lines.find_map(|line| ConfigLine::new(line).err()) {
        return Some(error.to_string());
    }
    if way.plan.steps.is_empty() {
        let notes: Vec<String> = way
            .plan
            .notes
            .iter()
            .map(|note| note.message.clone())
            .collect();
        return Some(match notes.is_empty() {
            true => "nothing is known that would change it".to_owned(),
            false => few(&notes),
        });
    }
    None
}

/// Returns the first of some sentences, and how many more there are.
fn few(sentences: &[String]) -> String {
    match sentences {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}
