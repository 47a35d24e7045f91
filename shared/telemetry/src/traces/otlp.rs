//! Spans in the form in which collectors take them: OTLP's JSON (opentelemetry.io, "OTLP Specification", "JSON Protobuf
//! Encoding"): ids in hexadecimal digits, 64-bit numbers as text.

use super::{Kind, Span, Value};
use serde_json::{Map, Value as Json, json};

/// The body of a request, of a process that says this of itself.
pub(super) fn body(resource: &[(&'static str, Value)], spans: &[Span]) -> Vec<u8> {
    let scope = json!({ "name": "guildhall", "version": env!("CARGO_PKG_VERSION") });
    let spans: Vec<Json> = spans.iter().map(span).collect();
    let request = json!({ "resourceSpans": [{
        "resource": { "attributes": attributes(resource) },
        "scopeSpans": [{ "scope": scope, "spans": spans }],
    }] });
    request.to_string().into_bytes()
}

fn span(span: &Span) -> Json {
    let kind = match span.kind {
        Kind::Server => 2,
        Kind::Client => 3,
    };
    let mut json = Map::new();
    let mut say = |name: &str, value: Json| drop(json.insert(name.to_owned(), value));
    say("traceId", trace_id(span.trace_id));
    say("spanId", span_id(span.span_id));
    if let Some(parent) = span.parent_id {
        say("parentSpanId", span_id(parent));
    }
    say("name", span.name.into());
    say("kind", kind.into());
    say("startTimeUnixNano", span.time.begin_ns.to_string().into());
    say("endTimeUnixNano", span.time.end_ns.to_string().into());
    say("attributes", attributes(&span.attributes));
    if let Some((trace, step)) = span.link {
        say("links", json!([{ "traceId": trace_id(trace), "spanId": span_id(step) }]));
    }
    if span.has_failed {
        say("status", json!({ "code": 2 }));
    }
    Json::Object(json)
}

fn trace_id(id: u128) -> Json {
    format!("{id:032x}").into()
}

fn span_id(id: u64) -> Json {
    format!("{id:016x}").into()
}

fn attributes(attributes: &[(&'static str, Value)]) -> Json {
    let value = |value: &Value| match value {
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
    };
    attributes.iter().map(|(key, of)| json!({ "key": key, "value": value(of) })).collect()
}
