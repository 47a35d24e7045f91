//! Game sims that die in the middle of a dungeon: by SIGKILL, which they cannot prepare for, and by SIGTERM, which they can.

use crate::EXE;
use guildhall_client::party::{PartyMember, PartyOptions, PartyProgress, PartyResult, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_domain::session::Outcome;
use guildhall_domain::{Character, SessionState};
use guildhall_local::stack::{Signal, Stack, StackConfig};
use guildhall_storage::sessions;
use guildhall_tests::party::{DUNGEON, assert_holds, characters, ended, register};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

/// How long it may take until a session has been taken over and closed: its lease, the time that its players are given, what is
/// between two clean-ups and between two heartbeats, and the time that the next game sim gives them; twice.
const TAKEN_OVER_MAX: Duration = Duration::from_secs(140);

/// A party that was in the middle of a dungeon when a signal came.
struct Interrupted {
    stack: Stack,
    members: Vec<PartyMember>,
    before: Vec<Character>,
    result: PartyResult,
    _folder: TempDir,
}

/// Plays until everybody has durable progress and is making more, then sends the signal to the game sim that runs it. Who has
/// lost the connection comes back, or does not.
async fn interrupt(signal: Signal, comes_back: bool) -> Interrupted {
    let folder = TempDir::new().unwrap();
    let stack = Stack::start(StackConfig::new(folder.path(), EXE)).await.unwrap();
    let api = Api::new(&stack.api_url()).unwrap();
    let members = register(&api).await;
    let before = characters(&members).await;
    let (sender, mut progress) = watch::channel(PartyProgress::default());
    let mut options = PartyOptions { progress: Some(sender), ..PartyOptions::default() };
    if !comes_back {
        options.rejoins_in_a_row_max = 0;
    }
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
    Interrupted { stack, members, before, result, _folder: folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sigkill_the_party_plays_on_elsewhere_and_loses_nothing_durable() {
    let Interrupted { stack, members, before, result, .. } = interrupt(Signal::KILL, true).await;
    assert!(result.is_cleared(), "{:?}", result.members.iter().map(|member| &member.ending).collect::<Vec<_>>());
    let view = ended(&members[0].player, result.session_id).await;
    assert_eq!((view.state, view.outcome), (SessionState::Ended, Some(Outcome::Cleared)));
    let session = sessions::find(stack.table(), result.session_id).await.unwrap().unwrap();
    assert_eq!((session.epoch, session.former.len()), (2, 1), "it went on under the next epoch");
    let after = characters(&members).await;
    for ((before, after), member) in before.iter().zip(&after).zip(&result.members) {
        assert!(!member.outages.is_empty(), "{member:?}");
        assert!(member.outages.iter().all(|outage| outage.keeps_what_was_durable), "{:?}", member.outages);
        assert_holds(before, after, member, u64::MAX);
        // No item twice: what is carried was handed out by a world that every member saw.
        let carried: u64 = after.hot.inventory.iter().map(|stack| u64::from(stack.quantity)).sum();
        assert!(carried >= member.items() && after.hot.dungeons_cleared == 1, "{member:?}");
    }
    stack.shutdown().await;
}

/// What only a checkpoint had is written though none of the players asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn after_sigkill_a_party_that_does_not_come_back_has_everything_that_was_durable() {
    let Interrupted { stack, members, before, result, _folder } = interrupt(Signal::KILL, false).await;
    assert!(!result.is_cleared(), "the dungeon was over before the signal came");
    let closed = async {
        loop {
            let session = sessions::find(stack.table(), result.session_id).await.unwrap().unwrap();
            if !session.state.is_live() {
                return session;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let session = tokio::time::timeout(TAKEN_OVER_MAX, closed).await.expect("nobody takes the session over");
    assert_eq!((session.state, session.outcome, session.epoch), (SessionState::Ended, Some(Outcome::Abandoned), 2));
    let after = characters(&members).await;
    for ((before, after), member) in before.iter().zip(&after).zip(&result.members) {
        assert!(member.durable_seq > 0, "{member:?}");
        assert_holds(before, after, member, member.durable_seq);
    }
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sigterm_nothing_is_lost() {
    let Interrupted { stack, members, before, result, .. } = interrupt(Signal::TERM, true).await;
    let after = characters(&members).await;
    for ((before, after), member) in before.iter().zip(&after).zip(&result.members) {
        assert_holds(before, after, member, u64::MAX);
        assert_eq!(after.hot.xp, before.hot.xp + member.xp());
    }
    assert!(!result.is_cleared(), "the dungeon was over before the signal came");
    let session = ended(&members[0].player, result.session_id).await;
    assert_eq!(session.state, SessionState::Ended, "{session:?}");
    stack.shutdown().await;
}
