//! Asks addresses who is there, at a bounded rate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::model::{Address, CredentialsName, Identity};
use crate::observe::identify;
use crate::transport::snmp::{Access, Hint, SnmpError, SnmpOptions};

/// An address that is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub address: Address,
    /// Numbers of the credentials that are tried, in this order.
    pub credentials: Vec<usize>,
}

/// How a sweep is done.
#[derive(Debug)]
pub struct Sweep {
    pub credentials: Vec<(CredentialsName, Access)>,
    /// How many addresses are asked in a second, at most.
    pub per_second: u32,
    pub snmp_options: SnmpOptions,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub address: Address,
    /// What opened it.
    pub credentials: CredentialsName,
    pub identity: Identity,
    /// Its `sysObjectID`, a GAM's or not.
    pub object_id: Option<String>,
}

/// What came from an address; silence is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Answer(Answer),
    /// Somebody is there and does not tell us who.
    Closed {
        address: Address,
        reason: String,
    },
}

impl Heard {
    pub fn address(&self) -> Address {
        match self {
            Self::Answer(answer) => answer.address,
            Self::Closed { address, .. } => *address,
        }
    }
}

/// Asks all addresses, those that stay silent again with their next credentials; `seen` is told of each that is done.
///
/// What was heard comes sorted by address.
pub async fn sweep(asked: Vec<Asked>, how: Sweep, seen: impl FnMut()) -> Vec<Heard> {
    let how = Arc::new(how);
    let mut pace = interval(Duration::from_secs(1) / how.per_second.max(1));
    // A machine that was busy does not catch up with a burst.
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut found = Found {
        heard: Vec::new(),
        open: asked.into_iter().map(|one| (one, None)).collect(),
        seen,
    };
    let mut round = 0;
    while !found.open.is_empty() {
        let mut asking = JoinSet::new();
        for (one, reason) in std::mem::take(&mut found.open) {
            let Some(number) = one.credentials.get(round).copied() else {
                found.end(&one, reason);
                continue;
            };
            pace.tick().await;
            let how = Arc::clone(&how);
            asking.spawn(async move {
                let came = ask(one.address, number, &how).await;
                (one, reason, came)
            });
            while let Some(ended) = asking.try_join_next() {
                found.take(ended);
            }
        }
        while let Some(ended) = asking.join_next().await {
            found.take(ended);
        }
        found.open.sort_by_key(|(one, _)| one.address);
        round += 1;
    }
    found.heard.sort_by_key(Heard::address);
    found.heard
}

/// What a sweep knows so far.
struct Found<F> {
    heard: Vec<Heard>,
    /// Who is to be asked again, and why they did not tell who they are.
    open: Vec<(Asked, Option<String>)>,
    seen: F,
}

impl<F: FnMut()> Found<F> {
    /// Takes the end of one question; one that panicked has no answer.
    fn take(&mut self, ended: Result<(Asked, Option<String>, Came), JoinError>) {
        let Ok((one, reason, came)) = ended else {
            return;
        };
        match came {
            Came::Answer(answer) => {
                (self.seen)();
                self.heard.push(Heard::Answer(answer));
            }
            Came::Nobody => (self.seen)(),
            Came::Silence => self.open.push((one, reason)),
            Came::Closed(now) => self.open.push((one, reason.or(Some(now)))),
        }
    }

    /// Gives up on an address with which all was tried.
    fn end(&mut self, one: &Asked, reason: Option<String>) {
        (self.seen)();
        self.heard.extend(reason.map(|reason| Heard::Closed {
            address: one.address,
            reason,
        }));
    }
}

enum Came {
    Answer(Answer),
    /// The network says that there is nobody.
    Nobody,
    Silence,
    Closed(String),
}

async fn ask(address: Address, number: usize, how: &Sweep) -> Came {
    let Some((name, access)) = how.credentials.get(number) else {
        return Came::Silence;
    };
    let at = SocketAddr::new(address.ip, address.snmp_port);
    match identify(at, access, how.snmp_options).await {
        Ok((identity, object_id)) => Came::Answer(Answer {
            address,
            credentials: name.clone(),
            identity,
            object_id: object_id.map(|oid| oid.to_string()),
        }),
        Err(SnmpError::Refused { .. } | SnmpError::Unreachable { .. }) => Came::Nobody,
        // Behind this silence is somebody who answered to the user's name.
        Err(
            error @ SnmpError::Timeout {
                hint: Hint::Privacy | Hint::Gone,
                ..
            },
        ) => Came::Closed(error.to_string()),
        Err(SnmpError::Timeout { .. }) => Came::Silence,
        Err(error) => Came::Closed(error.to_string()),
    }
}
