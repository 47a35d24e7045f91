//! The transactions of the control plane against the in-memory table: what must hold whoever calls them and however often.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod fixtures;

use fixtures::{CAPACITY, NOW, Overtaken, character, gamesim, session};
use guildhall_domain::api::{Expulsion, GamesimLoad, GamesimState, WriteName};
use guildhall_domain::limits::{GAMESIM_KEPT_MS, SESSION_GIVEN_UP_MS, SESSION_ORPHAN_MS};
use guildhall_domain::progress::{CharacterWrite, GroupStatus, ProgressGroup};
use guildhall_domain::session::Outcome;
use guildhall_domain::{Character, HotState, Lease, Seat, SeatState, Session, SessionId, SessionState, Timestamp};
use guildhall_storage::characters::{self, CharacterRow};
use guildhall_storage::gamesims::{self, Beat, GamesimRow};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::reaper::{self, Reaped};
use guildhall_storage::sessions::{
    self, Closed, Closing, Hold, Newcomer, NotAdmitted, Relocated, Unplaced, Unseated, Waits, Whereabouts,
};
use guildhall_storage::{Action, Commit, CommitError, Condition, Key, Table, TableName, Write};

/// Places a session of one.
async fn allocate(
    table: &dyn Table,
    session: &Session,
    sim: &GamesimRow,
    row: &CharacterRow,
    lapsed: Option<&Session>,
    now: Timestamp,
) -> Result<Result<(), Unplaced>, CommitError> {
    let lapsed = lapsed.cloned().map(Box::new);
    sessions::allocate(table, session, sim, &[Newcomer { row: row.clone(), lapsed }], Waits::No, now).await
}

/// A table with one game sim, one character and their session, the player admitted.
async fn playing() -> (MemoryTable, GamesimRow, CharacterRow, Session) {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let row = character(&table, 1).await;
    let session = session(9, &sim, &row);
    allocate(&table, &session, &sim, &row, None, NOW).await.unwrap().unwrap();
    let owner = (row.character.account_id, row.character.character_id);
    sessions::admit(&table, session.clone(), 0, owner, NOW).await.unwrap().unwrap();
    let session = sessions::find(&table, session.session_id).await.unwrap().unwrap();
    (table, sim, row, session)
}

fn write(row: &CharacterRow, seq: u64, base_version: u64, gold: u64) -> ProgressGroup {
    let hot = HotState { gold, ..row.character.hot.clone() };
    let Character { character_id, account_id, .. } = row.character;
    ProgressGroup { writes: vec![CharacterWrite { character_id, account_id, seq, base_version, hot, release: false }] }
}

async fn stored(table: &dyn Table, row: &CharacterRow) -> CharacterRow {
    characters::find(table, row.character.account_id, row.character.character_id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_write_is_applied_once_and_recognises_itself() {
    let (table, _, row, session) = playing().await;
    let group = write(&row, 5, 1, 70);
    let apply = |group: ProgressGroup| {
        let (table, lease) = (&table, session.lease());
        async move { sessions::apply_group(table, &lease, &group).await.unwrap() }
    };
    assert_eq!(apply(group.clone()).await, GroupStatus::Applied);
    assert_eq!(apply(group).await, GroupStatus::Duplicate);
    assert_eq!(apply(write(&row, 6, 1, 80)).await, GroupStatus::Conflict);
    let now = stored(&table, &row).await;
    assert_eq!((now.character.version, now.character.hot.gold), (2, 70));
    assert_eq!(apply(write(&row, 6, 2, 90)).await, GroupStatus::Applied);
    assert_eq!(stored(&table, &row).await.character.version, 3);
}

#[tokio::test]
async fn a_lost_reply_to_the_last_write_is_still_recognised() {
    let (table, _, row, session) = playing().await;
    let mut group = write(&row, 1, 1, 70);
    group.writes[0].release = true;
    let lease = session.lease();
    assert_eq!(sessions::apply_group(&table, &lease, &group).await.unwrap(), GroupStatus::Applied);
    assert_eq!(stored(&table, &row).await.lease, None);
    let seat = sessions::find(&table, session.session_id).await.unwrap().unwrap().seats[0].clone().unwrap();
    assert_eq!(seat.state, SeatState::Left);
    assert_eq!(sessions::apply_group(&table, &lease, &group).await.unwrap(), GroupStatus::Duplicate);
    // A zombie that goes on writing is fenced, and changes nothing.
    assert_eq!(sessions::apply_group(&table, &lease, &write(&row, 2, 2, 99)).await.unwrap(), GroupStatus::Fenced);
    assert_eq!(stored(&table, &row).await.character.hot.gold, 70);
}

#[tokio::test]
async fn a_group_is_written_whole_or_not_at_all() {
    let (table, sim, first, session) = playing().await;
    let second = character(&table, 2).await;
    let other = self::session(10, &sim, &second);
    allocate(&table, &other, &sim, &second, None, NOW).await.unwrap().unwrap();
    let mut group = write(&first, 1, 1, 70);
    // The second character belongs to another session: the whole trade is fenced.
    group.writes.extend(write(&second, 1, 1, 5).writes);
    assert_eq!(sessions::apply_group(&table, &session.lease(), &group).await.unwrap(), GroupStatus::Fenced);
    assert_eq!(stored(&table, &first).await.character.version, 1);
}

#[tokio::test]
async fn the_last_place_is_given_once_and_never_twice() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let mut placed = 0;
    for bits in 1..=u128::from(CAPACITY) + 2 {
        let row = character(&table, bits).await;
        // Every caller decided on the same, empty row.
        match allocate(&table, &session(bits, &sim, &row), &sim, &row, None, NOW).await.unwrap() {
            Ok(()) => placed += 1,
            Err(unplaced) => assert_eq!(unplaced, Unplaced::Gamesim),
        }
    }
    assert_eq!(placed, CAPACITY);
    let row = gamesims::find(&table, &sim.gamesim_id, sim.epoch).await.unwrap().unwrap();
    assert_eq!(row.sessions.len(), CAPACITY as usize);
    assert!(!row.has_room(NOW));
}

#[tokio::test]
async fn a_character_is_in_one_live_session() {
    let (table, sim, row, _) = playing().await;
    let second = session(10, &sim, &row);
    let refused = allocate(&table, &second, &sim, &row, None, NOW).await.unwrap().unwrap_err();
    assert!(matches!(refused, Unplaced::Character(0, Some(_))), "{refused:?}");
    let lease = stored(&table, &row).await.lease.unwrap();
    assert_eq!(sessions::judge_lease(&table, &lease, row.character.character_id, NOW).await.unwrap(), Hold::Binds);
}

#[tokio::test]
async fn closing_frees_everything_and_is_idempotent() {
    let (table, sim, row, session) = playing().await;
    let closing = Closing::End(Outcome::Cleared);
    let closed = sessions::close(&table, session.clone(), closing, NOW).await.unwrap();
    assert!(matches!(closed, Closed::Done(_)), "{closed:?}");
    let again = sessions::close(&table, session.clone(), closing, NOW).await.unwrap();
    assert!(matches!(again, Closed::Already(_)), "{again:?}");
    assert_eq!(stored(&table, &row).await.lease, None);
    assert!(gamesims::find(&table, &sim.gamesim_id, sim.epoch).await.unwrap().unwrap().sessions.is_empty());
    let latest = sessions::find(&table, session.session_id).await.unwrap().unwrap();
    assert_eq!((latest.state, latest.outcome), (SessionState::Ended, Some(Outcome::Cleared)));
}

#[tokio::test]
async fn a_session_is_given_up_only_when_its_game_sim_is_dead() {
    let (table, _, row, session) = playing().await;
    let early = sessions::close(&table, session.clone(), Closing::Lose, NOW.plus_secs(5)).await.unwrap();
    assert_eq!(early, Closed::GamesimAlive);
    let lease = session.lease();
    let judge = async |at| sessions::judge_lease(&table, &lease, row.character.character_id, at).await.unwrap();
    let dead = NOW.plus_secs(6);
    assert_eq!(judge(dead).await, Hold::Binds, "it may still go on elsewhere");
    let later = dead.plus_millis(SESSION_GIVEN_UP_MS);
    assert_eq!(judge(Timestamp(later.0 - 1)).await, Hold::Binds);
    assert_eq!(judge(later).await, Hold::Over);
    assert_eq!(stored(&table, &row).await.lease, None);
    assert_eq!(sessions::find(&table, session.session_id).await.unwrap().unwrap().state, SessionState::Lost);
    assert_eq!(sessions::apply_group(&table, &lease, &write(&row, 1, 1, 9)).await.unwrap(), GroupStatus::Fenced);
}

#[tokio::test]
async fn a_new_boot_takes_the_name_and_the_old_ones_sessions_wait_to_go_on() {
    let (table, sim, row, session) = playing().await;
    let again = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    assert_eq!(again.epoch, 1, "the same boot keeps its epoch");
    let next = gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap().unwrap();
    assert_eq!((next.epoch, next.sessions.len()), (2, 0));
    let beat = gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Ready, &GamesimLoad::default(), &[], NOW)
        .await
        .unwrap();
    assert_eq!(beat, Beat::Fenced);
    let (_, whereabouts) = sessions::find_living(&table, session.session_id, NOW).await.unwrap().unwrap();
    assert_eq!(whereabouts, Whereabouts::Orphaned);
    // It goes on where it was, on the new boot: the zombie is fenced.
    let moved = sessions::relocate(&table, &session, &next, "127.0.0.1:5000", NOW).await.unwrap();
    let Relocated::Done(moved) = moved else { panic!("{moved:?}") };
    assert_eq!((moved.epoch, moved.gamesim_epoch, moved.state), (2, 2, SessionState::Reserved));
    assert_eq!(stored(&table, &row).await.lease, Some(moved.lease()));
    let late = sessions::apply_group(&table, &session.lease(), &write(&row, 1, 1, 9)).await.unwrap();
    assert_eq!(late, GroupStatus::Fenced);
    let boots = gamesims::list(&table).await.unwrap();
    let places: Vec<_> = boots.iter().map(|boot| (boot.epoch, boot.sessions.get(&session.session_id))).collect();
    assert_eq!(places, [(1, None), (2, Some(&2))]);
}

#[tokio::test]
async fn of_several_who_move_a_session_one_does() {
    let (table, _, row, session) = playing().await;
    let living = |name: &str| GamesimRow { lease_until: NOW.plus_secs(11), ..gamesim(name, "boot-1") };
    let second = gamesims::register(&table, living("sim-2"), NOW.plus_secs(5)).await.unwrap().unwrap();
    let third = gamesims::register(&table, living("sim-3"), NOW.plus_secs(5)).await.unwrap().unwrap();
    let move_to =
        async |to: &GamesimRow, at| sessions::relocate(&table, &session, to, "127.0.0.1:1", at).await.unwrap();
    assert_eq!(move_to(&second, NOW.plus_secs(5)).await, Relocated::GamesimAlive);
    let dead = NOW.plus_secs(6);
    let Relocated::Done(moved) = move_to(&second, dead).await else { panic!("not moved") };
    let Relocated::Changed(latest) = move_to(&third, dead).await else { panic!("moved twice") };
    assert_eq!(latest, moved);
    // The write that the session made before names itself to the game sim that goes on.
    let group = write(&row, 7, 1, 70);
    assert_eq!(sessions::apply_group(&table, &moved.lease(), &group).await.unwrap(), GroupStatus::Applied);
    let held = sessions::held_characters(&table, &moved).await.unwrap();
    assert_eq!((held.len(), held[0].seat, held[0].character.hot.gold), (1, 0, 70));
    assert_eq!(held[0].last_write, Some(WriteName { session_epoch: 2, seq: 7 }));
    // Nobody comes back: after their time the seats hold nothing, and its game sim closes the session.
    let late = dead.plus_secs(60);
    let closed = sessions::close(&table, *moved, Closing::End(Outcome::Expired), late).await.unwrap();
    assert!(matches!(closed, Closed::Done(_)), "{closed:?}");
    assert_eq!(stored(&table, &row).await.lease, None);
}

#[tokio::test]
async fn a_full_or_dead_game_sim_takes_no_orphan() {
    let (table, own, _, session) = playing().await;
    let mut small = gamesim("sim-2", "boot-1");
    (small.capacity, small.lease_until) = (1, NOW.plus_secs(11));
    let at = NOW.plus_secs(5);
    let small = gamesims::register(&table, small, at).await.unwrap().unwrap();
    let other = character(&table, 2).await;
    allocate(&table, &self::session(10, &small, &other), &small, &other, None, at).await.unwrap().unwrap();
    let moved = sessions::relocate(&table, &session, &small, "127.0.0.1:1", NOW.plus_secs(6)).await.unwrap();
    assert_eq!(moved, Relocated::Gamesim);
    // As a stale list shows it.
    let alive = GamesimRow { lease_until: NOW.plus_secs(60), ..own };
    let moved = sessions::relocate(&table, &session, &alive, "127.0.0.1:1", NOW.plus_secs(20)).await.unwrap();
    assert_eq!(moved, Relocated::Gamesim);
    let unchanged = sessions::find(&table, session.session_id).await.unwrap().unwrap();
    assert_eq!(unchanged, session);
}

#[tokio::test]
async fn the_reaper_gives_up_what_waited_in_vain_and_forgets_no_epoch() {
    let (table, sim, row, session) = playing().await;
    let reap = async |at| reaper::reap(&table, at).await.unwrap();
    let dead = NOW.plus_secs(6);
    assert_eq!(reap(dead).await, Reaped::default());
    let overdue = dead.plus_millis(SESSION_ORPHAN_MS);
    assert_eq!(reap(Timestamp(overdue.0 - 1)).await, Reaped::default(), "its players may have it placed");
    assert_eq!(reap(overdue).await, Reaped { orphans: vec![session.session_id], ..Reaped::default() });
    let hopeless = dead.plus_millis(SESSION_GIVEN_UP_MS);
    assert_eq!(reap(hopeless).await, Reaped { sessions_lost: 1, ..Reaped::default() });
    assert_eq!(reap(hopeless).await, Reaped::default());
    assert_eq!(stored(&table, &row).await.lease, None);
    assert_eq!(sessions::find(&table, session.session_id).await.unwrap().unwrap().state, SessionState::Lost);
    assert_eq!(reap(dead.plus_millis(GAMESIM_KEPT_MS)).await, Reaped { gamesims_removed: 1, ..Reaped::default() });
    assert_eq!(gamesims::find(&table, &sim.gamesim_id, 1).await.unwrap(), None);
    let back = gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap().unwrap();
    assert_eq!(back.epoch, 2, "an epoch is never used again");
}

#[tokio::test]
async fn an_expulsion_is_repeated_until_it_is_confirmed() {
    let (table, sim, row, _) = playing().await;
    let beat = async |obeyed: &[Expulsion]| {
        let load = GamesimLoad::default();
        let beat =
            gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Ready, &load, obeyed, NOW).await.unwrap();
        let Beat::Renewed(row) = beat else { panic!("fenced") };
        row.expelled.into_values().collect::<Vec<_>>()
    };
    let first = Expulsion { account_id: row.character.account_id, at: NOW };
    let second = Expulsion { at: NOW.plus_secs(1), ..first };
    assert!(gamesims::expel(&table, &sim.gamesim_id, 1, first).await.unwrap());
    assert_eq!(beat(&[]).await, [first]);
    assert!(gamesims::expel(&table, &sim.gamesim_id, 1, second).await.unwrap());
    assert_eq!(beat(&[first]).await, [second], "what came since stays");
    assert_eq!(beat(&[second, second]).await, []);
    gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap().unwrap();
    assert!(!gamesims::expel(&table, &sim.gamesim_id, 1, first).await.unwrap(), "that boot is over");
}

#[tokio::test]
async fn a_draining_game_sim_takes_nothing_new_and_never_goes_back() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    for state in [GamesimState::Draining, GamesimState::Ready] {
        let beat =
            gamesims::heartbeat(&table, &sim.gamesim_id, 1, state, &GamesimLoad::default(), &[], NOW).await.unwrap();
        let Beat::Renewed(row) = beat else { panic!("fenced") };
        assert_eq!(row.state, GamesimState::Draining);
    }
    let row = character(&table, 1).await;
    let refused = allocate(&table, &session(9, &sim, &row), &sim, &row, None, NOW).await.unwrap();
    assert_eq!(refused, Err(Unplaced::Gamesim));
}

#[tokio::test]
async fn an_arrival_after_the_seat_was_lost_is_refused() {
    let (table, sim, row, first) = playing().await;
    let mut group = write(&row, 1, 1, 0);
    group.writes[0].release = true;
    sessions::apply_group(&table, &first.lease(), &group).await.unwrap();
    let row = stored(&table, &row).await;
    allocate(&table, &session(10, &sim, &row), &sim, &row, None, NOW).await.unwrap().unwrap();
    let latest = sessions::find(&table, first.session_id).await.unwrap().unwrap();
    let owner = (row.character.account_id, row.character.character_id);
    let refused = sessions::admit(&table, latest, 0, owner, NOW).await.unwrap().unwrap_err();
    assert!(matches!(refused, NotAdmitted::Refused(_)), "{refused:?}");
}

/// A table with one game sim and a character whose reservation in a session has run out.
async fn lapsed() -> (MemoryTable, GamesimRow, CharacterRow, Session, Timestamp) {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let row = character(&table, 1).await;
    let session = session(9, &sim, &row);
    allocate(&table, &session, &sim, &row, None, NOW).await.unwrap().unwrap();
    let later = NOW.plus_secs(30);
    let load = GamesimLoad::default();
    let beat = gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Ready, &load, &[], later).await.unwrap();
    assert!(matches!(beat, Beat::Renewed(_)), "{beat:?}");
    let row = stored(&table, &row).await;
    (table, sim, row, session, later)
}

#[tokio::test]
async fn who_arrives_at_the_last_moment_is_not_torn_out_of_the_seat() {
    let (table, sim, row, first, later) = lapsed().await;
    let lease = row.lease.clone().unwrap();
    let hold = sessions::judge_lease(&table, &lease, row.character.character_id, later).await.unwrap();
    let Hold::Lapsed(seen) = hold else { panic!("{hold:?}") };
    // Between the judgement and the transaction the player is admitted after all.
    let owner = (row.character.account_id, row.character.character_id);
    sessions::admit(&table, first.clone(), 0, owner, later).await.unwrap().unwrap();
    let second = session(10, &sim, &row);
    let refused = allocate(&table, &second, &sim, &row, Some(&seen), later).await.unwrap().unwrap_err();
    assert_eq!(refused, Unplaced::Lapsed);
    let other_row = character(&table, 2).await;
    let other = session(11, &sim, &other_row);
    allocate(&table, &other, &sim, &other_row, None, later).await.unwrap().unwrap();
    let seat = Seat { reserved_until: later, ..first.seats[0].clone().unwrap() };
    let (next, _) = other.reserve(seat, later).unwrap();
    let refused = sessions::reserve(&table, &other, &next, &row, Some(&seen)).await.unwrap().unwrap_err();
    assert!(matches!(refused, Unseated::Character(Some(_))), "{refused:?}");
    assert_eq!(stored(&table, &row).await.lease, Some(lease));
}

#[tokio::test]
async fn who_reserves_anew_must_still_have_the_lease() {
    let (table, sim, row, first, later) = lapsed().await;
    let second = session(10, &sim, &row);
    allocate(&table, &second, &sim, &row, Some(&first), later).await.unwrap().unwrap();
    let (next, _) = first.reserve(first.seats[0].clone().unwrap(), later).unwrap();
    let refused = sessions::reserve(&table, &first, &next, &row, None).await.unwrap().unwrap_err();
    assert!(matches!(refused, Unseated::Character(Some(_))), "{refused:?}");
}

#[tokio::test]
async fn only_characters_that_exist_are_bound() {
    let table = MemoryTable::new();
    let sim = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap().unwrap();
    let row = character(&MemoryTable::new(), 1).await;
    let refused = allocate(&table, &session(9, &sim, &row), &sim, &row, None, NOW).await.unwrap();
    assert_eq!(refused, Err(Unplaced::Character(0, None)));
    assert_eq!(characters::find(&table, row.character.account_id, row.character.character_id).await.unwrap(), None);
}

#[tokio::test]
async fn a_group_of_which_a_part_could_still_be_written_was_not_written_before() {
    let (table, _, first, session) = playing().await;
    let second = character(&table, 2).await;
    let seat = Seat { character_id: second.character.character_id, ..session.seats[0].clone().unwrap() };
    let (next, _) = session.reserve(Seat { state: SeatState::Reserved, ..seat }, NOW).unwrap();
    sessions::reserve(&table, &session, &next, &second, None).await.unwrap().unwrap();
    let lease = session.lease();
    assert_eq!(sessions::apply_group(&table, &lease, &write(&first, 9, 1, 70)).await.unwrap(), GroupStatus::Applied);
    let mut group = write(&first, 8, 1, 60);
    group.writes.extend(write(&second, 7, 1, 5).writes);
    assert_eq!(sessions::apply_group(&table, &lease, &group).await.unwrap(), GroupStatus::Conflict);
    assert_eq!(stored(&table, &second).await.character.version, 1);
}

#[tokio::test]
async fn nobody_is_admitted_whose_lease_goes_meanwhile() {
    let (table, _, row, session, _) = lapsed().await;
    let Character { character_id, account_id, .. } = row.character;
    let elsewhere = Lease { session_id: SessionId::from_bits(10), ..session.lease() };
    let key = Key::new(TableName::Characters, account_id.to_string(), character_id.to_string());
    let take = Write::update(key, [Action::set_encoded("lease", &elsewhere).unwrap()], Condition::Exists);
    let table = Overtaken::by_write(table, take);
    let refused = sessions::admit(&table, session.clone(), 0, (account_id, character_id), NOW).await.unwrap();
    assert_eq!(refused, Err(NotAdmitted::LeaseLost));
    assert_eq!(sessions::find(&table, session.session_id).await.unwrap(), Some(session));
}

#[tokio::test]
async fn who_is_bound_elsewhere_is_not_brought_along_by_the_first_who_arrives_after_a_move() {
    let (table, _, row, session) = playing().await;
    let (bob, eve) = (character(&table, 2).await, character(&table, 3).await);
    let mut session = session;
    for other in [&bob, &eve] {
        let Character { character_id, account_id, .. } = other.character;
        let seat = Seat { character_id, account_id, state: SeatState::Reserved, ..session.seats[0].clone().unwrap() };
        let (next, _) = session.reserve(seat, NOW).unwrap();
        sessions::reserve(&table, &session, &next, other, None).await.unwrap().unwrap();
        session = next;
    }
    let living = GamesimRow { lease_until: NOW.plus_secs(11), ..gamesim("sim-2", "boot-1") };
    let second = gamesims::register(&table, living, NOW.plus_secs(5)).await.unwrap().unwrap();
    let dead = NOW.plus_secs(7);
    let Relocated::Done(moved) = sessions::relocate(&table, &session, &second, "127.0.0.1:9", dead).await.unwrap()
    else {
        panic!("the session stays")
    };
    // It cannot happen while the seat is held; should it ever, nobody is seated twice.
    let elsewhere = Lease { session_id: SessionId::from_bits(10), ..moved.lease() };
    let Character { character_id, account_id, .. } = eve.character;
    let key = Key::new(TableName::Characters, account_id.to_string(), character_id.to_string());
    let take = Write::update(key, [Action::set_encoded("lease", &elsewhere).unwrap()], Condition::Exists);
    table.commit(Commit::one(take)).await.unwrap();
    let owner = |row: &CharacterRow| (row.character.account_id, row.character.character_id);
    sessions::admit(&table, (*moved).clone(), 0, owner(&row), dead).await.unwrap().unwrap();
    let entered = sessions::find(&table, moved.session_id).await.unwrap().unwrap();
    let states: Vec<_> = entered.seats.iter().flatten().map(|seat| seat.state).collect();
    assert_eq!(states, [SeatState::Admitted, SeatState::Admitted, SeatState::Left]);
    // Whoever comes after the first changes nothing.
    sessions::admit(&table, entered.clone(), 1, owner(&bob), dead).await.unwrap().unwrap();
    assert_eq!(sessions::find(&table, moved.session_id).await.unwrap(), Some(entered));
}

#[tokio::test]
async fn a_release_sees_the_seat_that_its_character_takes_meanwhile() {
    let (table, _, row, session, later) = lapsed().await;
    let left = session.leave(row.character.character_id).unwrap();
    let key = || Key::new(TableName::Sessions, session.session_id.to_string(), "session");
    table.commit(Commit::one(Write::put(key(), &left, Condition::Exists).unwrap())).await.unwrap();
    let (held, _) = left.reserve(session.seats[0].clone().unwrap(), later).unwrap();
    let sit_down = Write::put(key(), &held, Condition::Exists).unwrap();
    let table = Overtaken::by_write(table, sit_down);
    let mut group = write(&row, 1, 1, 70);
    group.writes[0].release = true;
    assert_eq!(sessions::apply_group(&table, &session.lease(), &group).await.unwrap(), GroupStatus::Applied);
    let after = sessions::find(&table, session.session_id).await.unwrap().unwrap();
    assert_eq!((stored(&table, &row).await.lease, after.bound().count()), (None, 0));
    let written = group.writes[0].seq;
    assert_eq!(after.left, Some(WriteName { session_epoch: session.epoch, seq: written }));
}

#[tokio::test]
async fn a_session_remembers_the_greatest_last_write_of_those_who_have_left_it() {
    let (table, _, first, session) = playing().await;
    let second = character(&table, 2).await;
    let Character { character_id, account_id, .. } = second.character;
    let seat = Seat { character_id, account_id, ..session.seats[0].clone().unwrap() };
    let (joined, _) = session.reserve(seat, NOW).unwrap();
    sessions::reserve(&table, &session, &joined, &second, None).await.unwrap().unwrap();
    for (row, seq) in [(&first, 9), (&second, 4)] {
        let mut group = write(row, seq, 1, 70);
        group.writes[0].release = true;
        assert_eq!(sessions::apply_group(&table, &session.lease(), &group).await.unwrap(), GroupStatus::Applied);
        let after = sessions::find(&table, session.session_id).await.unwrap().unwrap();
        assert_eq!(after.left, Some(WriteName { session_epoch: session.epoch, seq: 9 }), "after write {seq}");
    }
}
