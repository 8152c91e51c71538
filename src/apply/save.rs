//! Saves a verified configuration, and confirms the save over SNMP if the device allows it.

use std::time::Instant;

use tracing::{Instrument as _, debug_span};

use super::cause::{Failure, NotRestored, Remark, SaveFailure, SoFar, Unsaved};
use super::connect::NoSession;
use super::device_apply::{DeviceApply, Start, away, lease_expired};
use super::verify::VerifyResult;
use super::{ApplyLog, Ended, Entry, Exchange, LookReason, Progress};
use crate::crash;
use crate::observe::{StartupFile, look_at_startup};
use crate::transport::ssh::{Saved, Session, SshError};

/// The number of tries of a save whose reply was lost: saving twice does no harm.
const TRIES: usize = 2;

type File = Result<Option<StartupFile>, String>;

/// The evidence for a save.
enum Proof {
    Known(String),
    /// Nothing contradicts the save, but only the reply confirms it.
    ReplyAlone(String),
    Against(SaveFailure),
}

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    /// Saves the configuration that a look has just verified. `file` is the startup-config's file after the last line, if it
    /// was read.
    pub(super) async fn save(
        &mut self,
        start: &Start<'_>,
        mut session: Option<Session>,
        mut file: Option<File>,
    ) -> Result<Ended, Ended> {
        let mut exchanges = Vec::new();
        let mut tries = 0;
        let failed = loop {
            tries += 1;
            (self.job.progress)(Progress::Saving);
            let opened = match session.take() {
                Some(session) => Ok(session),
                None => self.open_again(start).await,
            };
            let mut session = match opened {
                Ok(session) => session,
                Err(no_session) => break no_session?.into(),
            };
            let file = match file.take() {
                Some(file) => file,
                None => Box::pin(look_at_startup(&self.job.target)).await,
            };
            let error = match session.save().instrument(debug_span!("save")).await {
                Ok(saved) => {
                    // The device confirms the save over SNMP, so the session is not needed for that.
                    let proven = self
                        .said_saved(saved, &file, exchanges)
                        .instrument(debug_span!("confirm-save"));
                    let (ended, ()) = tokio::join!(Box::pin(proven), session.close());
                    return ended;
                }
                Err(error) => error,
            };
            exchanges.extend(error.exchange().cloned().map(Exchange::from));
            if matches!(error.because(), SshError::Fenced { .. }) {
                return Err(lease_expired(&error, None));
            }
            let failed = SaveFailure::of(&error);
            let ended = self
                .after_lost_save(start, &failed, &file, &mut exchanges, error.may_have_run())
                .await?;
            if let Some(ended) = ended {
                return Ok(ended);
            }
            if tries == TRIES || matches!(error.because(), SshError::Declined { .. }) {
                break failed;
            }
        };
        self.not_saved(failed, exchanges).await
    }

    /// Compares the reply of the device with its agent's report of the file.
    async fn said_saved(
        &mut self,
        saved: Saved,
        before: &File,
        mut exchanges: Vec<Exchange>,
    ) -> Result<Ended, Ended> {
        let Saved { bytes, exchange } = saved;
        exchanges.push(exchange.into());
        let proof = match self.proof(bytes, before).await? {
            Proof::Known(proof) => proof,
            Proof::ReplyAlone(why) => {
                self.remarks.push(Remark::SavedByReplyAlone { why });
                "only its reply confirms the save".to_owned()
            }
            Proof::Against(failed) => return self.not_saved(failed, exchanges).await,
        };
        self.saved(Some(bytes), proof, exchanges).await
    }

    async fn proof(&self, bytes: u64, before: &File) -> Result<Proof, Ended> {
        if let Err(why) = before {
            return Ok(Proof::ReplyAlone(why.clone()));
        }
        let until = Instant::now() + self.job.timeouts.settle;
        loop {
            let file = Box::pin(look_at_startup(&self.job.target)).await;
            let proof = match file {
                Ok(Some(file)) if file.bytes == bytes => {
                    let at = file
                        .modified
                        .map_or_else(String::new, |at| format!(", written {at}"));
                    return Ok(Proof::Known(format!(
                        "the agent has a startup file of {bytes} bytes{at}"
                    )));
                }
                Ok(Some(file)) => Proof::Against(SaveFailure::SizeDiffers {
                    reported: bytes,
                    has: file.bytes,
                }),
                Ok(None) => Proof::Against(SaveFailure::NoStartupFile { reported: bytes }),
                Err(why) => Proof::ReplyAlone(why),
            };
            if Instant::now() + self.job.timeouts.pause >= until {
                return Ok(proof);
            }
            self.pause(self.job.timeouts.pause).await?;
        }
    }

    /// Checks the result of a save without a reply; `None` means to try again.
    async fn after_lost_save(
        &mut self,
        start: &Start<'_>,
        failed: &SaveFailure,
        before: &File,
        exchanges: &mut Vec<Exchange>,
        was_sent: bool,
    ) -> Result<Option<Ended>, Ended> {
        (self.job.progress)(Progress::LookingAgain);
        let cause = Failure::SaveFailed {
            save: failed.clone(),
        };
        let look = match self.look_when_back().await? {
            Ok(look) => look,
            Err(look) => {
                let why = NotRestored::CannotLook { look };
                return Ok(Some(away(start, cause, Some(why))));
            }
        };
        let seen = self.judged(start, look);
        self.looked(LookReason::After, &seen.look).await?;
        self.not_compared.clone_from(&seen.not_compared);
        match (seen.restarted, seen.verify_result) {
            (true, VerifyResult::Reached) => {
                let proof = "it restarted, and is as intended".to_owned();
                let exchanges = std::mem::take(exchanges);
                self.saved(None, proof, exchanges).await.map(Some)
            }
            (true, _) => Ok(Some(self.after_restart(start, cause, &seen.look))),
            (false, VerifyResult::Reached) => {
                let file = Box::pin(look_at_startup(&self.job.target)).await;
                match was_sent.then(|| written_anew(before, &file)).flatten() {
                    None => Ok(None),
                    Some(file) => {
                        let at = file.modified.unwrap_or_default();
                        let bytes = file.bytes;
                        let proof = format!(
                            "no reply came; the agent has a new startup file of {bytes} bytes, written {at}"
                        );
                        let exchanges = std::mem::take(exchanges);
                        self.saved(Some(bytes), proof, exchanges).await.map(Some)
                    }
                }
            }
            (
                false,
                VerifyResult::OthersChanged(left)
                | VerifyResult::NotAsIntended(left)
                | VerifyResult::Unread(left),
            ) => Ok(Some(Ended::Stuck {
                cause: Box::new(cause),
                not_restored: Some(Box::new(NotRestored::ChangedBeforeSave)),
                left,
            })),
        }
    }

    async fn saved(
        &self,
        bytes: Option<u64>,
        proof: String,
        exchanges: Vec<Exchange>,
    ) -> Result<Ended, Ended> {
        let entry = Entry::Saved {
            bytes,
            proof,
            exchanges,
        };
        self.commit(entry, SoFar::Saved).await?;
        crash::point("saved-after");
        Ok(Ended::Applied)
    }

    async fn not_saved(
        &self,
        cause: SaveFailure,
        exchanges: Vec<Exchange>,
    ) -> Result<Ended, Ended> {
        let entry = Entry::NotSaved {
            cause: cause.clone(),
            exchanges,
        };
        self.commit(entry, SoFar::VerifiedNotSaved).await?;
        Ok(Ended::Unsaved {
            cause: Box::new(Unsaved::SaveFailed { save: cause }),
        })
    }
}

impl From<NoSession> for SaveFailure {
    fn from(why: NoSession) -> Self {
        match why {
            NoSession::Failed(error) => Self::NoSession { error },
            NoSession::OtherDevice { ssh, snmp } => Self::OtherDevice { ssh, snmp },
        }
    }
}

/// Returns the file if it was written since, by the device's own clock.
fn written_anew(before: &File, now: &File) -> Option<StartupFile> {
    match (before, now) {
        (Ok(before), Ok(Some(now))) => {
            let then = before.as_ref().and_then(|file| file.modified.as_ref());
            let is_anew = now.modified.is_some() && now.modified.as_ref() != then;
            is_anew.then(|| now.clone())
        }
        _ => None,
    }
}
