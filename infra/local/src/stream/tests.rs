//! Against the table in memory, whose images the listener's must be.

use super::*;
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{Action, TableName};

type Told = Arc<Mutex<Vec<Change>>>;

fn streamed(inner: &Arc<MemoryTable>) -> (Streamed, Told) {
    let told: Told = Arc::default();
    let listener = {
        let told = Arc::clone(&told);
        Arc::new(move |_, change| told.lock().unwrap().push(change))
    };
    (Streamed::new(inner.clone(), inner.clone(), listener), told)
}

fn key(sk: &str) -> Key {
    Key::new(TableName::Characters, "account", sk)
}

fn put(sk: &str, version: u64, condition: Condition) -> Write {
    let item =
        Item::from(std::collections::HashMap::from([("version".to_owned(), AttributeValue::N(version.to_string()))]));
    Write::put_item(key(sk), item, condition)
}

fn raise(sk: &str, from: u64) -> Write {
    Write::update(key(sk), [Action::set("version", from + 1)], Condition::equals("version", from))
}

#[tokio::test]
async fn each_change_goes_on_from_the_one_before() {
    let inner = Arc::new(MemoryTable::new());
    let (table, told) = streamed(&inner);
    table.commit(Commit::one(put("a", 1, Condition::NotExists))).await.unwrap();
    table.commit(Commit::all([raise("a", 1), put("b", 1, Condition::NotExists)])).await.unwrap();
    table.commit(Commit::one(raise("a", 1))).await.unwrap_err();
    table.commit(Commit::one(raise("a", 2))).await.unwrap();
    // Somebody else's write: what is remembered does not fit any more.
    inner.commit(Commit::one(raise("a", 3))).await.unwrap();
    table.commit(Commit::one(raise("a", 4))).await.unwrap();
    table.commit(Commit::one(Write::delete(key("b"), Condition::Exists))).await.unwrap();
    let version = |item: &Option<Item>| item.as_ref().map(|item| item["version"].clone());
    let number = |version: u64| Some(AttributeValue::N(version.to_string()));
    let told = told.lock().unwrap();
    let of = |sk: &str| -> Vec<_> {
        let changes = told.iter().filter(|change| change.key.sk == sk);
        changes.map(|change| (version(&change.before), version(&change.after))).collect()
    };
    assert_eq!(of("a"), [(None, number(1)), (number(1), number(2)), (number(2), number(3)), (number(4), number(5))]);
    assert_eq!(of("b"), [(None, number(1)), (number(1), None)]);
    let stored = inner.items();
    assert_eq!(told.iter().rev().find(|change| change.key.sk == "a").unwrap().after.as_ref(), Some(&stored[0].1));
}

#[tokio::test]
async fn checks_and_other_tables_are_not_told_of() {
    let inner = Arc::new(MemoryTable::new());
    let (table, told) = streamed(&inner);
    let other = Key::new(TableName::Accounts, "account", "account");
    let check = Write::check(key("a"), Condition::NotExists);
    let item = Item::default();
    table.commit(Commit::all([check, Write::put_item(other, item, Condition::Always)])).await.unwrap();
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn writes_that_meet_are_told_of_in_the_order_in_which_they_happened() {
    let inner = Arc::new(MemoryTable::new());
    let (table, told) = streamed(&inner);
    let table = Arc::new(table);
    table.commit(Commit::one(put("a", 0, Condition::NotExists))).await.unwrap();
    let raise = |table: Arc<Streamed>| async move {
        let add = Write::update(key("a"), [Action::add("version", 1)], Condition::Exists);
        // The rows of one transaction and of the other are named in different orders.
        let other = Write::update(key("b"), [Action::add("version", 1)], Condition::Always);
        table.commit(Commit::all([other, add])).await.unwrap();
    };
    let all: Vec<_> = (0..100).map(|_| tokio::spawn(raise(Arc::clone(&table)))).collect();
    for one in all {
        one.await.unwrap();
    }
    let told = told.lock().unwrap();
    let of_a = told.iter().filter(|change| change.key.sk == "a").skip(1);
    for (number, change) in of_a.enumerate() {
        let after = change.after.as_ref().unwrap()["version"].clone();
        assert_eq!(after, AttributeValue::N((number + 1).to_string()));
    }
    assert_eq!(told.len(), 201);
}
