//! The database of a world: a table in memory that takes its time and loses its temper, whose every write is judged.

use super::World;
use super::weather::Weather;
use crate::disorder::Planted;
use futures_util::FutureExt;
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    BoxFuture, Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table,
};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How long a call takes that goes well, in milliseconds.
const CALL_MS_MAX: u64 = 12;
/// After which time nobody waits for an answer, in milliseconds.
const TIMEOUT_MS: u64 = 1_000;
/// How late a write may come that nobody waits for, in milliseconds.
const LATE_MS_MAX: u64 = 12_000;

/// The table.
pub(super) struct Store {
    pub(super) table: MemoryTable,
    world: Arc<World>,
    planted: Option<Planted>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    pub(super) const fn new(table: MemoryTable, world: Arc<World>, planted: Option<Planted>) -> Self {
        Self { table, world, planted }
    }

    /// Carries a commit out, has it judged and told of.
    fn write(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let commit = match self.planted {
            Some(planted) if planted.swallows(commit) => return Ok(Committed::default()),
            Some(planted) => planted.spoil(commit.clone()),
            None => commit.clone(),
        };
        let result = self.table.commit(commit.clone()).now_or_never().unwrap_or(Err(CommitError::Conflict));
        if result.is_ok() {
            let image = |key: &Key| self.table.get(key, Consistency::Strong).now_or_never()?.ok()?;
            let after: Vec<_> = commit.writes.iter().map(|write| image(write.key())).collect();
            self.world.note_commit(&commit, after);
        } else {
            self.world.stir(b"refused");
        }
        result
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
        Box::pin(self.0.read(self.0.table.get(key, consistency)))
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        Box::pin(self.0.read(self.0.table.query(query)))
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
