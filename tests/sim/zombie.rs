//! A game sim that is stopped with players on it, for so long that they play on elsewhere, and then goes on as if nothing
//! had happened: a zombie. It is fenced, changes nothing, and has no answer for those who were its clients.

use crate::EXE;
use crate::page::Page;
use crate::program::Program;
use crate::scene::soon;
use guildhall_client::party::{MemberResult, PartyMember, PartyOptions, PartyProgress, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_domain::limits::{GAMESIM_LEASE_MS, TICK_MS};
use guildhall_domain::{Character, SessionId};
use guildhall_local::stack::{Signal, Stack, StackConfig};
use guildhall_protocol::netcode::PACKET_BYTES_MAX;
use guildhall_protocol::payload::Action;
use guildhall_storage::gamesims::GamesimRow;
use guildhall_storage::{characters, sessions};
use guildhall_tests::party::{DUNGEON, assert_holds, characters, ended, register};
use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often to look whether something has come about, in milliseconds.
const LOOK_MS: u64 = 50;
/// How long to listen for an answer that must not come, in milliseconds: ten ticks.
const SILENCE_MS: u64 = 10 * TICK_MS as u64;
/// Members of the party that plays; the last one is alone in a session of its own, with its socket in the open.
const PARTY: usize = 3;

fn has(row: &GamesimRow, session_id: SessionId) -> bool {
    row.sessions.contains_key(&session_id)
}

/// The game sim of this name, once it is as wanted.
async fn until(stack: &Stack, name: &str, is_so: impl Fn(&GamesimRow) -> bool) -> GamesimRow {
    loop {
        let rows = stack.gamesims().await.unwrap();
        if let Some(row) = rows.into_iter().find(|row| row.gamesim_id.as_str() == name && is_so(row)) {
            return row;
        }
        sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// Groups that a game sim has written.
async fn writes(page: &Page) -> u64 {
    page.total("progress_writes_total{", "\"applied\"").await
}

/// What belongs to somebody who stands still: their row, their session's, and how many game sims have given up a write.
async fn belongings(
    stack: &Stack,
    data: &Path,
    member: &PartyMember,
    session_id: SessionId,
) -> impl PartialEq + Debug + use<> {
    let row = characters::find(stack.table(), member.player.account_id(), member.character_id).await.unwrap().unwrap();
    (row, sessions::find(stack.table(), session_id).await.unwrap().unwrap(), dead_letters(data))
}

fn dead_letters(data: &Path) -> usize {
    let files = std::fs::read_dir(data).unwrap().flatten().filter(|file| {
        let name = file.file_name().to_string_lossy().into_owned();
        name.contains("dead-letters") && file.metadata().is_ok_and(|file| file.len() > 0)
    });
    files.count()
}

/// Sends what the program has to say at `now_ms` of its own clock, and whether anything came back.
async fn is_answered(program: &mut Program, now_ms: u64) -> bool {
    let mut datagram = [0; PACKET_BYTES_MAX];
    while program.socket.try_recv(&mut datagram).is_ok() {}
    for tick in 0..10 {
        program.client.push_input(0, 0, Action::None);
        program.client.handle_tick(now_ms + tick * u64::from(TICK_MS));
        while let Some(transmit) = program.client.poll_transmit() {
            program.socket.send(&transmit.bytes).await.unwrap();
            program.sent.push(transmit.bytes);
        }
    }
    timeout(Duration::from_millis(SILENCE_MS), program.socket.recv(&mut datagram)).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_is_fenced_changes_nothing_and_answers_nobody() {
    let folder = TempDir::new().unwrap();
    let stack = Stack::start(StackConfig::new(folder.path(), EXE)).await.unwrap();
    let api = Api::new(&stack.api_url()).unwrap();
    let members = register(&api).await;
    let before = characters(&members).await;

    // A party that gains what is written, and somebody beside it on the same game sim.
    let (stop, stopping) = watch::channel(false);
    let (sender, mut progress) = watch::channel(PartyProgress::default());
    let options = PartyOptions { progress: Some(sender), stop: Some(stopping), ..PartyOptions::default() };
    let party = members[..PARTY].to_vec();
    let playing = tokio::spawn(async move { play_dungeon(&api, &party, DUNGEON, options).await.unwrap() });
    let gains = |party: &PartyProgress| party.members.iter().map(|member| member.xp + member.gold).sum::<u64>();
    let under_way = |party: &PartyProgress| {
        party.members.len() == PARTY && party.members.iter().all(|member| member.xp > 0 && member.durable_seq > 0)
    };
    let session_id = soon("an adventure", progress.wait_for(under_way)).await.unwrap().session_id.unwrap();
    let PartyMember { player: lone, character_id } = &members[PARTY];
    let beside = lone.create_game_session(*character_id, DUNGEON).await.unwrap();
    let beside_id = beside.game_session.session_id;
    let mut left = Program::new(&beside).await;
    soon("the entry", left.enter()).await;
    let now_ms = left.now_ms();
    assert!(is_answered(&mut left, now_ms).await, "as long as it lives");

    let rows = stack.gamesims().await.unwrap();
    let zombie = rows.iter().find(|row| has(row, session_id)).expect("a host");
    assert!(has(zombie, beside_id), "the fullest game sim takes the next session");
    let (zombie, heir) = (zombie.gamesim_id.clone(), rows.iter().find(|row| !has(row, session_id)).unwrap());
    let (heir, zombie) = (heir.gamesim_id.as_str(), zombie.as_str());
    let page = Page::new(folder.path(), zombie);
    assert!(stack.kill_gamesim(zombie, Signal::STOP).await);

    // Everybody plays on elsewhere.
    soon("the move of the party", until(&stack, heir, |row| has(row, session_id))).await;
    let moved = lone.join_game_session(beside_id, *character_id).await.unwrap();
    assert!(has(&until(&stack, heir, |_| true).await, beside_id), "its game sim is as dead");
    let mut right = Program::new(&moved).await;
    soon("the entry elsewhere", right.enter()).await;
    let at_return = gains(&progress.borrow());
    soon("gains elsewhere", right.while_waiting(progress.wait_for(|party| gains(party) > at_return + 10)))
        .await
        .unwrap();

    // The zombie wakes up with rooms, players and unsaved changes.
    let untouched = belongings(&stack, folder.path(), &members[PARTY], beside_id).await;
    assert!(stack.kill_gamesim(zombie, Signal::CONT).await);
    let is_fenced = |row: &GamesimRow| row.lease_until > zombie_until(&rows, zombie) && row.load.sessions == 0;
    let fenced = soon("the fence", right.while_waiting(until(&stack, zombie, is_fenced))).await;
    assert!(fenced.sessions.is_empty(), "{fenced:?}");
    assert!(!is_answered(&mut left, now_ms + SILENCE_MS).await, "an answer from a game sim that has lost the session");
    let applied = writes(&page).await;
    soon("going on", right.until(|client| client.view().own_entity().is_some())).await;
    assert_eq!(belongings(&stack, folder.path(), &members[PARTY], beside_id).await, untouched);

    let at_fence = gains(&progress.borrow());
    soon("gains", right.while_waiting(progress.wait_for(|party| gains(party) > at_fence + 10))).await.unwrap();
    assert_eq!(writes(&page).await, applied, "the zombie still writes");
    stop.send_replace(true);
    let result = soon("the end", playing).await.unwrap();
    soon("the last writes", right.while_waiting(ended(&members[0].player, session_id))).await;
    assert_undisturbed(&before, &characters(&members).await, &result.members);
    let session = sessions::find(stack.table(), session_id).await.unwrap().unwrap();
    assert_eq!((session.epoch, session.gamesim_id.as_str()), (2, heir));
    stack.shutdown().await;
}

/// Everybody was away once, and has what they gained.
fn assert_undisturbed(before: &[Character], after: &[Character], members: &[MemberResult]) {
    assert_eq!(members.len(), PARTY);
    for ((before, after), member) in before.iter().zip(after).zip(members) {
        assert_eq!(member.outages.len(), 1, "the zombie's return disturbed somebody: {:?}", member.outages);
        assert!(member.outages[0].keeps_what_was_durable);
        assert_holds(before, after, member, u64::MAX);
    }
}

/// Until when the zombie's last heartbeat before its sleep can have counted.
fn zombie_until(rows: &[GamesimRow], name: &str) -> guildhall_domain::Timestamp {
    let row = rows.iter().find(|row| row.gamesim_id.as_str() == name).expect("it was there");
    row.lease_until.plus_millis(GAMESIM_LEASE_MS)
}
