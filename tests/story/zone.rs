//! A zone: two parties that meet in it, lose its game sim under their feet, and meet again on another one.

use crate::EXE;
use crate::dungeon::replayed;
use guildhall_client::party::{MemberEnding, PartyMember, PartyOptions, PartyProgress, PartyResult, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_domain::SessionState;
use guildhall_local::stack::{Signal, Stack, StackConfig};
use guildhall_storage::sessions;
use guildhall_tests::backend::seed_data;
use guildhall_tests::party::{MEMBERS, STRANGERS, characters, ended, register_all};
use serde_json::json;
use std::path::Path;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const ZONE: &str = "green-vale";

/// The content that ships with the product, with a vale so small that everybody in it meets.
fn content_with_a_small_vale(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    for file in std::fs::read_dir(seed_data()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let camp = |x: i32, y: i32| json!({ "enemy": "goblin", "at": { "x": x, "y": y }, "count": 3, "spread_mm": 2000, "respawn_ms": 5000 });
    let vale = json!({
        "name": "Vale", "spawns": [{ "x": 20_000, "y": 20_000 }], "respawn_ms": 2000,
        "floors": [{ "x": 0, "y": 0, "width": 50_000, "height": 40_000 }],
        "camps": [camp(35_000, 10_000), camp(35_000, 30_000)],
    });
    std::fs::write(folder.join("zones.json"), json!({ ZONE: vale }).to_string()).unwrap();
}

/// A party that plays until it is stopped.
struct Playing {
    members: Vec<PartyMember>,
    progress: watch::Receiver<PartyProgress>,
    stop: watch::Sender<bool>,
    result: JoinHandle<PartyResult>,
}

impl Playing {
    async fn begin(api: &Api, roster: [(&str, &str); 4]) -> Self {
        let members = register_all(api, roster).await;
        let (sender, progress) = watch::channel(PartyProgress::default());
        let (stop, stopped) = watch::channel(false);
        let options = PartyOptions { progress: Some(sender), stop: Some(stopped), ..PartyOptions::default() };
        let result = tokio::spawn({
            let (api, members) = (api.clone(), members.clone());
            async move { play_dungeon(&api, &members, ZONE, options).await.unwrap() }
        });
        Self { members, progress, stop, result }
    }

    /// Waits until the party has met somebody, and everybody has earned something more that is durable.
    async fn thrive(&mut self) {
        let earned: Vec<u64> = self.progress.borrow().members.iter().map(|member| member.durable_seq).collect();
        let thrives = |party: &PartyProgress| {
            let met = party.view.party.keys().filter(|seat| !party.view.is_comrade(**seat)).count();
            let seen = party.view.players().filter(|(seat, _)| !party.view.is_comrade(*seat)).count();
            let more =
                |(nth, before): (usize, &u64)| party.members[nth].durable_seq > *before && party.members[nth].xp > 0;
            party.members.len() == 4 && met >= 4 && seen >= 1 && earned.iter().enumerate().all(more)
        };
        self.progress.wait_for(thrives).await.unwrap();
    }

    async fn end(self) -> (Vec<PartyMember>, PartyResult) {
        self.stop.send_replace(true);
        (self.members, self.result.await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_parties_meet_in_a_zone_and_again_after_its_game_sim_was_killed() {
    let folder = TempDir::new().unwrap();
    let content_dir = folder.path().join("content");
    content_with_a_small_vale(&content_dir);
    let stack = Stack::start(StackConfig { content_dir, ..StackConfig::new(folder.path(), EXE) }).await.unwrap();
    let api = Api::new(&stack.api_url()).unwrap();
    let mut parties = [Playing::begin(&api, MEMBERS).await, Playing::begin(&api, STRANGERS).await];
    for party in &mut parties {
        party.progress.wait_for(|party| party.members.len() == 4).await.unwrap();
        party.thrive().await;
    }
    let hosts = |rows: Vec<guildhall_storage::gamesims::GamesimRow>| {
        rows.into_iter().filter(|row| !row.sessions.is_empty()).collect::<Vec<_>>()
    };
    let [host] = &hosts(stack.gamesims().await.unwrap())[..] else { panic!("the parties are apart") };
    assert_eq!(host.zones.values().collect::<Vec<_>>(), [ZONE, ZONE]);
    assert!(stack.kill_gamesim(host.gamesim_id.as_str(), Signal::KILL).await);
    for party in &mut parties {
        party.thrive().await;
    }
    let mut session_ids = Vec::new();
    for party in parties {
        let (members, result) = party.end().await;
        session_ids.push(result.session_id.to_string());
        let session = sessions::find(stack.table(), result.session_id).await.unwrap().unwrap();
        assert!(session.epoch >= 2 && session.in_zone, "{session:?}");
        for member in &result.members {
            assert_eq!(member.ending, MemberEnding::Stopped, "{member:?}");
            assert!(!member.outages.is_empty() && member.outages.iter().all(|outage| outage.keeps_what_was_durable));
        }
        assert_eq!(ended(&members[0].player, result.session_id).await.state, SessionState::Ended);
        for (after, member) in characters(&members).await.iter().zip(&result.members) {
            assert!(after.hot.xp == member.xp() && after.hot.gold == member.gold(), "{after:?} {member:?}");
        }
    }
    stack.shutdown().await;
    // The zone on the second game sim was recorded once; both sessions lead to that.
    for session_id in session_ids {
        let (is_identical, lines) = replayed(&folder, &session_id).await;
        assert!(is_identical && lines.ends_with("\nidentical\n"), "{lines}");
        assert!(lines.contains("ticks of green-vale") && lines.contains("slays"), "{lines}");
    }
}
