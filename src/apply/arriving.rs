//! How a device is reached: looked at, logged into, and known to be the same box both ways.

use std::time::Instant;

use super::before::refused;
use super::road::{Road, Start, interrupted};
use super::typing::{Failure, failure_of};
use super::{Ended, Progress, Witness, Work};
use crate::model::{ConfigSource, Observation, chain};
use crate::observe::{board_address, look};
use crate::transport::ssh::{Command, Session, SshError};

impl<W: Witness> Road<'_, '_, W> {
    /// Looks, and where that needs no login of its own, logs in meanwhile.
    pub(super) async fn first_look(
        &mut self,
    ) -> Result<(Observation, Instant, Option<Session>), Ended> {
        let job = self.job;
        (job.progress)(Progress::Looking);
        let needs_login = |look: &Observation| {
            let mut sources = look.sources.values();
            sources.any(|source| *source == ConfigSource::RunningConfig)
        };
        let writes = !job.plan.steps.is_empty() || job.work == Work::SaveOnly;
        let (looked, session) = if writes && !job.then.is_none_or(needs_login) {
            let (looked, session) = tokio::join!(look(&job.target), self.open());
            (looked, Some(session))
        } else {
            (look(&job.target).await, None)
        };
        let at = Instant::now();
        let before = looked.map_err(|error| Ended::Unreachable {
            because: chain(&error),
        })?;
        let session = session.transpose();
        let session = session.map_err(|error| not_reached(&error))?;
        Ok((before, at, session))
    }

    pub(super) async fn open(&self) -> Result<Session, SshError> {
        Session::open_to_write(self.job.login, self.job.patience, self.job.fence).await
    }

    /// Logs in once more, to the same box.
    pub(super) async fn open_again(
        &self,
        start: &Start<'_>,
    ) -> Result<Session, Result<Failure, Ended>> {
        let mut session = self.open().await.map_err(|error| failure_of(&error))?;
        match board(&mut session, start.before).await {
            Ok(None) => Ok(session),
            Ok(Some(because)) => Err(Ok(Failure::before_anything(because))),
            Err(error) => Err(failure_of(&error)),
        }
    }

    /// Checks that SSH leads to the device that SNMP leads to: they may be forwarded to different boxes.
    pub(super) async fn check_board(
        &self,
        session: &mut Session,
        look: &Observation,
    ) -> Result<(), Ended> {
        let other = board(session, look).await;
        match other.map_err(|error| not_reached(&error))? {
            None => Ok(()),
            Some(because) => Err(refused(
                "wrong-device",
                because,
                "look where the address and its ports lead; nothing is written to a box that was not looked at",
            )),
        }
    }
}

/// Returns where SSH leads, if that is not the board that a look was at.
async fn board(session: &mut Session, look: &Observation) -> Result<Option<String>, SshError> {
    let version = session.read(Command::ShowVersion).await?;
    Ok(match (board_address(&version), look.identity.mac) {
        (Some(over_ssh), Some(over_snmp)) if over_ssh != over_snmp => Some(format!(
            "SSH leads to another device than SNMP: {over_ssh} and not {over_snmp}"
        )),
        _ => None,
    })
}

pub(super) fn not_reached(error: &SshError) -> Ended {
    match error.because() {
        SshError::Fenced { .. } => interrupted(&format!("{error}; nothing was written")),
        _ => Ended::Unreachable {
            because: chain(error),
        },
    }
}
