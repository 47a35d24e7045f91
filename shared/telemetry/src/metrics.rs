//! The metrics of a process: named at start, recorded through handles, rendered as OpenMetrics 1.0 text, which Prometheus
//! and the CloudWatch agent read.
//!
//! All values of a labelled metric's labels are named when it is registered: so no input can make series without bound,
//! every series is there from the first scrape, and recording never looks anything up.
//!
//! Names end in their unit (`tick_lateness_us`); the prefix `guildhall_` and the `_total` of counters are added here.

pub use crate::histogram::{Histogram, HistogramSnapshot};
pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::gauge::Gauge;

use prometheus_client::encoding::{EncodeMetric, text};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::collections::HashSet;

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Most series of one metric.
pub const LABEL_VALUES_MAX: usize = 256;

type Labels<const N: usize> = [(&'static str, String); N];

/// Every metric of a process. Registering asks for `&mut`, rendering for `&`: register first, then share it.
///
/// A name that is taken or malformed panics, at start, where a programmer sees it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    names: HashSet<&'static str>,
}

impl Metrics {
    /// Without any metric yet.
    pub fn new() -> Self {
        Self { registry: Registry::with_prefix("guildhall"), names: HashSet::new() }
    }

    /// Registers a number that only rises.
    pub fn counter(&mut self, name: &'static str, help: &str) -> Counter {
        self.single(name, help)
    }

    /// Registers a number that only rises and that somebody else counts.
    pub fn share_counter(&mut self, name: &'static str, help: &str, counter: Counter) {
        self.claim(name);
        self.registry.register(name, help, counter);
    }

    /// Registers a number that rises and falls.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> Gauge {
        self.single(name, help)
    }

    /// Registers a distribution.
    pub fn histogram(&mut self, name: &'static str, help: &str) -> Histogram {
        self.single(name, help)
    }

    /// Registers one counter per value of `label`, in the order of `values`.
    pub fn counters<V: ToString>(
        &mut self,
        name: &'static str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Vec<Counter> {
        self.labelled(name, help, [label], values.into_iter().map(|value| [value.to_string()]))
    }

    /// Registers one counter per combination of values of several labels, in the order of `values`.
    pub fn counters_by<const N: usize>(
        &mut self,
        name: &'static str,
        help: &str,
        labels: [&'static str; N],
        values: impl IntoIterator<Item = [String; N]>,
    ) -> Vec<Counter> {
        self.labelled(name, help, labels, values)
    }

    /// Registers one gauge per value of `label`, in the order of `values`.
    pub fn gauges<V: ToString>(
        &mut self,
        name: &'static str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Vec<Gauge> {
        self.labelled(name, help, [label], values.into_iter().map(|value| [value.to_string()]))
    }

    /// Registers one histogram per value of `label`, in the order of `values`.
    pub fn histograms<V: ToString>(
        &mut self,
        name: &'static str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Vec<Histogram> {
        self.labelled(name, help, [label], values.into_iter().map(|value| [value.to_string()]))
    }

    /// The text of a scrape, of the media type [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut page = String::new();
        text::encode(&mut page, &self.registry).expect("writing to a String cannot fail");
        page
    }

    fn single<M>(&mut self, name: &'static str, help: &str) -> M
    where
        M: EncodeMetric + std::fmt::Debug + Clone + Default + Send + Sync + 'static,
    {
        self.claim(name);
        let metric = M::default();
        self.registry.register(name, help, metric.clone());
        metric
    }

    fn labelled<M, const N: usize>(
        &mut self,
        name: &'static str,
        help: &str,
        labels: [&'static str; N],
        values: impl IntoIterator<Item = [String; N]>,
    ) -> Vec<M>
    where
        M: EncodeMetric + TypedMetric + std::fmt::Debug + Clone + Default + Send + Sync + 'static,
    {
        self.claim(name);
        for label in labels {
            assert!(is_name(label), "{label:?} is not a label's name");
        }
        let family = Family::<Labels<N>, M>::default();
        let series = |values: [String; N]| {
            let mut values = values.into_iter();
            labels.map(|label| (label, values.next().unwrap_or_default()))
        };
        let handles: Vec<M> = values.into_iter().map(|values| family.get_or_create_owned(&series(values))).collect();
        assert!(handles.len() <= LABEL_VALUES_MAX, "{name} has more than {LABEL_VALUES_MAX} series");
        self.registry.register(name, help, family);
        handles
    }

    fn claim(&mut self, name: &'static str) {
        assert!(is_name(name), "{name:?} is not a metric's name");
        assert!(self.names.insert(name), "the metric {name} is registered twice");
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_is_complete() {
        assert_eq!(Metrics::new().render(), "# EOF\n");
    }

    #[test]
    fn counters_and_gauges_are_in_the_standard_format() {
        let mut metrics = Metrics::new();
        let datagrams = metrics.counter("datagrams", "Datagrams received");
        let sessions = metrics.gauge("sessions", "Live sessions");
        let spans = Counter::default();
        metrics.share_counter("spans", "Spans lost", spans.clone());
        datagrams.inc_by(41);
        datagrams.clone().inc();
        sessions.set(-3);
        spans.inc();
        let expected = "# HELP guildhall_datagrams Datagrams received.\n\
                        # TYPE guildhall_datagrams counter\n\
                        guildhall_datagrams_total 42\n\
                        # HELP guildhall_sessions Live sessions.\n\
                        # TYPE guildhall_sessions gauge\n\
                        guildhall_sessions -3\n\
                        # HELP guildhall_spans Spans lost.\n\
                        # TYPE guildhall_spans counter\n\
                        guildhall_spans_total 1\n\
                        # EOF\n";
        assert_eq!(metrics.render(), expected);
    }

    #[test]
    fn every_labelled_series_is_there_from_the_start_and_escaped() {
        let mut metrics = Metrics::new();
        let refused = metrics.counters("refused", "Datagrams refused", "reason", ["replay", "a\"b\\c\nd"]);
        refused[1].inc_by(7);
        let page = metrics.render();
        assert!(page.contains("guildhall_refused_total{reason=\"replay\"} 0\n"), "{page}");
        assert!(page.contains("guildhall_refused_total{reason=\"a\\\"b\\\\c\\nd\"} 7\n"), "{page}");
        assert_eq!(page.matches("# TYPE").count(), 1, "{page}");
        let gauges = metrics.gauges("rooms", "Rooms", "shard", 0..2);
        gauges[1].set(5);
        assert!(metrics.render().contains("guildhall_rooms{shard=\"1\"} 5\n"), "{}", metrics.render());
    }

    #[test]
    fn a_metric_may_have_several_labels() {
        let mut metrics = Metrics::new();
        let pairs = [["get", "2xx"], ["get", "5xx"]].map(|pair| pair.map(str::to_owned));
        let requests = metrics.counters_by("requests", "Requests", ["route", "class"], pairs);
        requests[1].inc();
        let page = metrics.render();
        assert!(page.contains("guildhall_requests_total{route=\"get\",class=\"2xx\"} 0\n"), "{page}");
        assert!(page.contains("guildhall_requests_total{route=\"get\",class=\"5xx\"} 1\n"), "{page}");
    }

    #[test]
    fn histograms_are_cumulative_and_end_with_infinity() {
        let mut metrics = Metrics::new();
        let lateness = metrics.histograms("lateness_us", "Lateness of ticks", "shard", [0]);
        for value in [0, 7, 8, 1_000, 1_023, 1_024, u64::from(u32::MAX)] {
            lateness[0].record(value);
        }
        let page = metrics.render();
        for line in [
            "# TYPE guildhall_lateness_us histogram",
            "guildhall_lateness_us_sum{shard=\"0\"} 4294970357.0",
            "guildhall_lateness_us_count{shard=\"0\"} 7",
            "guildhall_lateness_us_bucket{le=\"7.0\",shard=\"0\"} 2",
            "guildhall_lateness_us_bucket{le=\"15.0\",shard=\"0\"} 3",
            "guildhall_lateness_us_bucket{le=\"511.0\",shard=\"0\"} 3",
            "guildhall_lateness_us_bucket{le=\"1023.0\",shard=\"0\"} 5",
            "guildhall_lateness_us_bucket{le=\"2047.0\",shard=\"0\"} 6",
            "guildhall_lateness_us_bucket{le=\"67108863.0\",shard=\"0\"} 6",
            "guildhall_lateness_us_bucket{le=\"+Inf\",shard=\"0\"} 7",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
        }
        assert_eq!(page.matches("_bucket{").count(), 25, "{page}");
    }

    #[test]
    #[should_panic(expected = "registered twice")]
    fn a_name_is_taken_once() {
        let mut metrics = Metrics::new();
        metrics.counter("sessions", "Sessions");
        metrics.gauge("sessions", "Sessions");
    }

    #[test]
    #[should_panic(expected = "not a metric's name")]
    fn names_are_plain() {
        Metrics::new().counter("tick-lateness", "Lateness");
    }

    #[test]
    #[should_panic(expected = "more than 256 series")]
    fn series_are_bounded() {
        Metrics::new().counters("players", "By player", "player", 0..257);
    }
}
