//! A table that measures how long its calls take, retries included: what a request waits for.

use crate::trace;
use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table, TableName,
};
use guildhall_telemetry::Histogram;
use guildhall_telemetry::traces::Stopwatch;
use std::sync::Arc;

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
        timed(&self.reads_us, "get", key.table, has_failed, self.inner.get(key, consistency))
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        timed(&self.reads_us, "query", query.table, has_failed, self.inner.query(query))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        // A transaction counts for the table that it touches first; without any it is refused unsent.
        let table = commit.writes.first().map_or(TableName::Sessions, |write| write.key().table);
        // Conditions that do not hold are an answer.
        let has_failed = |error: &CommitError| matches!(error, CommitError::Storage(_));
        timed(&self.writes_us, "commit", table, has_failed, self.inner.commit(commit))
    }
}

const fn has_failed(_: &StorageError) -> bool {
    true
}

fn timed<'a, T: 'a, E: 'a>(
    latency_us: &'a Histogram,
    name: &'static str,
    table: TableName,
    has_failed: fn(&E) -> bool,
    call: BoxFuture<'a, Result<T, E>>,
) -> BoxFuture<'a, Result<T, E>> {
    Box::pin(async move {
        let watch = Stopwatch::start();
        let answer = call.await;
        let time = watch.lapse();
        latency_us.record(time.micros());
        trace::note_call(name, table.as_str(), time, answer.as_ref().is_err_and(has_failed));
        answer
    })
}
