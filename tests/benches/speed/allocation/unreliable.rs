//! A table in memory on bad terms with its callers: a tenth of all commits is carried out without an answer, a tenth arrives
//! twice and is answered the second time, and calls overtake each other. Everything comes from one seed.

use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table,
};
use guildhall_tests::Dice;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most calls that may overtake one.
const OVERTAKEN_MAX: u64 = 4;
/// How many of a hundred commits lose their answer, and how many arrive twice.
const FAULT_PERCENT: u64 = 10;

/// The table.
#[derive(Debug)]
pub(super) struct Unreliable {
    table: Arc<MemoryTable>,
    dice: Mutex<Dice>,
    is_calm: AtomicBool,
    lost: AtomicU64,
    twice: AtomicU64,
}

impl Unreliable {
    /// Calm, until it is told otherwise.
    pub(super) fn new(table: Arc<MemoryTable>, seed: u64) -> Self {
        let (lost, twice) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { table, dice: Mutex::new(Dice(seed)), is_calm: AtomicBool::new(true), lost, twice }
    }

    /// Whether everything goes well.
    pub(super) fn set_calm(&self, is_calm: bool) {
        self.is_calm.store(is_calm, Ordering::Relaxed);
    }

    /// Commits that were carried out and not answered.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Commits that arrived twice.
    pub(super) fn twice(&self) -> u64 {
        self.twice.load(Ordering::Relaxed)
    }

    fn draw(&self, bound: u64) -> u64 {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).below(bound)
    }

    async fn give_way(&self) {
        for _ in 0..self.draw(OVERTAKEN_MAX + 1) {
            tokio::task::yield_now().await;
        }
    }
}

impl Table for Unreliable {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(async move {
            self.give_way().await;
            self.table.get(key, consistency).await
        })
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(async move {
            self.give_way().await;
            self.table.query(query).await
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            self.give_way().await;
            match self.draw(100) / FAULT_PERCENT {
                _ if self.is_calm.load(Ordering::Relaxed) => self.table.commit(commit).await,
                0 => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    self.table.commit(commit).await.and(Err(StorageError::Unavailable("no answer".into()).into()))
                }
                1 => {
                    self.twice.fetch_add(1, Ordering::Relaxed);
                    self.table.commit(commit.clone()).await?;
                    self.give_way().await;
                    self.table.commit(commit).await
                }
                _ => self.table.commit(commit).await,
            }
        })
    }
}
