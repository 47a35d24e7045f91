//! What was read is not what is stored any more when the write arrives: every condition that stands between the two, each by
//! a row that changed meanwhile.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod fixtures;

use fixtures::{NOW, Overtaken, character, gamesim, session};
use guildhall_domain::api::{GamesimLoad, GamesimState};
use guildhall_domain::session::Outcome;
use guildhall_domain::{CharacterId, CharacterName, Session, Timestamp};
use guildhall_storage::characters::{self, Changed, CharacterRow, Created, Roster};
use guildhall_storage::gamesims::{self, Beat, GamesimRow};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::sessions::{self, Closed, Closing, Newcomer, Relocated, Unplaced, Waits};
use guildhall_storage::{Condition, Key, Table, TableName, Write};

/// When the reservations of a new session are over.
const LAPSED: Timestamp = NOW.plus_secs(30);

/// A table with a game sim that lives until after [`LAPSED`], and a character.
async fn open() -> (MemoryTable, GamesimRow, CharacterRow) {
    let table = MemoryTable::new();
    let living = GamesimRow { lease_until: LAPSED.plus_secs(1), ..gamesim("sim-1", "boot-1") };
    let sim = gamesims::register(&table, living, NOW).await.unwrap().unwrap();
    let row = character(&table, 1).await;
    (table, sim, row)
}

async fn place(
    table: &dyn Table,
    session: &Session,
    sim: &GamesimRow,
    newcomer: Newcomer,
    now: Timestamp,
) -> Result<(), Unplaced> {
    sessions::allocate(table, session, sim, &[newcomer], Waits::No, now).await.unwrap()
}

fn alone(row: &CharacterRow) -> Newcomer {
    Newcomer { row: row.clone(), lapsed: None }
}

async fn stored(table: &dyn Table, row: &CharacterRow) -> CharacterRow {
    characters::find(table, row.character.account_id, row.character.character_id).await.unwrap().unwrap()
}

/// A session whose only seat lapsed, and the one that took its character over.
async fn taken_over(table: &MemoryTable, sim: &GamesimRow, row: &CharacterRow) -> (Session, Session) {
    let first = session(9, sim, row);
    place(table, &first, sim, alone(row), NOW).await.unwrap();
    let second = session(10, sim, row);
    let newcomer = Newcomer { row: stored(table, row).await, lapsed: Some(Box::new(first.clone())) };
    place(table, &second, sim, newcomer, LAPSED).await.unwrap();
    (first, second)
}

#[tokio::test]
async fn a_game_sim_that_died_meanwhile_takes_nothing() {
    let (table, sim, row) = open().await;
    let refused = place(&table, &session(9, &sim, &row), &sim, alone(&row), sim.lease_until).await;
    assert_eq!((refused, stored(&table, &row).await.lease), (Err(Unplaced::Gamesim), None));
}

#[tokio::test]
async fn of_two_boots_that_register_at_once_each_has_an_epoch_of_its_own() {
    let first = GamesimRow { epoch: 1, ..gamesim("sim-1", "boot-1") };
    let key = Key::new(TableName::Gamesims, "fleet", format!("sim-1#{:020}", first.epoch));
    let overtakes = Write::put(key, &first, Condition::NotExists).unwrap();
    let table = Overtaken::by_write(MemoryTable::new(), overtakes);
    let second = gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap().unwrap();
    assert_eq!((second.epoch, second.boot_id.as_str()), (2, "boot-2"));
    let before = gamesims::find(&table, &first.gamesim_id, 1).await.unwrap().unwrap();
    assert_eq!((before.boot_id.as_str(), before.state), ("boot-1", GamesimState::Gone));
}

#[tokio::test]
async fn a_heartbeat_brings_no_forgotten_boot_back() {
    let table = MemoryTable::new();
    let (id, load) = ("sim-1".parse().unwrap(), GamesimLoad::default());
    for state in [GamesimState::Ready, GamesimState::Draining, GamesimState::Gone] {
        let beat = gamesims::heartbeat(&table, &id, 7, state, &load, &[], NOW).await;
        assert_eq!(beat, Ok(Beat::Fenced), "{state:?}");
        assert_eq!(gamesims::find(&table, &id, 7).await, Ok(None));
    }
}

#[tokio::test]
async fn a_session_that_is_there_is_not_made_again() {
    let (table, sim, row) = open().await;
    let first = session(9, &sim, &row);
    place(&table, &first, &sim, alone(&row), NOW).await.unwrap();
    let other = character(&table, 2).await;
    let again = place(&table, &session(9, &sim, &other), &sim, alone(&other), NOW).await;
    assert_eq!(again, Err(Unplaced::Exists(Box::new(first.clone()))));
    assert_eq!(sessions::find(&table, first.session_id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_session_that_closes_gives_no_character_back_that_another_has() {
    let (table, sim, row) = open().await;
    let (first, second) = taken_over(&table, &sim, &row).await;
    let closed = sessions::close(&table, first, Closing::End(Outcome::Expired), LAPSED).await.unwrap();
    assert!(matches!(closed, Closed::Done(_)), "{closed:?}");
    assert_eq!(stored(&table, &row).await.lease, Some(second.lease()));
}

#[tokio::test]
async fn a_session_that_moves_takes_no_character_along_that_another_has() {
    let (table, sim, row) = open().await;
    let (first, second) = taken_over(&table, &sim, &row).await;
    let dead = sim.lease_until;
    let living = GamesimRow { lease_until: dead.plus_secs(6), ..gamesim("sim-2", "boot-1") };
    let to = gamesims::register(&table, living, dead).await.unwrap().unwrap();
    let moved = sessions::relocate(&table, &first, &to, "127.0.0.1:1", dead).await.unwrap();
    let Relocated::Done(moved) = moved else { panic!("{moved:?}") };
    assert_eq!((stored(&table, &row).await.lease, moved.bound().count()), (Some(second.lease()), 0));
}

#[tokio::test]
async fn an_intent_changes_no_character_that_a_session_took_meanwhile() {
    let (table, sim, row) = open().await;
    let session = session(9, &sim, &row);
    place(&table, &session, &sim, alone(&row), NOW).await.unwrap();
    let held = stored(&table, &row).await;
    assert_eq!(held.character.version, row.character.version, "the version does not tell");
    let mut next = row.clone();
    next.character.version += 1;
    next.character.hot.gold = 5;
    let changed = characters::change(&table, &row, next, None, Roster::Stays).await.unwrap();
    assert_eq!(changed, Changed::Refused(Some(Box::new(held.clone()))));
    assert_eq!(stored(&table, &row).await, held);
}

#[tokio::test]
async fn a_character_that_was_deleted_meanwhile_is_not_bound() {
    let (table, sim, row) = open().await;
    let mut deleted = row.clone();
    deleted.character.version += 1;
    deleted.character.deleted_at = Some(NOW);
    deleted.expires_at = Some(NOW.plus_secs(60).as_secs());
    assert_eq!(characters::change(&table, &row, deleted.clone(), None, Roster::Leaves).await.unwrap(), Changed::Done);
    let refused = place(&table, &session(9, &sim, &row), &sim, alone(&row), NOW).await;
    assert_eq!(refused, Err(Unplaced::Character(0, Some(Box::new(deleted)))));
}

#[tokio::test]
async fn a_character_that_came_meanwhile_is_counted() {
    let (table, _, row) = open().await;
    let another = |bits: u128| {
        let mut another = row.clone();
        another.character.character_id = CharacterId::from_bits(bits);
        another.character.name = CharacterName::parse(&format!("Another {bits}")).unwrap();
        another
    };
    let create = async |bits, roster| characters::create(&table, &another(bits), roster).await.unwrap();
    assert_eq!(create(2, 0).await, Created::RosterMoved, "the first has come since");
    assert_eq!(create(2, 1).await, Created::New);
    assert_eq!(create(3, 1).await, Created::RosterMoved);
    assert_eq!(characters::list(&table, row.character.account_id).await.unwrap().len(), 2);
}
