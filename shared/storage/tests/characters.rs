//! Characters: whose a name is and for how long, what the account's list allows, and what is told of a change.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod fixtures;

use fixtures::{NOW, Overtaken, character, gamesim, session};
use guildhall_domain::domain_event::Happening;
use guildhall_domain::{CharacterId, Stack, Timestamp};
use guildhall_storage::characters::{self, Changed, CharacterRow, Created, Roster};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{
    AttributeValue, Change, CommitError, Condition, Consistency, Item, Key, StorageError, Table, TableName, Write,
    encode,
};

/// Until when a deleted character keeps its name.
const KEPT_UNTIL: Timestamp = NOW.plus_secs(60);

fn key(row: &CharacterRow) -> Key {
    let character = &row.character;
    Key::new(TableName::Characters, character.account_id.to_string(), character.character_id.to_string())
}

fn name_key(row: &CharacterRow) -> Key {
    Key::new(TableName::Characters, format!("name#{}", row.character.name.folded()), "name")
}

async fn item(table: &dyn Table, key: &Key) -> Item {
    table.get(key, Consistency::Strong).await.unwrap().unwrap()
}

async fn stored(table: &dyn Table, row: &CharacterRow) -> CharacterRow {
    characters::find(table, row.character.account_id, row.character.character_id).await.unwrap().unwrap()
}

fn deleted(row: &CharacterRow) -> CharacterRow {
    let mut next = CharacterRow { expires_at: Some(KEPT_UNTIL.as_secs()), ..row.clone() };
    (next.character.version, next.character.deleted_at) = (row.character.version + 1, Some(NOW));
    next
}

fn restored(row: &CharacterRow) -> CharacterRow {
    let mut next = CharacterRow { expires_at: None, ..row.clone() };
    (next.character.version, next.character.deleted_at) = (row.character.version + 1, None);
    next
}

/// A character of the same account under another id.
fn another(row: &CharacterRow, bits: u128) -> CharacterRow {
    let mut another = row.clone();
    another.character.character_id = CharacterId::from_bits(bits);
    another
}

#[tokio::test]
async fn what_is_carried_is_stored_as_one_line() {
    let table = MemoryTable::new();
    let row = character(&table, 1).await;
    let mut next = row.clone();
    next.character.version += 1;
    next.character.hot.inventory = vec![Stack::of("iron-sword", 1), Stack::of("healing-potion", 10)];
    assert_eq!(characters::change(&table, &row, next.clone(), None, Roster::Stays).await.unwrap(), Changed::Done);
    assert_eq!(stored(&table, &row).await, next);
    let line = AttributeValue::S("iron-sword,healing-potion*10".into());
    assert_eq!(item(&table, &key(&row)).await.get("bag"), Some(&line));
}

#[tokio::test]
async fn a_character_is_made_once_and_its_name_is_its_own() {
    let table = MemoryTable::new();
    let row = character(&table, 1).await;
    let existing = characters::create(&table, &another(&row, 1), 1).await.unwrap();
    assert_eq!(existing, Created::Existing(Box::new(row.clone())));
    assert_eq!(characters::create(&table, &another(&row, 7), 1).await.unwrap(), Created::NameTaken);
    assert_eq!(characters::list(&table, row.character.account_id).await.unwrap(), [row]);
}

#[tokio::test]
async fn a_name_is_free_when_its_character_can_be_restored_no_more() {
    let table = MemoryTable::new();
    let row = character(&table, 1).await;
    let gone = deleted(&row);
    assert_eq!(characters::change(&table, &row, gone.clone(), None, Roster::Leaves).await.unwrap(), Changed::Done);
    let heir = |at: Timestamp| {
        let mut heir = another(&row, 7);
        heir.character.created_at = at;
        heir
    };
    let early = Timestamp(KEPT_UNTIL.0 - 1_000);
    assert_eq!(characters::create(&table, &heir(early), 2).await.unwrap(), Created::NameTaken);
    assert_eq!(characters::create(&table, &heir(KEPT_UNTIL), 2).await.unwrap(), Created::New);
    // Whoever would have it back comes too late, whether or not the list changes with it.
    let back = restored(&gone);
    for roster in [Roster::Returns(3), Roster::Stays] {
        let late = characters::change(&table, &gone, back.clone(), None, roster).await.unwrap();
        assert_eq!(late, Changed::Refused(None), "{roster:?}");
    }
}

#[tokio::test]
async fn who_comes_back_meets_the_list_that_was_seen() {
    let table = MemoryTable::new();
    let row = character(&table, 1).await;
    let gone = deleted(&row);
    characters::change(&table, &row, gone.clone(), None, Roster::Leaves).await.unwrap();
    let back = restored(&gone);
    let come = async |seen| characters::change(&table, &gone, back.clone(), None, Roster::Returns(seen)).await.unwrap();
    assert_eq!(come(1).await, Changed::RosterMoved, "it has been one fewer since");
    assert_eq!(stored(&table, &row).await, gone);
    assert_eq!(come(2).await, Changed::Done);
    assert_eq!(stored(&table, &row).await, back);
    assert_eq!(come(2).await, Changed::Refused(Some(Box::new(back.clone()))));
}

#[tokio::test]
async fn a_change_drops_the_lease_and_confirms_the_session_that_is_left() {
    let table = MemoryTable::new();
    let row = character(&table, 1).await;
    let left = session(9, &gamesim("sim-1", "boot-1"), &row);
    let mut next = CharacterRow { lease: Some(left.lease()), ..row.clone() };
    next.character.version += 1;
    // There is no such session any more.
    let changed = characters::change(&table, &row, next.clone(), Some(&left), Roster::Stays).await.unwrap();
    assert_eq!(changed, Changed::SessionMoved);
    assert_eq!(characters::change(&table, &row, next, None, Roster::Stays).await.unwrap(), Changed::Done);
    assert_eq!(stored(&table, &row).await.lease, None);
}

#[tokio::test]
async fn a_change_that_others_overtake_says_so() {
    let table = MemoryTable::new();
    let row = character(&table, 1).await;
    let mut faster = row.clone();
    (faster.character.version, faster.character.hot.gold) = (2, 9);
    let write = Write::put_item(key(&row), encode(&key(&row), &faster).unwrap(), Condition::Exists);
    let table = Overtaken::by_write(table, write);
    let changed = characters::change(&table, &row, deleted(&row), None, Roster::Leaves).await.unwrap();
    assert_eq!(changed, Changed::Refused(Some(Box::new(faster))));
}

#[tokio::test]
async fn what_is_told_of_a_change_depends_on_the_row() {
    let table = MemoryTable::new();
    let row = character(&table, 1).await;
    let told = async |key: Key| {
        let after = Some(item(&table, &key).await);
        Change { key, before: None, after }.events(NOW).unwrap()
    };
    let events = told(key(&row)).await;
    assert!(matches!(events[0].happening, Happening::CharacterCreated { .. }), "{events:?}");
    assert_eq!((events.len(), events[0].at), (1, NOW));
    assert_eq!(told(name_key(&row)).await, [], "a name is nobody");
    let session = session(9, &gamesim("sim-1", "boot-1"), &row);
    let key = Key::new(TableName::Sessions, session.session_id.to_string(), "session");
    let write = Write::put(key, &session, Condition::NotExists).unwrap();
    let events = Change::of(&write, None).unwrap().events(NOW).unwrap();
    assert!(matches!(events[0].happening, Happening::SessionCreated { .. }), "{events:?}");
    let account = Key::new(TableName::Accounts, "account#1", "account");
    assert_eq!(Change { key: account, before: None, after: Some(Item::default()) }.events(NOW), Ok(vec![]));
}

#[test]
fn only_what_may_pass_is_transient() {
    let transient = [StorageError::Throttled, StorageError::Unavailable(String::new())];
    let lasting = [StorageError::Invalid(String::new()), StorageError::Undecodable(String::new())];
    assert!(transient.iter().all(StorageError::is_transient) && !lasting.iter().any(StorageError::is_transient));
    assert!(CommitError::Storage(StorageError::Throttled).refusal(0).is_none());
}
