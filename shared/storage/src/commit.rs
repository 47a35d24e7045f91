//! The one way to write: a list of conditional writes that happen together or not at all.

use crate::validity::{validate_condition, validate_item, validate_path, validate_value};
use crate::value::{PK, SK, encode, stored_size_bytes, with_key};
use crate::{Action, Condition, Item, Key, StorageError};
use serde::Serialize;
use std::collections::BTreeSet;

/// Most writes in one transaction (DynamoDB, "Service quotas").
pub const TRANSACTION_WRITES_MAX: usize = 100;
/// Most bytes in all items of one transaction.
pub const TRANSACTION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most bytes of one item, names included.
pub const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Longest idempotency token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 36;

/// Writes that happen together or not at all.
///
/// A single write without a token is one PutItem, UpdateItem or DeleteItem. Several writes, or a single one with a token, are
/// one TransactWriteItems, at twice the price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The writes; no two of them on the same item.
    pub writes: Vec<Write>,
    /// An idempotency token of 1 to 36 bytes: within ten minutes the same token with the same writes has no second effect,
    /// and with other writes it is invalid. The adapter draws one for a transaction that has none, for its own retries.
    pub token: Option<String>,
    /// Whether the adapter gives up at once where another transaction touches the same items, because the caller has other
    /// items to turn to.
    pub gives_way: bool,
}

impl Commit {
    /// A single write.
    pub fn one(write: Write) -> Self {
        Self::all([write])
    }

    /// Several writes, on different items.
    pub fn all(writes: impl IntoIterator<Item = Write>) -> Self {
        Self { writes: writes.into_iter().collect(), token: None, gives_way: false }
    }

    /// Makes the commit a transaction that is carried out once however often it is sent.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Has a conflict with another transaction reported at once.
    pub fn give_way(self) -> Self {
        Self { gives_way: true, ..self }
    }

    /// Whether this is carried out as a transaction rather than as a single call.
    pub fn is_transaction(&self) -> bool {
        self.writes.len() > 1 || self.token.is_some()
    }

    /// Refuses what DynamoDB would refuse whatever its state, before anything is sent. Every adapter calls this first.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] above a limit in size or number, [`StorageError::Invalid`] for everything else.
    pub fn validate(&self) -> Result<(), StorageError> {
        let invalid = |reason: &str| Err(StorageError::Invalid(reason.to_owned()));
        match self.writes.as_slice() {
            [] => return invalid("a commit without writes"),
            [Write::Check { .. }] => return invalid("a commit of a single check; read the item instead"),
            writes if writes.len() > TRANSACTION_WRITES_MAX => {
                return Err(StorageError::TooLarge(format!("{} writes in one transaction", writes.len())));
            }
            _ => {}
        }
        if self.token.as_ref().is_some_and(|token| token.is_empty() || token.len() > TOKEN_BYTES_MAX) {
            return invalid("a token must have 1 to 36 bytes");
        }
        let mut keys = BTreeSet::new();
        let mut bytes = 0;
        for write in &self.writes {
            bytes += write.validate()?;
            if !keys.insert(write.key()) {
                return invalid("two writes on the same item");
            }
        }
        if bytes > TRANSACTION_BYTES_MAX {
            return Err(StorageError::TooLarge(format!("{bytes} bytes in one transaction")));
        }
        Ok(())
    }
}

/// One conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Replaces the whole item.
    Put {
        /// Where.
        key: Key,
        /// The new item; its `pk` and `sk` are taken from `key`.
        item: Item,
        /// Under which condition.
        condition: Condition,
    },
    /// Changes parts of the item, and creates it if it is absent and the condition allows.
    Update {
        /// Where.
        key: Key,
        /// The changes; no two of them at overlapping places.
        actions: Vec<Action>,
        /// Under which condition.
        condition: Condition,
    },
    /// Deletes the item, if there is one.
    Delete {
        /// Where.
        key: Key,
        /// Under which condition.
        condition: Condition,
    },
    /// Changes nothing, but refuses the transaction where its condition does not hold.
    Check {
        /// Where.
        key: Key,
        /// Under which condition.
        condition: Condition,
    },
}

impl Write {
    /// Replaces the item with a struct or map.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] when the value is no struct or map.
    pub fn put(key: Key, value: &(impl Serialize + ?Sized), condition: Condition) -> Result<Self, StorageError> {
        let item = encode(&key, value)?;
        Ok(Self::Put { key, item, condition })
    }

    /// Replaces the item with one that is already encoded.
    pub fn put_item(key: Key, item: Item, condition: Condition) -> Self {
        let item = with_key(&key, item);
        Self::Put { key, item, condition }
    }

    /// Changes parts of the item.
    pub fn update(key: Key, actions: impl IntoIterator<Item = Action>, condition: Condition) -> Self {
        Self::Update { key, actions: actions.into_iter().collect(), condition }
    }

    /// Deletes the item.
    pub fn delete(key: Key, condition: Condition) -> Self {
        Self::Delete { key, condition }
    }

    /// Only checks the item.
    pub fn check(key: Key, condition: Condition) -> Self {
        Self::Check { key, condition }
    }

    /// The item that this is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Update { key, .. } | Self::Delete { key, .. } | Self::Check { key, .. } => {
                key
            }
        }
    }

    /// The condition of this write.
    pub fn condition(&self) -> &Condition {
        match self {
            Self::Put { condition, .. }
            | Self::Update { condition, .. }
            | Self::Delete { condition, .. }
            | Self::Check { condition, .. } => condition,
        }
    }

    /// The bytes that this adds to a transaction, if it is valid.
    fn validate(&self) -> Result<usize, StorageError> {
        self.key().validate()?;
        validate_condition(self.condition())?;
        match self {
            Self::Put { key, item, .. } => {
                validate_item(item)?;
                let bytes = stored_size_bytes(key, item);
                if bytes > ITEM_BYTES_MAX {
                    return Err(StorageError::TooLarge(format!("an item of {bytes} bytes")));
                }
                Ok(bytes)
            }
            Self::Update { actions, .. } => validate_actions(actions).map(|()| 0),
            Self::Delete { .. } | Self::Check { .. } => Ok(0),
        }
    }
}

fn validate_actions(actions: &[Action]) -> Result<(), StorageError> {
    if actions.is_empty() {
        return Err(StorageError::Invalid("an update without actions".to_owned()));
    }
    for action in actions {
        validate_path(action.path())?;
        if let Action::Set(_, value) = action {
            validate_value(value)?;
        }
    }
    let mut places: Vec<&[String]> = actions.iter().map(|action| action.path().names()).collect();
    if places.iter().any(|place| place.first().is_some_and(|name| name == PK || name == SK)) {
        return Err(StorageError::Invalid("an update of a key".to_owned()));
    }
    places.sort_unstable();
    // Sorted, a place is directly before the places inside it.
    if places.windows(2).any(|pair| pair[1].starts_with(pair[0])) {
        return Err(StorageError::Invalid("two actions at overlapping places".to_owned()));
    }
    Ok(())
}

/// A commit that happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// The new image of a lone put or update. DynamoDB cannot return it after a transaction, and a delete has none.
    pub returned: Option<Item>,
}

/// A commit that did not happen, or of which nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Conditions did not hold; nothing was written. After a lost answer this may be our own write, carried out by the
    /// attempt before: callers recognise it in [`Refusal::current`] by an idempotency key or an `(epoch, seq)`.
    #[error("{} condition(s) refused the commit", .0.len())]
    Refused(Vec<Refusal>),
    /// Other transactions kept touching the same items through all attempts; nothing was written.
    #[error("other transactions kept touching the same items")]
    Conflict,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl CommitError {
    /// What refused the write at `index`, if that is what happened.
    pub fn refusal(&self, index: usize) -> Option<&Refusal> {
        match self {
            Self::Refused(refusals) => refusals.iter().find(|refusal| refusal.index == index),
            Self::Conflict | Self::Storage(_) => None,
        }
    }
}

/// One condition that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which write of the commit.
    pub index: usize,
    /// The item as it is stored; `None` where there is none.
    pub current: Option<Item>,
}
