//! A collector of traces: what OTLP over HTTP with JSON sends to a listener, read as spans.

use crate::twin::{Reply, Twin};
use serde_json::Value;

/// A listener that takes whatever is sent.
#[derive(Debug)]
pub struct Collector(Twin);

/// A span as it arrived.
#[derive(Debug, Clone)]
pub struct Collected {
    /// `service.name` of the process that sent it.
    pub service: String,
    /// Which trace: 32 hexadecimal digits.
    pub trace_id: String,
    /// Which span of it: 16 of them.
    pub span_id: String,
    /// The span that it was done for.
    pub parent_id: Option<String>,
    /// What was done.
    pub name: String,
    /// From when to when, in nanoseconds since 1970.
    pub time: (u64, u64),
    /// Whether its status is an error.
    pub has_failed: bool,
    /// Everything else.
    pub json: Value,
}

impl Collected {
    /// An attribute, as text.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        let attributes = self.json["attributes"].as_array()?.iter();
        let value = &attributes.clone().find(|attribute| attribute["key"] == key)?["value"];
        value["stringValue"].as_str().or(value["intValue"].as_str())
    }
}

impl Collector {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let reply = |_: &_| Reply { headers: "content-type: application/json\r\n".to_owned(), body: b"{}".to_vec() };
        Self(Twin::start(reply).await)
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Everything that has arrived.
    pub fn spans(&self) -> Vec<Collected> {
        let mut spans = Vec::new();
        for call in self.0.calls() {
            assert!(call.head.starts_with("post /v1/traces "), "{}", call.head);
            let body: Value = serde_json::from_slice(&call.body).expect("JSON");
            for resource in body["resourceSpans"].as_array().expect("resources") {
                let attributes = resource["resource"]["attributes"].as_array().expect("attributes");
                let name = attributes.iter().find(|attribute| attribute["key"] == "service.name").expect("a name");
                let service = name["value"]["stringValue"].as_str().expect("a text");
                for scope in resource["scopeSpans"].as_array().expect("scopes") {
                    spans.extend(scope["spans"].as_array().expect("spans").iter().map(|span| collected(service, span)));
                }
            }
        }
        spans
    }
}

fn collected(service: &str, json: &Value) -> Collected {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    let nanos = |name: &str| text(name).and_then(|digits| digits.parse().ok()).expect("nanoseconds");
    let has_form = |id: &str, digits| id.len() == digits && id.bytes().all(|b| b.is_ascii_hexdigit());
    let (trace_id, span_id) = (text("traceId").expect("a trace"), text("spanId").expect("an id"));
    assert!(has_form(&trace_id, 32) && has_form(&span_id, 16), "{json}");
    Collected {
        service: service.to_owned(),
        trace_id,
        span_id,
        parent_id: text("parentSpanId"),
        name: text("name").expect("a name"),
        time: (nanos("startTimeUnixNano"), nanos("endTimeUnixNano")),
        has_failed: json["status"]["code"] == 2,
        json: json.clone(),
    }
}
