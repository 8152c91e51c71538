//! Connects over SNMP and SSH and checks that both reach the same device.

use std::time::Instant;

use super::cause::{Failure, LookFailure, NotReached, Refusal, SshFailure};
use super::device_apply::{DeviceApply, Start, lease_expired, not_reached};
use super::{ApplyLog, Ended, Progress, Work};
use crate::model::{ConfigSource, MacAddress, Observation};
use crate::observe::{board_address, look};
use crate::transport::ssh::{Command, Session, SshError};

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    /// Looks at the device, and logs in at the same time if the look needs no login of its own.
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
            cause: Box::new(NotReached::Look {
                look: LookFailure::of(&error),
            }),
        })?;
        let session = session.transpose();
        let session = session.map_err(|error| not_reached(&error))?;
        Ok((before, at, session))
    }

    pub(super) async fn open(&self) -> Result<Session, SshError> {
        Session::open_to_write(self.job.login, self.job.patience, self.job.fence).await
    }

    /// Logs in again, to the same device.
    pub(super) async fn open_again(
        &self,
        start: &Start<'_>,
    ) -> Result<Session, Result<NoSession, Ended>> {
        let lost = |error: SshError| match error.because() {
            SshError::Fenced { .. } => Err(lease_expired(&error, None)),
            _ => Ok(NoSession::Failed(SshFailure::of(&error))),
        };
        let mut session = self.open().await.map_err(lost)?;
        match other_board(&mut session, start.before).await {
            Ok(None) => Ok(session),
            Ok(Some((ssh, snmp))) => Err(Ok(NoSession::OtherDevice { ssh, snmp })),
            Err(error) => Err(lost(error)),
        }
    }

    /// Checks that SSH reaches the same device as SNMP: ports may be forwarded to different ones.
    pub(super) async fn check_board(
        &self,
        session: &mut Session,
        look: &Observation,
    ) -> Result<(), Ended> {
        let other = other_board(session, look).await;
        match other.map_err(|error| not_reached(&error))? {
            None => Ok(()),
            Some((ssh, snmp)) => Err(Ended::Refused {
                refusal: Refusal::WrongBoard { ssh, snmp },
            }),
        }
    }
}

/// The reason that there is no second session.
pub(super) enum NoSession {
    Failed(SshFailure),
    OtherDevice { ssh: MacAddress, snmp: MacAddress },
}

impl From<NoSession> for Failure {
    fn from(why: NoSession) -> Self {
        match why {
            NoSession::Failed(error) => Self::SessionLost { error },
            NoSession::OtherDevice { ssh, snmp } => Self::OtherDevice { ssh, snmp },
        }
    }
}

/// Returns the devices that SSH and SNMP reach, if they are not the same board.
async fn other_board(
    session: &mut Session,
    look: &Observation,
) -> Result<Option<(MacAddress, MacAddress)>, SshError> {
    let version = session.read(Command::ShowVersion).await?;
    let both = board_address(&version).zip(look.identity.mac);
    Ok(both.filter(|(ssh, snmp)| ssh != snmp))
}
