//! Exports the spans of runs as traces over OTLP/HTTP, without ever holding up the work that they are about.
//!
//! `span_layer` follows the spans of a run, `span` is one that ended, `queue` the bounded way to the exporter's thread,
//! `exporter` that thread, `otlp` the JSON of a batch, `collector` the address that it is sent to, `post` one request to it.

mod collector;
mod exporter;
mod otlp;
mod post;
mod queue;
mod span;
mod span_layer;

pub use collector::{Collector, CollectorError};
pub use exporter::{Exporter, FLUSH_LIMIT};
pub use queue::TraceCounts;
