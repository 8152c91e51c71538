//! Sends the webhooks of a billing twin when they are due, and reports the status that each got.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::billing_state::Shared;
use crate::simulator::billing::Webhook;

/// The highest number of webhooks on their way at the same time.
const MOST_AT_ONCE: usize = 8;

/// The time for a webhook and its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest time without a look for webhooks that are due: the host's clock may jump.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The time between two looks where a webhook is due in less than a second.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);

/// Sends webhooks until the server is stopped.
pub(super) async fn send(shared: Arc<Shared>) {
    let mut on_their_way = JoinSet::new();
    loop {
        // One look hands out all that are due, which a burst of changes can make thousands.
        let (due, wait) = shared.due();
        for webhook in due {
            while on_their_way.len() >= MOST_AT_ONCE {
                on_their_way.join_next().await;
            }
            on_their_way.spawn(one(Arc::clone(&shared), webhook));
        }
        tokio::select! {
            biased;
            () = shared.stopped() => return,
            Some(_) = on_their_way.join_next() => {}
            () = shared.changed.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

impl Shared {
    /// Returns the webhooks that are due, and the time until the next look.
    fn due(&self) -> (Vec<Webhook>, Duration) {
        self.quietly(|twin, now| {
            let due = twin.due_webhooks(now);
            let wait = match twin.next_webhook() {
                Some(next) => Duration::from_secs(next.saturating_sub(now)).max(SHORTEST_WAIT),
                None => LONGEST_WAIT,
            };
            (due, wait.min(LONGEST_WAIT))
        })
    }
}

async fn one(shared: Arc<Shared>, webhook: Webhook) {
    let sent = tokio::select! {
        () = shared.stopped() => return,
        sent = tokio::time::timeout(PATIENCE, post(&webhook)) => sent,
    };
    let status = sent.ok().flatten();
    shared.change(|twin, now| twin.delivered(webhook.id, status, now));
}

/// Sends a webhook over a connection of its own; `None` if no answer came.
async fn post(webhook: &Webhook) -> Option<u16> {
    let uri: Uri = webhook.url.parse().ok()?;
    let (host, port) = (uri.host()?, uri.port_u16().unwrap_or(80));
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port))
        .await
        .ok()?;
    let io = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.ok()?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::new(webhook_body(webhook));
    *request.method_mut() = Method::from_bytes(webhook.method.as_bytes()).ok()?;
    *request.uri_mut() = path.parse().ok()?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(uri.authority()?.as_str()).ok()?);
    for (name, value) in &webhook.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    // The connection works only while it is polled; the answer's body is not read.
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    connection.abort();
    let answer: Response<Incoming> = answer.ok()?;
    Some(answer.status().as_u16())
}

fn webhook_body(webhook: &Webhook) -> axum::body::Body {
    axum::body::Body::from(webhook.body.clone())
}
