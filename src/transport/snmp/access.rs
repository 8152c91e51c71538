//! Defines the credentials of an SNMP agent and the timeouts and limits of its requests.

use std::time::Duration;

use crate::secrets::Secret;

/// The credentials for an agent: a community, or an SNMP 3 user.
#[derive(Debug, Clone)]
pub enum Access {
    V2c {
        community: Secret,
    },
    V3 {
        user: String,
        auth: Option<Auth>,
        privacy: Option<Privacy>,
    },
}

/// The authentication of an SNMP 3 user.
#[derive(Debug, Clone)]
pub struct Auth {
    pub protocol: AuthProtocol,
    pub password: Secret,
}

/// The encryption of SNMP 3 traffic.
#[derive(Debug, Clone)]
pub struct Privacy {
    pub protocol: PrivacyProtocol,
    pub password: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthProtocol {
    Md5,
    Sha1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivacyProtocol {
    Des,
    Aes128,
}

/// Timeouts, retries and limits of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnmpOptions {
    /// Time before the first retry; it doubles with each retry, with some jitter.
    pub timeout: Duration,
    /// Retries of one request.
    pub retries: u32,
    /// The highest number of rows in one request.
    pub rows: u32,
    /// The highest number of requests to one device that wait for an answer at the same time.
    pub in_flight: usize,
}

impl Default for SnmpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_millis(1000),
            retries: 3,
            rows: 25,
            in_flight: 4,
        }
    }
}
