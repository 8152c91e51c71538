//! One socket to one agent: datagrams go out, and what comes is handed to whoever waits for its number.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::counters::Tally;

/// More than any datagram is long, so that none is cut off without our noticing.
const BUFFER: usize = 65_536;

/// What may wait for one asker; more comes only from somebody who means harm.
const INBOX: usize = 8;

/// Datagrams that are read in one go, so that a flood cannot keep us from the clock.
const AT_ONCE: usize = 64;

/// A connected socket: the system drops what comes from any other address or port. Its receive buffer is as the system
/// gives it: few requests are under way at once, and an ordinary user may not raise it above that anyway.
#[derive(Debug)]
pub(super) struct Link {
    socket: UdpSocket,
    waiting: Mutex<Vec<(i32, Arc<Inbox>)>>,
    next_id: AtomicU32,
    random: RandomState,
    pub(super) tally: Tally,
}

/// What came for one request.
#[derive(Debug, Default)]
struct Inbox {
    arrivals: Mutex<VecDeque<Arrival>>,
    bell: Notify,
}

/// What can come.
#[derive(Debug)]
pub(super) enum Arrival {
    Datagram(Vec<u8>),
    /// The system says that nothing can come.
    Failure(io::Error),
    /// It is late.
    Nothing,
}

/// Takes the number out of a datagram, if there is one.
pub(super) type NumberOf<'a> = &'a (dyn Fn(&[u8]) -> Option<i32> + Sync);

/// A number that somebody waits for, until this is dropped.
pub(super) struct Ticket<'a> {
    link: &'a Link,
    pub(super) id: i32,
    inbox: Arc<Inbox>,
}

thread_local! {
    /// One for all sessions: between two of its uses nothing is awaited.
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
            tally: Tally::default(),
        })
    }

    /// Returns a number for a request that nothing under way has; numbers start anywhere, so that nobody guesses them.
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
                };
            }
        }
    }

    pub(super) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match self.socket.send(datagram).await {
            // That was about an earlier one; this one was not sent.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.fail(&error);
                self.socket.send(datagram).await
            }
            sent => sent,
        }
        .map(|_| ())
    }

    /// Returns a number from 0 to `below` − 1 that nobody can foresee.
    pub(super) fn chance(&self, below: u64) -> u64 {
        let seed = (self.next_id.load(Ordering::Relaxed), Instant::now());
        self.random.hash_one(seed) % below.max(1)
    }

    /// Reads what has come and puts it where it is waited for.
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

    /// Takes what the system has to say about the address, and tells everybody.
    fn complain(&self) {
        let error = self.socket.try_io(Interest::ERROR, || {
            let error = self.socket.take_error()?;
            error.ok_or_else(|| io::ErrorKind::WouldBlock.into())
        });
        if let Ok(error) = error {
            self.fail(&error);
        }
    }

    /// Tells everybody who waits what the system said, which is about the address and not about a request.
    fn fail(&self, error: &io::Error) {
        self.tally.refused.up();
        for (_, inbox) in lock(&self.waiting).iter() {
            inbox.put(Arrival::Failure(again(error)));
            inbox.bell.notify_one();
        }
    }
}

impl Ticket<'_> {
    /// Waits until something comes for this number, or it is late.
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
                // An error alone does not make a socket readable.
                ready = self.link.socket.ready(Interest::READABLE | Interest::ERROR) => match ready {
                    Ok(ready) if ready.is_error() => self.link.complain(),
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

/// Nothing is left half done under these locks, so that a panic elsewhere spoils nothing.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
