//! Every operation on every table is permitted by itself, and what is not permitted does not reach the table.

use super::*;
use crate::memory::MemoryTable;
use crate::{Action, Condition};

fn key(table: TableName) -> Key {
    Key::new(table, "pk", "sk")
}

async fn ask(table: &dyn Table, name: TableName, operation: Operation) -> Result<(), CommitError> {
    let key = key(name);
    let write = match operation {
        Operation::Get => return Ok(table.get(&key, Consistency::Strong).await.map(drop)?),
        Operation::Query => return Ok(table.query(Query::new(name, "pk")).await.map(drop)?),
        Operation::Put => Write::put_item(key, Item::default(), Condition::Always),
        Operation::Update => Write::update(key, [Action::set("a", 1_u64)], Condition::Always),
        Operation::Delete => Write::delete(key, Condition::Always),
        Operation::Check => {
            let check = Write::check(key, Condition::NotExists);
            // A check never comes alone.
            let other = Write::delete(Key::new(name, "pk", "other"), Condition::Always);
            return table.commit(Commit::all([other, check])).await.map(drop);
        }
    };
    table.commit(Commit::one(write)).await.map(drop)
}

#[tokio::test]
async fn each_operation_on_each_table_is_permitted_by_itself() {
    for name in TableName::ALL {
        for operation in Operation::ALL {
            let own: &[Operation] =
                if operation == Operation::Check { &[Operation::Check, Operation::Delete] } else { &[operation] };
            let permissions = Permissions::NONE.on(name, own);
            for other_name in TableName::ALL {
                for other in Operation::ALL {
                    let memory = MemoryTable::new();
                    let permitted = Permitted::new(&memory, permissions);
                    let answer = ask(&permitted, other_name, other).await;
                    let is_permitted = other_name == name && own.contains(&other);
                    assert_eq!(answer.is_ok(), is_permitted, "{other:?} on {other_name:?} by {permissions:?}");
                    if let Err(error) = answer {
                        let StorageError::Denied(table, denied) = error_of(error) else { panic!("not denied") };
                        assert_eq!(table, other_name);
                        assert!(denied == other || (other == Operation::Check && denied == Operation::Delete));
                        assert!(memory.items().is_empty());
                    }
                }
            }
        }
    }
}

fn error_of(error: CommitError) -> StorageError {
    match error {
        CommitError::Storage(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_transaction_needs_the_permission_of_each_of_its_writes() {
    let memory = MemoryTable::new();
    let permissions = Permissions::NONE.on(TableName::Accounts, &[Operation::Put]);
    let permitted = Permitted::new(&memory, permissions);
    let put = |name| Write::put_item(key(name), Item::default(), Condition::Always);
    let error = permitted.commit(Commit::all([put(TableName::Accounts), put(TableName::Events)])).await.unwrap_err();
    assert_eq!(error_of(error), StorageError::Denied(TableName::Events, Operation::Put));
    assert!(memory.items().is_empty());
}

#[tokio::test]
async fn a_connection_is_opened_with_whatever_is_permitted_and_changes_nothing() {
    for operation in Operation::ALL {
        let memory = MemoryTable::new();
        let permitted = Permitted::new(&memory, Permissions::NONE.on(TableName::Sessions, &[operation]));
        permitted.open_connection().await.unwrap();
        assert!(memory.items().is_empty());
    }
}

#[test]
fn permissions_add_up() {
    let one = Permissions::NONE.on(TableName::Accounts, &[Operation::Get, Operation::Put]);
    let other = Permissions::NONE.on(TableName::Accounts, &[Operation::Put]).on(TableName::Events, &[Operation::Query]);
    let both = one.and(other);
    assert_eq!(both.on_table(TableName::Accounts).collect::<Vec<_>>(), [Operation::Get, Operation::Put]);
    assert_eq!(both.on_table(TableName::Events).collect::<Vec<_>>(), [Operation::Query]);
    assert_eq!(both.without(other), Permissions::NONE.on(TableName::Accounts, &[Operation::Get]));
    assert!(Operation::ALL.is_sorted_by_key(|operation| operation.iam_action()));
}

#[tokio::test]
async fn a_connection_that_cannot_be_opened_is_told() {
    let memory = MemoryTable::new();
    let nothing = Permitted::new(&memory, Permissions::NONE);
    for operation in [Operation::Get, Operation::Query, Operation::Update] {
        let permitted = Permitted::new(&nothing, Permissions::NONE.on(TableName::Sessions, &[operation]));
        let denied = error_of(permitted.open_connection().await.unwrap_err());
        assert_eq!(denied, StorageError::Denied(TableName::Sessions, operation));
    }
    assert_eq!(nothing.open_connection().await, Ok(()), "who may ask nothing needs none");
}

#[test]
fn operations_are_called_as_in_policies() {
    let names = Operation::ALL.map(|operation| operation.iam_action().trim_start_matches("dynamodb:"));
    assert_eq!(names, ["ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"]);
}
