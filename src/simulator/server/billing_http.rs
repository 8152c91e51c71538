//! Receives HTTP requests for a billing twin, within limits, and sends its answers late, by half or not at all.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::billing_state::Shared;
use crate::simulator::billing::{Delivery, HttpAnswer, HttpRequest};

/// The highest number of connections; further ones are closed at once.
const MOST_CONNECTIONS: usize = 256;

/// The time to send a header.
const HEADER: Duration = Duration::from_secs(10);

/// The bound on a header: a query can name hundreds of ids.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// The bound on a body.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The time to send a body.
const BODY: Duration = Duration::from_secs(30);

/// The pause after the host ran out of files or memory.
const BREATH: Duration = Duration::from_millis(50);

/// The connection is cut on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

/// Accepts connections until the server is stopped.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.stopped() => return,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) if connections.len() < MOST_CONNECTIONS => {
                connections.spawn(connection(Arc::clone(&shared), stream, from));
            }
            Ok(too_many) => drop(too_many),
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, from: SocketAddr) {
    let service = service_fn(|request| answer(Arc::clone(&shared), request, from));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER)
        .max_buf_size(MAX_HEADER_BYTES);
    // A client that hung up, or sent no HTTP, is no news.
    let _ended = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    from: SocketAddr,
) -> Result<Response<AnswerBody>, Cut> {
    let in_progress = shared.count();
    let (head, body) = request.into_parts();
    let Ok(Some(body)) = tokio::time::timeout(BODY, received(body)).await else {
        return Err(Cut);
    };
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let request = HttpRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body,
        from: from.ip(),
    };
    let answer = shared.change(|twin, now| twin.answer(&request, now));
    tokio::time::sleep(shared.latency + answer.delay).await;
    drop(in_progress);
    response(answer)
}

/// Receives a whole body; `None` if it is too long or does not end.
async fn received(mut body: Incoming) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    while let Some(frame) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        if let Ok(data) = frame.ok()?.into_data() {
            octets.extend_from_slice(&data);
        }
        if octets.len() > MAX_BODY_BYTES {
            return None;
        }
    }
    Some(octets)
}

fn response(answer: HttpAnswer) -> Result<Response<AnswerBody>, Cut> {
    let HttpAnswer {
        status,
        headers,
        mut body,
        delivery,
        delay: _,
    } = answer;
    let length = body.len();
    match delivery {
        Delivery::Whole => {}
        Delivery::Half => body.truncate(length / 2),
        Delivery::Nothing => return Err(Cut),
    }
    let mut response = Response::new(AnswerBody {
        data: Some(Bytes::from(body)),
        cut: (delivery == Delivery::Half).then_some(CutState::Flush),
    });
    *response.status_mut() = StatusCode::from_u16(status).map_err(|_| Cut)?;
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    if delivery == Delivery::Half {
        // Of the whole body, so that the client can see that some of it is missing.
        let length = HeaderValue::from(length);
        response
            .headers_mut()
            .insert(hyper::header::CONTENT_LENGTH, length);
    }
    Ok(response)
}

/// The body of an answer, which may end with a cut.
struct AnswerBody {
    data: Option<Bytes>,
    cut: Option<CutState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CutState {
    /// The data is sent first.
    Flush,
    Now,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(data) = self.data.take().filter(|data| !data.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.cut {
            None => Poll::Ready(None),
            Some(CutState::Flush) => {
                // hyper sends what it has while it waits, and drops it on an error.
                self.cut = Some(CutState::Now);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(CutState::Now) => Poll::Ready(Some(Err(Cut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut.is_none() && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match (self.cut, &self.data) {
            (None, Some(data)) => SizeHint::with_exact(u64::try_from(data.len()).unwrap_or(0)),
            (None, None) => SizeHint::with_exact(0),
            (Some(_), _) => SizeHint::default(),
        }
    }
}
