//! What is written once and read as it was: published content, and the chunks and violations of the combat log.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use guildhall_domain::api::Violation;
use guildhall_domain::combat_log::ViolationKind;
use guildhall_domain::limits::{LOG_KEPT_S, VIOLATIONS_KEPT_S};
use guildhall_domain::{AccountId, CharacterId, SessionId, Timestamp};
use guildhall_storage::content::{self, Published, PublishedEntry};
use guildhall_storage::events::{self, Place, StoredChunk, ViolationRow};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{Commit, Condition, Key, Table, TableName, Write};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const SESSION: SessionId = SessionId::from_bits(9);
const DAY: &str = "2026-11-22";

fn bundle(version: &str) -> (Published, Vec<PublishedEntry>) {
    let entry = |kind: &str, id: &str| PublishedEntry {
        kind: kind.into(),
        id: id.into(),
        body: format!("{kind} {id} of {version}"),
    };
    let entries = vec![entry("items", "sword"), entry("items", "bow"), entry("classes", "sword")];
    (Published { version: version.into(), body: format!("all of {version}") }, entries)
}

#[tokio::test]
async fn a_bundle_is_in_force_whole_and_its_entries_stay() {
    let table = MemoryTable::new();
    assert_eq!((content::current(&table).await, content::version(&table).await), (Ok(None), Ok(None)));
    for version in ["a", "b"] {
        let (bundle, entries) = bundle(version);
        content::publish(&table, &bundle, &entries).await.unwrap();
        assert_eq!(content::current(&table).await, Ok(Some(bundle)));
        assert_eq!(content::version(&table).await, Ok(Some(version.into())));
    }
    for version in ["a", "b"] {
        for entry in bundle(version).1 {
            assert_eq!(content::entry(&table, version, &entry.kind, &entry.id).await, Ok(Some(entry)));
        }
    }
    assert_eq!(content::entry(&table, "a", "classes", "bow").await, Ok(None));
    assert_eq!(content::entry(&table, "c", "items", "bow").await, Ok(None));
}

#[tokio::test]
async fn what_is_in_force_is_not_published_again() {
    let table = MemoryTable::new();
    let (bundle, entries) = bundle("a");
    content::publish(&table, &bundle, &entries).await.unwrap();
    let other = Published { body: "something else".into(), ..bundle.clone() };
    content::publish(&table, &other, &[]).await.unwrap();
    assert_eq!(content::current(&table).await, Ok(Some(bundle)));
}

fn chunk(epoch: u32, number: u32) -> StoredChunk {
    StoredChunk { first: Place { epoch, number }, bytes: vec![epoch as u8, number as u8, 255] }
}

async fn numbers(table: &dyn Table, from: Option<Place>, limit: u32, now: Timestamp) -> (Vec<(u32, u32)>, bool) {
    let (chunks, more) = events::chunks(table, SESSION, from, limit, now).await.unwrap();
    for found in &chunks {
        assert_eq!(*found, chunk(found.first.epoch, found.first.number));
    }
    (chunks.iter().map(|chunk| (chunk.first.epoch, chunk.first.number)).collect(), more)
}

#[tokio::test]
async fn a_log_is_read_in_order_from_any_place_on() {
    let table = MemoryTable::new();
    // Ten comes after nine, as numbers do and digits do not.
    for (epoch, number) in [(2, 0), (1, 0), (1, 10), (1, 9), (10, 3)] {
        events::put_chunk(&table, SESSION, &chunk(epoch, number), NOW).await.unwrap();
    }
    events::put_chunk(&table, SessionId::from_bits(8), &chunk(1, 1), NOW).await.unwrap();
    let all = [(1, 0), (1, 9), (1, 10), (2, 0), (10, 3)];
    let from = |epoch, number| Some(Place { epoch, number });
    assert_eq!(numbers(&table, None, 100, NOW).await, (all.to_vec(), false));
    assert_eq!(numbers(&table, None, 2, NOW).await, (all[..2].to_vec(), true));
    assert_eq!(numbers(&table, from(1, 9), 100, NOW).await, (all[1..].to_vec(), false));
    assert_eq!(numbers(&table, from(1, 10), 100, NOW).await, (all[2..].to_vec(), false));
    assert_eq!(numbers(&table, from(2, 0), 100, NOW).await, (all[3..].to_vec(), false));
    assert_eq!(numbers(&table, from(1, 0), 100, NOW).await, (all.to_vec(), false));
}

#[tokio::test]
async fn a_chunk_stays_as_it_is_and_goes_when_its_time_is_over() {
    let table = MemoryTable::new();
    let first = chunk(1, 0);
    events::put_chunk(&table, SESSION, &first, NOW).await.unwrap();
    let other = StoredChunk { bytes: vec![0], ..first };
    events::put_chunk(&table, SESSION, &other, NOW.plus_secs(1)).await.unwrap();
    let last = NOW.plus_secs(LOG_KEPT_S - 1);
    assert_eq!(numbers(&table, None, 100, last).await, (vec![(1, 0)], false));
    assert_eq!(numbers(&table, None, 100, NOW.plus_secs(LOG_KEPT_S)).await, (vec![], false));
}

#[tokio::test]
async fn a_row_that_is_no_chunk_is_told() {
    let table = MemoryTable::new();
    let key = |sk: &str| Key::new(TableName::Events, SESSION.to_string(), sk);
    let without_end = Write::put_item(key("0#0"), <_>::default(), Condition::Always);
    table.commit(Commit::one(without_end)).await.unwrap();
    assert_eq!(numbers(&table, None, 100, NOW).await, (vec![], false), "what does not say when it ends is over");
    let mut item = guildhall_storage::Item::default();
    item.insert("expires_at".to_owned(), guildhall_storage::AttributeValue::N("9999999999".to_owned()));
    table.commit(Commit::one(Write::put_item(key("1#1"), item, Condition::Always))).await.unwrap();
    assert!(events::chunks(&table, SESSION, None, 100, NOW).await.is_err());
}

fn violation(at: Timestamp, number: u32) -> ViolationRow {
    let violation = Violation {
        at,
        session_id: SESSION,
        session_epoch: 1,
        number,
        seat: 0,
        account_id: AccountId::from_bits(1),
        character_id: CharacterId::from_bits(2),
        kind: ViolationKind::ALL[0],
        count: number,
    };
    ViolationRow { violation, expires_at: events::violation_expiry(NOW) }
}

#[tokio::test]
async fn the_violations_of_a_day_are_read_in_order_of_time() {
    let table = MemoryTable::new();
    let all = [violation(Timestamp(999), 7), violation(NOW, 1), violation(NOW, 2)];
    for row in all.iter().rev() {
        events::put_violation(&table, DAY, row).await.unwrap();
    }
    let mut again = all[1].clone();
    again.violation.count = 99;
    events::put_violation(&table, DAY, &again).await.unwrap();
    let read =
        async |day, after: Option<&str>, limit, now| events::violations(&table, day, after, limit, now).await.unwrap();
    assert_eq!(read(DAY, None, 100, NOW).await, (all.to_vec(), false));
    assert_eq!(read(DAY, None, 2, NOW).await, (all[..2].to_vec(), true));
    assert_eq!(read(DAY, Some(&all[1].name()), 100, NOW).await, (all[2..].to_vec(), false));
    assert_eq!(read("2026-11-21", None, 100, NOW).await, (vec![], false));
    let last = NOW.plus_secs(VIOLATIONS_KEPT_S - 1);
    assert_eq!(read(DAY, None, 100, last).await.0.len(), 3);
    assert_eq!(read(DAY, None, 100, NOW.plus_secs(VIOLATIONS_KEPT_S)).await.0, []);
}
