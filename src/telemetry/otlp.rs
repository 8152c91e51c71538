//! Renders ended spans as the JSON of OTLP/HTTP, `ExportTraceServiceRequest` of OpenTelemetry.

use serde_json::{Value as Json, json};

use super::span::{EndedSpan, Value};

/// The kind of a span inside of a program, `SPAN_KIND_INTERNAL`.
const INTERNAL: u8 = 1;

/// The status of a span that failed, `STATUS_CODE_ERROR`.
const FAILED: u8 = 2;

const NAME: &str = "gamctl";

/// Returns the document of a batch.
pub(super) fn document(batch: &[EndedSpan]) -> Json {
    let version = env!("CARGO_PKG_VERSION");
    let spans: Vec<Json> = batch.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            attribute("service.name", &Value::Text(NAME.to_owned())),
            attribute("service.version", &Value::Text(version.to_owned())),
        ] },
        "scopeSpans": [{
            "scope": { "name": NAME, "version": version },
            "spans": spans,
        }],
    }] })
}

fn span(span: &EndedSpan) -> Json {
    let attributes: Vec<Json> = span
        .attributes
        .iter()
        .map(|(name, value)| attribute(name, value))
        .collect();
    let mut document = json!({
        // Ids are hexadecimal, and 64-bit numbers are texts: OTLP differs there from the JSON of other protocol buffers.
        "traceId": format!("{:032x}", span.trace.0),
        "spanId": format!("{:016x}", span.id.0),
        "name": span.name,
        "kind": INTERNAL,
        "startTimeUnixNano": span.began.to_string(),
        "endTimeUnixNano": span.ended.to_string(),
        "attributes": attributes,
    });
    if let Some(fields) = document.as_object_mut() {
        if let Some(parent) = span.parent {
            let parent = format!("{:016x}", parent.0);
            fields.insert("parentSpanId".to_owned(), parent.into());
        }
        if span.is_failed {
            fields.insert("status".to_owned(), json!({ "code": FAILED }));
        }
    }
    document
}

fn attribute(name: &str, value: &Value) -> Json {
    let value = match value {
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
    };
    json!({ "key": name, "value": value })
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU64, NonZeroU128};

    use super::*;
    use crate::telemetry::span::{Attributes, SpanId, TraceId};

    #[test]
    fn ids_are_hexadecimal_and_long_numbers_are_texts() {
        let ended = EndedSpan {
            trace: TraceId(NonZeroU128::new(0xab).unwrap()),
            id: SpanId(NonZeroU64::new(0xcd).unwrap()),
            parent: Some(SpanId(NonZeroU64::new(1).unwrap())),
            name: "step",
            began: u64::MAX,
            ended: u64::MAX,
            attributes: Attributes::from([
                ("gamctl.device", Value::Text("oak \"1\"".to_owned())),
                ("gamctl.step", Value::Number(3)),
            ]),
            is_failed: true,
        };
        let document = document(&[ended]);
        let span = &document["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(
            *span,
            json!({
                "traceId": "000000000000000000000000000000ab",
                "spanId": "00000000000000cd",
                "parentSpanId": "0000000000000001",
                "name": "step",
                "kind": 1,
                "startTimeUnixNano": "18446744073709551615",
                "endTimeUnixNano": "18446744073709551615",
                "attributes": [
                    { "key": "gamctl.device", "value": { "stringValue": "oak \"1\"" } },
                    { "key": "gamctl.step", "value": { "intValue": "3" } },
                ],
                "status": { "code": 2 },
            })
        );
    }
}
