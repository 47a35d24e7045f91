//! A collector of traces sees one session whole: from its creation by a client, over its game sim, to its last write, with the
//! calls of the database under each request. Functions send what they have when they have answered; where there is no
//! collector, nothing but spans is lost.

use crate::EXE;
use crate::watched::{page, total};
use guildhall_client::rest::Api;
use guildhall_tests::backend::{Backend, Caller, event, route};
use guildhall_tests::collector::{Collected, Collector};
use guildhall_tests::function::Function;
use guildhall_tests::process::StackProcess;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Time between two looks, in milliseconds.
const LOOK_MS: u64 = 100;

/// A step of somebody else's.
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The spans of one trace, by their ids.
type Trace<'a> = BTreeMap<&'a str, &'a Collected>;

/// Plays the demo until something is saved, then ends everything; gives what was collected.
async fn collect_a_game() -> Vec<Collected> {
    let (folder, collector) = (TempDir::new().unwrap(), Collector::start().await);
    let environment = [("DEMO", "1"), ("GAMESIMS", "1"), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())];
    let mut stack = StackProcess::start(EXE, folder.path(), &environment);
    stack.ready().await;
    while !collector.spans().iter().any(|span| span.name == "save-progress") {
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
    stack.signal(Signal::TERM);
    assert!(stack.end().await.success());
    collector.spans()
}

/// The spans of this name and service in a trace: at least one.
#[track_caller]
fn named<'a>(trace: &Trace<'a>, service: &str, name: &str) -> Vec<&'a Collected> {
    let is_it = |span: &&&Collected| span.service == service && span.name == name;
    let found: Vec<&Collected> = trace.values().filter(is_it).copied().collect();
    assert!(!found.is_empty(), "{service} has no {name} in {trace:#?}");
    found
}

/// Calls of the database are under the request that made them, and within its time. Gives their tables.
fn tables<'a>(trace: &Trace<'a>, request: &Collected) -> Vec<&'a str> {
    let calls = trace.values().filter(|span| span.parent_id.as_ref() == Some(&request.span_id));
    let calls: Vec<&Collected> = calls.filter(|span| span.attribute("db.system.name").is_some()).copied().collect();
    for call in &calls {
        let (begin, end) = call.time;
        assert!(request.time.0 <= begin && begin <= end && end <= request.time.1, "{request:?} {call:?}");
    }
    calls.into_iter().filter_map(|call| call.attribute("db.collection.name")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_connects_a_session_from_its_creation_to_its_end() {
    let spans = collect_a_game().await;
    let saved = spans.iter().find(|span| span.name == "save-progress" && !span.has_failed).unwrap();
    let of_session = spans.iter().filter(|span| span.trace_id == saved.trace_id);
    let trace: Trace<'_> = of_session.map(|span| (span.span_id.as_str(), span)).collect();

    let created = named(&trace, "guildhall-api", "create-game-session")[0];
    assert_eq!((created.parent_id.as_deref(), created.attribute("http.response.status_code")), (None, Some("201")));
    assert_eq!(created.attribute("http.route"), Some("/v1/game-sessions"));
    assert!(tables(&trace, created).contains(&"gamesims"), "nobody looked at the registry in {trace:#?}");
    for joined in named(&trace, "guildhall-api", "join-game-session") {
        assert_eq!(joined.parent_id.as_ref(), Some(&created.span_id));
    }
    for (errand, request) in
        [("admit", "admit-player"), ("progress", "save-progress"), ("finalize", "finalize-game-session")]
    {
        for errand in named(&trace, "guildhall-gamesim", errand) {
            assert_eq!(errand.parent_id.as_ref(), Some(&created.span_id), "{errand:?}");
        }
        for request in named(&trace, "guildhall-api", request) {
            let made_by = trace[request.parent_id.as_deref().unwrap()];
            assert_eq!((made_by.service.as_str(), made_by.name.as_str()), ("guildhall-gamesim", errand));
            // Whoever has given up waiting does not see the end.
            let sees_end = made_by.has_failed || request.time.1 <= made_by.time.1;
            assert!(made_by.time.0 <= request.time.0 && sees_end, "{made_by:?} {request:?}");
            assert!(!tables(&trace, request).is_empty(), "no call of the database is under {request:?}");
        }
    }
    let lost: Vec<_> = trace
        .values()
        .filter(|span| span.parent_id.as_ref().is_some_and(|id| !trace.contains_key(id.as_str())))
        .collect();
    assert!(lost.is_empty(), "spans whose parents nobody has: {lost:#?}");

    let beat = spans.iter().find(|span| span.service == "guildhall-gamesim" && span.name == "heartbeat").unwrap();
    let answered = spans.iter().find(|span| span.parent_id.as_ref() == Some(&beat.span_id)).unwrap();
    assert_eq!((answered.name.as_str(), &answered.trace_id), ("heartbeat-gamesim", &beat.trace_id));
    assert!(spans.iter().any(|span| span.name == "checkpoint" && !span.has_failed), "no checkpoint was seen");
}

/// A function in a process of its own that looks whether the database is there.
async fn function(backend: &Backend, collector: &str) -> Function {
    let environment = [
        ("_HANDLER", "check-ready"),
        ("DYNAMODB_ENDPOINT", &*backend.endpoint()),
        ("GUILDHALL_TABLE_PREFIX", "test-"),
        ("AWS_REGION", "us-east-1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
    ];
    Function::start(Path::new(EXE), &environment.map(|(name, value)| (name, value.to_owned()))).await.unwrap()
}

/// What it is asked, as a step of a trace.
fn look() -> Value {
    event(route("check-ready"), Caller::Anyone, &[], &[("traceparent", TRACEPARENT)], "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_sends_its_traces_before_it_is_frozen() {
    let (backend, collector) = (Backend::start().await, Collector::start().await);
    let mut function = function(&backend, collector.url()).await;
    function.rest().await.unwrap();
    for calls in 1..=3 {
        assert_eq!(function.invoke(look()).await.unwrap()["statusCode"], json!(200));
        function.rest().await.unwrap();
        let spans = collector.spans();
        let requests: Vec<_> = spans.iter().filter(|span| span.name == "check-ready").collect();
        assert_eq!(requests.len(), calls, "Lambda may freeze it now, and nothing has arrived");
        let parts = |span: &Collected| format!("00-{}-{}-01", span.trace_id, span.parent_id.as_deref().unwrap());
        assert!(requests.iter().all(|span| span.service == "guildhall-api" && parts(span) == TRACEPARENT));
        let made = spans.iter().filter(|span| span.parent_id.as_ref() == Some(&requests[calls - 1].span_id));
        assert!(made.count() > 0, "the call of the database is missing in {spans:#?}");
    }
    drop(function);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_a_function_answers_all_the_same() {
    let backend = Backend::start().await;
    // It takes connections and never answers, which is worse than one that is not there.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut function = function(&backend, &format!("http://{}", silent.local_addr().unwrap())).await;
    function.rest().await.unwrap();
    for _ in 0..3 {
        assert_eq!(function.invoke(look()).await.unwrap()["statusCode"], json!(200));
        function.rest().await.unwrap();
    }
    drop(function);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_a_game_goes_on_and_its_spans_are_counted() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let folder = TempDir::new().unwrap();
    let environment = [("DEMO", "1"), ("GAMESIMS", "1"), ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())];
    let mut stack = StackProcess::start(EXE, folder.path(), &environment);
    // The client brings the process's cryptography along.
    Api::new(&stack.ready().await).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    for (whose, works) in [
        ("api", "guildhall_requests_total{route=\"save-progress\",class=\"2xx\"}"),
        ("sim-1", "guildhall_progress_writes_total{status=\"applied\"}"),
    ] {
        let file = folder.path().join(format!("metrics/{whose}.json"));
        let is_seen = |page: &str| total(page, works) > 0.0 && total(page, "guildhall_spans_dropped_total") > 0.0;
        while !is_seen(&page(&http, &file).await.unwrap_or_default()) {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }
    stack.signal(Signal::TERM);
    assert!(stack.end().await.success());
}
