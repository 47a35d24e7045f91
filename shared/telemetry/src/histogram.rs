//! A histogram that a tick loop can afford: recording is three relaxed atomic additions, without a lock, and any quantile
//! can be read afterwards, within 1/16 of its value.
//!
//! The buckets are those of HDR histograms: values under 16 are exact, and each power of two above is cut into 16 equal
//! parts. `/metrics` shows the powers of two alone.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Parts of each power of two.
const PARTS: usize = 16;
const PARTS_BITS: usize = PARTS.ilog2() as usize;
/// Enough for every `u64`: the exact values, then 60 powers of two.
const BUCKETS: usize = PARTS + (u64::BITS as usize - PARTS_BITS) * PARTS;
/// The powers of two whose bounds are shown: 8 to 67 million, which is 8 µs to 67 s where the unit is a microsecond.
const SHOWN_POWERS: Range<usize> = 3..27;

/// Counts values into buckets. Clones share their counts.
#[derive(Clone)]
pub struct Histogram(Arc<Counts>);

struct Counts {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
    max: AtomicU64,
}

/// What a histogram held at one moment. While others record, `sum` and `max` may be a few values ahead of `count`.
#[derive(Clone, PartialEq, Eq)]
pub struct HistogramSnapshot {
    /// Values recorded.
    pub count: u64,
    /// Their sum, modulo 2⁶⁴.
    pub sum: u64,
    /// The largest of them, or 0 without any.
    pub max: u64,
    buckets: Box<[u64]>,
}

impl Histogram {
    /// Counts one value.
    pub fn record(&self, value: u64) {
        if let Some(bucket) = self.0.buckets.get(bucket_of(value)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.0.sum.fetch_add(value, Ordering::Relaxed);
        self.0.max.fetch_max(value, Ordering::Relaxed);
    }

    /// Copies the counts.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let buckets: Box<[u64]> = self.0.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let count = buckets.iter().sum();
        HistogramSnapshot {
            count,
            sum: self.0.sum.load(Ordering::Relaxed),
            max: self.0.max.load(Ordering::Relaxed),
            buckets,
        }
    }
}

impl HistogramSnapshot {
    /// A value that at least the fraction `q` (0 to 1) of all values do not exceed: never below the true quantile, and less
    /// than 1/16 above it. 0 without any values.
    pub fn quantile(&self, q: f64) -> u64 {
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return last_value_of(bucket).min(self.max);
            }
        }
        self.max
    }

    /// What was recorded after `earlier`, a snapshot of the same histogram. Its `max` is as exact as a bucket.
    pub fn since(&self, earlier: &Self) -> Self {
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        let buckets: Box<[u64]> = pairs.map(|(now, before)| now.saturating_sub(*before)).collect();
        let highest = buckets.iter().rposition(|count| *count > 0);
        Self {
            count: buckets.iter().sum(),
            sum: self.sum.wrapping_sub(earlier.sum),
            max: highest.map_or(0, |bucket| last_value_of(bucket).min(self.max)),
            buckets,
        }
    }

    fn count_below_power(&self, power: usize) -> u64 {
        self.buckets.iter().take(bucket_of(1 << power)).sum()
    }
}

impl Default for Histogram {
    fn default() -> Self {
        let buckets = std::array::from_fn(|_| AtomicU64::new(0));
        Self(Arc::new(Counts { buckets, sum: AtomicU64::new(0), max: AtomicU64::new(0) }))
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

impl fmt::Debug for HistogramSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|q| self.quantile(q));
        write!(f, "count {} sum {} p50 {p50} p99 {p99} p99.9 {p999} max {}", self.count, self.sum, self.max)
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        let mut below = 0;
        let mut shown = Vec::with_capacity(SHOWN_POWERS.len() + 1);
        for power in SHOWN_POWERS {
            let total = snapshot.count_below_power(power);
            // The values are whole numbers, so "below 2ⁿ" is "at most 2ⁿ − 1", as the format wants it.
            shown.push((((1_u64 << power) - 1) as f64, total - below));
            below = total;
        }
        shown.push((f64::INFINITY, snapshot.count - below));
        encoder.encode_histogram::<NoLabelSet>(snapshot.sum as f64, snapshot.count, &shown, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

fn bucket_of(value: u64) -> usize {
    let Some(power) = value.checked_ilog2().map(|power| power as usize).filter(|power| *power >= PARTS_BITS) else {
        return value as usize;
    };
    let part = (value >> (power - PARTS_BITS)) as usize % PARTS;
    (power - PARTS_BITS + 1) * PARTS + part
}

fn last_value_of(bucket: usize) -> u64 {
    if bucket < PARTS {
        return bucket as u64;
    }
    let shift = bucket / PARTS - 1;
    let first = ((PARTS + bucket % PARTS) as u64) << shift;
    first + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every bucket begins right after the one before it, and the last one ends with the last number there is.
    #[test]
    fn the_buckets_cover_every_number_once() {
        for bucket in 0..BUCKETS - 1 {
            assert_eq!(bucket_of(last_value_of(bucket)), bucket);
            assert_eq!(bucket_of(last_value_of(bucket) + 1), bucket + 1);
        }
        assert_eq!(last_value_of(BUCKETS - 1), u64::MAX);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn small_values_are_exact() {
        let histogram = Histogram::default();
        (1..=10).for_each(|value| histogram.record(value));
        let snapshot = histogram.snapshot();
        assert_eq!((snapshot.count, snapshot.sum, snapshot.max), (10, 55, 10));
        assert_eq!([0.0, 0.1, 0.11, 0.5, 0.9, 0.91, 1.0].map(|q| snapshot.quantile(q)), [1, 1, 2, 5, 9, 10, 10]);
    }

    /// Against the exact quantiles of a known set: each of 100,000 values k³ once, over 15 orders of magnitude.
    #[test]
    fn quantiles_are_within_a_sixteenth() {
        let histogram = Histogram::default();
        let values: Vec<u64> = (1..=100_000_u64).map(|k| k.pow(3)).collect();
        values.iter().for_each(|value| histogram.record(*value));
        let snapshot = histogram.snapshot();
        for q in [0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999] {
            let exact = values[(q * values.len() as f64).ceil() as usize - 1];
            let read = snapshot.quantile(q);
            assert!((exact..exact + exact.div_ceil(PARTS as u64)).contains(&read), "p{q}: {read} for {exact}");
        }
        assert_eq!(snapshot.quantile(1.0), 100_000_u64.pow(3));
    }

    #[test]
    fn the_ends_are_safe() {
        assert_eq!(Histogram::default().snapshot().quantile(0.5), 0);
        let histogram = Histogram::default();
        [0, u64::MAX, u64::MAX].iter().for_each(|value| histogram.record(*value));
        let snapshot = histogram.snapshot();
        assert_eq!([-1.0, 0.3, 1.0, 2.0].map(|q| snapshot.quantile(q)), [0, 0, u64::MAX, u64::MAX]);
        assert_eq!(snapshot.count, 3);
    }

    #[test]
    fn an_interval_knows_only_its_own_values() {
        let histogram = Histogram::default();
        [3, 5_000].iter().for_each(|value| histogram.record(*value));
        let before = histogram.snapshot();
        [7, 7, 9].iter().for_each(|value| histogram.record(*value));
        let interval = histogram.snapshot().since(&before);
        assert_eq!((interval.count, interval.sum, interval.max, interval.quantile(0.5)), (3, 23, 9, 7));
        let nothing = histogram.snapshot().since(&histogram.snapshot());
        assert_eq!((nothing.count, nothing.max, nothing.quantile(0.99)), (0, 0, 0));
    }

    #[test]
    fn clones_and_threads_share_the_counts() {
        let histogram = Histogram::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let clone = histogram.clone();
                scope.spawn(move || (0..10_000).for_each(|value| clone.record(value)));
            }
        });
        assert_eq!(histogram.snapshot().count, 40_000);
        assert_eq!(histogram.snapshot().max, 9_999);
    }
}
