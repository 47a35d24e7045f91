//! What can go wrong below the rules of the game: the store is slow, gone, or was asked something it cannot do.
//! Refused conditions are not errors of this kind; see [`crate::CommitError`].

use crate::{Operation, TableName};

/// A failure of the store, or of a value on its way to or from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The store asked us to slow down on every attempt; nothing was written.
    #[error("the store is throttling requests")]
    Throttled,
    /// Timeout, lost connection or internal error. A write may or may not have happened.
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    /// An item, a key or a transaction is larger than DynamoDB takes; nothing was written.
    #[error("too large for the store: {0}")]
    TooLarge(String),
    /// The request could never succeed, whatever the state of the store: a fault of the caller.
    #[error("invalid request to the store: {0}")]
    Invalid(String),
    /// The caller has no permission for this operation on this table; nothing was sent.
    #[error("{} on the table {} is not permitted", .1.iam_action(), .0.as_str())]
    Denied(TableName, Operation),
    /// A stored item does not have the shape that the code expects.
    #[error("a stored item could not be read: {0}")]
    Undecodable(String),
}

impl StorageError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable(_))
    }
}
