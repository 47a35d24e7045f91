//! What waits is bounded, what is sent has the form that collectors take, and a collector that is gone costs spans alone.

use super::exporter::PAUSE_MS;
use super::*;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;

fn span(trace_id: u128, span_id: u64) -> Span {
    let time = Lapse { begin_ns: 1_800_000_000_000_000_001, end_ns: 1_800_000_000_000_000_002 };
    Span::new(trace_id, span_id, "save-progress", Kind::Server, time)
}

fn queue(tracer: &Tracer) -> Arc<Queue> {
    Arc::clone(tracer.0.as_ref().unwrap())
}

fn on() -> Tracer {
    Tracer::new(Some(&TracesConfig::to("http://127.0.0.1:1")))
}

/// A collector that answers with this status; gives its base URL and the requests that it gets: their paths and bodies.
async fn collector(status: StatusCode) -> (String, mpsc::UnboundedReceiver<(String, Json)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = seen.clone();
            let answer = service_fn(move |request: Request<Incoming>| {
                let seen = seen.clone();
                async move {
                    let path = request.uri().path().to_owned();
                    assert_eq!(request.headers()["content-type"], "application/json");
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let _ = seen.send((path, serde_json::from_slice(&body).unwrap()));
                    Ok::<_, Infallible>(Response::builder().status(status).body(Full::<Bytes>::default()).unwrap())
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    (url, requests)
}

fn spans(request: &Json) -> &Vec<Json> {
    request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap()
}

#[test]
fn a_span_has_the_form_that_collectors_take() {
    let full = Span {
        parent_id: Some(0xb7),
        link: Some((1, 2)),
        has_failed: true,
        attributes: vec![("http.route", "/v1".into()), ("http.response.status_code", 503.into())],
        ..span(TRACE, 0xb7ad_6b71_6920_3331)
    };
    let body = otlp::body(&[("service.name", "guildhall-api".into())], &[full, span(TRACE, 7)]);
    let text = |value: &str| json!({ "stringValue": value });
    let plain = json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "0000000000000007", "name": "save-progress", "kind": 2,
        "startTimeUnixNano": "1800000000000000001", "endTimeUnixNano": "1800000000000000002", "attributes": [],
    });
    let mut full = plain.clone();
    full["spanId"] = json!("b7ad6b7169203331");
    full["parentSpanId"] = json!("00000000000000b7");
    full["links"] = json!([{ "traceId": format!("{:032}", 1), "spanId": format!("{:016}", 2) }]);
    full["status"] = json!({ "code": 2 });
    full["attributes"] = json!([
        { "key": "http.route", "value": text("/v1") },
        { "key": "http.response.status_code", "value": { "intValue": "503" } },
    ]);
    let expected = json!({ "resourceSpans": [{
        "resource": { "attributes": [{ "key": "service.name", "value": text("guildhall-api") }] },
        "scopeSpans": [{ "scope": { "name": "guildhall", "version": env!("CARGO_PKG_VERSION") }, "spans": [full, plain] }],
    }] });
    assert_eq!(serde_json::from_slice::<Json>(&body).unwrap(), expected);
}

#[test]
fn the_queue_is_bounded_and_counts_what_it_does_not_take() {
    let tracer = on();
    for number in 1..=QUEUE_SPANS_MAX as u64 + 10 {
        tracer.record(span(TRACE, number));
    }
    assert_eq!(tracer.dropped().get(), 10);
    let queue = queue(&tracer);
    let mut taken = Vec::new();
    loop {
        let batch = queue.take();
        assert!(batch.len() <= BATCH_SPANS_MAX);
        if batch.is_empty() {
            break;
        }
        taken.extend(batch.iter().map(|span| span.span_id));
    }
    assert!(taken.iter().copied().eq(1..=QUEUE_SPANS_MAX as u64), "the oldest stay, in order");
    tracer.record(span(TRACE, 1));
    assert_eq!((tracer.dropped().get(), queue.take().len()), (10, 1));
}

#[test]
fn of_a_trace_everybody_keeps_all_or_nothing() {
    let kept = |ratio: u32| {
        let config = TracesConfig { kept_per_million: ratio, ..TracesConfig::to("http://127.0.0.1:1") };
        let tracer = Tracer::new(Some(&config));
        for trace in 1..=1_000_u64 {
            // Half of them random, as ids are.
            let id = u128::from(trace) << 64 | u128::from(trace.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            tracer.record(span(id, 1));
            tracer.record(span(id, 2));
        }
        let queue = queue(&tracer);
        let batches: Vec<Vec<Span>> =
            std::iter::repeat_with(|| queue.take()).take_while(|batch| !batch.is_empty()).collect();
        let spans = batches.concat();
        assert!(spans.chunks(2).all(|pair| pair[0].trace_id == pair[1].trace_id));
        assert_eq!(tracer.dropped().get(), 0, "what is left out on purpose is not lost");
        spans.len() / 2
    };
    assert_eq!((kept(0), kept(1_000_000)), (0, 1_000));
    assert!((80..=120).contains(&kept(100_000)), "{}", kept(100_000));
}

#[test]
fn without_a_collector_nothing_is_kept() {
    let tracer = Tracer::new(None);
    tracer.record(span(TRACE, 1));
    assert!(!tracer.is_on() && tracer.dropped().get() == 0);
    assert!(Exporter::new(&tracer, Some(&TracesConfig::to("http://127.0.0.1:1")), []).is_none());
}

#[test]
fn the_environment_decides() {
    let parse = |pairs: &[(&str, &str)]| {
        TracesConfig::parse(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    };
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318/");
    assert_eq!(parse(&[]), Ok(None));
    assert_eq!(parse(&[("OTEL_EXPORTER_OTLP_ENDPOINT", ""), ("OTEL_TRACES_SAMPLER_ARG", "0.5")]), Ok(None));
    assert_eq!(parse(&[endpoint]), Ok(Some(TracesConfig::to("http://127.0.0.1:4318"))));
    let tenth = parse(&[endpoint, ("OTEL_TRACES_SAMPLER_ARG", "0.1")]).unwrap().unwrap();
    assert_eq!(tenth.kept_per_million, 100_000);
    let again = tenth.variables();
    let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(parse(&again), Ok(Some(tenth)));
    for wrong in ["127.0.0.1:4318", "ftp://example.org", "http://example.org?a=b", "http://"] {
        assert_eq!(
            parse(&[("OTEL_EXPORTER_OTLP_ENDPOINT", wrong)]).unwrap_err().variable,
            "OTEL_EXPORTER_OTLP_ENDPOINT"
        );
    }
    for wrong in ["2", "-0.1", "all", "NaN"] {
        let error = parse(&[endpoint, ("OTEL_TRACES_SAMPLER_ARG", wrong)]).unwrap_err();
        assert_eq!(error.to_string(), "OTEL_TRACES_SAMPLER_ARG: expected a part of all, 0 to 1", "{wrong}");
    }
}

#[tokio::test]
async fn what_waits_is_sent_in_batches() {
    let (url, mut requests) = collector(StatusCode::OK).await;
    let config = TracesConfig::to(url);
    let tracer = Tracer::new(Some(&config));
    for number in 1..=BATCH_SPANS_MAX as u64 + 3 {
        tracer.record(span(TRACE, number));
    }
    let mut exporter = Exporter::new(&tracer, Some(&config), [("service.name", "test".into())]).unwrap();
    exporter.flush().await;
    let (path, first) = requests.recv().await.unwrap();
    assert_eq!((path.as_str(), spans(&first).len()), ("/v1/traces", BATCH_SPANS_MAX));
    let (_, second) = requests.recv().await.unwrap();
    assert_eq!(spans(&second).last().unwrap()["spanId"], format!("{:016x}", BATCH_SPANS_MAX + 3));
    assert!(requests.try_recv().is_err());
    assert_eq!(tracer.dropped().get(), 0);
}

#[tokio::test]
async fn a_process_that_ends_sends_what_it_has() {
    let (url, mut requests) = collector(StatusCode::OK).await;
    let config = TracesConfig::to(url);
    let tracer = Tracer::new(Some(&config));
    let exporting = Exporter::new(&tracer, Some(&config), []).unwrap().start();
    tracer.record(span(TRACE, 1));
    exporting.end().await;
    assert_eq!(spans(&requests.recv().await.unwrap().1).len(), 1);
}

#[tokio::test]
async fn a_collector_that_takes_nothing_is_left_alone_for_a_while() {
    let (url, mut requests) = collector(StatusCode::SERVICE_UNAVAILABLE).await;
    let config = TracesConfig::to(url);
    let tracer = Tracer::new(Some(&config));
    let mut exporter = Exporter::new(&tracer, Some(&config), []).unwrap();
    tracer.record(span(TRACE, 1));
    tracer.record(span(TRACE, 2));
    exporter.flush().await;
    assert_eq!(tracer.dropped().get(), 2);
    requests.recv().await.unwrap();
    tracer.record(span(TRACE, 3));
    exporter.flush().await;
    assert!(requests.try_recv().is_err(), "it was asked again at once");
    assert_eq!(tracer.dropped().get(), 2, "what waits is not lost yet");
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(PAUSE_MS)).await;
    tokio::time::resume();
    exporter.flush().await;
    requests.recv().await.unwrap();
    assert_eq!(tracer.dropped().get(), 3);
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_spans_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = TracesConfig::to(format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    let tracer = Tracer::new(Some(&config));
    let mut exporter = Exporter::new(&tracer, Some(&config), []).unwrap();
    tracer.record(span(TRACE, 1));
    exporter.flush().await;
    assert_eq!(tracer.dropped().get(), 1);
}
