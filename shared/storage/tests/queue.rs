//! Parties that wait for a place: who counts, who came before whom, and that a party waits once or not at all.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod fixtures;

use fixtures::{NOW, Overtaken, character, gamesim, session};
use guildhall_domain::limits::{IDEMPOTENCY_RETENTION_S, QUEUE_PATIENCE_S};
use guildhall_domain::{AccountId, CharacterId, LoginSessionId, SessionId, Sitter, Timestamp};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::queue::{self, Entered, Request, Waiting};
use guildhall_storage::reaper::{self, Reaped};
use guildhall_storage::sessions::{self, Newcomer, Unplaced, Waits};
use guildhall_storage::{Commit, Condition, Key, Table, TableName, Write, gamesims};

/// The last moment at which a party counts that asked at [`NOW`], and the first at which it does not.
const LAST: Timestamp = Timestamp(NOW.0 + QUEUE_PATIENCE_S * 1_000 - 1);
const GONE: Timestamp = NOW.plus_secs(QUEUE_PATIENCE_S);
const CALLER: AccountId = AccountId::from_bits(1);
const STRANGER: AccountId = AccountId::from_bits(2);

fn party(bits: u128, at: Timestamp) -> Waiting {
    Waiting {
        session_id: SessionId::from_bits(bits),
        account_id: CALLER,
        content_version: "0".into(),
        build_version: None,
        since: at,
        polled_at: at,
        expires_at: queue::row_expiry(at),
    }
}

fn wish(dungeon_id: &str) -> Request {
    let sitter = Sitter {
        account_id: CALLER,
        character_id: CharacterId::from_bits(1),
        login_session_id: LoginSessionId::from_bits(1),
    };
    Request { dungeon_id: dungeon_id.into(), fingerprint: "f".into(), party: vec![sitter], expires_at: 7 }
}

async fn waiting(table: &dyn Table) -> Vec<Waiting> {
    let looked = queue::look(table).await.unwrap().waiting;
    assert_eq!(queue::glance(table).await.unwrap(), looked);
    looked
}

#[test]
fn a_party_counts_as_long_as_it_asks() {
    let party = party(9, NOW);
    assert!(party.lives(NOW) && party.lives(LAST) && !party.lives(GONE));
    assert_eq!(party.expires_at, NOW.as_secs() + IDEMPOTENCY_RETENTION_S);
}

#[test]
fn who_came_first_is_first_among_those_who_want_the_same() {
    let (first, second) = (party(1, NOW), party(2, NOW));
    let later = Waiting { polled_at: NOW, ..party(0, NOW.plus_secs(1)) };
    assert!(first.is_before(&second) && second.is_before(&later) && first.is_before(&later));
    assert!(!second.is_before(&first) && !later.is_before(&first) && !first.is_before(&first));
    let other_content = Waiting { content_version: "1".into(), ..first.clone() };
    let other_build = Waiting { build_version: Some("b".into()), ..first.clone() };
    assert!(first.wants_same(&later) && !first.wants_same(&other_content) && !first.wants_same(&other_build));
    let all = [first.clone(), second.clone(), later.clone(), other_content, other_build];
    assert_eq!([&first, &second, &later].map(|party| party.count_older(&all, NOW)), [0, 1, 2]);
    assert_eq!(later.count_older(&all, GONE), 0, "who has stopped asking is not in the way");
}

#[tokio::test]
async fn a_party_waits_once_and_begins_anew_when_it_had_stopped() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let first = party(9, NOW);
    assert_eq!(queue::enter(&table, &first, &wish("a")).await.unwrap(), Entered::Waits);
    let again = party(9, LAST);
    assert_eq!(queue::enter(&table, &again, &wish("b")).await.unwrap(), Entered::Already);
    assert_eq!(waiting(&table).await, std::slice::from_ref(&first));
    assert_eq!(queue::request(&table, first.session_id).await.unwrap(), Some(wish("a")));
    let anew = party(9, GONE);
    assert_eq!(queue::enter(&table, &anew, &wish("c")).await.unwrap(), Entered::Waits);
    assert_eq!(waiting(&table).await, [anew]);
    assert_eq!(queue::request(&table, first.session_id).await.unwrap(), Some(wish("c")));
    // Neither is taken for the other.
    let fleet = gamesims::list(&table).await.unwrap();
    assert_eq!(fleet, [sim]);
}

#[tokio::test]
async fn a_party_that_was_placed_does_not_wait() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let row = character(&table, 1).await;
    let session = session(9, &sim, &row);
    let newcomer = || [Newcomer { row: row.clone(), lapsed: None }];
    assert_eq!(queue::enter(&table, &party(9, NOW), &wish("a")).await.unwrap(), Entered::Waits);
    sessions::allocate(&table, &session, &sim, &newcomer(), Waits::Yes, NOW).await.unwrap().unwrap();
    assert_eq!(waiting(&table).await, []);
    assert_eq!(queue::request(&table, session.session_id).await.unwrap(), None);
    assert_eq!(queue::enter(&table, &party(9, NOW), &wish("a")).await.unwrap(), Entered::Placed);
    assert_eq!(waiting(&table).await, []);
}

/// Two arrivals of one request: to the one, the fleet had room; to the other, it was full.
#[tokio::test]
async fn a_party_that_is_told_to_wait_while_it_is_placed_does_not() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let row = character(&table, 1).await;
    let newcomer = [Newcomer { row: row.clone(), lapsed: None }];
    assert_eq!(queue::enter(&table, &party(9, NOW), &wish("a")).await.unwrap(), Entered::Waits);
    assert_eq!(queue::enter(&table, &party(8, NOW), &wish("a")).await.unwrap(), Entered::Waits);
    sessions::allocate(&table, &session(9, &sim, &row), &sim, &newcomer, Waits::No, NOW).await.unwrap().unwrap();
    assert_eq!(waiting(&table).await, [party(8, NOW)]);
}

#[tokio::test]
async fn a_party_that_has_left_is_not_placed() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let row = character(&table, 1).await;
    let newcomer = [Newcomer { row: row.clone(), lapsed: None }];
    let session = session(9, &sim, &row);
    let refused = sessions::allocate(&table, &session, &sim, &newcomer, Waits::Yes, NOW).await.unwrap();
    assert_eq!(refused, Err(Unplaced::Left));
    assert_eq!(sessions::find(&table, session.session_id).await.unwrap(), None);
    sessions::allocate(&table, &session, &sim, &newcomer, Waits::No, NOW).await.unwrap().unwrap();
}

#[tokio::test]
async fn only_who_asked_keeps_a_party_waiting_and_only_in_time() {
    let table = MemoryTable::new();
    let entered = party(9, NOW);
    queue::enter(&table, &entered, &wish("a")).await.unwrap();
    let id = entered.session_id;
    assert_eq!(queue::touch(&table, id, STRANGER, "1", NOW).await.unwrap(), None);
    assert_eq!(queue::touch(&table, SessionId::from_bits(8), CALLER, "1", NOW).await.unwrap(), None);
    let touched = Waiting { content_version: "1".into(), since: NOW, ..party(9, LAST) };
    assert_eq!(queue::touch(&table, id, CALLER, "1", LAST).await.unwrap(), Some(touched.clone()));
    assert_eq!(waiting(&table).await, std::slice::from_ref(&touched));
    let late = LAST.plus_secs(QUEUE_PATIENCE_S);
    assert_eq!(queue::touch(&table, id, CALLER, "1", late).await.unwrap(), None);
    assert_eq!(waiting(&table).await, [touched]);
}

#[tokio::test]
async fn only_who_asked_takes_a_party_out_of_the_queue() {
    let table = MemoryTable::new();
    let entered = party(9, NOW);
    queue::enter(&table, &entered, &wish("a")).await.unwrap();
    assert!(!queue::leave(&table, entered.session_id, STRANGER).await.unwrap());
    assert_eq!(waiting(&table).await, std::slice::from_ref(&entered));
    assert!(queue::leave(&table, entered.session_id, CALLER).await.unwrap());
    assert_eq!(waiting(&table).await, []);
    assert_eq!(queue::request(&table, entered.session_id).await.unwrap(), None);
    assert!(!queue::leave(&table, entered.session_id, CALLER).await.unwrap());
}

#[tokio::test]
async fn the_reaper_forgets_who_has_stopped_asking_and_nobody_else() {
    let table = MemoryTable::new();
    for bits in [8, 9] {
        queue::enter(&table, &party(bits, NOW), &wish("a")).await.unwrap();
    }
    queue::enter(&table, &party(10, LAST), &wish("a")).await.unwrap();
    assert_eq!(reaper::reap(&table, LAST).await.unwrap(), Reaped::default());
    // One of them asks again before its row goes.
    let key = Key::new(TableName::Gamesims, "fleet", format!("~{}", SessionId::from_bits(8)));
    let back = party(8, GONE);
    let table = Overtaken::by_write(table, Write::put(key, &back, Condition::Exists).unwrap());
    assert_eq!(reaper::reap(&table, GONE).await.unwrap(), Reaped { parties_removed: 1, ..Reaped::default() });
    assert_eq!(waiting(&table).await, [back, party(10, LAST)]);
}

#[tokio::test]
async fn what_is_no_party_is_not_taken_for_one() {
    let table = MemoryTable::new();
    let key = Key::new(TableName::Gamesims, "fleet", "~broken");
    table.commit(Commit::one(Write::put_item(key, <_>::default(), Condition::NotExists))).await.unwrap();
    assert!(queue::look(&table).await.is_err() && queue::glance(&table).await.is_err());
}
