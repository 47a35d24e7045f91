//! CloudWatch's dashboard: everything of the list that CloudWatch has, and the alarms. Names that belong to one environment
//! are placeholders, `${…}`, which Terraform fills in.

use super::{PANEL_HEIGHT, PANEL_WIDTH, Source, Watched, height, panels, place};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A metric as a panel shows it.
struct Shown<'a> {
    row: &'a str,
    panel: &'a str,
    namespace: &'a str,
    name: &'a str,
    dimensions: Vec<BTreeMap<String, String>>,
    statistics: &'a [String],
}

/// The dashboard's body, as text.
pub fn dashboard(watched: &Watched) -> String {
    let of_metrics = watched.metrics.iter().filter(|metric| metric.source != Source::Prometheus).map(|it| Shown {
        row: &it.row,
        panel: &it.panel,
        namespace: it.namespace.as_deref().unwrap_or_default(),
        name: &it.name,
        dimensions: it.dimensions.clone(),
        statistics: &it.statistics,
    });
    let of_logs = watched.log_metrics.iter().map(|it| Shown {
        row: &it.row,
        panel: &it.panel,
        namespace: &it.namespace,
        name: &it.name,
        dimensions: vec![BTreeMap::new()],
        statistics: &it.statistics,
    });
    let (mut widgets, mut top) = (Vec::new(), 0);
    for (row, panels) in panels(of_metrics.chain(of_logs), |shown| (shown.row, shown.panel)) {
        for (number, panel) in panels.iter().enumerate() {
            let (x, y) = place(number);
            let series: Vec<Value> = panel.metrics.iter().flat_map(series).collect();
            widgets.push(json!({
                "type": "metric",
                "x": x, "y": top + y, "width": PANEL_WIDTH, "height": PANEL_HEIGHT,
                "properties": {
                    "title": format!("{row}: {}", panel.title),
                    "view": "timeSeries",
                    "region": "${region}",
                    "period": 60,
                    "metrics": series,
                    "yAxis": {"left": {"min": 0}},
                },
            }));
        }
        top += height(panels.len());
    }
    serde_json::to_string_pretty(&json!({"widgets": widgets})).unwrap_or_default() + "\n"
}

/// One line for each statistic under each of the dimensions.
fn series(shown: &Shown<'_>) -> Vec<Value> {
    let line = |dimensions: &BTreeMap<String, String>, statistic: &String| {
        let mut parts = vec![json!(shown.namespace), json!(shown.name)];
        parts.extend(dimensions.iter().flat_map(|(name, value)| [json!(name), json!(value)]));
        let mut options = Map::from_iter([("stat".to_owned(), json!(statistic))]);
        if shown.statistics.len() > 1 {
            options.insert("label".to_owned(), json!(format!("{} {statistic}", shown.name)));
        }
        parts.push(Value::Object(options));
        Value::Array(parts)
    };
    let lines = shown.dimensions.iter().flat_map(|dimensions| shown.statistics.iter().map(move |it| (dimensions, it)));
    lines.map(|(dimensions, statistic)| line(dimensions, statistic)).collect()
}
