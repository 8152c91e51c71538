//! Listens on the SSH port of a twin and accepts connections while no fault closes it.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A reserved port, with or without a listener.
pub(super) struct SshPort {
    address: SocketAddr,
    inside: Mutex<Inside>,
}

struct Inside {
    listener: Option<TcpListener>,
    /// Keeps the port bound without a listener: connections are refused, and no other process gets the port.
    keeper: Option<TcpSocket>,
    waiting: Option<Waker>,
}

impl SshPort {
    pub(super) fn new(address: SocketAddr) -> io::Result<Self> {
        let listener = listen(address)?;
        Ok(Self {
            address: listener.local_addr()?,
            inside: Mutex::new(Inside {
                listener: Some(listener),
                keeper: None,
                waiting: None,
            }),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn is_open(&self) -> bool {
        self.inside().listener.is_some()
    }

    /// Opens or closes the listener; needs a tokio runtime. A listener that fails to open is opened at the next call.
    pub(super) fn set_open(&self, is_open: bool) {
        let mut inside = self.inside();
        if inside.listener.is_some() == is_open {
            return;
        }
        if is_open {
            inside.keeper = None;
            inside.listener = listen(self.address).ok();
        } else {
            if let Some(listener) = inside.listener.take() {
                stop_listening(listener);
            }
            inside.keeper = keep(self.address).ok();
        }
        if let Some(waiting) = inside.waiting.take() {
            waiting.wake();
        }
    }

    /// Releases the port.
    pub(super) fn shut(&self) {
        let mut inside = self.inside();
        if let Some(listener) = inside.listener.take() {
            stop_listening(listener);
        }
        inside.keeper = None;
    }

    pub(super) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        let mut inside = self.inside();
        inside.waiting = Some(context.waker().clone());
        let Some(listener) = &inside.listener else {
            return Poll::Pending;
        };
        listener.poll_accept(context).map_ok(|(stream, _)| stream)
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Closes a listener for every holder of its descriptor.
///
/// Closing alone is not enough: a program that another thread starts at this moment has a copy until it runs, and meanwhile
/// the kernel would accept connections instead of refusing them.
fn stop_listening(listener: TcpListener) {
    if let Ok(listener) = listener.into_std() {
        let socket = std::net::TcpStream::from(OwnedFd::from(listener));
        // A socket that listens is not connected, which the kernel reports after it has stopped it.
        let _stopped = socket.shutdown(Shutdown::Both);
    }
}

fn keep(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Closing connections must not block the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
