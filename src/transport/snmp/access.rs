//! How an agent is opened, and how patient we are with it.

use std::time::Duration;

use crate::secrets::Secret;

/// How an agent is opened.
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

/// How an SNMP 3 user proves itself.
#[derive(Debug, Clone)]
pub struct Auth {
    pub protocol: AuthProtocol,
    pub password: Secret,
}

/// How SNMP 3 traffic is hidden.
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

/// How patient we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Until the first repetition; it doubles with each, with some jitter.
    pub timeout: Duration,
    /// How many times a request is sent again.
    pub retries: u32,
    /// How many rows are asked for at once, at most.
    pub rows: u32,
    /// How many requests to one device are on their way at once, at most.
    pub in_flight: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            timeout: Duration::from_millis(1000),
            retries: 3,
            rows: 25,
            in_flight: 4,
        }
    }
}
