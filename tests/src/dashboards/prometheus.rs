//! Prometheus's alerts: those alarms of the list that make sense outside the cloud.

use super::Watched;
use crate::openapi::yaml;
use serde_json::json;

/// The file of rules, as text.
pub fn alerts(watched: &Watched) -> String {
    let rules = watched.alarms.iter().filter_map(|alarm| {
        let alert = alarm.prometheus.as_ref()?;
        Some(json!({
            "alert": alarm.name,
            "expr": alert.expression,
            "for": format!("{}s", alert.for_s),
            "annotations": {"summary": alarm.description},
        }))
    });
    let rules: Vec<_> = rules.collect();
    let head =
        "# Generated from infra/metrics.json: `make dashboards` writes it, and a test refuses it when it is stale.\n";
    format!("{head}{}", yaml::write(&json!({"groups": [{"name": "guildhall", "rules": rules}]})))
}
