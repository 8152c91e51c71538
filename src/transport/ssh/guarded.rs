//! Wraps the TCP socket of a session: sends nothing once the fence is closed or the session is cut.

use std::io::{Error, ErrorKind, Result};
use std::net::{Shutdown, TcpStream as Socket};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::Fence;

/// The stream that the SSH protocol writes to.
pub(super) struct Guarded {
    stream: TcpStream,
    state: Arc<SendState>,
}

/// A handle that shuts the connection down when dropped, so that no protocol task outlives its session.
pub(super) struct Wire {
    socket: Socket,
    state: Arc<SendState>,
}

struct SendState {
    /// `None` for read-only sessions, which no lease limits.
    fence: Option<Fence>,
    sent: Mutex<Sent>,
    has_sent: Notify,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    bytes: u64,
    is_cut: bool,
}

/// Splits a stream into the guarded stream and the handle that cuts it.
pub(super) fn guarded(stream: TcpStream, fence: Option<Fence>) -> Result<(Guarded, Wire)> {
    let stream = stream.into_std()?;
    let socket = stream.try_clone()?;
    let state = Arc::new(SendState {
        fence,
        sent: Mutex::default(),
        has_sent: Notify::new(),
    });
    let wire = Wire {
        socket,
        state: Arc::clone(&state),
    };
    let stream = TcpStream::from_std(stream)?;
    Ok((Guarded { stream, state }, wire))
}

impl Wire {
    /// Blocks all further writes and shuts the connection down; returns the number of bytes sent in all.
    pub(super) fn cut(&self) -> u64 {
        // The lock orders this against writes: each is either counted before or refused after.
        let bytes = {
            let mut sent = self.state.lock();
            sent.is_cut = true;
            sent.bytes
        };
        // An error means that the connection is down already.
        let _down = self.socket.shutdown(Shutdown::Both);
        bytes
    }

    /// Returns the number of bytes sent.
    pub(super) fn sent(&self) -> u64 {
        self.state.lock().bytes
    }

    /// Waits until more than this number of bytes is sent.
    pub(super) async fn sends_more_than(&self, bytes: u64) {
        loop {
            let next = self.state.has_sent.notified();
            if self.sent() > bytes {
                return;
            }
            next.await;
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
    }
}

impl SendState {
    fn lock(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let Self { stream, state } = self.get_mut();
        let mut sent = state.lock();
        if sent.is_cut {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        // The fence must be checked here, right before the write. After an earlier check the process may be suspended
        // for an hour and then write without a lease.
        if state.fence.as_ref().is_some_and(|fence| !fence.is_open()) {
            sent.is_cut = true;
            return Poll::Ready(Err(Error::other("the lease expired or was lost")));
        }
        let written = Pin::new(stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(length)) = &written {
            let length = u64::try_from(*length).unwrap_or(u64::MAX);
            sent.bytes = sent.bytes.saturating_add(length);
            state.has_sent.notify_waiters();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair(fence: Option<Fence>) -> (Guarded, Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (far, _) = listener.accept().await.unwrap();
        let (guarded, wire) = guarded(near, fence).unwrap();
        (guarded, wire, far)
    }

    async fn all(mut far: TcpStream) -> Vec<u8> {
        let mut came = Vec::new();
        far.read_to_end(&mut came).await.unwrap();
        came
    }

    #[tokio::test]
    async fn behind_a_closed_fence_not_one_byte_gets_out() {
        let fence = Fence::until(Instant::now() + Duration::from_secs(60));
        let (mut guarded, wire, far) = pair(Some(fence.clone())).await;
        guarded.write_all(b"before").await.unwrap();
        fence.close();
        let error = guarded.write_all(b"behind").await.unwrap_err();
        assert_eq!(error.to_string(), "the lease expired or was lost");
        // It stays cut, even if the fence opens again.
        fence.extend(Instant::now() + Duration::from_secs(60));
        assert!(guarded.write_all(b"behind").await.is_err());
        assert_eq!(wire.sent(), 6);
        drop((guarded, wire));
        assert_eq!(all(far).await, b"before");
    }

    #[tokio::test]
    async fn an_expired_fence_is_closed_by_itself() {
        let fence = Fence::until(Instant::now());
        let (mut guarded, wire, far) = pair(Some(fence.clone())).await;
        assert!(guarded.write_all(b"late").await.is_err());
        // A renewed lease needs a new session: another process may have changed the device meanwhile.
        fence.extend(Instant::now() + Duration::from_secs(60));
        assert!(fence.is_open());
        assert!(guarded.write_all(b"late").await.is_err());
        drop((guarded, wire));
        assert_eq!(all(far).await, b"");
    }

    #[tokio::test]
    async fn a_cut_connection_sends_nothing_and_knows_its_byte_count() {
        let (mut guarded, wire, far) = pair(None).await;
        guarded.write_all(b"1234").await.unwrap();
        wire.sends_more_than(3).await;
        assert_eq!(wire.cut(), 4);
        assert!(guarded.write_all(b"5").await.is_err());
        assert_eq!(wire.cut(), 4);
        assert_eq!(all(far).await, b"1234");
    }
}
