//! The combat log: chunks of a session's entries, and the violations of a day. Rows are written once and never change; a
//! repeated write finds its row there and is content.

use crate::{
    AttributeValue, Commit, CommitError, Condition, Item, Key, Query, StorageError, Table, TableName, Write, decode,
    encode,
};
use guildhall_domain::api::Violation;
use guildhall_domain::limits::{LOG_KEPT_S, VIOLATIONS_KEPT_S};
use guildhall_domain::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const CHUNK: &str = "chunk";
const EXPIRES_AT: &str = "expires_at";

/// Where an entry of a session's log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Epoch of the placement.
    pub epoch: u32,
    /// Number of an entry, within the placement.
    pub number: u32,
}

/// A chunk as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    /// Where its first entry is.
    pub first: Place,
    /// As [`guildhall_domain::combat_log::Chunk`] reads it.
    pub bytes: Vec<u8>,
}

/// A violation as operators look for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViolationRow {
    /// What was noticed.
    #[serde(flatten)]
    pub violation: Violation,
    /// When the row may be forgotten, in seconds since 1970.
    pub expires_at: u64,
}

/// Numbers are as long as the longest, so that their order is that of the bytes.
fn sort_key(place: Place) -> String {
    format!("{:010}#{:010}", place.epoch, place.number)
}

fn place_of(item: &Item) -> Option<Place> {
    let AttributeValue::S(key) = item.get("sk")? else { return None };
    let (epoch, number) = key.split_once('#')?;
    Some(Place { epoch: epoch.parse().ok()?, number: number.parse().ok()? })
}

fn lives(item: &Item, now: Timestamp) -> bool {
    let expiry = match item.get(EXPIRES_AT) {
        Some(AttributeValue::N(digits)) => digits.parse::<u64>().ok(),
        _ => None,
    };
    expiry.is_some_and(|expiry| now.as_secs() < expiry)
}

/// Stores a chunk. One that is there already stays as it is.
pub async fn put_chunk(
    table: &dyn Table,
    session_id: SessionId,
    chunk: &StoredChunk,
    now: Timestamp,
) -> Result<(), CommitError> {
    let key = Key::new(TableName::Events, session_id.to_string(), sort_key(chunk.first));
    let expires_at = now.plus_secs(LOG_KEPT_S).as_secs().to_string();
    let item = Item::from(std::collections::HashMap::from([
        (CHUNK.to_owned(), AttributeValue::B(chunk.bytes.clone())),
        (EXPIRES_AT.to_owned(), AttributeValue::N(expires_at)),
    ]));
    once(table.commit(Commit::one(Write::put_item(key, item, Condition::NotExists))).await)
}

fn once<T>(written: Result<T, CommitError>) -> Result<(), CommitError> {
    match written {
        Ok(_) | Err(CommitError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The chunks of a session from the one on that begins at `from`, at most `limit`, and whether there may be more.
pub async fn chunks(
    table: &dyn Table,
    session_id: SessionId,
    from: Option<Place>,
    limit: u32,
    now: Timestamp,
) -> Result<(Vec<StoredChunk>, bool), StorageError> {
    let mut query = Query::new(TableName::Events, session_id.to_string()).limit(limit);
    if let Some(Place { epoch, number }) = from {
        // What a query starts after is not part of it: one before, which need not exist.
        let before = match number.checked_sub(1) {
            Some(number) => sort_key(Place { epoch, number }),
            None => format!("{epoch:010}"),
        };
        query = query.start_after(before);
    }
    let page = table.query(query).await?;
    let chunks = page.items.into_iter().filter(|item| lives(item, now)).map(|item| {
        let mut item = Arc::unwrap_or_clone(item);
        let undecodable = || StorageError::Undecodable("a chunk of a combat log".to_owned());
        let first = place_of(&item).ok_or_else(undecodable)?;
        match item.remove(CHUNK) {
            Some(AttributeValue::B(bytes)) => Ok(StoredChunk { first, bytes }),
            _ => Err(undecodable()),
        }
    });
    Ok((chunks.collect::<Result<_, _>>()?, page.next.is_some()))
}

fn day_key(day: &str) -> String {
    format!("violations#{day}")
}

impl ViolationRow {
    /// Its name among those of its day; they are in order of time.
    pub fn name(&self) -> String {
        let Violation { at, session_id, session_epoch: epoch, number, .. } = self.violation;
        format!("{:015}#{session_id}#{}", at.0, sort_key(Place { epoch, number }))
    }
}

/// When the row of a violation may be forgotten that is stored at `now`, in seconds since 1970.
pub const fn violation_expiry(now: Timestamp) -> u64 {
    now.plus_secs(VIOLATIONS_KEPT_S).as_secs()
}

/// Stores a violation under its day, `YYYY-MM-DD`. One that is there already stays as it is.
pub async fn put_violation(table: &dyn Table, day: &str, row: &ViolationRow) -> Result<(), CommitError> {
    let key = Key::new(TableName::Events, day_key(day), row.name());
    let item = encode(&key, row)?;
    once(table.commit(Commit::one(Write::put_item(key, item, Condition::NotExists))).await)
}

/// The violations of a day after the one of this name, at most `limit`, and whether there may be more.
pub async fn violations(
    table: &dyn Table,
    day: &str,
    after: Option<&str>,
    limit: u32,
    now: Timestamp,
) -> Result<(Vec<ViolationRow>, bool), StorageError> {
    let mut query = Query::new(TableName::Events, day_key(day)).limit(limit).eventual();
    if let Some(after) = after {
        query = query.start_after(after);
    }
    let page = table.query(query).await?;
    let rows = page.items.into_iter().filter(|item| lives(item, now)).map(|item| decode(Arc::unwrap_or_clone(item)));
    Ok((rows.collect::<Result<_, _>>()?, page.next.is_some()))
}
