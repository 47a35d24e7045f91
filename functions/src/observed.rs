//! What a process has done: requests by route and class of status, how long they took, and what the database charged.
//! Recording is a few relaxed additions; nothing is looked up by what a request says.

mod timed;

use crate::Route;
use guildhall_storage::dynamo::Usage;
use guildhall_storage::{Table, TableName};
use guildhall_telemetry::{Counter, Gauge, Histogram, Metrics, Tracer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use timed::Timed;

/// Classes of status, from 200 on.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// The counters of a process.
#[derive(Debug)]
pub(crate) struct Observed {
    metrics: Metrics,
    served: Vec<&'static Route>,
    routes: BTreeMap<&'static str, ObservedRoute>,
    cold: Gauge,
    /// Of reads, and of writes.
    storage_latency_us: [Histogram; 2],
    storage: Option<ObservedStorage>,
}

#[derive(Debug)]
struct ObservedRoute {
    by_class: Vec<Counter>,
    latency_us: Histogram,
}

/// What one route has done in a process.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    /// The route.
    pub route: &'static Route,
    /// Calls that were answered.
    pub calls: u64,
    /// How long that took, all together.
    pub busy: Duration,
}

/// The database adapter counts for itself; a scrape carries its counts over.
#[derive(Debug)]
struct ObservedStorage {
    usage: Arc<Usage>,
    /// Requests, half read units and half write units, each by table. Locked while they catch up.
    counters: Mutex<[Vec<Counter>; 3]>,
}

impl Observed {
    /// Nothing yet, of these routes and of what this tracer loses.
    pub(crate) fn new(served: Vec<&'static Route>, tracer: &Tracer) -> Self {
        let mut metrics = Metrics::new();
        metrics.share_counter("spans_dropped", "Spans of traces that were lost on their way", tracer.dropped());
        let names = || served.iter().map(|route| route.name);
        let pairs = names().flat_map(|name| CLASSES.map(|class| [name.to_owned(), class.to_owned()]));
        let help = "Requests answered, by route and class of status";
        let mut requests = metrics.counters_by("requests", help, ["route", "class"], pairs).into_iter();
        let latencies = metrics.histograms("request_latency_us", "Time to answer, in microseconds", "route", names());
        let routes = names().zip(latencies).map(|(name, latency_us)| {
            let by_class = requests.by_ref().take(CLASSES.len()).collect();
            (name, ObservedRoute { by_class, latency_us })
        });
        let routes = routes.collect();
        let cold = metrics.gauge("cold_start", "1 until the process has answered its first request");
        cold.set(1);
        let help = "Time that the database takes, retries included, in microseconds";
        let mut latencies = metrics.histograms("storage_latency_us", help, "call", ["read", "write"]).into_iter();
        let storage_latency_us = std::array::from_fn(|_| latencies.next().unwrap_or_default());
        Self { metrics, served, routes, cold, storage_latency_us, storage: None }
    }

    /// The table, timed call by call.
    pub(crate) fn time(&self, table: Arc<dyn Table>) -> Arc<dyn Table> {
        let [reads_us, writes_us] = self.storage_latency_us.clone();
        Arc::new(Timed::new(table, reads_us, writes_us))
    }

    /// Shows what the database charges, too.
    pub(crate) fn with_usage(mut self, usage: Arc<Usage>) -> Self {
        let tables = || TableName::ALL.map(TableName::as_str);
        let mut by_table = |name, help| self.metrics.counters(name, help, "table", tables());
        let counters = [
            by_table("storage_requests", "Requests to the database, retries included"),
            by_table("storage_read_half_units", "Read capacity consumed, in half units"),
            by_table("storage_write_half_units", "Write capacity consumed, in half units"),
        ];
        self.storage = Some(ObservedStorage { usage, counters: Mutex::new(counters) });
        self
    }

    /// Counts one answer. Other routes than those that are served, as tests have them, are not counted.
    pub(crate) fn count(&self, route: &str, status: u16, latency: Duration) {
        self.cold.set(0);
        let Some(route) = self.routes.get(route) else { return };
        if let Some(counter) = route.by_class.get(usize::from(status / 100).wrapping_sub(2)) {
            counter.inc();
        }
        route.latency_us.record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// What every route has done.
    pub(crate) fn done(&self) -> impl Iterator<Item = Done> + '_ {
        self.served.iter().filter_map(|&route| {
            let latency_us = self.routes.get(route.name)?.latency_us.snapshot();
            Some(Done { route, calls: latency_us.count, busy: Duration::from_micros(latency_us.sum) })
        })
    }

    /// Whether no request has been answered yet.
    pub(crate) fn is_cold(&self) -> bool {
        self.cold.get() == 1
    }

    /// The page of a scrape.
    pub(crate) fn render(&self) -> String {
        if let Some(storage) = &self.storage {
            storage.catch_up();
        }
        self.metrics.render()
    }
}

impl ObservedStorage {
    fn catch_up(&self) {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, table) in TableName::ALL.into_iter().enumerate() {
            let used = self.usage.of(table);
            // The adapter counts in half units, so doubling is exact.
            let totals = [used.requests, (used.read_units * 2.0) as u64, (used.write_units * 2.0) as u64];
            for (by_table, total) in counters.iter().zip(totals) {
                if let Some(counter) = by_table.get(index) {
                    counter.inc_by(total.saturating_sub(counter.get()));
                }
            }
        }
    }
}
