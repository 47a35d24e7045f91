//! What a process says about itself: logs on stderr, metrics at `/metrics`.
//!
//! Metrics are registered once at start and given out as handles that record without locks; `exporter` is the only file
//! with a socket.

pub mod exporter;
pub mod histogram;
pub mod logs;
pub mod metrics;

pub use exporter::serve_metrics;
pub use histogram::{Histogram, HistogramSnapshot};
pub use logs::LogFormat;
pub use metrics::{Counter, Gauge, Metrics};
