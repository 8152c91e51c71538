//! Defines the SSH login of a device and the timeouts of its session.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::HostKey;
use crate::secrets::Secret;

/// The address and credentials of a login.
#[derive(Debug, Clone)]
pub struct Login {
    pub address: SocketAddr,
    pub user: String,
    /// The login password; it also answers `enable`, if a session starts unprivileged.
    pub password: Secret,
    /// A private key in OpenSSH's PEM format, without a passphrase. It is tried before the password.
    pub private_key: Option<Secret>,
    /// Whether the algorithms of old firmware may be used.
    pub legacy_algorithms: bool,
    /// The expected host key. Without one the login is refused.
    pub host_key: Option<HostKey>,
}

/// The default of `SshTimeouts::connect`.
pub const CONNECT: Duration = Duration::from_secs(5);

/// Timeouts and terminal settings of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SshTimeouts {
    /// For the TCP connection alone: a device that is switched off does not refuse it.
    pub connect: Duration,
    /// For everything up to the first prompt, including a second attempt with another kind of host key.
    pub login: Duration,
    /// Until the first byte of a reply, and between any two of its bytes.
    pub silence: Duration,
    /// For a complete reply.
    pub reply: Duration,
    /// For saving the configuration; a device may be silent for long meanwhile.
    pub saving: Duration,
    /// The pause in the output after which a possible prompt is probed.
    pub pause: Duration,
    /// The requested terminal width; this device family accepts at most 512.
    pub columns: u32,
}

impl Default for SshTimeouts {
    fn default() -> Self {
        Self {
            connect: CONNECT,
            // A legacy key exchange takes seconds on the small processor of a GAM.
            login: Duration::from_secs(20),
            silence: Duration::from_secs(15),
            reply: Duration::from_secs(60),
            saving: Duration::from_secs(60),
            pause: Duration::from_millis(500),
            columns: 512,
        }
    }
}
