//! Everything that is stored, for tests that ask what a request has changed. The port has no scan, and no rule of the game
//! may need one.

use super::DynamoTable;
use super::fault::{fault, read_fault};
use crate::value::{PK, SK};
use crate::{Item, Key, StorageError, TableName};
use std::collections::BTreeMap;

impl DynamoTable {
    /// Every item of these tables, by its key. What is written meanwhile may be there or not.
    ///
    /// # Errors
    /// [`StorageError`] of the engine, or [`StorageError::Undecodable`] for an item without a key.
    pub async fn items(&self, tables: &[TableName]) -> Result<BTreeMap<Key, Item>, StorageError> {
        let mut all = BTreeMap::new();
        for &table in tables {
            let scan = self.client.scan().table_name(self.physical_name(table)).consistent_read(true);
            let mut pages = scan.into_paginator().send();
            while let Some(page) = pages.next().await {
                for attributes in page.map_err(|error| read_fault(fault(error)))?.items.unwrap_or_default() {
                    let part = |name: &str| attributes.get(name).and_then(|value| value.as_s().ok()).cloned();
                    let no_key = || StorageError::Undecodable(format!("an item of {} has no key", table.as_str()));
                    let key = Key::new(table, part(PK).ok_or_else(no_key)?, part(SK).ok_or_else(no_key)?);
                    all.insert(key, Item::from(attributes));
                }
            }
        }
        Ok(all)
    }
}
