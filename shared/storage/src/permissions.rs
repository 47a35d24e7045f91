//! What somebody may ask of the tables: each operation on each table by itself, as IAM permits it in the cloud. A
//! [`Permitted`] table refuses everything else before anything is sent, so that what is missing in a permission is missing on
//! every machine.

use crate::table::BoxFuture;
use crate::{
    Commit, CommitError, Committed, Consistency, Item, Key, Page, Query, StorageError, Table, TableName, Write,
};
use std::fmt;
use std::future::ready;

/// A kind of request to one table. Within a transaction every write is permitted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`Write::Check`].
    Check,
    /// [`Write::Delete`].
    Delete,
    /// [`Table::get`].
    Get,
    /// [`Write::Put`].
    Put,
    /// [`Table::query`].
    Query,
    /// [`Write::Update`].
    Update,
}

impl Operation {
    /// Every operation, in the order of their names at IAM.
    pub const ALL: [Self; 6] = [Self::Check, Self::Delete, Self::Get, Self::Put, Self::Query, Self::Update];

    /// The action at IAM (Service Authorization Reference, "Actions defined by Amazon DynamoDB").
    pub const fn iam_action(self) -> &'static str {
        match self {
            Self::Check => "dynamodb:ConditionCheckItem",
            Self::Delete => "dynamodb:DeleteItem",
            Self::Get => "dynamodb:GetItem",
            Self::Put => "dynamodb:PutItem",
            Self::Query => "dynamodb:Query",
            Self::Update => "dynamodb:UpdateItem",
        }
    }

    /// What a write asks for.
    pub const fn of(write: &Write) -> Self {
        match write {
            Write::Put { .. } => Self::Put,
            Write::Update { .. } => Self::Update,
            Write::Delete { .. } => Self::Delete,
            Write::Check { .. } => Self::Check,
        }
    }
}

/// Operations on tables: one bit for each pair of them.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

const _: () = assert!(TableName::ALL.len() * Operation::ALL.len() <= u64::BITS as usize);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// These operations on a table, beside what there is.
    #[must_use]
    pub const fn on(mut self, table: TableName, operations: &[Operation]) -> Self {
        let mut rest = operations;
        while let [operation, others @ ..] = rest {
            self.0 |= bit(table, *operation);
            rest = others;
        }
        self
    }

    /// Everything of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What the other one lacks of this.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether this operation on this table is among them.
    pub const fn allow(self, table: TableName, operation: Operation) -> bool {
        self.0 & bit(table, operation) != 0
    }

    /// The operations on a table, in order.
    pub fn on_table(self, table: TableName) -> impl Iterator<Item = Operation> {
        Operation::ALL.into_iter().filter(move |operation| self.allow(table, *operation))
    }

    fn require(self, table: TableName, operation: Operation) -> Result<(), StorageError> {
        if self.allow(table, operation) { Ok(()) } else { Err(StorageError::Denied(table, operation)) }
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = TableName::ALL.map(|table| (table, self.on_table(table).collect::<Vec<_>>()));
        f.debug_map().entries(tables.into_iter().filter(|(_, operations)| !operations.is_empty())).finish()
    }
}

const fn bit(table: TableName, operation: Operation) -> u64 {
    1 << (table as usize * Operation::ALL.len() + operation as usize)
}

/// A table of which only what is permitted can be asked.
#[derive(Debug, Clone, Copy)]
pub struct Permitted<'a> {
    table: &'a dyn Table,
    permissions: Permissions,
}

impl<'a> Permitted<'a> {
    /// The same table, as far as `permissions` go.
    pub const fn new(table: &'a dyn Table, permissions: Permissions) -> Self {
        Self { table, permissions }
    }

    /// Asks the cheapest thing that is permitted, about nothing, so that the connection is there when it is needed. Whoever
    /// may ask nothing needs none.
    ///
    /// # Errors
    /// [`StorageError`] of the table; a refused condition is none.
    pub async fn open_connection(&self) -> Result<(), CommitError> {
        const NOTHING: &str = "nothing";
        let may = |operation| TableName::ALL.into_iter().find(|table| self.permissions.allow(*table, operation));
        if let Some(table) = may(Operation::Get) {
            self.get(&Key::new(table, NOTHING, NOTHING), Consistency::Eventual).await?;
        } else if let Some(table) = may(Operation::Query) {
            self.query(Query::new(table, NOTHING).eventual().limit(1)).await?;
        } else if let Some(table) = may(Operation::Update) {
            let change = [crate::Action::set(NOTHING, NOTHING)];
            let update = Write::update(Key::new(table, NOTHING, NOTHING), change, crate::Condition::Exists);
            return match self.commit(Commit::one(update)).await {
                Ok(_) | Err(CommitError::Refused(_)) => Ok(()),
                Err(error) => Err(error),
            };
        }
        Ok(())
    }
}

impl Table for Permitted<'_> {
    fn get<'a>(&'a self, key: &'a Key, consistency: Consistency) -> BoxFuture<'a, Result<Option<Item>, StorageError>> {
        match self.permissions.require(key.table, Operation::Get) {
            Ok(()) => self.table.get(key, consistency),
            Err(denied) => Box::pin(ready(Err(denied))),
        }
    }

    fn query(&self, query: Query) -> BoxFuture<'_, Result<Page, StorageError>> {
        match self.permissions.require(query.table, Operation::Query) {
            Ok(()) => self.table.query(query),
            Err(denied) => Box::pin(ready(Err(denied))),
        }
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        let require = |write: &Write| self.permissions.require(write.key().table, Operation::of(write));
        match commit.writes.iter().try_for_each(require) {
            Ok(()) => self.table.commit(commit),
            Err(denied) => Box::pin(ready(Err(denied.into()))),
        }
    }
}

#[cfg(test)]
mod tests;
