//! What a watcher sees: a process that answers, one that can serve, and what it has counted.

use guildhall_storage::memory::MemoryTable;
use guildhall_tests::{Backend, Caller};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_lives_and_is_ready_with_the_content_in_force() {
    let backend = Backend::start().await;
    let live = backend.call("check-live", Caller::Anyone, &[], &Value::Null).await.expect(200);
    assert_eq!(live, json!({"alive": true}));
    let content = backend.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    let ready = backend.call("check-ready", Caller::Anyone, &[], &Value::Null).await;
    assert_eq!(ready.headers["cache-control"], "no-store");
    assert_eq!(ready.expect(200), json!({"content_version": content["version"]}));
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_names_its_part() {
    let empty = Backend::over(Arc::new(MemoryTable::new()));
    empty.call("check-ready", Caller::Anyone, &[], &Value::Null).await.refused(503, "content_missing");
    empty.call("check-live", Caller::Anyone, &[], &Value::Null).await.expect(200);
    let backend = Backend::start().await;
    let gone = backend.without_database().await;
    let answer = gone.call("check-ready", Caller::Anyone, &[], &Value::Null).await;
    answer.refused(503, "database_unreachable");
    assert_eq!(answer.headers["retry-after"], "1");
    gone.call("check-live", Caller::Anyone, &[], &Value::Null).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_routes_statuses_time_and_what_the_database_charges() {
    let backend = Backend::start().await;
    let page = async || {
        let answer = backend.call("get-metrics", Caller::Anyone, &[], &Value::Null).await;
        assert_eq!(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
        let page = answer.expect(200).as_str().unwrap().to_owned();
        assert!(page.ends_with("# EOF\n"), "{page}");
        page
    };
    let value = |page: &str, series: &str| -> u64 {
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{series} is missing in\n{page}")).parse().unwrap()
    };
    let first = page().await;
    assert_eq!(value(&first, "guildhall_cold_start"), 1);
    let before = value(&first, "guildhall_storage_read_half_units_total{table=\"content\"}");
    for _ in 0..2 {
        backend.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    }
    backend
        .call("get-character", Caller::Anyone, &[("character_id", "x")], &Value::Null)
        .await
        .refused(400, "invalid_request");
    let second = page().await;
    assert_eq!(value(&second, "guildhall_cold_start"), 0);
    assert_eq!(value(&second, "guildhall_requests_total{route=\"get-content\",class=\"2xx\"}"), 2);
    assert_eq!(value(&second, "guildhall_requests_total{route=\"get-content\",class=\"5xx\"}"), 0);
    assert_eq!(value(&second, "guildhall_requests_total{route=\"get-character\",class=\"4xx\"}"), 1);
    assert_eq!(value(&second, "guildhall_request_latency_us_count{route=\"get-content\"}"), 2);
    assert!(value(&second, "guildhall_storage_read_half_units_total{table=\"content\"}") > before);
    assert!(value(&second, "guildhall_storage_requests_total{table=\"content\"}") > 0);
    backend.stop().await;
}
