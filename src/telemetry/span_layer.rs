//! Follows the spans of runs: gives each an id, keeps the attributes that a trace may have, and hands it over at its end.

use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::span::{self, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::queue::SpanSender;
use super::span::{Attributes, EndedSpan, SpanId, TraceId, Value};

/// The span at which a trace begins. What is outside of a run, such as a scheduled look, is in no trace.
const ROOT: &str = "run";

/// The fields of spans that go into a trace, with their names there. No other field does: a trace leaves the host.
const ATTRIBUTES: [(&str, &str); 8] = [
    ("id", "gamctl.run"),
    ("verb", "gamctl.verb"),
    ("device", "gamctl.device"),
    ("number", "gamctl.step"),
    ("of", "gamctl.steps"),
    ("purpose", "gamctl.purpose"),
    ("ended", "gamctl.ended"),
    ("result", "gamctl.result"),
];

/// The field by which a span reports that it did not end well.
const FAILED: &str = "failed";

/// The spans that traces are made of: gamctl's own, never its events, which may have what was sent.
pub(super) fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().split("::").next() == Some("gamctl")
}

/// The layer that follows spans.
pub(super) struct SpanLayer {
    pub(super) sender: SpanSender,
    /// Returns nanoseconds since 1970.
    pub(super) clock: fn() -> u64,
}

/// A span that has not ended.
struct OpenSpan {
    trace: TraceId,
    id: SpanId,
    parent: Option<SpanId>,
    name: &'static str,
    began: u64,
    fields: Fields,
}

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn on_new_span(&self, new: &span::Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let above = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let open = extensions.get::<OpenSpan>()?;
            Some((open.trace, open.id))
        });
        let (trace, parent) = match above {
            Some((trace, parent)) => (trace, Some(parent)),
            None if span.name() == ROOT => (TraceId::random(), None),
            None => return,
        };
        let mut fields = Fields::default();
        new.record(&mut fields);
        let open = OpenSpan {
            trace,
            id: SpanId::random(),
            parent,
            name: new.metadata().name(),
            began: (self.clock)(),
            fields,
        };
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<OpenSpan>() {
            values.record(&mut open.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let open = span.extensions_mut().remove::<OpenSpan>();
        if let Some(open) = open {
            self.sender.send(EndedSpan {
                trace: open.trace,
                id: open.id,
                parent: open.parent,
                name: open.name,
                began: open.began,
                // A clock that went back makes no negative time.
                ended: (self.clock)().max(open.began),
                attributes: open.fields.attributes,
                is_failed: open.fields.is_failed,
            });
        }
    }
}

/// The fields of a span that a trace may have.
#[derive(Default)]
struct Fields {
    attributes: Attributes,
    is_failed: bool,
}

impl Fields {
    fn set(&mut self, field: &Field, value: impl FnOnce() -> Value) {
        let mut all = ATTRIBUTES.iter();
        if let Some((_, name)) = all.find(|(of, _)| *of == field.name()) {
            self.attributes.insert(name, value());
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, || Value::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let number = i64::try_from(value).unwrap_or(i64::MAX);
        self.set(field, || Value::Number(number));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == FAILED {
            self.is_failed = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, || Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, || Value::Text(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use tracing::{debug_span, info, info_span};
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::registry;

    use super::*;
    use crate::telemetry::queue::{TraceCounts, queue};

    /// Returns the spans that ended while this ran, in the order of their ends.
    fn ended(run: impl FnOnce()) -> Vec<EndedSpan> {
        let (sender, mut queue) = queue(100, TraceCounts::default());
        let layer = SpanLayer {
            sender,
            clock: || 7,
        };
        let subscriber = registry().with(layer.with_filter(filter_fn(is_exported)));
        tracing::subscriber::with_default(subscriber, run);
        let mut ended = Vec::new();
        while let Ok(span) = queue.try_recv() {
            ended.push(span);
        }
        ended
    }

    #[test]
    fn a_run_is_a_tree_of_its_own() {
        let spans = ended(|| {
            for run in ["one", "two"] {
                let _task = info_span!("task", task = "rollout").entered();
                let _run = info_span!("run", id = run, who = "ada@noc").entered();
                let device = info_span!("device", device = "oak", ended = tracing::field::Empty);
                device.in_scope(|| drop(debug_span!("step", number = 1_u64, line = "ghn 1")));
                device.record("ended", "stuck");
            }
        });
        let names: Vec<&str> = spans.iter().map(|span| span.name).collect();
        assert_eq!(names, ["step", "device", "run", "step", "device", "run"]);
        for tree in spans.chunks(3) {
            let [step, device, run] = tree else {
                unreachable!("of three")
            };
            assert_eq!(step.parent, Some(device.id));
            assert_eq!(device.parent, Some(run.id));
            assert_eq!(run.parent, None);
            assert!(tree.iter().all(|span| span.trace == run.trace));
        }
        assert_ne!(spans[0].trace, spans[3].trace);
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(
            spans[0].attributes,
            Attributes::from([("gamctl.step", Value::Number(1))]),
            "never a line"
        );
        assert_eq!(
            spans[1].attributes,
            Attributes::from([
                ("gamctl.device", text("oak")),
                ("gamctl.ended", text("stuck"))
            ])
        );
        assert_eq!(
            spans[2].attributes,
            Attributes::from([("gamctl.run", text("one"))]),
            "never a person"
        );
    }

    #[test]
    fn what_is_outside_of_a_run_is_in_no_trace() {
        let spans = ended(|| {
            let _look = info_span!("look", device = "oak").entered();
            let _plan = debug_span!("plan").entered();
            info!("an event");
        });
        assert_eq!(spans, []);
        let spans = ended(|| drop(info_span!(target: "russh", "run")));
        assert_eq!(spans, [], "a library has no runs");
    }

    #[test]
    fn a_full_queue_drops_the_span_and_counts_it() {
        let counts = TraceCounts::default();
        let (sender, queue) = queue(2, counts.clone());
        let layer = SpanLayer {
            sender,
            clock: || 7,
        };
        tracing::subscriber::with_default(registry().with(layer), || {
            for _ in 0..5 {
                drop(info_span!("run", failed = true));
            }
        });
        assert_eq!((queue.len(), counts.dropped()), (2, 3));
    }
}
