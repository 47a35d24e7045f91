//! The database of a world: a table in memory that takes its time and loses its temper, whose every write is judged. A read
//! that need not be consistent may show any former state of the last seconds, each item one of its own; what has expired
//! goes at some time or other, or stays.

use super::past::{Past, STALE_MS_MAX};
use super::weather::Weather;
use super::{World, lock};
use crate::disorder::Planted;
use futures_util::FutureExt;
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    AttributeValue, BoxFuture, Commit, CommitError, Committed, Condition, Consistency, Item, Key, Page, Query,
    StorageError, Table, TableName, Write,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// How long a call takes that goes well, in milliseconds.
const CALL_MS_MAX: u64 = 12;
/// After which time nobody waits for an answer, in milliseconds.
const TIMEOUT_MS: u64 = 1_000;
/// How late a write may come that nobody waits for, in milliseconds.
const LATE_MS_MAX: u64 = 12_000;
/// Time between two looks for what has expired, in milliseconds.
const EXPIRY_MS: u64 = 1_000;

/// The table.
pub(super) struct Store {
    pub(super) table: MemoryTable,
    world: Arc<World>,
    planted: Option<Planted>,
    past: Mutex<Past>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    pub(super) fn new(table: MemoryTable, world: Arc<World>, planted: Option<Planted>) -> Self {
        Self { table, world, planted, past: Mutex::default() }
    }

    /// Carries a commit out, has it judged and told of.
    fn write(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let commit = match self.planted {
            Some(planted) if planted.swallows(commit) => return Ok(Committed::default()),
            Some(planted) => planted.spoil(commit.clone()),
            None => commit.clone(),
        };
        let image = |write: &Write| self.table.get(write.key(), Consistency::Strong).now_or_never()?.ok()?;
        let before: Vec<_> = commit.writes.iter().map(image).collect();
        let result = self.table.commit(commit.clone()).now_or_never().unwrap_or(Err(CommitError::Conflict));
        if result.is_ok() {
            let after: Vec<_> = commit.writes.iter().map(image).collect();
            let mut past = lock(&self.past);
            for ((write, before), after) in commit.writes.iter().zip(before).zip(&after) {
                past.note(self.world.now_ms(), write.key(), before, after.as_ref());
            }
            drop(past);
            self.world.note_commit(&commit, after);
        } else {
            self.world.stir(b"refused");
        }
        result
    }

    /// Whether a read shows what was: where it may, or where the product asks so by mistake.
    fn is_stale(&self, table: TableName, consistency: Consistency) -> bool {
        if self.planted == Some(Planted::Stale(table)) {
            return self.world.below(2) == 0;
        }
        consistency == Consistency::Eventual && self.world.happens(|weather| weather.reads_stale)
    }

    /// The item as it was at some time of the last seconds.
    fn former(&self, key: &Key, current: Option<Item>) -> Option<Item> {
        let at_ms = self.world.now_ms().saturating_sub(self.world.below(STALE_MS_MAX));
        lock(&self.past).at(key, at_ms).unwrap_or(current)
    }

    /// A page of which each item is as old as it likes.
    async fn former_page(&self, query: &Query) -> Result<Page, StorageError> {
        let prefix = query.sk_prefix.as_deref().unwrap_or_default();
        let whole = Query::new(query.table, query.pk.as_str()).prefix(prefix);
        let mut items = BTreeMap::new();
        for key in lock(&self.past).keys(query.table, &query.pk, prefix) {
            items.insert(key.sk.clone(), None);
        }
        for item in self.table.query(whole).await?.items {
            let Some(AttributeValue::S(sk)) = item.get("sk") else { continue };
            items.insert(sk.clone(), Some(Item::clone(&item)));
        }
        let after = query.start_after.as_deref().unwrap_or_default();
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let seen = items.into_iter().filter(|(sk, _)| sk.as_str() > after);
        let seen = seen.filter_map(|(sk, item)| {
            let key = Key::new(query.table, query.pk.as_str(), sk.as_str());
            Some((sk, Arc::new(self.former(&key, item)?)))
        });
        let (names, items): (Vec<_>, Vec<_>) = seen.take(limit).unzip();
        let next = if items.len() == limit { names.last().cloned() } else { None };
        Ok(Page { items, next })
    }

    async fn read<T>(&self, read: impl Future<Output = Result<T, StorageError>>) -> Result<T, StorageError> {
        sleep(Duration::from_millis(self.world.below(CALL_MS_MAX))).await;
        if self.world.happens(|weather| weather.reads_failed) {
            let is_throttled = self.world.below(2) == 0;
            return Err(if is_throttled { StorageError::Throttled } else { no_answer() });
        }
        read.await
    }
}

fn no_answer() -> StorageError {
    StorageError::Unavailable("no answer".to_owned())
}

/// A table that several functions share.
#[derive(Debug)]
pub(super) struct Shared(pub(super) Arc<Store>);

impl Table for Shared {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        Box::pin(self.0.read(async move {
            let current = self.0.table.get(key, consistency).await?;
            Ok(if self.0.is_stale(key.table, consistency) { self.0.former(key, current) } else { current })
        }))
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(self.0.read(async move {
            if self.0.is_stale(query.table, query.consistency) {
                return self.0.former_page(&query).await;
            }
            self.0.table.query(query).await
        }))
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            let world = &self.0.world;
            sleep(Duration::from_millis(world.below(CALL_MS_MAX))).await;
            let happens = |likelihood: fn(&Weather) -> u64| world.happens(likelihood);
            if happens(|weather| weather.commits_throttled) {
                return Err(StorageError::Throttled.into());
            }
            if happens(|weather| weather.commits_in_conflict) && commit.is_transaction() {
                return Err(CommitError::Conflict);
            }
            if happens(|weather| weather.commits_lost) {
                sleep(Duration::from_millis(TIMEOUT_MS)).await;
                return Err(no_answer().into());
            }
            if happens(|weather| weather.commits_late) {
                let (store, late) = (Arc::clone(&self.0), Duration::from_millis(world.below(LATE_MS_MAX)));
                tokio::spawn(async move {
                    sleep(late).await;
                    // Nobody waits for how it goes.
                    let _ = store.write(&commit);
                });
                sleep(Duration::from_millis(TIMEOUT_MS)).await;
                return Err(no_answer().into());
            }
            let written = self.0.write(&commit);
            if happens(|weather| weather.commits_unanswered) {
                sleep(Duration::from_millis(TIMEOUT_MS)).await;
                return written.and(Err(no_answer().into()));
            }
            sleep(Duration::from_millis(world.below(CALL_MS_MAX))).await;
            written
        })
    }
}

/// Deletes what has expired, at some time or other: nobody may count on it, nor on its staying.
pub(super) async fn expire(store: Arc<Store>) {
    loop {
        sleep(Duration::from_millis(EXPIRY_MS)).await;
        let expired = lock(&store.past).expired(store.world.now_ms() / 1_000);
        for key in expired {
            if store.world.happens(|weather| weather.expiries) {
                // A row that somebody has replaced has another time.
                let _ = store.write(&Commit::one(Write::delete(key, Condition::Always)));
            }
        }
    }
}
