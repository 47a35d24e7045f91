//! Game sims that die in the middle of a dungeon: by SIGKILL, which they cannot prepare for, and by SIGTERM, which they can.

use crate::EXE;
use guildhall_client::party::{PartyMember, PartyOptions, PartyProgress, PartyResult, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_domain::{Character, SessionState};
use guildhall_local::stack::{Signal, Stack, StackConfig};
use guildhall_tests::party::{DUNGEON, assert_holds, characters, register};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

/// A party that was in the middle of a dungeon when a signal came.
struct Interrupted {
    stack: Stack,
    members: Vec<PartyMember>,
    before: Vec<Character>,
    result: PartyResult,
    _folder: TempDir,
}

/// Plays until everybody has durable progress and is making more, then sends the signal to the game sim that runs it.
async fn interrupt(signal: Signal) -> Interrupted {
    let folder = TempDir::new().unwrap();
    let stack = Stack::start(StackConfig::new(folder.path(), EXE)).await.unwrap();
    let api = Api::new(&stack.api_url()).unwrap();
    let members = register(&api).await;
    let before = characters(&members).await;
    let (sender, mut progress) = watch::channel(PartyProgress::default());
    let options = PartyOptions { progress: Some(sender), ..PartyOptions::default() };
    let playing = tokio::spawn({
        let (api, members) = (api.clone(), members.clone());
        async move { play_dungeon(&api, &members, DUNGEON, options).await.unwrap() }
    });
    let under_way = |party: &PartyProgress| {
        party.members.len() == 4
            && party.members.iter().all(|member| member.xp > 0 && member.durable_seq > 0 && member.gold > 0)
    };
    progress.wait_for(under_way).await.unwrap();
    let rows = stack.gamesims().await.unwrap();
    let host = rows.iter().find(|row| !row.sessions.is_empty()).expect("a game sim runs the session");
    assert!(stack.kill_gamesim(host.gamesim_id.as_str(), signal).await);
    let result = playing.await.unwrap();
    assert!(!result.is_cleared(), "the dungeon was over before the signal came");
    Interrupted { stack, members, before, result, _folder: folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sigkill_everything_up_to_the_durable_seq_is_there() {
    let Interrupted { stack, members, before, result, .. } = interrupt(Signal::KILL).await;
    let after = characters(&members).await;
    for ((before, after), member) in before.iter().zip(&after).zip(&result.members) {
        assert!(member.durable_gains().count() > 0, "{member:?}");
        assert_holds(before, after, member, member.durable_seq);
        // Nothing appears that the world never gave: at most what was gained, seen or not, in this run.
        assert!(after.hot.xp > before.hot.xp);
    }
    // Within the time in which the death is noticed, the same four can play again, on whichever game sim lives.
    let session = loop {
        match members[0].player.create_game_session(members[0].character_id, DUNGEON).await {
            Ok(placement) => break placement.game_session,
            Err(error) => {
                assert!(matches!(error.code(), Some("character_in_session" | "fleet_full")), "{error}");
            }
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    assert_eq!(session.state, SessionState::Reserved);
    let old = members[0].player.game_session(result.session_id).await.unwrap();
    assert_eq!(old.state, SessionState::Lost);
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sigterm_nothing_is_lost() {
    let Interrupted { stack, members, before, result, .. } = interrupt(Signal::TERM).await;
    let after = characters(&members).await;
    for ((before, after), member) in before.iter().zip(&after).zip(&result.members) {
        assert_holds(before, after, member, u64::MAX);
        assert_eq!(after.hot.xp, before.hot.xp + member.xp());
    }
    let session = members[0].player.game_session(result.session_id).await.unwrap();
    assert_eq!(session.state, SessionState::Ended, "{session:?}");
    stack.shutdown().await;
}
