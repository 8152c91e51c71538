//! Checks that devices answer over SNMP and accept the login over SSH; reads and changes nothing else.

use std::collections::BTreeMap;

use super::look::not_observed;
use super::many::ask_accessible;
use super::{Accesses, DeviceAccess};
use crate::model::{DeviceName, Identity, NotObserved, chain};
use crate::observe::{CommandLine, LookError, answers_as_delivered, identify};
use crate::transport::snmp::{SnmpError, SnmpOptions};
use crate::transport::ssh::{Login, Session, SshError};

/// The number of devices checked at once: a login costs a device seconds, and this host little.
const AT_ONCE: usize = 32;

/// The access to one device.
#[derive(Debug, Clone)]
pub struct AccessCheck {
    pub snmp: Result<Identity, NotObserved>,
    pub ssh: Result<(), LoginProblem>,
    /// Whether the community that writes as delivered is answered, or the reason that it is unknown; absent: not asked.
    pub answers_as_delivered: Option<Result<bool, String>>,
}

/// Whether to ask devices with the community that writes as delivered: one request each, with another's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveredCommunity {
    NotAsked,
    Asked,
}

/// The reason that a device does not accept the login, or that none is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginProblem {
    /// The inventory or the secrets lack a login.
    NoLogin {
        why: String,
    },
    /// No host key is pinned, so no password is sent.
    NotPinned,
    HostKeyChanged {
        error: String,
    },
    NotReached {
        error: String,
    },
    Rejected {
        error: String,
    },
}

/// Checks the devices; `seen` is called for each as it comes in.
pub async fn check_access(
    devices: Accesses,
    delivered: DeliveredCommunity,
    seen: impl FnMut(&DeviceName),
) -> BTreeMap<DeviceName, Result<AccessCheck, NotObserved>> {
    let ask = move |device: DeviceName, access| async move {
        Ok(check(&device, &access, delivered).await)
    };
    ask_accessible(devices, AT_ONCE, ask, seen).await
}

async fn check(
    device: &DeviceName,
    access: &DeviceAccess,
    delivered: DeliveredCommunity,
) -> AccessCheck {
    let options = SnmpOptions::default().with_silence(access.silence);
    let probe = async {
        match delivered {
            DeliveredCommunity::NotAsked => None,
            DeliveredCommunity::Asked => {
                let answer = answers_as_delivered(access.snmp, options).await;
                Some(answer.map_err(|error| chain(&error)))
            }
        }
    };
    let (snmp, ssh, answers_as_delivered) = tokio::join!(
        identify(access.snmp, &access.access, options),
        log_in(&access.command_line),
        probe
    );
    // Silent to both: whether it knows the community is not known.
    let answers_as_delivered = answers_as_delivered.map(|answer| match (&snmp, answer) {
        (Err(error), Ok(false)) => Err(chain(error)),
        (_, answer) => answer,
    });
    AccessCheck {
        snmp: snmp
            .map(|(identity, _)| identity)
            .map_err(|error| unanswered(device, error)),
        ssh,
        answers_as_delivered,
    }
}

/// Returns the reason that a device did not identify itself; its name is beside it anyway.
fn unanswered(device: &DeviceName, source: SnmpError) -> NotObserved {
    let error = chain(&source);
    match not_observed(&LookError::of(device, source)) {
        NotObserved::NoAnswer { .. } => NotObserved::NoAnswer { error },
        NotObserved::AccessDenied { .. } => NotObserved::AccessDenied { error },
        _ => NotObserved::InvalidAnswer { error },
    }
}

async fn log_in(command_line: &CommandLine) -> Result<(), LoginProblem> {
    let (session, _) = open(command_line).await?;
    session.close().await;
    Ok(())
}

/// Opens a session that reads, if a login is known and the host key pinned.
pub(super) async fn open(command_line: &CommandLine) -> Result<(Session, &Login), LoginProblem> {
    let (login, timeouts) = match command_line {
        CommandLine::Login(login, timeouts) => (&**login, *timeouts),
        CommandLine::None(why) => return Err(LoginProblem::NoLogin { why: why.clone() }),
    };
    if login.host_key.is_none() {
        return Err(LoginProblem::NotPinned);
    }
    let opened = Session::open(login, timeouts).await;
    let session = opened.map_err(|problem| {
        let error = chain(&problem);
        match problem {
            SshError::HostKeyChanged { .. } | SshError::HostKeyUnknown { .. } => {
                LoginProblem::HostKeyChanged { error }
            }
            SshError::Connect { .. } | SshError::TimedOut { .. } | SshError::Closed { .. } => {
                LoginProblem::NotReached { error }
            }
            _ => LoginProblem::Rejected { error },
        }
    })?;
    Ok((session, login))
}
