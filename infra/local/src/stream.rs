//! DynamoDB's streams, on a laptop: a table that tells of each change of a character or session what was there before and
//! what is there after. (The embedded engine has streams too, but keeps them where every write grows slower by them.)
//!
//! What was there before is remembered from the last write, or read beforehand where this process has not written the row
//! yet; what is there after follows from the write itself. Writes of one row pass one after the other, so that their changes
//! are told in order; the engine carries them out one after the other anyway.

use guildhall_domain::Timestamp;
use guildhall_functions::lambda::system_clock;
use guildhall_storage::{
    AttributeValue, BoxFuture, Change, Commit, CommitError, Committed, Condition, Consistency, Item, Key, Page, Query,
    StorageError, TOLD_OF, Table, Write,
};
use lru::LruCache;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::MutexGuard;

/// Rows whose last image is remembered.
const IMAGES_KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);
/// Locks that rows share.
const LOCKS: usize = 64;

/// Takes in a change; must neither wait nor fail.
pub type Listener = Arc<dyn Fn(Timestamp, Change) + Send + Sync>;

/// Passes every call on, and tells of what was written.
pub struct Streamed {
    inner: Arc<dyn Table>,
    /// The same table, for reading what was there before: what that costs is no cost of the product.
    reader: Arc<dyn Table>,
    listener: Listener,
    images: Mutex<LruCache<Key, Item>>,
    locks: Vec<tokio::sync::Mutex<()>>,
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Streamed {
    /// Tells `listener` of every change that is made through this table.
    pub fn new(inner: Arc<dyn Table>, reader: Arc<dyn Table>, listener: Listener) -> Self {
        let locks = (0..LOCKS).map(|_| tokio::sync::Mutex::default()).collect();
        Self { inner, reader, listener, images: Mutex::new(LruCache::new(IMAGES_KEPT)), locks }
    }

    async fn commit_and_tell(&self, commit: Commit) -> Result<Committed, CommitError> {
        let told: Vec<Write> = commit.writes.iter().filter(|write| is_told(write)).cloned().collect();
        let _turn = self.turn(&told).await;
        let mut befores = Vec::with_capacity(told.len());
        for write in &told {
            befores.push(self.before(write).await);
        }
        let result = self.inner.commit(commit).await;
        match &result {
            Ok(_) => {
                let at = system_clock();
                for (write, before) in told.iter().zip(befores) {
                    self.tell(at, write, before);
                }
            }
            // Nothing was written, or nobody knows: the next write looks for itself.
            Err(_) => told.iter().for_each(|write| self.forget(write.key())),
        }
        result
    }

    /// Waits until nobody else writes these rows.
    async fn turn(&self, writes: &[Write]) -> Vec<MutexGuard<'_, ()>> {
        // In one order for everybody, or two could wait for each other.
        let numbers: BTreeSet<usize> = writes.iter().map(|write| lock_of(write.key())).collect();
        let mut held = Vec::with_capacity(numbers.len());
        for lock in numbers.into_iter().filter_map(|number| self.locks.get(number)) {
            held.push(lock.lock().await);
        }
        held
    }

    /// The row as it is before a write that will succeed. `Err` if nobody knows.
    async fn before(&self, write: &Write) -> Result<Option<Item>, StorageError> {
        if *write.condition() == Condition::NotExists {
            return Ok(None);
        }
        let remembered = self.images().get(write.key()).cloned();
        match remembered.filter(|image| fits(write.condition(), image)) {
            Some(image) => Ok(Some(image)),
            None => self.reader.get(write.key(), Consistency::Strong).await,
        }
    }

    fn tell(&self, at: Timestamp, write: &Write, before: Result<Option<Item>, StorageError>) {
        match before.and_then(|before| Change::of(write, before)) {
            Ok(change) => {
                match &change.after {
                    Some(after) => drop(self.images().put(change.key.clone(), after.clone())),
                    None => self.forget(&change.key),
                }
                (self.listener)(at, change);
            }
            Err(error) => {
                tracing::warn!(%error, key = ?write.key(), "a change is not told of");
                self.forget(write.key());
            }
        }
    }

    fn forget(&self, key: &Key) {
        self.images().pop(key);
    }

    fn images(&self) -> std::sync::MutexGuard<'_, LruCache<Key, Item>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table for Streamed {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        self.inner.get(key, consistency)
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        self.inner.query(query)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        if commit.writes.iter().any(is_told) {
            Box::pin(self.commit_and_tell(commit))
        } else {
            self.inner.commit(commit)
        }
    }
}

fn is_told(write: &Write) -> bool {
    TOLD_OF.contains(&write.key().table) && !matches!(write, Write::Check { .. })
}

fn lock_of(key: &Key) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish() as usize % LOCKS
}

/// Whether an image can be the one that a condition holds of, as far as that names a version: somebody else may have written
/// the row meanwhile.
fn fits(condition: &Condition, image: &Item) -> bool {
    match condition {
        Condition::Equals(path, AttributeValue::N(wanted)) => match path.names() {
            [name] => image.get(name) == Some(&AttributeValue::N(wanted.clone())),
            _ => true,
        },
        Condition::All(conditions) => conditions.iter().all(|condition| fits(condition, image)),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
