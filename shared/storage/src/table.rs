//! The table port: everything that Guildhall asks of a database. It is small on purpose. There are no scans, no indexes and
//! no unconditional batches, because no rule of the game may depend on them.

use crate::{Commit, CommitError, Committed, Item, StorageError};
use std::fmt;
use std::sync::Arc;

pub use futures_util::future::BoxFuture;

/// Longest partition key, in bytes (DynamoDB, "Service quotas").
pub const PARTITION_KEY_BYTES_MAX: usize = 2_048;
/// Longest sort key, in bytes.
pub const SORT_KEY_BYTES_MAX: usize = 1_024;

/// Bytes of items at which a page ends, whatever follows (DynamoDB, "Service quotas").
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// One store with the six tables of [`TableName`].
///
/// Futures are boxed so that the trait can be used as `Arc<dyn Table>`.
pub trait Table: fmt::Debug + Send + Sync {
    /// The item under `key`, with its `pk` and `sk`, or `None`. Expired items are returned too: TTL deletes late, so
    /// callers compare `expires_at` themselves.
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>>;

    /// One page of the items of a partition, ordered by the bytes of their sort key. A page may be short, even empty, and
    /// still have a successor; only `next == None` ends the list.
    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>>;

    /// Writes everything or nothing. A refused commit returns the items that refused it, so that a conflict costs no
    /// second read.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>>;
}

/// The tables. The physical name is a prefix of the deployment and [`TableName::as_str`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableName {
    /// Accounts, tokens, login throttling, idempotency records of account routes.
    Accounts,
    /// Characters, their names and their leases.
    Characters,
    /// Game sessions.
    Sessions,
    /// The registry of game sims.
    Gamesims,
    /// Versioned content.
    Content,
    /// What happened in sessions.
    Events,
}

impl TableName {
    /// Every table.
    pub const ALL: [Self; 6] =
        [Self::Accounts, Self::Characters, Self::Sessions, Self::Gamesims, Self::Content, Self::Events];

    /// The name after the prefix, as in `infra/tables.json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Characters => "characters",
            Self::Sessions => "sessions",
            Self::Gamesims => "gamesims",
            Self::Content => "content",
            Self::Events => "events",
        }
    }
}

/// Where one item lives. Every table has the string keys `pk` and `sk`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The table.
    pub table: TableName,
    /// The partition key, 1 to 2,048 bytes.
    pub pk: String,
    /// The sort key, 1 to 1,024 bytes.
    pub sk: String,
}

impl Key {
    /// The key of one item.
    pub fn new(table: TableName, pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { table, pk: pk.into(), sk: sk.into() }
    }

    /// Refuses a key that no item can have. Every adapter calls this before anything is sent.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] for an empty part, [`StorageError::TooLarge`] for one above its limit.
    pub fn validate(&self) -> Result<(), StorageError> {
        if self.pk.is_empty() || self.sk.is_empty() {
            return Err(StorageError::Invalid("a key must not be empty".to_owned()));
        }
        if self.pk.len() > PARTITION_KEY_BYTES_MAX || self.sk.len() > SORT_KEY_BYTES_MAX {
            return Err(StorageError::TooLarge(format!("a key of {} and {} bytes", self.pk.len(), self.sk.len())));
        }
        Ok(())
    }
}

/// Whether a read sees every write that was acknowledged before it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// It does, at twice the price.
    Strong,
    /// It may lag behind; nothing may be decided on it.
    Eventual,
}

/// Which items of one partition to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The table.
    pub table: TableName,
    /// The partition.
    pub pk: String,
    /// Only sort keys that begin with this.
    pub sk_prefix: Option<String>,
    /// How fresh the answer must be.
    pub consistency: Consistency,
    /// Most items in one page.
    pub limit: Option<u32>,
    /// Continue after this sort key, which begins with `sk_prefix`: the `next` of the page before.
    pub start_after: Option<String>,
}

impl Query {
    /// The whole partition, strongly consistent.
    pub fn new(table: TableName, pk: impl Into<String>) -> Self {
        let consistency = Consistency::Strong;
        Self { table, pk: pk.into(), sk_prefix: None, consistency, limit: None, start_after: None }
    }

    /// Only sort keys that begin with `prefix`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.sk_prefix = Some(prefix.into());
        self
    }

    /// At most `items` per page.
    pub fn limit(mut self, items: u32) -> Self {
        self.limit = Some(items);
        self
    }

    /// Continue after a sort key.
    pub fn start_after(mut self, sk: impl Into<String>) -> Self {
        self.start_after = Some(sk.into());
        self
    }

    /// Half the price, for answers that decide nothing.
    pub fn eventual(mut self) -> Self {
        self.consistency = Consistency::Eventual;
        self
    }

    /// Refuses a query that can have no answer. Every adapter calls this before anything is sent.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] for an empty partition key, a limit of zero or a start outside the prefix,
    /// [`StorageError::TooLarge`] for a key above its limit.
    pub fn validate(&self) -> Result<(), StorageError> {
        let invalid = |reason: &str| Err(StorageError::Invalid(reason.to_owned()));
        if self.pk.is_empty() || self.limit == Some(0) {
            return invalid("a query of no partition or of no items");
        }
        let prefix = self.sk_prefix.as_deref().unwrap_or_default();
        if self.start_after.as_ref().is_some_and(|start| start.is_empty() || !start.starts_with(prefix)) {
            return invalid("a query that starts outside of what it asks for");
        }
        let sort_key_bytes = self.start_after.as_ref().map_or(0, String::len).max(prefix.len());
        if self.pk.len() > PARTITION_KEY_BYTES_MAX || sort_key_bytes > SORT_KEY_BYTES_MAX {
            return Err(StorageError::TooLarge(format!("a query of {} and {sort_key_bytes} bytes", self.pk.len())));
        }
        Ok(())
    }
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The items, ordered by sort key; shared, so that a table in memory need not copy what nobody decodes.
    pub items: Vec<Arc<Item>>,
    /// The [`Query::start_after`] of the next page; `None` at the end.
    pub next: Option<String>,
}
