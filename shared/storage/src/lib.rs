//! The only crate that knows DynamoDB: one small port, two adapters that pass one conformance suite, and the repositories
//! that the rest of Guildhall calls.
//!
//! Read `table` (the port), `commit` and `expression` (what a write says) first; `dynamo` and `memory` are the two ways to
//! carry it out, `permissions` is what somebody may ask of it, and `contract` is the list of promises that both keep.

pub mod accounts;
mod change;
pub mod characters;
mod commit;
pub mod content;
pub mod contract;
pub mod dynamo;
mod error;
pub mod events;
mod expression;
pub mod gamesims;
pub mod memory;
mod number;
mod permissions;
pub mod queue;
pub mod reaper;
mod repetition;
mod schema;
pub mod sessions;
mod table;
pub mod throttle;
mod validity;
mod value;

pub use change::{Change, TOLD_OF};
pub use commit::{
    Commit, CommitError, Committed, ITEM_BYTES_MAX, Refusal, TOKEN_BYTES_MAX, TRANSACTION_BYTES_MAX,
    TRANSACTION_WRITES_MAX, Write,
};
pub use error::StorageError;
pub use expression::{Action, Condition, Path};
pub use permissions::{Operation, Permissions, Permitted};
pub use schema::Schema;
pub use table::{
    BoxFuture, Consistency, Key, PAGE_BYTES_MAX, PARTITION_KEY_BYTES_MAX, Page, Query, SORT_KEY_BYTES_MAX, Table,
    TableName,
};
pub use value::{IntoValue, decode, encode, value_of};

/// The types of `serde_dynamo` itself keep the AWS SDK out of the port.
pub use serde_dynamo::{AttributeValue, Item};
