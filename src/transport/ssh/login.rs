//! Who logs in where, and how patient we are.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::HostKey;
use crate::secrets::Secret;

/// Who logs in where.
#[derive(Debug, Clone)]
pub struct Login {
    pub address: SocketAddr,
    pub user: String,
    /// Also answers `enable`, where a session begins without privileges.
    pub password: Secret,
    /// A private key in OpenSSH's PEM, without a passphrase; where there is one it is tried before the password.
    pub private_key: Option<Secret>,
    /// The algorithms of old firmware may be used as well.
    pub legacy_algorithms: bool,
    /// The key that the device must show. Without one nobody is logged in.
    pub host_key: Option<HostKey>,
}

/// How patient we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For everything up to the first prompt, a second try for another host key included.
    pub login: Duration,
    /// Until the first byte of a reply, and between any two of its bytes.
    pub silence: Duration,
    /// For the whole of a reply.
    pub reply: Duration,
    /// For a configuration to be saved, in which a device may say nothing for long.
    pub saving: Duration,
    /// How long nothing must come before what looks like a prompt is asked whether it is one.
    pub pause: Duration,
    /// How wide a terminal is asked for; 512 is the most that this family of devices takes.
    pub columns: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
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
