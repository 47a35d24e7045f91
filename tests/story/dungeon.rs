//! From registration to loot, and over a restart.

use crate::EXE;
use guildhall_client::party::{MemberResult, PartyOptions, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_domain::SessionState;
use guildhall_domain::session::Outcome;
use guildhall_local::stack::{Stack, StackConfig};
use guildhall_tests::party::{DUNGEON, assert_holds, characters, ended, login, register};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// What the command line says of this session's recording, and whether it is content.
pub(crate) async fn replayed(folder: &TempDir, session: &str) -> (bool, String) {
    let mut command = Command::new(EXE);
    command.arg("replay").arg(session).env_remove("CHECKPOINT_BUCKET").env("GUILDHALL_DATA", folder.path());
    let output = command.output().await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_clears_the_dungeon_and_keeps_what_it_won() {
    let folder = TempDir::new().unwrap();
    let stack = Stack::start(StackConfig::new(folder.path(), EXE)).await.unwrap();
    let api = Api::new(&stack.api_url()).unwrap();
    let members = register(&api).await;
    let before = characters(&members).await;
    let result = play_dungeon(&api, &members, DUNGEON, PartyOptions::default()).await.unwrap();

    assert!(result.is_cleared(), "{:?}", result.members.iter().map(|member| &member.ending).collect::<Vec<_>>());
    let session = ended(&members[0].player, result.session_id).await;
    assert_eq!((session.state, session.outcome), (SessionState::Ended, Some(Outcome::Cleared)));
    let after = characters(&members).await;
    for ((before, after), member) in before.iter().zip(&after).zip(&result.members) {
        assert!(member.xp() > 0 && member.gold() > 0 && member.snapshots > 100, "{member:?}");
        assert_eq!(after.hot.xp, before.hot.xp + member.xp());
        assert_eq!(after.hot.gold, before.hot.gold + member.gold());
        assert_eq!(after.hot.dungeons_cleared, 1);
        assert!(after.hot.level > 1 && after.version > before.version);
        assert_holds(before, after, member, u64::MAX);
        let carried: u64 = after.hot.inventory.iter().map(|stack| u64::from(stack.quantity)).sum();
        assert_eq!(carried, member.items(), "nothing but what was picked up");
    }
    assert!(result.members.iter().map(MemberResult::items).sum::<u64>() > 0, "nobody picked anything up");
    let rows = stack.gamesims().await.unwrap();
    assert!(rows.iter().all(|row| row.sessions.is_empty()), "{rows:?}");
    // The recording is stored while the stack runs on, a moment after the session's end.
    let session_id = result.session_id.to_string();
    while !replayed(&folder, "").await.1.contains(&session_id) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stack.shutdown().await;
    let (is_identical, lines) = replayed(&folder, &session_id).await;
    assert!(is_identical && lines.ends_with("\nidentical\n"), "{lines}");
    assert!(lines.contains("the dungeon is cleared") && lines.contains("Bryn joins in seat"), "{lines}");
    assert!(lines.contains("part 0") && !lines.contains("missing"), "{lines}");
    // A recording that was damaged does not pass.
    let part = folder.path().join(format!("s3/guildhall-checkpoints/recordings/{session_id}/1/0"));
    let mut bytes = std::fs::read(&part).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let (is_identical, lines) = replayed(&folder, &session_id).await;
    assert!(!is_identical && !lines.ends_with("identical\n"), "{lines}");

    let stack = Stack::start(StackConfig::new(folder.path(), EXE)).await.unwrap();
    let api = Api::new(&stack.api_url()).unwrap();
    for (player, kept) in login(&api).await.iter().zip(&after) {
        let sheets = player.list_characters().await.unwrap();
        assert_eq!(sheets.iter().map(|sheet| &sheet.character).collect::<Vec<_>>(), [kept]);
    }
    // The tokens of before the restart still count, and the same party can go again.
    assert_eq!(stack.gamesims().await.unwrap().len(), 2);
    stack.shutdown().await;
}
