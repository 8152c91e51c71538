//! Asks addresses over SNMP which device they are, at a limited rate.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::model::{Address, CredentialsName, Identity};
use crate::observe::identify;
use crate::transport::snmp::{Access, Hint, SnmpError, SnmpOptions};

/// An address that is asked.
#[derive(Debug, Clone)]
pub struct SweepTarget {
    pub address: Address,
    /// Numbers of the credentials that are tried, in this order.
    pub credentials: Vec<usize>,
}

/// Credentials, rate and timeouts of a sweep.
#[derive(Debug)]
pub struct Sweep {
    pub credentials: Vec<(CredentialsName, Access)>,
    /// Requests per second, at most.
    pub per_second: u32,
    pub snmp_options: SnmpOptions,
}

/// The identity behind an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub address: Address,
    /// The credentials that it accepts.
    pub credentials: CredentialsName,
    pub identity: Identity,
    /// Its `sysObjectID`, a GAM's or not.
    pub object_id: Option<String>,
}

/// The response of an address; silence is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    Answer(Answer),
    /// Something answers and does not identify itself.
    Closed {
        address: Address,
        reason: String,
    },
}

impl Response {
    pub fn address(&self) -> Address {
        match self {
            Self::Answer(answer) => answer.address,
            Self::Closed { address, .. } => *address,
        }
    }
}

/// Asks all addresses, the silent ones again with their next credentials; calls `seen` for each that is done.
///
/// Responses are sorted by address.
pub async fn sweep(
    asked: Vec<SweepTarget>,
    how: Sweep,
    seen: impl FnMut(Address),
) -> Vec<Response> {
    let how = Arc::new(how);
    let mut pace = interval(Duration::from_secs(1) / how.per_second.max(1));
    // A machine that was busy does not catch up with a burst.
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut found = SweepState {
        heard: Vec::new(),
        open: asked.into_iter().map(|one| (one, None)).collect(),
        seen,
    };
    let mut round = 0;
    while !found.open.is_empty() {
        let mut asking = JoinSet::new();
        let mut addresses = HashMap::new();
        for (one, reason) in std::mem::take(&mut found.open) {
            let Some(number) = one.credentials.get(round).copied() else {
                found.end(&one, reason);
                continue;
            };
            pace.tick().await;
            let how = Arc::clone(&how);
            let address = one.address;
            let question = asking.spawn(async move {
                let came = ask(one.address, number, &how).await;
                (one, reason, came)
            });
            addresses.insert(question.id(), address);
            while let Some(ended) = asking.try_join_next() {
                found.take(ended, &addresses);
            }
        }
        while let Some(ended) = asking.join_next().await {
            found.take(ended, &addresses);
        }
        found.open.sort_by_key(|(one, _)| one.address);
        round += 1;
    }
    found.heard.sort_by_key(Response::address);
    found.heard
}

/// The state of a sweep.
struct SweepState<F> {
    heard: Vec<Response>,
    /// Addresses to ask again, with the reason why they did not identify themselves.
    open: Vec<(SweepTarget, Option<String>)>,
    seen: F,
}

impl<F: FnMut(Address)> SweepState<F> {
    /// Takes the end of one question. One that failed inside gamctl is reported: its address may have a device.
    fn take(
        &mut self,
        ended: Result<(SweepTarget, Option<String>, Reply), JoinError>,
        addresses: &HashMap<Id, Address>,
    ) {
        let (one, reason, came) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let address = addresses.get(&error.id()).copied();
                if let Some(address) = address {
                    (self.seen)(address);
                }
                self.heard.extend(address.map(|address| Response::Closed {
                    address,
                    reason: "the question failed inside gamctl".to_owned(),
                }));
                return;
            }
        };
        match came {
            Reply::Answer(answer) => {
                (self.seen)(one.address);
                self.heard.push(Response::Answer(answer));
            }
            Reply::Unreachable => (self.seen)(one.address),
            Reply::Silence => self.open.push((one, reason)),
            Reply::Closed(now) => self.open.push((one, reason.or(Some(now)))),
        }
    }

    /// Ends an address for which all credentials were tried.
    fn end(&mut self, one: &SweepTarget, reason: Option<String>) {
        (self.seen)(one.address);
        self.heard.extend(reason.map(|reason| Response::Closed {
            address: one.address,
            reason,
        }));
    }
}

enum Reply {
    Answer(Answer),
    /// The network reports that the address is unused.
    Unreachable,
    Silence,
    Closed(String),
}

async fn ask(address: Address, number: usize, how: &Sweep) -> Reply {
    let Some((name, access)) = how.credentials.get(number) else {
        return Reply::Silence;
    };
    let at = SocketAddr::new(address.ip, address.snmp_port);
    match identify(at, access, how.snmp_options).await {
        Ok((identity, object_id)) => Reply::Answer(Answer {
            address,
            credentials: name.clone(),
            identity,
            object_id: object_id.map(|oid| oid.to_string()),
        }),
        Err(SnmpError::Refused { .. } | SnmpError::Unreachable { .. }) => Reply::Unreachable,
        // An agent that knows the user's name is behind this timeout.
        Err(
            error @ SnmpError::Timeout {
                hint: Hint::Privacy | Hint::Gone,
                ..
            },
        ) => Reply::Closed(error.to_string()),
        Err(SnmpError::Timeout { .. }) => Reply::Silence,
        Err(error) => Reply::Closed(error.to_string()),
    }
}
