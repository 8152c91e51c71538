//! Receives traps of known devices and tells which device to look at, and no more: a trap is only a hint.
//!
//! `parse` parses datagrams, `hints` coalesces them. `usm::sealed` verifies those of SNMP 3. What a trap says is not used: an
//! address can be forged, a trap can be lost, and the device's tables have the truth.

mod hints;
mod parse;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};

use hints::{Bucket, Hints, Next};
use parse::{LONGEST, Trap, trap};

use super::access::Access;
use super::usm::{KnownEngine, Sealed};
use crate::model::DeviceName;

/// The devices whose traps are taken. Several may share an address, behind one router or in a test bed: each gets the hint.
pub type TrapSenders = BTreeMap<IpAddr, Vec<TrapSender>>;

/// A device that may send traps.
#[derive(Debug, Clone)]
pub struct TrapSender {
    pub device: DeviceName,
    /// A trap of SNMP 3 must be of this user. Traps of SNMPv1 and v2c prove nothing in any case.
    pub access: Access,
}

/// The limits of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrapLimits {
    /// The least time between two hints of a device.
    pub quiet: Duration,
    /// Datagrams a second that are looked at; more are dropped.
    pub per_second: u32,
}

impl Default for TrapLimits {
    fn default() -> Self {
        Self {
            quiet: Duration::from_secs(10),
            per_second: 500,
        }
    }
}

/// The reason that traps cannot be received.
#[derive(Debug, thiserror::Error)]
pub enum TrapError {
    #[error(
        "cannot listen for traps on {address}: {source}; choose another address, or allow the port (162 is a privileged one)"
    )]
    Bind {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("cannot receive traps on {address} any more: {source}")]
    Receive {
        address: SocketAddr,
        source: io::Error,
    },
}

/// What became of the datagrams so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrapCounters {
    pub received: u64,
    /// Traps that led to a hint, or joined one that waits.
    pub taken: u64,
    /// From addresses of no known device.
    pub unknown: u64,
    /// Not a trap, or not a whole one.
    pub malformed: u64,
    /// Of SNMP 3, and not of the user of a device with this address.
    pub unverified: u64,
    /// More than may be looked at in a second.
    pub dropped: u64,
}

/// Listens for traps.
#[derive(Debug)]
pub struct TrapListener {
    socket: UdpSocket,
    address: SocketAddr,
    senders: TrapSenders,
    /// By device: its engine as of the last verified trap.
    engines: BTreeMap<DeviceName, KnownEngine>,
    hints: Hints,
    bucket: Bucket,
    counters: TrapCounters,
    started: Instant,
    buffer: Vec<u8>,
}

impl TrapListener {
    /// Listens on an address.
    ///
    /// # Errors
    ///
    /// Fails if the address is taken or not allowed.
    pub async fn bind(
        address: SocketAddr,
        senders: TrapSenders,
        limits: TrapLimits,
    ) -> Result<Self, TrapError> {
        let failed = |source| TrapError::Bind { address, source };
        let socket = UdpSocket::bind(address).await.map_err(failed)?;
        Ok(Self {
            address: socket.local_addr().map_err(failed)?,
            socket,
            senders,
            engines: BTreeMap::new(),
            hints: Hints::new(limits.quiet),
            bucket: Bucket::new(limits.per_second),
            counters: TrapCounters::default(),
            started: Instant::now(),
            // One octet more than is looked at: a longer datagram is recognised as such.
            buffer: vec![0; LONGEST + 1],
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn counters(&self) -> TrapCounters {
        self.counters
    }

    /// Replaces the known devices, after the inventory changed.
    pub fn set_senders(&mut self, senders: TrapSenders) {
        let is_known = |device: &DeviceName| {
            let mut all = senders.values().flatten();
            all.any(|sender| sender.device == *device)
        };
        self.hints.retain(is_known);
        self.engines.retain(|device, _| is_known(device));
        self.senders = senders;
    }

    /// Waits for a hint: a device that may have changed. Can be cancelled at any time: hints wait for the next call, and at most
    /// the trap that is being verified is lost.
    ///
    /// # Errors
    ///
    /// Fails if the socket is broken.
    pub async fn next(&mut self) -> Result<DeviceName, TrapError> {
        loop {
            let until = match self.hints.next(self.started.elapsed()) {
                Next::Deliver(device) => return Ok(device),
                Next::WaitUntil(at) => Some(self.started + at),
                Next::Nothing => None,
            };
            let due = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            let received = tokio::select! {
                () = due => continue,
                received = self.socket.recv_from(&mut self.buffer) => received,
            };
            match received {
                Ok((length, from)) => self.take(length, from.ip().to_canonical()).await,
                // An error of an earlier datagram that this socket never sent: some systems report them here.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(source) => {
                    let address = self.address;
                    return Err(TrapError::Receive { address, source });
                }
            }
        }
    }

    async fn take(&mut self, length: usize, from: IpAddr) {
        self.counters.received += 1;
        // First, since it costs least: a stranger's flood does not use up what known devices may send.
        let Some(senders) = self.senders.get(&from) else {
            self.counters.unknown += 1;
            return;
        };
        let now = self.started.elapsed();
        if !self.bucket.take(now) {
            self.counters.dropped += 1;
            return;
        }
        let datagram = self.buffer.get(..length).unwrap_or_default();
        let Ok(trap) = trap(datagram) else {
            self.counters.malformed += 1;
            return;
        };
        let mut is_taken = false;
        for sender in senders {
            let device = &sender.device;
            let is_of_device = match &trap {
                Trap::Open => true,
                Trap::Sealed(sealed) => verify(sealed, sender, &mut self.engines).await,
            };
            if is_of_device {
                self.hints.take(device, now);
                is_taken = true;
            }
        }
        match is_taken {
            true => self.counters.taken += 1,
            false => self.counters.unverified += 1,
        }
    }
}

/// Verifies a trap of SNMP 3 for a device, and remembers its engine.
async fn verify(
    sealed: &Sealed<'_>,
    sender: &TrapSender,
    engines: &mut BTreeMap<DeviceName, KnownEngine>,
) -> bool {
    let Access::V3 {
        user,
        auth,
        privacy,
    } = &sender.access
    else {
        return false;
    };
    let known = engines.get(&sender.device);
    let verified = sealed.verified(user, auth.as_ref(), privacy.as_ref(), known);
    match verified.await {
        Ok(engine) => {
            if let Some(engine) = engine {
                engines.insert(sender.device.clone(), engine);
            }
            true
        }
        Err(_) => false,
    }
}
