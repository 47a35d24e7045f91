//! A game sim's page of metrics, read as Prometheus would read it. Its histograms show powers of two, so that quantiles
//! between them are interpolated, also as Prometheus does.

use crate::Outcome;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;

/// How often a game sim's log is looked at for the page's address.
const LOOKS_MAX: u32 = 100;
/// Time between two looks, in milliseconds.
const LOOK_MS: u64 = 50;

/// The page as it was at one moment.
#[derive(Debug, Clone)]
pub(crate) struct MetricsPage(String);

/// How many values a histogram counted up to each bound; the last bound is infinite.
#[derive(Debug)]
pub(crate) struct Counts(Vec<(f64, f64)>);

/// Where the game sim of that name serves its page, from its log in the stack's data folder.
pub(crate) async fn address(data: &Path, gamesim: &str) -> Outcome<String> {
    let log = data.join("logs").join(format!("{gamesim}.log"));
    for _ in 0..LOOKS_MAX {
        let text = fs::read_to_string(&log)?;
        let line = text.lines().rev().find(|line| line.contains("metrics are served"));
        if let Some((_, address)) = line.and_then(|line| line.split_once("address=")) {
            return Ok(address.trim().to_owned());
        }
        sleep(Duration::from_millis(LOOK_MS)).await;
    }
    Err(format!("{} does not say where metrics are served", log.display()).into())
}

impl MetricsPage {
    pub(crate) async fn fetch(address: &str) -> Outcome<Self> {
        let answer = reqwest::get(format!("http://{address}/metrics")).await?.error_for_status()?;
        Ok(Self(answer.text().await?))
    }

    /// The sum of a counter's or gauge's series; `name` as it stands on the page.
    pub(crate) fn total(&self, name: &str) -> f64 {
        self.series(name).map(|(_, value)| value).sum()
    }

    /// A histogram since an earlier page, over all of its series.
    pub(crate) fn counts_since(&self, earlier: &Self, name: &str) -> Counts {
        let mut sums: Vec<(f64, f64)> = Vec::new();
        for (page, sign) in [(self, 1.0), (earlier, -1.0)] {
            for (labels, value) in page.series(&format!("{name}_bucket")) {
                let bound = labels.split('"').nth(1).unwrap_or_default();
                let bound = bound.parse().unwrap_or(f64::INFINITY);
                match sums.iter_mut().find(|(known, _)| *known == bound) {
                    Some((_, sum)) => *sum += sign * value,
                    None => sums.push((bound, sign * value)),
                }
            }
        }
        Counts(sums)
    }

    fn series<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, f64)> {
        let lines = self.0.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(move |line| {
            let (series, value) = line.rsplit_once(' ')?;
            let labels = series.strip_prefix(name)?;
            (labels.is_empty() || labels.starts_with('{')).then_some((labels, value.parse().ok()?))
        })
    }
}

impl Counts {
    pub(crate) fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The value that `share` of all values do not exceed, as far as the bounds tell.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let rank = share * self.count();
        let mut lower = (0.0, 0.0);
        for &(bound, count) in &self.0 {
            if count >= rank && count > lower.1 && bound.is_finite() {
                return lower.0 + (bound - lower.0) * (rank - lower.1) / (count - lower.1);
            }
            lower = (bound, count);
        }
        f64::INFINITY
    }

    /// The lowest bound that no value exceeds.
    pub(crate) fn bound_of_all(&self) -> f64 {
        let bound = self.0.iter().find(|(_, count)| *count >= self.count());
        bound.map_or(f64::INFINITY, |(bound, _)| *bound)
    }
}
