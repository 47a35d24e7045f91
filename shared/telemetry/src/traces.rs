//! Traces: what was done for whom and how long each step took, for a collector that speaks OTLP over HTTP with JSON. Off, and
//! free of cost, unless `OTEL_EXPORTER_OTLP_ENDPOINT` names one.
//!
//! Whoever does something hands a finished [`Span`] to a [`Tracer`], which keeps it in a bounded queue; an [`Exporter`] sends
//! what waits there, in batches. Nobody ever waits for it: what does not fit or is not taken is lost, and counted.
//!
//! `exporter` is the only file with a socket; `otlp` is the form on the wire (opentelemetry.io, "OTLP Specification", 1.9).

mod config;
mod exporter;
mod otlp;
#[cfg(test)]
mod tests;

pub use config::{TracesConfig, WrongVariable};
pub use exporter::{Exporter, Exporting};

use prometheus_client::metrics::counter::Counter;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// Spans that wait to be sent; further ones are lost. At some 300 bytes each that is about a megabyte.
pub const QUEUE_SPANS_MAX: usize = 4_096;
/// Spans in one request to the collector.
pub const BATCH_SPANS_MAX: usize = 512;

const _: () = assert!(BATCH_SPANS_MAX < QUEUE_SPANS_MAX);

/// A step that has been done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The whole that it belongs to: never 0.
    pub trace_id: u128,
    /// Its own name within that: never 0.
    pub span_id: u64,
    /// The step that it was done for.
    pub parent_id: Option<u64>,
    /// A step of another trace that has to do with it: trace and span.
    pub link: Option<(u128, u64)>,
    /// What was done.
    pub name: &'static str,
    /// On which side of a call.
    pub kind: Kind,
    /// When.
    pub time: Lapse,
    /// Whether it failed through nobody's wish.
    pub has_failed: bool,
    /// What else is to be known of it, under OpenTelemetry's names where it has some.
    pub attributes: Vec<(&'static str, Value)>,
}

impl Span {
    /// A step that went well and of which nothing else is known.
    pub const fn new(trace_id: u128, span_id: u64, name: &'static str, kind: Kind, time: Lapse) -> Self {
        let attributes = Vec::new();
        Self { trace_id, span_id, parent_id: None, link: None, name, kind, time, has_failed: false, attributes }
    }
}

/// On which side of a call a step was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It answered one.
    Server,
    /// It made one.
    Client,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(Cow<'static, str>),
    /// A number.
    Number(u64),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// From when to when something lasted, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lapse {
    /// Its beginning.
    pub begin_ns: u64,
    /// Its end, never before that.
    pub end_ns: u64,
}

impl Lapse {
    /// Its length, in microseconds.
    pub const fn micros(self) -> u64 {
        self.end_ns.saturating_sub(self.begin_ns) / 1_000
    }
}

/// A clock that was started: the beginning is the calendar's, the length is measured by a clock that never steps.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    began_at: SystemTime,
    began: Instant,
}

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self { began_at: SystemTime::now(), began: Instant::now() }
    }

    /// From then to this moment.
    pub fn lapse(self) -> Lapse {
        let nanos = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let begin_ns = nanos(self.began_at.duration_since(UNIX_EPOCH).unwrap_or_default());
        Lapse { begin_ns, end_ns: begin_ns.saturating_add(nanos(self.began.elapsed())) }
    }
}

/// Takes spans in. Clones share one queue; the default one is off and takes nothing.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<Arc<Queue>>);

#[derive(Debug)]
struct Queue {
    kept_per_million: u32,
    waiting: Mutex<VecDeque<Span>>,
    is_batch: Notify,
    dropped: Counter,
}

impl Tracer {
    /// Takes in what `config` lets it, if there is one.
    pub fn new(config: Option<&TracesConfig>) -> Self {
        Self(config.map(|config| {
            Arc::new(Queue {
                kept_per_million: config.kept_per_million,
                waiting: Mutex::default(),
                is_batch: Notify::new(),
                dropped: Counter::default(),
            })
        }))
    }

    /// Whether spans are worth making.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Keeps a span until it is sent, if its trace is of those that are kept: of one trace, every process keeps all or nothing.
    pub fn record(&self, span: Span) {
        let Some(queue) = &self.0 else { return };
        if !is_kept(span.trace_id, queue.kept_per_million) {
            return;
        }
        let mut waiting = queue.waiting();
        if waiting.len() >= QUEUE_SPANS_MAX {
            queue.dropped.inc();
            return;
        }
        waiting.push_back(span);
        if waiting.len() >= BATCH_SPANS_MAX {
            queue.is_batch.notify_one();
        }
    }

    /// Spans that nobody will see.
    pub fn dropped(&self) -> Counter {
        self.0.as_ref().map(|queue| queue.dropped.clone()).unwrap_or_default()
    }
}

impl Queue {
    /// The lock is held for as long as it takes to add a span, or to take a batch out.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Span>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest of those that wait.
    fn take(&self) -> Vec<Span> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(BATCH_SPANS_MAX);
        waiting.drain(..count).collect()
    }
}

/// By the trace's random half, so that everybody decides alike.
const fn is_kept(trace_id: u128, kept_per_million: u32) -> bool {
    let place = ((trace_id as u64) as u128 * 1_000_000) >> u64::BITS;
    place < kept_per_million as u128
}
