//! Opens an SSH connection and verifies the host key before sending credentials.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::AlgorithmKind;
use russh::client::{Config, Handle, Handler, connect_stream};
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::algorithm::{Family, is_legacy, offered};
use super::guarded::{Wire, guarded};
use super::quote::visible;
use super::{Fence, Login, SshError, SshOperation, wire_log};
use crate::model::HostKey;

/// An idle connection is closed after this time; every wait has a shorter limit.
const INACTIVITY: Duration = Duration::from_secs(120);
const KEEPALIVE: Duration = Duration::from_secs(15);

/// A connection with a verified host key.
pub(super) struct Connection {
    pub(super) handle: Handle<HostKeyVerifier>,
    pub(super) wire: Wire,
}

/// Verifies the host key of a connection.
pub(super) struct HostKeyVerifier {
    pinned: Option<HostKey>,
    presented: Arc<OnceLock<(HostKey, Family)>>,
}

impl Handler for HostKeyVerifier {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        let shown = HostKey::new(&key.fingerprint(HashAlg::Sha256).to_string());
        let (Ok(shown), Some(family)) = (shown, Family::of(&key.algorithm())) else {
            return Ok(false);
        };
        let is_pinned = self.pinned.as_ref() == Some(&shown);
        let _first = self.presented.set((shown, family));
        Ok(is_pinned)
    }
}

/// The timeouts of a handshake that has begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    connect: Duration,
    pub(super) deadline: Instant,
}

impl Limits {
    /// Starts the clock.
    pub(super) fn of(timeouts: HandshakeTimeouts) -> Self {
        Self {
            connect: timeouts.connect,
            deadline: Instant::now() + timeouts.whole,
        }
    }
}

/// The reason why a connection was rejected.
enum Refusal {
    /// The presented key and its kind.
    HostKey(HostKey, Family),
    Error(SshError),
}

/// The timeouts of a handshake.
#[derive(Debug, Clone, Copy)]
pub struct HandshakeTimeouts {
    /// For each TCP connection.
    pub connect: Duration,
    /// For all of it, including a second attempt with another kind of host key.
    pub whole: Duration,
}

/// Connects and compares the host key with the pinned one.
pub(super) async fn handshake(
    login: &Login,
    fence: Option<&Fence>,
    limits: Limits,
) -> Result<Connection, SshError> {
    let first = attempt(login, fence, &Family::ALL, limits).await;
    let (presented, shown) = match first {
        Ok(connection) => return Ok(connection),
        Err(Refusal::Error(error)) => return Err(error),
        Err(Refusal::HostKey(presented, family)) => (presented, family),
    };
    let address = login.address;
    let Some(pinned) = login.host_key.clone() else {
        return Err(SshError::HostKeyUnknown { address, presented });
    };
    // A device with several host keys presents the kind that we prefer, but the pin may be of another kind. So try
    // each.
    for family in Family::ALL.into_iter().filter(|family| *family != shown) {
        if let Ok(connection) = attempt(login, fence, &[family], limits).await {
            return Ok(connection);
        }
    }
    Err(SshError::HostKeyChanged {
        address,
        pinned,
        presented,
    })
}

/// Returns the host key of a device, without logging in.
///
/// If the device has the pinned key, that one is returned, whatever other keys it has.
pub async fn host_key_of(
    address: SocketAddr,
    legacy_algorithms: bool,
    pinned: Option<HostKey>,
    timeouts: HandshakeTimeouts,
) -> Result<HostKey, SshError> {
    let login = Login {
        address,
        user: String::new(),
        password: crate::secrets::Secret::new(Vec::new()),
        private_key: None,
        legacy_algorithms,
        host_key: pinned.clone(),
    };
    let result = handshake(&login, None, Limits::of(timeouts)).await;
    match (result, pinned) {
        (Ok(connection), Some(pinned)) => {
            drop(connection);
            Ok(pinned)
        }
        (
            Err(
                SshError::HostKeyUnknown { presented, .. }
                | SshError::HostKeyChanged { presented, .. },
            ),
            _,
        ) => Ok(presented),
        (Err(error), _) => Err(error),
        // Without a pin no key is accepted, so this cannot happen.
        (Ok(_), None) => Err(SshError::Certificate { address }),
    }
}

async fn attempt(
    login: &Login,
    fence: Option<&Fence>,
    families: &[Family],
    limits: Limits,
) -> Result<Connection, Refusal> {
    let address = login.address;
    let deadline = limits.deadline;
    let late = |operation| {
        Refusal::Error(SshError::TimedOut {
            address,
            operation,
            said: String::new(),
        })
    };
    let unreachable = |source| Refusal::Error(SshError::Connect { address, source });
    let started = Instant::now();
    let connected = deadline.min(Instant::now() + limits.connect);
    let stream = timeout_at(connected, TcpStream::connect(address)).await;
    let stream = stream
        .map_err(|_| late(SshOperation::Connecting))?
        .map_err(unreachable)?;
    wire_log::connected(address, started.elapsed());
    stream.set_nodelay(true).map_err(unreachable)?;
    let (stream, wire) = guarded(stream, fence.cloned()).map_err(unreachable)?;
    let presented = Arc::new(OnceLock::new());
    let verifier = HostKeyVerifier {
        pinned: login.host_key.clone(),
        presented: Arc::clone(&presented),
    };
    let config = Config {
        preferred: offered(families, login.legacy_algorithms),
        inactivity_timeout: Some(INACTIVITY),
        keepalive_interval: Some(KEEPALIVE),
        ..Config::default()
    };
    let connecting = connect_stream(Arc::new(config), stream, verifier);
    match timeout_at(deadline, connecting).await {
        Err(_) => Err(late(SshOperation::Agreeing)),
        Ok(Ok(handle)) => {
            let key = presented.get().map(|(key, _)| key);
            wire_log::agreed(address, key, started.elapsed());
            Ok(Connection { handle, wire })
        }
        Ok(Err(russh::Error::UnknownKey)) => Err(match presented.get() {
            Some((key, family)) => {
                wire_log::other_key(address, key, login.host_key.as_ref());
                Refusal::HostKey(key.clone(), *family)
            }
            None => Refusal::Error(SshError::Certificate { address }),
        }),
        Ok(Err(_)) if fence.is_some_and(|fence| !fence.is_open()) => {
            Err(Refusal::Error(SshError::Fenced { address }))
        }
        Ok(Err(error)) => Err(Refusal::Error(explained(
            login,
            SshOperation::Agreeing,
            error,
        ))),
    }
}

/// Returns a protocol error in terms that an operator can act on.
pub(super) fn explained(login: &Login, operation: SshOperation, error: russh::Error) -> SshError {
    let address = login.address;
    match error {
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            let may_be_legacy =
                !login.legacy_algorithms && theirs.iter().any(|name| is_legacy(name));
            let shown: Vec<String> = theirs.iter().take(12).map(|name| visible(name)).collect();
            SshError::NoCommonAlgorithm {
                address,
                what: match kind {
                    AlgorithmKind::Kex => "key exchange",
                    AlgorithmKind::Key => "host key",
                    AlgorithmKind::Cipher => "cipher",
                    AlgorithmKind::Compression => "compression",
                    AlgorithmKind::Mac => "MAC",
                },
                theirs: shown.join(", "),
                may_be_legacy,
            }
        }
        russh::Error::Disconnect
        | russh::Error::HUP
        | russh::Error::SendError
        | russh::Error::IO(_) => SshError::Closed {
            address,
            operation,
            said: String::new(),
        },
        source => SshError::Protocol {
            address,
            operation,
            source,
        },
    }
}
