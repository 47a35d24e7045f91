//! Every metric that the dashboards and alarms use is really emitted, and every metric that is emitted is in the list: read
//! from the pages of the stack and its game sims after a short game, and from what CloudWatch is sent.

use crate::EXE;
use guildhall_client::rest::Api;
use guildhall_tests::dashboards::{Job, Kind, Metric, Source, Watched, parse};
use guildhall_tests::process::StackProcess;
use guildhall_tests::twin::{Reply, Twin};
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Time between two looks, in milliseconds.
const LOOK_MS: u64 = 100;

/// A metric as its page has it: kind, help, and the names of its labels.
#[derive(Debug, PartialEq, Eq)]
struct OnPage {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// Everything on a page, by name.
fn metrics(page: &str) -> BTreeMap<String, OnPage> {
    let mut found = BTreeMap::new();
    for line in page.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            let help = help.trim_end_matches('.').to_owned();
            found.insert(name.to_owned(), OnPage { kind: String::new(), help, labels: BTreeSet::new() });
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            found.get_mut(name).unwrap().kind = kind.to_owned();
        } else if let Some((series, labels)) = line.split_once('{') {
            let (labels, _) = labels.rsplit_once('}').unwrap();
            let names = labels.split(',').map(|pair| pair.split_once('=').unwrap().0.to_owned());
            let name = ["_total", "_bucket", "_sum", "_count"].into_iter().find_map(|end| series.strip_suffix(end));
            let metric = found.get_mut(name.unwrap_or(series)).unwrap();
            metric.labels.extend(names.filter(|label| label != "le"));
        }
    }
    found
}

fn listed(watched: &Watched, job: Job) -> BTreeMap<String, OnPage> {
    let kind = |metric: &Metric| match metric.kind {
        Some(Kind::Counter) => "counter",
        Some(Kind::Gauge) => "gauge",
        Some(Kind::Histogram) => "histogram",
        None => "",
    };
    let has_it = [Some(job), Some(Job::Both)];
    let of_job = watched.metrics.iter().filter(|metric| has_it.contains(&metric.job));
    let entry = |metric: &Metric| {
        let labels = metric.labels.iter().cloned().collect();
        (metric.name.clone(), OnPage { kind: kind(metric).to_owned(), help: metric.help.clone(), labels })
    };
    of_job.map(entry).collect()
}

/// The sum of all series that begin so.
pub(crate) fn total(page: &str, series: &str) -> f64 {
    let lines = page.lines().filter(|line| line.starts_with(series));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// The page that a file for Prometheus leads to, once there is one.
pub(crate) async fn page(http: &reqwest::Client, file: &Path) -> Option<String> {
    let targets: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).ok()?).unwrap();
    let address = targets[0]["targets"][0].as_str().unwrap();
    assert!(!targets[0]["labels"]["instance"].as_str().unwrap().is_empty());
    http.get(format!("http://{address}/metrics")).send().await.ok()?.text().await.ok()
}

/// The names of the metrics in a call of PutMetricData, which is CBOR: a text's length is in its first byte, or in the second.
fn metric_names(body: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\x6aMetricName";
    let keys = body.windows(KEY.len()).enumerate().filter(|(_, window)| *window == KEY);
    let name = |(at, _): (usize, &[u8])| {
        let rest = &body[at + KEY.len()..];
        let (length, text) = if rest[0] == 0x78 { (rest[1], &rest[2..]) } else { (rest[0] - 0x60, &rest[1..]) };
        String::from_utf8(text[..length.into()].into()).unwrap()
    };
    keys.map(name).collect()
}

/// CloudWatch, as its SDK wants to be answered: 0xa0 is CBOR's empty map.
async fn cloudwatch() -> Twin {
    let headers = "smithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\n";
    Twin::start(move |_| Reply { headers: headers.to_owned(), body: vec![0xa0] }).await
}

/// The metrics that it has been sent.
fn published(cloudwatch: &Twin) -> BTreeSet<String> {
    cloudwatch.calls().iter().flat_map(|call| metric_names(&call.body)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_that_is_used_is_emitted_and_the_other_way_round() {
    let watched = parse(include_str!("../../infra/metrics.json")).unwrap();
    let folder = TempDir::new().unwrap();
    let cloudwatch = cloudwatch().await;
    let environment = [
        ("DEMO", "1"),
        ("GAMESIMS", "1"),
        ("CLOUDWATCH_NAMESPACE", "Guildhall"),
        ("CLOUDWATCH_ENDPOINT", &*cloudwatch.url),
    ];
    let mut stack = StackProcess::start(EXE, folder.path(), &environment);
    // The client brings the process's cryptography along.
    Api::new(&stack.ready().await).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    let file = |whose: &str| folder.path().join("metrics").join(format!("{whose}.json"));
    // The demo's party plays until something of it is stored.
    let of_gamesim = loop {
        let text = page(&http, &file("sim-1")).await.unwrap_or_default();
        if total(&text, "guildhall_progress_writes_total{status=\"applied\"}") > 0.0 {
            break text;
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    };
    let of_api = page(&http, &file("api")).await.unwrap();
    assert_eq!(metrics(&of_api), listed(&watched, Job::Api));
    assert_eq!(metrics(&of_gamesim), listed(&watched, Job::Gamesim));
    for (text, series) in [
        (&of_api, "guildhall_requests_total{route=\"login-account\""),
        (&of_api, "guildhall_request_latency_us_count"),
        (&of_api, "guildhall_storage_latency_us_count{call=\"read\""),
        (&of_api, "guildhall_storage_latency_us_count{call=\"write\""),
        (&of_api, "guildhall_storage_write_half_units_total"),
        (&of_gamesim, "guildhall_sessions{"),
        (&of_gamesim, "guildhall_players{"),
        (&of_gamesim, "guildhall_tick_lateness_us_count"),
        (&of_gamesim, "guildhall_datagrams_in_total"),
        (&of_gamesim, "guildhall_bytes_out_total"),
        (&of_gamesim, "guildhall_checkpoints_stored_total"),
    ] {
        assert!(total(text, series) > 0.0, "{series} counts nothing");
    }

    let of_fleet = watched.metrics.iter().filter(|metric| metric.source == Source::Cloudwatch);
    // Dead letters are told of when there are some; `gamesim/src/cloud/tests.rs` buries two.
    let expected: BTreeSet<String> =
        of_fleet.map(|metric| metric.name.clone()).filter(|name| name != "DeadLetters").collect();
    while published(&cloudwatch).len() < expected.len() {
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
    assert_eq!(published(&cloudwatch), expected);
    stack.signal(Signal::TERM);
    assert!(stack.end().await.success());
}
