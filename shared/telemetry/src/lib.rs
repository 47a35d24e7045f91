//! What a process says about itself: logs on stderr, metrics at `/metrics`, a few of them in CloudWatch, and traces to a
//! collector.
//!
//! Metrics are registered once at start and given out as handles that record without locks; `exporter` and `traces::exporter`
//! alone speak with others, and `cloudwatch`, which is built only where it is asked for, is the only one with CloudWatch's SDK.

#[cfg(feature = "cloudwatch")]
pub mod cloudwatch;
pub mod exporter;
pub mod histogram;
pub mod logs;
pub mod metrics;
pub mod targets;
pub mod traces;
pub mod web;

pub use exporter::serve_metrics;
pub use histogram::{Histogram, HistogramSnapshot};
pub use logs::LogFormat;
pub use metrics::{Counter, Gauge, Metrics};
pub use traces::{Tracer, TracesConfig};
