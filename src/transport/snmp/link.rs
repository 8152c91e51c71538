//! Owns the UDP socket to one SNMP agent, and passes each datagram to the request with its number.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::counters::SharedCounters;

/// Longer than any datagram, so that none is truncated unnoticed.
const BUFFER: usize = 65_536;

/// The highest number of datagrams that wait for one request; only an attacker sends more.
const INBOX: usize = 8;

/// Datagrams read in one turn; the limit keeps a flood from delaying the timeouts.
const AT_ONCE: usize = 64;

/// A connected socket: the system drops datagrams from any other address or port. The receive buffer has the system's
/// default size: few requests are in flight, and raising it needs privileges.
#[derive(Debug)]
pub(super) struct Link {
    socket: UdpSocket,
    waiting: Mutex<Vec<(i32, Arc<Inbox>)>>,
    next_id: AtomicU32,
    random: RandomState,
    pub(super) tally: SharedCounters,
}

/// The datagrams for one request.
#[derive(Debug, Default)]
struct Inbox {
    arrivals: Mutex<VecDeque<Arrival>>,
    bell: Notify,
}

/// An event for a waiting request.
#[derive(Debug)]
pub(super) enum Arrival {
    Datagram(Vec<u8>),
    /// The system reports an error for the address.
    Failure(io::Error),
    /// The deadline has passed.
    Nothing,
}

/// Reads the request number of a datagram, if there is one.
pub(super) type NumberOf<'a> = &'a (dyn Fn(&[u8]) -> Option<i32> + Sync);

/// A request number, reserved until this is dropped.
pub(super) struct Ticket<'a> {
    link: &'a Link,
    pub(super) id: i32,
    inbox: Arc<Inbox>,
    first_sent: OnceLock<Instant>,
}

thread_local! {
    /// One buffer for all sessions: no code awaits while it is borrowed.
    static RECEIVED: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; BUFFER]);
}

impl Link {
    pub(super) async fn open(agent: SocketAddr) -> io::Result<Self> {
        let any: IpAddr = match agent {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(agent).await?;
        let random = RandomState::new();
        let start = u32::try_from(random.hash_one(agent) >> 32).unwrap_or(1);
        Ok(Self {
            socket,
            waiting: Mutex::default(),
            next_id: AtomicU32::new(start),
            random,
            tally: SharedCounters::default(),
        })
    }

    /// Returns an unused request number. Numbers start at random, so that an attacker cannot guess them.
    pub(super) fn ticket(&self) -> Ticket<'_> {
        let inbox = Arc::new(Inbox::default());
        let mut waiting = lock(&self.waiting);
        loop {
            let next = self.next_id.fetch_add(1, Ordering::Relaxed) & 0x7fff_ffff;
            let id = i32::try_from(next).unwrap_or_default();
            if id != 0 && waiting.iter().all(|(taken, _)| *taken != id) {
                waiting.push((id, inbox.clone()));
                drop(waiting);
                return Ticket {
                    link: self,
                    id,
                    inbox,
                    first_sent: OnceLock::new(),
                };
            }
        }
    }

    pub(super) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match self.socket.send(datagram).await {
            // The pending error is about an earlier datagram; this one was not sent, so send it again.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.fail(&error);
                self.socket.send(datagram).await
            }
            sent => sent,
        }
        .map(|_| ())
    }

    /// Returns an unpredictable number from 0 to `below` − 1.
    pub(super) fn chance(&self, below: u64) -> u64 {
        let seed = (self.next_id.load(Ordering::Relaxed), Instant::now());
        self.random.hash_one(seed) % below.max(1)
    }

    /// Reads the received datagrams and passes them to the waiting requests.
    fn sort(&self, number_of: NumberOf<'_>, own: i32) {
        RECEIVED.with_borrow_mut(|buffer| {
            for _ in 0..AT_ONCE {
                match self.socket.try_recv(buffer) {
                    Ok(length) => {
                        let datagram = buffer.get(..length).unwrap_or_default();
                        self.deliver(number_of(datagram), datagram, own);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                    Err(error) => self.fail(&error),
                }
            }
        });
    }

    fn deliver(&self, id: Option<i32>, datagram: &[u8], own: i32) {
        let Some(id) = id.filter(|_| datagram.len() < BUFFER) else {
            self.tally.undecodable.up();
            return;
        };
        let waiting = lock(&self.waiting);
        let Some((_, inbox)) = waiting.iter().find(|(waited, _)| *waited == id) else {
            self.tally.stale.up();
            return;
        };
        if !inbox.put(Arrival::Datagram(datagram.to_vec())) {
            self.tally.stale.up();
        } else if id != own {
            inbox.bell.notify_one();
        }
    }

    /// Reads the pending error of the socket and passes it to all waiting requests.
    fn pass_on_socket_error(&self) {
        let error = self.socket.try_io(Interest::ERROR, || {
            let error = self.socket.take_error()?;
            error.ok_or_else(|| io::ErrorKind::WouldBlock.into())
        });
        if let Ok(error) = error {
            self.fail(&error);
        }
    }

    /// Passes an error to all waiting requests: it concerns the address, not one request.
    fn fail(&self, error: &io::Error) {
        self.tally.refused.up();
        for (_, inbox) in lock(&self.waiting).iter() {
            inbox.put(Arrival::Failure(again(error)));
            inbox.bell.notify_one();
        }
    }
}

impl Ticket<'_> {
    /// Returns the time at which a request with this number was sent first, which is `now` if it was not sent before.
    pub(super) fn first_sent(&self, now: Instant) -> Instant {
        *self.first_sent.get_or_init(|| now)
    }

    /// Waits until there is a datagram for this number, or until the deadline.
    pub(super) async fn arrival(&self, deadline: Instant, number_of: NumberOf<'_>) -> Arrival {
        let late = sleep_until(deadline);
        tokio::pin!(late);
        loop {
            self.link.sort(number_of, self.id);
            if let Some(arrival) = lock(&self.inbox.arrivals).pop_front() {
                return arrival;
            }
            tokio::select! {
                biased;
                () = &mut late => return Arrival::Nothing,
                () = self.inbox.bell.notified() => {}
                // An error does not make the socket readable, so it is polled separately.
                ready = self.link.socket.ready(Interest::READABLE | Interest::ERROR) => match ready {
                    Ok(ready) if ready.is_error() => self.link.pass_on_socket_error(),
                    Ok(_) => {}
                    Err(error) => return Arrival::Failure(error),
                },
            }
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        lock(&self.link.waiting).retain(|(id, _)| *id != self.id);
        for arrival in lock(&self.inbox.arrivals).iter() {
            if matches!(arrival, Arrival::Datagram(_)) {
                self.link.tally.stale.up();
            }
        }
    }
}

impl Inbox {
    fn put(&self, arrival: Arrival) -> bool {
        let mut arrivals = lock(&self.arrivals);
        let has_room = arrivals.len() < INBOX;
        if has_room {
            arrivals.push_back(arrival);
        }
        has_room
    }
}

fn again(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// A poisoned lock is safe to use: no code under these locks leaves a change half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
