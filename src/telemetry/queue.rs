//! Passes ended spans to the exporter's thread, up to a number; a span beyond it is dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::span::EndedSpan;

/// The spans that wait: some minutes of a busy service, a few megabytes.
pub(super) const MOST_WAITING: usize = 8192;

/// The numbers of exported and dropped spans since the start. A clone is another handle to the same numbers.
#[derive(Debug, Clone, Default)]
pub struct TraceCounts(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    exported: AtomicU64,
    dropped: AtomicU64,
}

impl TraceCounts {
    /// Returns the number of spans that a collector accepted.
    pub fn exported(&self) -> u64 {
        self.0.exported.load(Ordering::Relaxed)
    }

    /// Returns the number of spans that no collector got.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn add_exported(&self, spans: usize) {
        add(&self.0.exported, spans);
    }

    pub(super) fn add_dropped(&self, spans: usize) {
        add(&self.0.dropped, spans);
    }
}

fn add(number: &AtomicU64, spans: usize) {
    number.fetch_add(u64::try_from(spans).unwrap_or_default(), Ordering::Relaxed);
}

/// The end of the queue at which spans come in.
#[derive(Debug, Clone)]
pub(super) struct SpanSender {
    waiting: mpsc::Sender<EndedSpan>,
    counts: TraceCounts,
}

impl SpanSender {
    /// Hands a span over. It never waits: whatever ended is a step or a device, which must not be held up.
    pub(super) fn send(&self, span: EndedSpan) {
        if self.waiting.try_send(span).is_err() {
            self.counts.add_dropped(1);
        }
    }
}

/// Makes a queue of this length.
pub(super) fn queue(length: usize, counts: TraceCounts) -> (SpanSender, mpsc::Receiver<EndedSpan>) {
    let (waiting, queue) = mpsc::channel(length);
    (SpanSender { waiting, counts }, queue)
}
