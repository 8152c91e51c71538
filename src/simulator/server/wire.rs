//! Wraps a connection so that a fault can cut or mute it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// A connection that can be cut or muted through its handle.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    control: Arc<Control>,
    /// The number of writes that are still sent; later ones are discarded.
    writes_left: Option<u32>,
}

/// The handle of a [`Wire`].
#[derive(Debug)]
pub(super) struct Control {
    is_cut: watch::Sender<bool>,
    is_muted: AtomicBool,
    written: watch::Sender<u64>,
    /// The task that waits for bytes, woken when the connection is cut.
    reader: Mutex<Option<Waker>>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, writes_left: Option<u32>) -> (Self, Arc<Control>) {
        let control = Arc::new(Control {
            is_cut: watch::Sender::new(false),
            is_muted: AtomicBool::new(false),
            written: watch::Sender::new(0),
            reader: Mutex::new(None),
        });
        let wire = Self {
            stream,
            control: Arc::clone(&control),
            writes_left,
        };
        (wire, control)
    }

    fn swallows(&mut self) -> bool {
        if self.control.is_muted.load(Ordering::Acquire) {
            return true;
        }
        match &mut self.writes_left {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

impl Control {
    /// Closes the connection after sending everything written before.
    pub(super) fn cut(&self) {
        self.is_cut.send_replace(true);
        let reader = self.reader.lock();
        let waker = reader.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Discards all further output; input is still read.
    pub(super) fn mute(&self) {
        self.is_muted.store(true, Ordering::Release);
    }

    /// Returns when the connection is cut.
    pub(super) async fn cut_off(&self) {
        // The sender lives as long as `self`.
        let mut is_cut = self.is_cut.subscribe();
        drop(is_cut.wait_for(|is_cut| *is_cut).await);
    }

    pub(super) fn bytes_written(&self) -> u64 {
        *self.written.borrow()
    }

    /// Returns when this number of bytes was sent in all, or when the connection is cut.
    pub(super) async fn has_written(&self, bytes: u64) {
        let mut written = self.written.subscribe();
        tokio::select! {
            seen = written.wait_for(|written| *written >= bytes) => drop(seen),
            () = self.cut_off() => {}
        }
    }

    fn check(&self) -> io::Result<()> {
        if *self.is_cut.borrow() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        {
            // Registered before the check, so that a cut in between finds the waker.
            let reader = self.control.reader.lock();
            *reader.unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        }
        self.control.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.control.check()?;
        if self.swallows() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        let more = u64::try_from(written).unwrap_or(0);
        self.control.written.send_modify(|written| *written += more);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
