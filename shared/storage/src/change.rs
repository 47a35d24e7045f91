//! A row before and after a write, as DynamoDB's streams tell of it, and what that means for other systems.

use crate::characters::CharacterRow;
use crate::memory::image_after;
use crate::{Item, Key, StorageError, TableName, Write, decode};
use guildhall_domain::domain_event::{DomainEvent, of_character, of_session};
use guildhall_domain::{Session, Timestamp};
use serde::de::DeserializeOwned;

/// The tables whose changes are told of; `infra/tables.json` has the same ones streamed.
pub const TOLD_OF: [TableName; 2] = [TableName::Characters, TableName::Sessions];

/// One row, before and after a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is.
    pub key: Key,
    /// What was there, if anything.
    pub before: Option<Item>,
    /// What is there, if anything.
    pub after: Option<Item>,
}

impl Change {
    /// What `write` makes of a row that is `before`, provided that its condition holds.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] for actions that such a row does not allow.
    pub fn of(write: &Write, before: Option<Item>) -> Result<Self, StorageError> {
        let after = image_after(write, before.as_ref())?;
        Ok(Self { key: write.key().clone(), before, after })
    }

    /// What happened, in order; of most changes nothing is told.
    ///
    /// # Errors
    /// [`StorageError::Undecodable`] for rows of another shape.
    pub fn events(&self, at: Timestamp) -> Result<Vec<DomainEvent>, StorageError> {
        match self.key.table {
            // The other rows of this table keep names unique.
            TableName::Characters if !self.key.pk.starts_with("name#") => {
                let [before, after]: [Option<CharacterRow>; 2] = self.rows()?;
                let [before, after] = [&before, &after].map(|row| row.as_ref().map(|row| &row.character));
                Ok(of_character(before, after, at))
            }
            TableName::Sessions => {
                let [before, after]: [Option<Session>; 2] = self.rows()?;
                Ok(of_session(before.as_ref(), after.as_ref(), at))
            }
            _ => Ok(Vec::new()),
        }
    }

    fn rows<T: DeserializeOwned>(&self) -> Result<[Option<T>; 2], StorageError> {
        let row = |item: &Option<Item>| item.clone().map(decode).transpose();
        Ok([row(&self.before)?, row(&self.after)?])
    }
}
