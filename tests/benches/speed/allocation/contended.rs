//! A table in memory whose calls take their time, so that callers really are under way together. It can also treat
//! transactions as DynamoDB does: while one is under way no other may touch one of its rows; whoever does is told of a
//! conflict and nothing of theirs is written. The embedded database has one lock around everything and never conflicts.

use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table, Write,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Attempts at a commit that does not give way to others, as the adapter for DynamoDB makes them.
const ATTEMPTS_MAX: u32 = 3;
/// How often others may go first while a read, and each half of a commit, is under way.
const TURNS: u32 = 2;

/// The table.
#[derive(Debug)]
pub(super) struct Contended {
    table: Arc<MemoryTable>,
    under_way: Mutex<BTreeSet<Key>>,
    conflicts: AtomicU64,
    /// Whether transactions conflict at all.
    is_strict: bool,
}

impl Contended {
    pub(super) fn new(table: Arc<MemoryTable>, is_strict: bool) -> Self {
        Self { table, under_way: Mutex::default(), conflicts: AtomicU64::new(0), is_strict }
    }

    /// Commits that were refused because of others.
    pub(super) fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeSet<Key>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all of these rows or none of them.
    fn enter(&self, keys: &BTreeSet<Key>) -> bool {
        let mut under_way = self.under_way();
        let is_free = !self.is_strict || under_way.is_disjoint(keys);
        if is_free {
            under_way.extend(keys.iter().cloned());
        }
        is_free
    }

    fn leave(&self, keys: &BTreeSet<Key>) {
        self.under_way().retain(|key| !keys.contains(key));
    }
}

async fn take_time() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

impl Table for Contended {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(async move {
            take_time().await;
            self.table.get(key, consistency).await
        })
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(async move {
            take_time().await;
            self.table.query(query).await
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            let keys: BTreeSet<Key> = commit.writes.iter().map(Write::key).cloned().collect();
            let attempts_max = if commit.gives_way { 1 } else { ATTEMPTS_MAX };
            for _ in 0..attempts_max {
                take_time().await;
                if self.enter(&keys) {
                    take_time().await;
                    let result = self.table.commit(commit).await;
                    self.leave(&keys);
                    return result;
                }
                self.conflicts.fetch_add(1, Ordering::Relaxed);
            }
            Err(CommitError::Conflict)
        })
    }
}
