//! Sends one batch to a collector as one HTTP request.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::collector::Collector;

/// The reason that a collector has not accepted a batch.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    #[error("the connection failed")]
    Connection(#[source] hyper::Error),
    #[error("the request cannot be built")]
    Request(#[source] axum::http::Error),
    #[error("it answered {0}")]
    Answer(StatusCode),
}

impl PostError {
    /// Returns whether the same batch may be accepted later.
    pub(super) fn retry_helps(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Connection(_) => true,
            Self::Request(_) => false,
            // As the specification of OTLP/HTTP has it.
            Self::Answer(status) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
        }
    }
}

/// Posts a document. The caller sets the time limit.
pub(super) async fn post(collector: &Collector, document: Bytes) -> Result<(), PostError> {
    let stream = TcpStream::connect((collector.host.as_str(), collector.port)).await;
    let stream = TokioIo::new(stream.map_err(PostError::Connect)?);
    let (mut sender, connection) = http1::handshake(stream)
        .await
        .map_err(PostError::Connection)?;
    let request = Request::post(&collector.path)
        .header(header::HOST, collector.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Body::from(document))
        .map_err(PostError::Request)?;
    let connection = AbortOnDrop(tokio::spawn(connection));
    let answer = sender.send_request(request).await;
    drop(connection);
    // What else the answer says is not read: it may be of any length.
    match answer.map_err(PostError::Connection)?.status() {
        status if status.is_success() => Ok(()),
        status => Err(PostError::Answer(status)),
    }
}

/// The time to reach a collector.
const CONNECT: Duration = Duration::from_secs(2);

impl Collector {
    /// Checks that the collector accepts connections.
    pub async fn listens(&self) -> std::io::Result<()> {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        timeout(CONNECT, connecting).await??;
        Ok(())
    }
}

/// A task that ends with its owner: a request that takes too long leaves no connection behind.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
