//! Grafana's dashboard over Prometheus: a counter is shown as a rate, a gauge as it is, a histogram as three quantiles.

use super::{Kind, Metric, PANEL_HEIGHT, PANEL_WIDTH, Panel, Source, Watched, height, panels, place};
use serde_json::{Value, json};

/// Names the dashboard and its data, in `infra/grafana/provisioning`.
const UID: &str = "guildhall";
/// Over which time rare events are summed up.
const RARE: &str = "5m";
const QUANTILES: [(&str, &str); 3] = [("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")];

/// The dashboard's JSON model, as text.
pub fn dashboard(watched: &Watched) -> String {
    let on_pages = watched.metrics.iter().filter(|metric| metric.source == Source::Prometheus);
    let (mut shown, mut top) = (Vec::new(), 0);
    for (row, panels) in panels(on_pages, |metric| (&metric.row, &metric.panel)) {
        let position = json!({"x": 0, "y": top, "w": super::COLUMNS, "h": 1});
        shown.push(
            json!({"id": shown.len() + 1, "type": "row", "title": row, "collapsed": false, "gridPos": position, "panels": []}),
        );
        for (number, panel) in panels.iter().enumerate() {
            let (x, y) = place(number);
            shown.push(graph(shown.len() + 1, panel, x, top + 1 + y));
        }
        top += 1 + height(panels.len());
    }
    let document = json!({
        "uid": UID,
        "title": "Guildhall",
        "description": "Generated from infra/metrics.json: `make dashboards` writes it.",
        "tags": ["guildhall"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "panels": shown,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn graph(id: usize, panel: &Panel<&Metric>, x: usize, y: usize) -> Value {
    let queries: Vec<(String, String)> = panel.metrics.iter().flat_map(|metric| queries(metric)).collect();
    let letters = 'A'..='Z';
    let targets = letters.zip(queries);
    let targets = targets
        .map(|(letter, (expr, legend))| json!({"refId": letter, "expr": expr, "legendFormat": legend, "range": true}));
    let help: Vec<String> = panel.metrics.iter().map(|metric| format!("{}.", metric.help)).collect();
    json!({
        "id": id,
        "type": "timeseries",
        "title": panel.title,
        "description": help.join(" "),
        "datasource": {"type": "prometheus", "uid": UID},
        "gridPos": {"x": x, "y": y, "w": PANEL_WIDTH, "h": PANEL_HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.metrics.first().map_or("short", |metric| unit(metric)), "min": 0}, "overrides": []},
        "targets": targets.collect::<Vec<_>>(),
    })
}

/// What is asked for one metric, each with its legend.
fn queries(metric: &Metric) -> Vec<(String, String)> {
    let name = &metric.name;
    let (by, legend) = match &metric.by {
        Some(label) => (format!(" by ({label})"), format!("{{{{{label}}}}}")),
        None => (String::new(), name.trim_start_matches("guildhall_").to_owned()),
    };
    match metric.kind {
        Some(Kind::Counter) if metric.rare => vec![(format!("sum{by} (increase({name}_total[{RARE}]))"), legend)],
        Some(Kind::Counter) => vec![(format!("sum{by} (rate({name}_total[$__rate_interval]))"), legend)],
        // A longest wait is the longest anywhere, and what every game sim says alike is no sum of theirs.
        Some(Kind::Gauge) if metric.unit == "Milliseconds" || name.contains("_queue_") => {
            vec![(format!("max{by} ({name})"), legend)]
        }
        Some(Kind::Gauge) => vec![(format!("sum{by} ({name})"), legend)],
        Some(Kind::Histogram) => {
            let labels = metric.by.as_ref().map_or("le".to_owned(), |label| format!("le, {label}"));
            let quantile = |(quantile, short): (&str, &str)| {
                let expr = format!(
                    "histogram_quantile({quantile}, sum by ({labels}) (rate({name}_bucket[$__rate_interval])))"
                );
                let legend = metric.by.as_ref().map_or(short.to_owned(), |_| format!("{legend} {short}"));
                (expr, legend)
            };
            QUANTILES.map(quantile).into()
        }
        None => Vec::new(),
    }
}

/// Grafana's name of the unit of what is shown.
fn unit(metric: &Metric) -> &'static str {
    match (metric.unit.as_str(), metric.kind == Some(Kind::Counter) && !metric.rare) {
        ("Microseconds", _) => "µs",
        ("Milliseconds", _) => "ms",
        ("Bytes", true) => "Bps",
        ("Bytes", false) => "bytes",
        (_, true) => "cps",
        (_, false) => "short",
    }
}
