//! What is watched: `infra/metrics.json`, the one list of metrics and alarms, and what derives from it: Grafana's dashboard,
//! CloudWatch's, and Prometheus's alerts. The list says where a metric belongs; how it is shown follows from its kind.

mod cloudwatch;
mod grafana;
mod prometheus;

pub use cloudwatch::dashboard as cloudwatch;
pub use grafana::dashboard as grafana;
pub use prometheus::alerts;

use serde::Deserialize;
use std::collections::BTreeMap;

/// Columns of a dashboard: of Grafana's grid as of CloudWatch's.
const COLUMNS: usize = 24;
/// Width of a panel, in columns.
const PANEL_WIDTH: usize = 8;
/// Height of a panel, in rows of the grid.
const PANEL_HEIGHT: usize = 7;

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// What is measured.
    pub metrics: Vec<Metric>,
    /// What is counted in logs.
    pub log_metrics: Vec<LogMetric>,
    /// When somebody is called.
    pub alarms: Vec<Alarm>,
}

/// A metric.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// On a page without the suffixes of its kind, in CloudWatch as it is.
    pub name: String,
    /// Who has it.
    pub source: Source,
    /// CloudWatch's unit.
    pub unit: String,
    /// Names of its labels, or of its dimensions.
    pub labels: Vec<String>,
    /// What it says.
    pub help: String,
    /// The part of the dashboard that it is in.
    pub row: String,
    /// The panel there; metrics of one panel are shown together.
    pub panel: String,
    /// Whose page it is on.
    pub job: Option<Job>,
    /// How it changes.
    pub kind: Option<Kind>,
    /// The label by which it is shown apart.
    pub by: Option<String>,
    /// Whether it is shown as what happened in five minutes, because a rate would be too small to read.
    #[serde(default)]
    pub rare: bool,
    /// CloudWatch's namespace.
    pub namespace: Option<String>,
    /// Under which dimensions it is shown.
    #[serde(default)]
    pub dimensions: Vec<BTreeMap<String, String>>,
    /// Which of its statistics are shown.
    #[serde(default)]
    pub statistics: Vec<String>,
}

/// Who has a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A process, on its page.
    Prometheus,
    /// CloudWatch, from game sims.
    Cloudwatch,
    /// CloudWatch, from Amazon's services.
    Aws,
}

/// Who has a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Job {
    /// The API's process on the local stack.
    Api,
    /// A game sim.
    Gamesim,
    /// Each of them.
    Both,
}

/// How a metric on a page changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It is a distribution.
    Histogram,
}

/// A metric that CloudWatch counts in a log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogMetric {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Which log.
    pub log: String,
    /// Which lines, in the language of CloudWatch's filters.
    pub pattern: String,
    /// What a line counts for.
    pub value: String,
    /// CloudWatch's unit.
    pub unit: String,
    /// What other lines count for.
    pub default: Option<u64>,
    /// What it says.
    pub help: String,
    /// As of [`Metric::row`].
    pub row: String,
    /// As of [`Metric::panel`].
    pub panel: String,
    /// As of [`Metric::statistics`].
    pub statistics: Vec<String>,
}

/// A reason to call somebody.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// What it reads.
    pub metrics: Vec<Read>,
    /// What it makes of that; without one there is one metric.
    pub expression: Option<String>,
    /// Length of a period, in seconds.
    pub period_s: u64,
    /// How many periods are looked at.
    pub evaluation_periods: u64,
    /// How many of them must be bad.
    pub datapoints_to_alarm: u64,
    /// What is bad.
    pub threshold: f64,
    /// In which direction, in CloudWatch's words.
    pub comparison: String,
    /// What a period without data is, in CloudWatch's words.
    pub treat_missing: String,
    /// Whether a rollout of functions is taken back while it rings.
    pub rolls_back: bool,
    /// The same for Prometheus, where there is such a thing outside the cloud.
    pub prometheus: Option<Alert>,
}

/// A metric as an alarm reads it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Its name in the expression.
    pub id: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Under which dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// Which statistic of it.
    pub statistic: String,
}

/// An alarm as Prometheus has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// When it is bad.
    pub expression: String,
    /// For how long it must be, in seconds.
    pub for_s: u64,
}

/// Reads the list.
///
/// # Errors
/// Those of its form.
pub fn parse(text: &str) -> serde_json::Result<Watched> {
    serde_json::from_str(text)
}

/// The panels of each row, in the order of the list, with what is in them.
fn panels<T>(all: impl IntoIterator<Item = T>, place: impl Fn(&T) -> (&str, &str)) -> Vec<(String, Vec<Panel<T>>)> {
    let mut rows: Vec<(String, Vec<Panel<T>>)> = Vec::new();
    for metric in all {
        let (row, title) = place(&metric);
        let at = rows.iter().position(|(name, _)| name == row).unwrap_or_else(|| {
            rows.push((row.to_owned(), Vec::new()));
            rows.len() - 1
        });
        let panels = &mut rows[at].1;
        match panels.iter().position(|panel| panel.title == title) {
            Some(panel) => panels[panel].metrics.push(metric),
            None => panels.push(Panel { title: title.to_owned(), metrics: vec![metric] }),
        }
    }
    rows
}

struct Panel<T> {
    title: String,
    metrics: Vec<T>,
}

/// Where the panel of this number in a row goes: column, and lines below the row's first.
const fn place(number: usize) -> (usize, usize) {
    let per_line = COLUMNS / PANEL_WIDTH;
    (number % per_line * PANEL_WIDTH, number / per_line * PANEL_HEIGHT)
}

/// How many lines a row of so many panels takes.
const fn height(panels: usize) -> usize {
    panels.div_ceil(COLUMNS / PANEL_WIDTH) * PANEL_HEIGHT
}
