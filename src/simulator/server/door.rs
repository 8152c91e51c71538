//! The TCP port of a twin: who comes in, and whether anybody listens.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A port that somebody listens on or not, without ever being given away.
pub(super) struct Door {
    address: SocketAddr,
    inside: Mutex<Inside>,
}

struct Inside {
    listener: Option<TcpListener>,
    /// Holds the port while nobody listens: connections are refused, and nobody else gets it.
    keeper: Option<TcpSocket>,
    waiting: Option<Waker>,
}

impl Door {
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

    /// Listens or stops listening; needs a runtime around it. What cannot be opened again stays closed until the next try.
    pub(super) fn set_open(&self, is_open: bool) {
        let mut inside = self.inside();
        if inside.listener.is_some() == is_open {
            return;
        }
        if is_open {
            inside.keeper = None;
            inside.listener = listen(self.address).ok();
        } else {
            inside.listener = None;
            inside.keeper = keep(self.address).ok();
        }
        if let Some(waiting) = inside.waiting.take() {
            waiting.wake();
        }
    }

    /// Gives the port away.
    pub(super) fn shut(&self) {
        let mut inside = self.inside();
        inside.listener = None;
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

fn keep(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Connections that are still closing must not keep us out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
