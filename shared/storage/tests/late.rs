//! Calls that come late: what they read is not what is stored any more, and nothing of what is stored may suffer for it.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod fixtures;

use fixtures::{NOW, Overtaken, character, gamesim, session};
use guildhall_domain::api::{GamesimLoad, GamesimState};
use guildhall_domain::limits::GAMESIM_KEPT_MS;
use guildhall_domain::session::Outcome;
use guildhall_domain::{SeatState, Session, SessionState, Timestamp};
use guildhall_storage::Table;
use guildhall_storage::characters::CharacterRow;
use guildhall_storage::gamesims::{self, GamesimRow};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::reaper::{self, Reaped};
use guildhall_storage::sessions::{self, Closed, Closing, Newcomer, NotAdmitted, Relocated, Waits};

/// When the first game sim is dead.
const DEAD: Timestamp = NOW.plus_secs(6);

/// A session of one on its first game sim, the character that it holds, and another game sim that it can go to.
async fn placed() -> (MemoryTable, CharacterRow, Session, GamesimRow) {
    let table = MemoryTable::new();
    let first = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let row = character(&table, 1).await;
    let session = session(9, &first, &row);
    let party = [Newcomer { row: row.clone(), lapsed: None }];
    sessions::allocate(&table, &session, &first, &party, Waits::No, NOW).await.unwrap().unwrap();
    let living = GamesimRow { lease_until: DEAD.plus_secs(6), ..gamesim("sim-2", "boot-1") };
    let second = gamesims::register(&table, living, DEAD).await.unwrap().unwrap();
    (table, row, session, second)
}

async fn move_to(table: &dyn Table, session: &Session, to: &GamesimRow) -> Session {
    let moved = sessions::relocate(table, session, to, "127.0.0.1:1", DEAD).await.unwrap();
    let Relocated::Done(moved) = moved else { panic!("{moved:?}") };
    *moved
}

#[tokio::test]
async fn who_ran_a_session_before_it_moved_does_not_end_it() {
    let (table, _, before, second) = placed().await;
    let after = move_to(&table, &before, &second).await;
    // The game sim was its own when the function read it, and is not when it writes.
    let closed = sessions::close(&table, before, Closing::End(Outcome::Cleared), DEAD).await.unwrap();
    assert_eq!(closed, Closed::Moved);
    assert_eq!(sessions::find(&table, after.session_id).await.unwrap().unwrap(), after);
    let gamesim = gamesims::find(&table, &after.gamesim_id, after.gamesim_epoch).await.unwrap().unwrap();
    assert_eq!(gamesim.sessions.len(), 1);
}

#[tokio::test]
async fn who_ran_a_session_before_it_moved_admits_nobody_to_it() {
    let (table, row, before, second) = placed().await;
    let table = {
        let before = before.clone();
        Overtaken::by(table, move |table| Box::pin(async move { drop(move_to(table, &before, &second).await) }))
    };
    let owner = (row.character.account_id, row.character.character_id);
    let admitted = sessions::admit(&table, before.clone(), 0, owner, DEAD).await.unwrap();
    assert_eq!(admitted, Err(NotAdmitted::LeaseLost));
    let stored = sessions::find(&table, before.session_id).await.unwrap().unwrap();
    assert_eq!((stored.epoch, stored.state), (2, SessionState::Reserved));
    assert_eq!(stored.seats[0].as_ref().unwrap().state, SeatState::Reserved);
}

#[tokio::test]
async fn an_epoch_is_not_used_again_while_an_earlier_boot_is_remembered() {
    let table = MemoryTable::new();
    let first = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let second = gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap().unwrap();
    assert_eq!((first.epoch, second.epoch), (1, 2));
    // The first boot's last words come again, late: its row stays for another hour, and the second one's goes.
    let late = second.lease_until.plus_millis(GAMESIM_KEPT_MS);
    let (id, load) = (&first.gamesim_id, GamesimLoad::default());
    gamesims::heartbeat(&table, id, 1, GamesimState::Gone, &load, &[], late).await.unwrap();
    assert_eq!(reaper::reap(&table, late).await.unwrap(), Reaped { gamesims_removed: 1, ..Reaped::default() });
    assert!(gamesims::find(&table, id, 2).await.unwrap().is_none());
    let third = gamesims::register(&table, gamesim("sim-1", "boot-3"), late).await.unwrap().unwrap();
    assert_eq!(third.epoch, 3);
}
