//! What derives from `infra/metrics.json` is current, and what the list says of itself makes sense. That its metrics are
//! really emitted is told by `tests/story/watched.rs`.

use super::{read, root};
use guildhall_functions::ROUTES;
use guildhall_gamesim::FLEET_METRICS;
use guildhall_tests::dashboards::{Kind, Source, Watched, alerts, cloudwatch, grafana, parse};
use std::collections::BTreeSet;

fn watched() -> Watched {
    parse(&read("infra/metrics.json")).unwrap()
}

#[test]
fn dashboards_and_alerts_are_current() {
    let watched = watched();
    for (path, current) in [
        ("infra/grafana/dashboards/guildhall.json", grafana(&watched)),
        ("infra/dashboards/cloudwatch.json", cloudwatch(&watched)),
        ("infra/prometheus/alerts.yaml", alerts(&watched)),
    ] {
        assert!(read(path) == current, "{path} is stale; `make dashboards` writes it anew");
    }
}

#[test]
fn the_list_of_metrics_is_whole_and_without_repetition() {
    let watched = watched();
    let mut names = BTreeSet::new();
    for metric in &watched.metrics {
        assert!(names.insert((&metric.namespace, &metric.name)), "{} is there twice", metric.name);
        let on_page = metric.source == Source::Prometheus;
        assert_eq!((metric.kind.is_some(), metric.job.is_some()), (on_page, on_page), "{}", metric.name);
        assert_eq!(metric.namespace.is_none() && metric.statistics.is_empty(), on_page, "{}", metric.name);
        assert!(metric.by.iter().all(|by| metric.labels.contains(by)), "{}", metric.name);
        for dimensions in &metric.dimensions {
            assert!(dimensions.keys().eq(metric.labels.iter().collect::<BTreeSet<_>>()), "{}", metric.name);
        }
    }
    let of_gamesims = watched.metrics.iter().filter(|metric| metric.source == Source::Cloudwatch);
    let of_gamesims: BTreeSet<&str> = of_gamesims.map(|metric| metric.name.as_str()).collect();
    assert_eq!(of_gamesims, FLEET_METRICS.into());
}

#[test]
fn log_metrics_read_routes_that_there_are() {
    for metric in watched().log_metrics {
        assert_eq!(metric.log, "access", "{}", metric.name);
        let (_, rest) = metric.pattern.split_once("$.routeKey = \"").unwrap();
        let (key, _) = rest.split_once('"').unwrap();
        let keys = ROUTES.iter().map(|route| format!("{} {}", route.method.as_str(), route.path));
        assert!(keys.into_iter().any(|route| route == key), "{}: no route {key}", metric.name);
    }
}

/// Words of an expression that begin with a letter.
fn words(expression: &str) -> impl Iterator<Item = &str> {
    let parts = expression.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    parts.filter(|part| part.starts_with(|c: char| c.is_alphabetic()))
}

#[test]
fn alarms_read_what_is_in_the_list() {
    let watched = watched();
    let mut names = BTreeSet::new();
    for alarm in &watched.alarms {
        assert!(names.insert(&alarm.name), "{} is there twice", alarm.name);
        let ids: BTreeSet<&str> = alarm.metrics.iter().map(|metric| metric.id.as_str()).collect();
        assert_eq!(ids.len(), alarm.metrics.len(), "{}", alarm.name);
        for metric in &alarm.metrics {
            let listed = watched.metrics.iter().any(|it| {
                it.namespace.as_ref() == Some(&metric.namespace)
                    && it.name == metric.name
                    && it.dimensions.contains(&metric.dimensions)
            });
            let logged = watched
                .log_metrics
                .iter()
                .any(|it| it.namespace == metric.namespace && it.name == metric.name && metric.dimensions.is_empty());
            assert!(listed || logged, "{} reads {}, which nobody emits", alarm.name, metric.name);
        }
        match &alarm.expression {
            None => assert_eq!(alarm.metrics.len(), 1, "{}", alarm.name),
            Some(expression) => {
                let named = words(expression).filter(|word| !["IF", "FILL", "MAX"].contains(word));
                assert_eq!(named.collect::<BTreeSet<_>>(), ids, "{}", alarm.name);
            }
        }
        assert!(alarm.datapoints_to_alarm <= alarm.evaluation_periods, "{}", alarm.name);
    }
}

#[test]
fn every_alarm_is_explained() {
    let guide = read("docs/OBSERVABILITY.md");
    for alarm in watched().alarms {
        assert!(
            guide.contains(&format!("| `{}` |", alarm.name)),
            "docs/OBSERVABILITY.md does not explain {}",
            alarm.name
        );
    }
}

/// The series of a page that an expression of Prometheus names.
#[test]
fn alerts_and_panels_ask_for_series_that_the_pages_have() {
    let watched = watched();
    let series = |kind: Option<Kind>| match kind {
        Some(Kind::Counter) => "_total",
        Some(Kind::Histogram) => "_bucket",
        _ => "",
    };
    let on_pages = watched.metrics.iter().filter(|metric| metric.source == Source::Prometheus);
    let known: BTreeSet<String> = on_pages.map(|metric| metric.name.clone() + series(metric.kind)).collect();
    let mut asked = BTreeSet::new();
    for text in [read("infra/prometheus/alerts.yaml"), read("infra/grafana/dashboards/guildhall.json")] {
        asked.extend(words(&text).filter(|word| word.starts_with("guildhall_")).map(str::to_owned));
    }
    // The legends have the names without their beginning, so that everything found is asked for.
    assert_eq!(asked, known);
}

#[test]
fn grafana_and_prometheus_find_what_they_are_told_of() {
    let source = read("infra/grafana/provisioning/datasources/guildhall.yaml");
    let dashboard = read("infra/grafana/dashboards/guildhall.json");
    assert!(source.contains("uid: guildhall\n") && dashboard.contains("\"uid\": \"guildhall\""));
    let folder = read("infra/grafana/provisioning/dashboards/guildhall.yaml");
    assert!(
        folder.contains("path: $PWD/infra/grafana/dashboards\n") && root().join("infra/grafana/dashboards").is_dir()
    );
    let scraped = read("infra/prometheus/prometheus.yaml");
    assert!(
        scraped.contains("- alerts.yaml\n")
            && scraped.contains("/metrics/api.json")
            && scraped.contains("/metrics/sim-*.json")
    );
}
