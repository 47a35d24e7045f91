//! Counts what the front answers, for the view and for tests. Totals never fall; latency is that of the latest requests, so
//! that it shows how things are and not how they were at the start.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Requests whose latency is remembered.
const LATENCIES_KEPT: usize = 512;

/// The counts of one front.
#[derive(Debug, Default)]
pub struct Traffic(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    by_class: [u64; 5],
    latencies_us: VecDeque<u64>,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrafficSnapshot {
    /// Answers so far by the first digit of their status, from 1xx to 5xx.
    pub by_class: [u64; 5],
    /// Median time from the end of the request to its answer, in microseconds, over the latest requests.
    pub latency_p50_us: u64,
    /// Its 99th percentile.
    pub latency_p99_us: u64,
}

impl TrafficSnapshot {
    /// Answers so far.
    pub fn requests(&self) -> u64 {
        self.by_class.iter().sum()
    }

    /// Answers so far that were the server's fault.
    pub fn server_errors(&self) -> u64 {
        self.by_class[4]
    }
}

impl Traffic {
    /// Counts one answer.
    pub(crate) fn count(&self, status: u16, latency: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(class) = counts.by_class.get_mut(usize::from(status / 100).wrapping_sub(1)) {
            *class += 1;
        }
        if counts.latencies_us.len() == LATENCIES_KEPT {
            counts.latencies_us.pop_front();
        }
        counts.latencies_us.push_back(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// The counts as they stand.
    pub fn snapshot(&self) -> TrafficSnapshot {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<u64> = counts.latencies_us.iter().copied().collect();
        let by_class = counts.by_class;
        drop(counts);
        sorted.sort_unstable();
        // The smallest value that the given share of all values does not exceed.
        let percentile = |share: usize| {
            let rank = (sorted.len() * share).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or_default()
        };
        TrafficSnapshot { by_class, latency_p50_us: percentile(50), latency_p99_us: percentile(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_stay_and_latency_is_recent() {
        let traffic = Traffic::default();
        assert_eq!(traffic.snapshot(), TrafficSnapshot::default());
        for _ in 0..LATENCIES_KEPT {
            traffic.count(500, Duration::from_secs(9));
        }
        for micros in 1..=LATENCIES_KEPT as u64 {
            traffic.count(200, Duration::from_micros(micros));
        }
        traffic.count(42, Duration::ZERO);
        let snapshot = traffic.snapshot();
        assert_eq!(snapshot.by_class, [0, 512, 0, 0, 512]);
        assert_eq!((snapshot.requests(), snapshot.server_errors()), (1_024, 512));
        assert_eq!((snapshot.latency_p50_us, snapshot.latency_p99_us), (256, 507));
    }
}
