//! For those who watch: does the process answer, can it serve, and what has it done. Each Lambda function speaks for its
//! own process alone; the local front and a container speak for all routes.

mod check_live;
mod check_ready;
mod get_metrics;

pub use check_live::{CHECK_LIVE, CheckLive};
pub use check_ready::{CHECK_READY, CheckReady};
pub use get_metrics::{GET_METRICS, GetMetrics};
