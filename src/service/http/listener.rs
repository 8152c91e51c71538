//! Accepts HTTP connections, a limited number at once, each with a time limit for its header and its whole request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// More connections wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 1000;

/// The time to send a header: a client that sends one octet a minute must not hold a connection.
const HEADER: Duration = Duration::from_secs(10);

/// The bound on a whole header.
const MAX_HEADER_BYTES: usize = 16 << 10;

/// The time for answers in progress when the service stops.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// The time until the next attempt after the system could not accept a connection, such as without file descriptors.
const AFTER_ERROR: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; check `[serve]` in gamctl.toml for another address or port")]
pub struct ListenerError {
    pub address: SocketAddr,
    pub source: std::io::Error,
}

/// A bound address. Requests wait in the kernel's queue until it runs.
#[derive(Debug)]
pub(in crate::service) struct Listener {
    listener: TcpListener,
    /// The address with its port: the one that the system chose for port 0.
    pub(in crate::service) address: SocketAddr,
}

impl Listener {
    pub(in crate::service) async fn bind(address: SocketAddr) -> Result<Self, ListenerError> {
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|source| ListenerError { address, source })?;
        let address = listener
            .local_addr()
            .map_err(|source| ListenerError { address, source })?;
        Ok(Self { listener, address })
    }

    /// Answers requests until the service stops.
    pub(in crate::service) async fn run(self, router: Router, mut stop: watch::Receiver<bool>) {
        let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        while !*stop.borrow() {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &permits) => accepted,
                _ = stop.changed() => break,
            };
            while connections.try_join_next().is_some() {}
            let Some((stream, permit)) = accepted else {
                tokio::time::sleep(AFTER_ERROR).await;
                continue;
            };
            let (service, stop) = (TowerToHyperService::new(router.clone()), stop.clone());
            connections.spawn(async move {
                let mut http = hyper::server::conn::http1::Builder::new();
                http.timer(TokioTimer::new())
                    .header_read_timeout(HEADER)
                    .max_buf_size(MAX_HEADER_BYTES);
                let connection = http.serve_connection(TokioIo::new(stream), service);
                answer(connection, stop).await;
                drop(permit);
            });
        }
        let rest = async { while connections.join_next().await.is_some() {} };
        let _late = tokio::time::timeout(LAST_ANSWERS, rest).await;
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, permit))
}

/// Serves one connection; when the service stops, the answer in progress is its last one.
async fn answer<C>(connection: C, mut stop: watch::Receiver<bool>)
where
    C: Future<Output = Result<(), hyper::Error>> + GracefulEnd,
{
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            // A client that hung up, or sent no HTTP, is no news.
            _ended = connection.as_mut() => return,
            changed = stop.changed() => {
                connection.as_mut().end();
                if changed.is_err() {
                    let _ended = connection.await;
                    return;
                }
            }
        }
    }
}

/// A connection that can be asked to end after the answer in progress.
trait GracefulEnd {
    fn end(self: std::pin::Pin<&mut Self>);
}

impl<S> GracefulEnd for hyper::server::conn::http1::Connection<TokioIo<tokio::net::TcpStream>, S>
where
    S: hyper::service::HttpService<hyper::body::Incoming>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::ResBody: hyper::body::Body + 'static,
    <S::ResBody as hyper::body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn end(self: std::pin::Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
