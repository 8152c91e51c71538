//! Tests a closing fence: no further byte reaches the device, counted on the wire.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::server::{State, Twin};
use gamctl::transport::ssh::{Fence, Session, SshError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::writing::{line, open_fence, typed_since};
use super::{LONG, is_left_alone, login, timeouts, twin};

/// A proxy between client and twin that counts the client's bytes.
struct Wiretap {
    address: SocketAddr,
    sent: Arc<AtomicUsize>,
    /// Whether the client has closed its connection.
    is_over: tokio::sync::watch::Receiver<bool>,
}

impl Wiretap {
    async fn before(twin: &Twin) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let far = twin.ssh_address();
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let (over, is_over) = tokio::sync::watch::channel(false);
        drop(tokio::spawn(async move {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(far).await.unwrap();
            let (mut from_client, mut to_client) = near.into_split();
            let (mut from_twin, mut to_twin) = far.into_split();
            drop(tokio::spawn(async move {
                let _ended = tokio::io::copy(&mut from_twin, &mut to_client).await;
            }));
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                counted.fetch_add(length, Ordering::SeqCst);
                if to_twin.write_all(&bytes[..length]).await.is_err() {
                    break;
                }
            }
            let _told = over.send(true);
        }));
        Self {
            address,
            sent,
            is_over,
        }
    }

    fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    /// Returns the total number of bytes sent, once the connection is closed.
    async fn in_the_end(mut self) -> usize {
        let over = self.is_over.wait_for(|is_over| *is_over);
        tokio::time::timeout(LONG, over).await.unwrap().unwrap();
        self.sent.load(Ordering::SeqCst)
    }
}

/// Returns a session in configuration mode, with the proxy that counts its bytes, and its fence.
async fn configuring(twin: &Twin) -> (Session, Wiretap, Fence) {
    let wiretap = Wiretap::before(twin).await;
    let fence = open_fence();
    let mut login = login(twin);
    login.address = wiretap.address;
    let session = Session::open_to_write(&login, timeouts(), &fence);
    let mut session = session.await.unwrap();
    session.configure_begin().await.unwrap();
    (session, wiretap, fence)
}

#[tokio::test]
async fn between_two_lines() {
    let twin = twin().await;
    let (mut session, wiretap, fence) = configuring(&twin).await;
    session
        .line(&line("ghn subscriber 1 vid 105"))
        .await
        .unwrap();
    let before = twin.lines().len();
    let sent = wiretap.sent();
    fence.close();
    let error = session
        .line(&line("ghn subscriber 1 vid 106"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.because(), SshError::Fenced { .. }),
        "{error}"
    );
    assert!(!error.may_have_run(), "{error}");
    session.close().await;
    assert_eq!(wiretap.in_the_end().await, sent);
    is_left_alone(&twin).await;
    assert_eq!(typed_since(&twin, before).len(), 0);
}

#[tokio::test]
async fn while_a_reply_is_waited_for() {
    let twin = twin().await;
    let (mut session, wiretap, fence) = configuring(&twin).await;
    twin.set_fault(FaultOrder::new(Fault::SshSlowLine { millis: 300 }).matching("105"));
    let already = twin.state(|state| state.counts.lines);
    let closes = async {
        let arrived = |state: &State| state.counts.lines > already;
        twin.wait_until(arrived, LONG).await.unwrap();
        fence.close();
        wiretap.sent()
    };
    let text = line("ghn subscriber 1 vid 105");
    let (taken, sent) = tokio::join!(session.line(&text), closes);
    // It was sent in time, and what came of it was heard.
    assert!(taken.is_ok(), "{taken:?}");
    let error = session.configure_end().await.unwrap_err();
    assert!(
        matches!(error.because(), SshError::Fenced { .. }),
        "{error}"
    );
    assert!(!error.may_have_run(), "{error}");
    drop(session);
    assert_eq!(wiretap.in_the_end().await, sent);
    assert_eq!(twin.lines().last().unwrap().line, text.text());
}

#[tokio::test]
async fn by_itself_when_its_time_is_over() {
    let twin = twin().await;
    let wiretap = Wiretap::before(&twin).await;
    let mut login = login(&twin);
    login.address = wiretap.address;
    let fence = Fence::until(Instant::now() + Duration::from_secs(2));
    let session = Session::open_to_write(&login, timeouts(), &fence);
    let mut session = session.await.unwrap();
    session.configure_begin().await.unwrap();
    let mut taken = 0;
    let error = loop {
        match session.line(&line("ghn subscriber 1 vid 105")).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(!fence.is_open() && taken > 0);
    assert!(
        matches!(error.because(), SshError::Fenced { .. }),
        "{error}"
    );
    let sent = wiretap.sent();
    drop(session);
    assert_eq!(wiretap.in_the_end().await, sent);
    let typed = typed_since(&twin, 0);
    let lines = typed
        .iter()
        .filter(|line| line.ends_with("vid 105"))
        .count();
    assert!(lines == taken || error.may_have_run() && lines == taken + 1);
}

#[tokio::test]
async fn before_the_first_byte() {
    let twin = twin().await;
    let fence = open_fence();
    fence.close();
    let error = Session::open_to_write(&login(&twin), timeouts(), &fence)
        .await
        .unwrap_err();
    assert!(matches!(error, SshError::Fenced { .. }), "{error}");
    is_left_alone(&twin).await;
    assert_eq!(twin.state(|state| state.counts.logins), 0);
}
