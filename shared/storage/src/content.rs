//! The published content: one row with the whole bundle, compact enough for one read.

use crate::{Commit, CommitError, Condition, Consistency, Key, StorageError, Table, TableName, Write, decode};
use serde::{Deserialize, Serialize};

/// A published bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its version, 16 hexadecimal digits.
    pub version: String,
    /// The canonical JSON of the content.
    pub body: String,
}

fn key() -> Key {
    Key::new(TableName::Content, "bundle", "current")
}

/// The bundle in force.
pub async fn current(table: &dyn Table) -> Result<Option<Published>, StorageError> {
    table.get(&key(), Consistency::Strong).await?.map(decode).transpose()
}

/// Puts a bundle in force.
pub async fn publish(table: &dyn Table, bundle: &Published) -> Result<(), CommitError> {
    table.commit(Commit::one(Write::put(key(), bundle, Condition::Always)?)).await.map(drop)
}
