//! What the database of a backend holds, and how it is put back.

use super::{Backend, Rows};
use guildhall_storage::dynamo::DynamoTable;
use guildhall_storage::memory::Adversary;
use guildhall_storage::{Commit, Condition, Key, TableName, Write};
use std::sync::Arc;

/// The tables that play changes.
const PLAYED: [TableName; 5] =
    [TableName::Accounts, TableName::Characters, TableName::Sessions, TableName::Gamesims, TableName::Events];

/// A database that shows everything that it holds.
#[derive(Debug)]
pub(super) enum Stored {
    /// The embedded engine.
    Engine(DynamoTable),
    /// A table in memory.
    Memory(Arc<Adversary>),
}

impl Backend {
    /// Everything that the database holds, but for the content, which is large and which no route writes. Only a backend that
    /// started its own database can tell.
    pub async fn rows(&self) -> Rows {
        match self.stored.as_ref().expect("a database of its own") {
            Stored::Engine(table) => table.items(&PLAYED).await.expect("the database answers"),
            Stored::Memory(table) => table.items().into_iter().filter(|(key, _)| PLAYED.contains(&key.table)).collect(),
        }
    }

    /// Puts the database back to what it held; gives the keys of what differed.
    pub async fn put_back(&self, rows: &Rows) -> Vec<Key> {
        let present = self.rows().await;
        let changed = rows.iter().filter(|(key, item)| present.get(key) != Some(item));
        let puts = changed.map(|(key, item)| {
            let (key, item) = (key.clone(), item.clone());
            Write::Put { key, item, condition: Condition::Always }
        });
        let added = present.keys().filter(|key| !rows.contains_key(key));
        let deletes = added.map(|key| Write::delete(key.clone(), Condition::Always));
        let mut keys = Vec::new();
        for write in puts.chain(deletes) {
            keys.push(write.key().clone());
            self.table().commit(Commit::one(write)).await.expect("the database is put back");
        }
        keys
    }
}
