//! The registry of game sims: when a boot counts, what a look at the fleet shows of it, and what outlives it.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod fixtures;

use fixtures::{CAPACITY, NOW, character, gamesim, session};
use guildhall_domain::api::{Expulsion, GamesimLoad, GamesimState};
use guildhall_domain::limits::{EXPULSIONS_PER_GAMESIM_MAX, GAMESIM_KEPT_MS, SESSION_GIVEN_UP_MS, SESSION_ORPHAN_MS};
use guildhall_domain::{AccountId, SessionId, Timestamp};
use guildhall_storage::gamesims::{self, Beat, GamesimRow};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::queue;
use guildhall_storage::reaper::{self, Reaped};
use guildhall_storage::sessions::{self, Hold, Newcomer, Relocated, Waits, Whereabouts};
use guildhall_storage::{Commit, CommitError, Condition, Key, Table, TableName, Write};

fn before(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - 1)
}

async fn place(table: &dyn Table, bits: u128, sim: &GamesimRow, zone: Option<&str>) {
    let row = character(table, bits).await;
    let mut session = session(bits, sim, &row);
    if let Some(zone) = zone {
        (session.in_zone, session.dungeon_id) = (true, zone.into());
    }
    let party = [Newcomer { row, lapsed: None }];
    sessions::allocate(table, &session, sim, &party, Waits::No, NOW).await.unwrap().unwrap();
}

#[test]
fn a_boot_counts_until_its_lease_ends_and_is_given_up_in_two_steps() {
    let row = gamesim("sim-1", "boot-1");
    let end = row.lease_until;
    let (overdue, hopeless) = (end.plus_millis(SESSION_ORPHAN_MS), end.plus_millis(SESSION_GIVEN_UP_MS));
    assert!(row.is_alive(before(end)) && !row.is_alive(end));
    assert!(!row.is_overdue(before(overdue)) && row.is_overdue(overdue));
    assert!(!row.is_past_hope(before(hopeless)) && row.is_past_hope(hopeless));
    let gone = GamesimRow { state: GamesimState::Gone, ..row.clone() };
    assert!(!gone.is_alive(NOW) && !gone.is_overdue(before(overdue)) && gone.is_overdue(overdue));
    let draining = GamesimRow { state: GamesimState::Draining, ..row.clone() };
    assert!(draining.is_alive(NOW) && !draining.has_room(NOW));
    assert!(row.has_room(before(end)) && !row.has_room(end));
}

#[test]
fn the_room_of_a_boot_is_what_its_sessions_leave() {
    let mut row = gamesim("sim-1", "boot-1");
    for taken in 0..CAPACITY as usize {
        assert_eq!((row.room(), row.has_room(NOW)), (CAPACITY as usize - taken, true));
        row.sessions.insert(SessionId::from_bits(taken as u128), 1);
    }
    assert_eq!((row.room(), row.has_room(NOW)), (0, false));
    // A boot that says less than it has.
    row.capacity = 1;
    assert_eq!(row.room(), 0);
}

#[tokio::test]
async fn a_look_at_the_fleet_shows_room_and_who_is_in_which_zone() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let looked = async || queue::look(&table).await.unwrap().gamesims.pop().unwrap();
    let fresh = looked().await;
    assert_eq!((fresh.sessions, fresh.room(NOW), fresh.parties_in("moor")), (0, CAPACITY as usize, 0));
    place(&table, 1, &sim, Some("moor")).await;
    place(&table, 2, &sim, None).await;
    place(&table, 3, &sim, Some("moor")).await;
    let full = looked().await;
    assert_eq!((full.sessions, full.room(NOW)), (3, 0));
    assert_eq!((full.parties_in("moor"), full.parties_in("heath")), (2, 0));
    let row = gamesims::find_latest(&table, &sim.gamesim_id).await.unwrap().unwrap();
    assert_eq!(full.facts.gamesim_id, row.gamesim_id);
    assert_eq!(full.row().unwrap(), row);
    // Neither a boot that drains nor one that is dead has room.
    assert_eq!((fresh.room(before(sim.lease_until)), fresh.room(sim.lease_until)), (CAPACITY as usize, 0));
    let load = GamesimLoad::default();
    gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Draining, &load, &[], NOW).await.unwrap();
    assert_eq!(looked().await.room(NOW), 0);
}

#[tokio::test]
async fn sessions_of_the_dead_are_orphans_until_they_are_given_up() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let looked = async || queue::look(&table).await.unwrap().gamesims.pop().unwrap();
    place(&table, 1, &sim, None).await;
    place(&table, 2, &sim, None).await;
    let (end, given_up) = (sim.lease_until, sim.lease_until.plus_millis(SESSION_GIVEN_UP_MS));
    let listed = looked().await;
    assert_eq!([before(end), end, before(given_up), given_up].map(|now| listed.orphans(now)), [0, 2, 2, 0]);
    // One that has said goodbye with sessions left is dead before its lease ends.
    let load = GamesimLoad::default();
    gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Gone, &load, &[], NOW).await.unwrap();
    let (gone, end) = (looked().await, looked().await.facts.lease_until);
    assert_eq!(gone.facts.state, GamesimState::Gone);
    assert_eq!([NOW, end.plus_millis(SESSION_GIVEN_UP_MS)].map(|now| gone.orphans(now)), [2, 0]);
}

#[tokio::test]
async fn the_latest_boot_is_found_by_name_and_a_name_is_not_the_start_of_another() {
    let table = MemoryTable::new();
    for boot in ["boot-1", "boot-2"] {
        gamesims::register(&table, gamesim("sim-1", boot), NOW).await.unwrap().unwrap();
    }
    gamesims::register(&table, gamesim("sim-10", "boot-9"), NOW).await.unwrap().unwrap();
    let latest = async |name: &str| gamesims::find_latest(&table, &name.parse().unwrap()).await.unwrap();
    assert_eq!(latest("sim-1").await.map(|row| (row.epoch, row.boot_id)), Some((2, "boot-2".to_owned())));
    assert_eq!(latest("sim-10").await.map(|row| row.epoch), Some(1));
    assert_eq!(latest("sim-2").await, None);
}

#[tokio::test]
async fn a_boot_that_another_has_followed_does_not_come_back() {
    let table = MemoryTable::new();
    let register = async |boot: &str| gamesims::register(&table, gamesim("sim-1", boot), NOW).await.unwrap();
    for (number, boot) in (1..).zip(["boot-1", "boot-2", "boot-3"]) {
        assert_eq!(register(boot).await.map(|row| row.epoch), Some(number));
    }
    let fleet = gamesims::list(&table).await.unwrap();
    assert_eq!((register("boot-1").await, register("boot-2").await), (None, None));
    assert_eq!(gamesims::list(&table).await.unwrap(), fleet);
    let states: Vec<_> = fleet.iter().map(|row| row.state).collect();
    assert_eq!(states, [GamesimState::Gone, GamesimState::Gone, GamesimState::Ready]);
}

#[tokio::test]
async fn a_goodbye_ends_the_lease_at_once_and_may_be_said_twice() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let load = GamesimLoad::default();
    for _ in 0..2 {
        let beat = gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Gone, &load, &[], NOW).await.unwrap();
        let Beat::Renewed(row) = beat else { panic!("fenced") };
        assert_eq!((row.state, row.lease_until), (GamesimState::Gone, NOW));
    }
    let beat = gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Ready, &load, &[], NOW).await.unwrap();
    assert_eq!(beat, Beat::Fenced);
    // The next boot finds nothing to close, and the lease stays as it ended.
    gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW.plus_secs(9)).await.unwrap().unwrap();
    let first = gamesims::find(&table, &sim.gamesim_id, 1).await.unwrap().unwrap();
    assert_eq!(first.lease_until, NOW);
}

#[tokio::test]
async fn nobody_is_expelled_from_a_boot_that_hears_of_too_many_already() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let expel = async |bits: u128| {
        let expulsion = Expulsion { account_id: AccountId::from_bits(bits), at: NOW };
        gamesims::expel(&table, &sim.gamesim_id, 1, expulsion).await
    };
    for bits in 0..EXPULSIONS_PER_GAMESIM_MAX as u128 {
        assert_eq!(expel(bits).await, Ok(true));
    }
    assert_eq!(expel(1_000).await, Err(CommitError::Conflict));
    let nowhere =
        gamesims::expel(&table, &sim.gamesim_id, 2, Expulsion { account_id: AccountId::from_bits(1), at: NOW });
    assert_eq!(nowhere.await, Ok(false));
}

#[tokio::test]
async fn a_place_whose_session_has_gone_is_freed() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    for bits in [1, 2] {
        place(&table, bits, &sim, Some("moor")).await;
    }
    let key = Key::new(TableName::Sessions, SessionId::from_bits(1).to_string(), "session");
    table.commit(Commit::one(Write::delete(key, Condition::Exists))).await.unwrap();
    let hopeless = sim.lease_until.plus_millis(SESSION_GIVEN_UP_MS);
    assert_eq!(reaper::reap(&table, hopeless).await.unwrap(), Reaped { sessions_lost: 1, ..Reaped::default() });
    let row = gamesims::find(&table, &sim.gamesim_id, 1).await.unwrap().unwrap();
    assert!(row.sessions.is_empty() && row.zones.is_empty(), "{row:?}");
    let old = sim.lease_until.plus_millis(GAMESIM_KEPT_MS);
    assert_eq!(reaper::reap(&table, before(old)).await.unwrap(), Reaped::default());
    assert_eq!(reaper::reap(&table, old).await.unwrap(), Reaped { gamesims_removed: 1, ..Reaped::default() });
}

#[tokio::test]
async fn a_session_is_running_orphaned_or_over() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    place(&table, 1, &sim, None).await;
    let at = async |now| sessions::find_living(&table, SessionId::from_bits(1), now).await.unwrap().unwrap().1;
    let last = before(sim.lease_until);
    assert!(matches!(at(last).await, Whereabouts::Running(row) if row.gamesim_id == sim.gamesim_id));
    let hopeless = sim.lease_until.plus_millis(SESSION_GIVEN_UP_MS);
    assert_eq!(at(sim.lease_until).await, Whereabouts::Orphaned);
    assert_eq!(at(before(hopeless)).await, Whereabouts::Orphaned);
    assert_eq!(at(hopeless).await, Whereabouts::Over);
    assert_eq!(at(NOW).await, Whereabouts::Over, "it is over for good");
    let unknown = sessions::find_living(&table, SessionId::from_bits(7), NOW).await;
    assert_eq!(unknown, Ok(None));
}

#[tokio::test]
async fn a_lease_of_an_earlier_placement_is_worth_nothing() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    place(&table, 1, &sim, None).await;
    let dead = sim.lease_until;
    let living = GamesimRow { lease_until: dead.plus_secs(6), ..gamesim("sim-2", "boot-1") };
    let to = gamesims::register(&table, living, dead).await.unwrap().unwrap();
    let before = sessions::find(&table, SessionId::from_bits(1)).await.unwrap().unwrap();
    let moved = sessions::relocate(&table, &before, &to, "127.0.0.1:1", dead).await.unwrap();
    let Relocated::Done(after) = moved else { panic!("{moved:?}") };
    let character_id = after.seats[0].as_ref().unwrap().character_id;
    let worth = async |lease| sessions::judge_lease(&table, &lease, character_id, dead).await.unwrap();
    assert_eq!((worth(before.lease()).await, worth(after.lease()).await), (Hold::Over, Hold::Binds));
}
