//! Sends ended spans to a collector from a thread of its own, in batches, and gives up before it would be in the way.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::collector::Collector;
use super::otlp;
use super::post::post;
use super::queue::{MOST_WAITING, SpanSender, TraceCounts, queue};
use super::span::EndedSpan;
use super::span_layer::{SpanLayer, is_exported};
use crate::model::chain;

/// The spans of one request: some 300 kB.
const MOST_SPANS: usize = 512;

/// A batch waits this long for more spans.
const BATCH: Duration = Duration::from_secs(2);

/// The time limit of one request.
const REQUEST: Duration = Duration::from_secs(5);

/// The pauses before further attempts; after the last one the batch is dropped.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// The shortest time between two lines of the log about dropped spans.
const BETWEEN_LOGS: Duration = Duration::from_secs(60);

/// The time at the end of the program in which waiting spans are still sent.
pub const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// A running export of traces.
#[derive(Debug)]
pub struct Exporter {
    collector: Collector,
    sender: SpanSender,
    counts: TraceCounts,
    clock: fn() -> u64,
    ending: watch::Sender<bool>,
    /// Is closed when the thread ends.
    ended: Receiver<()>,
}

impl Exporter {
    /// Starts the thread. `clock` returns nanoseconds since 1970.
    pub fn start(collector: Collector, clock: fn() -> u64) -> std::io::Result<Self> {
        let counts = TraceCounts::default();
        let (sender, queue) = queue(MOST_WAITING, counts.clone());
        let (ending, until) = watch::channel(false);
        let (ends, ended) = channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let export = Export {
            collector: collector.clone(),
            counts: counts.clone(),
            ending: until,
            logged: None,
            known: 0,
        };
        let thread = std::thread::Builder::new().name("traces".to_owned());
        thread.spawn(move || {
            let _ends: Sender<()> = ends;
            runtime.block_on(export.run(queue));
        })?;
        Ok(Self {
            collector,
            sender,
            counts,
            clock,
            ending,
            ended,
        })
    }

    /// Returns the layer that hands over ended spans.
    pub fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        let layer = SpanLayer {
            sender: self.sender.clone(),
            clock: self.clock,
        };
        layer.with_filter(filter_fn(is_exported)).boxed()
    }

    /// Returns the numbers of exported and dropped spans.
    pub fn counts(&self) -> TraceCounts {
        self.counts.clone()
    }

    /// Sends what waits, within [`FLUSH_LIMIT`]; returns whether all of it was sent or given up.
    pub fn flush(self) -> bool {
        self.ending.send_replace(true);
        let waited = self.ended.recv_timeout(FLUSH_LIMIT);
        let is_done = waited != Err(std::sync::mpsc::RecvTimeoutError::Timeout);
        if !is_done {
            let collector = self.collector.to_string();
            tracing::warn!(collector, "the last traces were not exported in time");
        }
        is_done
    }
}

/// The work of the thread.
struct Export {
    collector: Collector,
    counts: TraceCounts,
    ending: watch::Receiver<bool>,
    /// The last line about dropped spans, and how many there were then.
    logged: Option<Instant>,
    known: u64,
}

impl Export {
    async fn run(mut self, mut queue: mpsc::Receiver<EndedSpan>) {
        loop {
            let batch = self.next_batch(&mut queue).await;
            if batch.is_empty() {
                return;
            }
            self.deliver(&batch).await;
        }
    }

    /// Returns the next batch; an empty one at the end.
    async fn next_batch(&mut self, queue: &mut mpsc::Receiver<EndedSpan>) -> Vec<EndedSpan> {
        let mut batch = Vec::new();
        tokio::select! {
            _ = queue.recv_many(&mut batch, MOST_SPANS) => {}
            () = is_ending(&mut self.ending) => {}
        }
        let until = Instant::now() + BATCH;
        while !batch.is_empty() && batch.len() < MOST_SPANS && !*self.ending.borrow() {
            let room = MOST_SPANS - batch.len();
            tokio::select! {
                added = queue.recv_many(&mut batch, room) => if added == 0 { break },
                () = sleep_until(until) => break,
                () = is_ending(&mut self.ending) => {}
            }
        }
        while *self.ending.borrow() && batch.len() < MOST_SPANS {
            match queue.try_recv() {
                Ok(span) => batch.push(span),
                Err(_) => break,
            }
        }
        batch
    }

    /// Sends a batch, with further attempts; drops it if none succeeds.
    async fn deliver(&mut self, batch: &[EndedSpan]) {
        let document = Bytes::from(otlp::document(batch).to_string());
        let mut pauses = PAUSES.iter();
        let error = loop {
            let (error, retry_helps) =
                match timeout(REQUEST, post(&self.collector, document.clone())).await {
                    Ok(Ok(())) => {
                        self.counts.add_exported(batch.len());
                        return self.log(None);
                    }
                    Ok(Err(error)) => (chain(&error), error.retry_helps()),
                    Err(_) => (format!("no answer within {REQUEST:?}"), true),
                };
            let pause = pauses.next().filter(|_| retry_helps);
            let Some(pause) = pause.filter(|_| !*self.ending.borrow()) else {
                break error;
            };
            tokio::select! {
                () = sleep(*pause) => {}
                () = is_ending(&mut self.ending) => {}
            }
        };
        self.counts.add_dropped(batch.len());
        self.log(Some(&error));
    }

    /// Logs dropped spans, at most once a minute.
    fn log(&mut self, error: Option<&str>) {
        let all = self.counts.dropped();
        let dropped = all.saturating_sub(self.known);
        let is_due = self
            .logged
            .is_none_or(|last| last.elapsed() >= BETWEEN_LOGS);
        if dropped == 0 || !is_due {
            return;
        }
        (self.logged, self.known) = (Some(Instant::now()), all);
        let collector = self.collector.to_string();
        let error = error.unwrap_or("it accepts spans more slowly than they end");
        tracing::warn!(collector, dropped, error, "traces were dropped");
    }
}

/// Waits until the program ends.
async fn is_ending(ending: &mut watch::Receiver<bool>) {
    // Without a sender the program has ended.
    let _gone = ending.wait_for(|is_ending| *is_ending).await;
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post as route;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Starts a collector that keeps the number of spans of each request, and answers with this status.
    fn collector(status: StatusCode) -> (Collector, Arc<Mutex<Vec<usize>>>) {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (keeps, (sends, address)) = (requests.clone(), channel());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let accept = async move |body: Bytes| {
                    let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
                    let scope = &document["resourceSpans"][0]["scopeSpans"][0];
                    let spans = scope["spans"].as_array().unwrap().len();
                    keeps.lock().unwrap().push(spans);
                    status
                };
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                sends.send(listener.local_addr().unwrap()).unwrap();
                let routes = Router::new().route("/v1/traces", route(accept));
                axum::serve(listener, routes).await.unwrap();
            });
        });
        let address = address.recv().unwrap();
        (format!("http://{address}").parse().unwrap(), requests)
    }

    fn runs(exporter: &Exporter, number: usize) {
        let subscriber = tracing_subscriber::registry().with(exporter.layer());
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..number {
                drop(tracing::info_span!("run"));
            }
        });
    }

    #[test]
    fn a_large_number_of_spans_is_sent_in_several_requests_and_all_of_it_at_the_end() {
        let (collector, requests) = collector(StatusCode::OK);
        let exporter = Exporter::start(collector, || 7).unwrap();
        let counts = exporter.counts();
        runs(&exporter, 1300);
        assert!(exporter.flush());
        let requests = requests.lock().unwrap().clone();
        assert_eq!(requests.iter().sum::<usize>(), 1300);
        assert!(
            requests.len() >= 3 && requests.iter().all(|spans| *spans <= MOST_SPANS),
            "{requests:?}"
        );
        assert_eq!((counts.exported(), counts.dropped()), (1300, 0));
    }

    #[test]
    fn a_batch_that_a_collector_refuses_is_dropped_and_counted_without_another_attempt() {
        let (collector, requests) = collector(StatusCode::BAD_REQUEST);
        let exporter = Exporter::start(collector, || 7).unwrap();
        let counts = exporter.counts();
        runs(&exporter, 3);
        assert!(exporter.flush());
        assert_eq!(requests.lock().unwrap().iter().sum::<usize>(), 3);
        assert_eq!((counts.exported(), counts.dropped()), (0, 3));
    }

    #[test]
    fn without_a_span_nothing_is_sent_and_the_end_does_not_wait() {
        let (collector, requests) = collector(StatusCode::OK);
        let exporter = Exporter::start(collector, || 7).unwrap();
        assert!(exporter.flush());
        assert_eq!(*requests.lock().unwrap(), Vec::<usize>::new());
    }
}
