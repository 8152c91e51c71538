//! Connects over SNMP and SSH and checks that both reach the same device.

use std::time::Instant;

use tracing::{Instrument as _, debug_span};

use super::cause::{Failure, LookFailure, NotReached, Refusal, SshFailure};
use super::device_apply::{DeviceApply, Start, lease_expired, not_reached};
use super::{ApplyLog, Ended, Progress, Work};
use crate::model::{ConfigSource, MacAddress, Observation};
use crate::observe::{board_address, look};
use crate::transport::ssh::{Command, Session, SshError};

/// A session, and the device that it reaches.
pub(super) struct IdentifiedSession {
    session: Session,
    /// `None` if `show version` does not print it. A failure is reported after the look is recorded.
    board: Result<Option<MacAddress>, SshError>,
}

impl<W: ApplyLog> DeviceApply<'_, '_, W> {
    /// Looks at the device, and logs in at the same time if the look needs no login of its own.
    pub(super) async fn first_look(
        &self,
    ) -> Result<(Observation, Instant, Option<IdentifiedSession>), Ended> {
        let job = self.job;
        (job.progress)(Progress::Looking);
        let needs_login = |look: &Observation| {
            let mut sources = look.sources.values();
            sources.any(|source| *source == ConfigSource::RunningConfig)
        };
        let writes = !job.plan.steps.is_empty() || job.work == Work::SaveOnly;
        let (looked, session) = if writes && !job.then.is_none_or(needs_login) {
            let (looked, session) = tokio::join!(
                Box::pin(look(&job.target)).instrument(debug_span!("look-before")),
                Box::pin(self.open_and_identify()).instrument(debug_span!("connect")),
            );
            (looked, Some(session))
        } else {
            let looked = Box::pin(look(&job.target)).instrument(debug_span!("look-before"));
            (looked.await, None)
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

    async fn open(&self) -> Result<Session, SshError> {
        Session::open_to_write(self.job.login, self.job.patience, self.job.fence).await
    }

    async fn open_and_identify(&self) -> Result<IdentifiedSession, SshError> {
        let mut session = self.open().await?;
        let version = session.read(Command::ShowVersion).await;
        let board = version.map(|version| board_address(&version));
        Ok(IdentifiedSession { session, board })
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
        let identified = Box::pin(self.open_and_identify()).await.map_err(lost)?;
        match identified.checked(start.before).map_err(lost)? {
            Ok(session) => Ok(session),
            Err((ssh, snmp)) => Err(Ok(NoSession::OtherDevice { ssh, snmp })),
        }
    }

    /// Returns a session that reaches the same device as SNMP: ports may be forwarded to different ones.
    pub(super) async fn session_to(
        &self,
        look: &Observation,
        opened: Option<IdentifiedSession>,
    ) -> Result<Session, Ended> {
        let identified = match opened {
            Some(identified) => identified,
            None => {
                let opened = Box::pin(self.open_and_identify());
                let opened = opened.instrument(debug_span!("connect")).await;
                opened.map_err(|error| not_reached(&error))?
            }
        };
        let checked = identified.checked(look);
        match checked.map_err(|error| not_reached(&error))? {
            Ok(session) => Ok(session),
            Err((ssh, snmp)) => Err(Ended::Refused {
                refusal: Refusal::WrongBoard { ssh, snmp },
            }),
        }
    }
}

impl IdentifiedSession {
    /// Returns the session, or the devices that SSH and SNMP reach, if they are not the same board.
    fn checked(
        self,
        look: &Observation,
    ) -> Result<Result<Session, (MacAddress, MacAddress)>, SshError> {
        let both = self.board?.zip(look.identity.mac);
        Ok(match both.filter(|(ssh, snmp)| ssh != snmp) {
            None => Ok(self.session),
            Some(boards) => Err(boards),
        })
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
