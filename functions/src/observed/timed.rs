//! A table that measures how long its calls take, retries included: what a request waits for.

use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table,
};
use guildhall_telemetry::Histogram;
use std::sync::Arc;
use std::time::Instant;

/// Passes every call on.
#[derive(Debug)]
pub(super) struct Timed {
    inner: Arc<dyn Table>,
    reads_us: Histogram,
    writes_us: Histogram,
}

impl Timed {
    pub(super) fn new(inner: Arc<dyn Table>, reads_us: Histogram, writes_us: Histogram) -> Self {
        Self { inner, reads_us, writes_us }
    }
}

impl Table for Timed {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        timed(&self.reads_us, self.inner.get(key, consistency))
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        timed(&self.reads_us, self.inner.query(query))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        timed(&self.writes_us, self.inner.commit(commit))
    }
}

fn timed<'a, T: 'a>(latency_us: &'a Histogram, call: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
    Box::pin(async move {
        let started = Instant::now();
        let answer = call.await;
        latency_us.record(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        answer
    })
}
