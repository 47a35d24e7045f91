//! A rollout in the middle of play: another API, other game sims, other clients, and no session is killed.
//!
//! What differs between the release before (N−1) and the one that comes (N): the builds that game sims register and clients ask
//! for, and the API's process, which begins with an empty memory over the same data. What does not: code, content and
//! protocol. A game sim of another protocol is left out by the same comparison as one of another build, and one of other content
//! gets no new sessions either (`functions/src/sessions/candidates.rs`); clients of either are turned away by name at the
//! game sim's door (`gamesim/src/shard/doors.rs`).

use crate::EXE;
use guildhall_client::party::{PartyMember, PartyOptions, PartyProgress, PartyResult, play_dungeon};
use guildhall_client::rest::{Api, ClientError};
use guildhall_domain::session::Outcome;
use guildhall_domain::{GamesimId, SessionId, SessionState};
use guildhall_storage::sessions;
use guildhall_tests::deployment::Deployment;
use guildhall_tests::party::{DUNGEON, MEMBERS, PASSWORD, STRANGERS, email, ended, register_all};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const BEFORE: &str = "1.0.0-before";
const AFTER: &str = "1.1.0-after";
/// For how long somebody waits for a place that there is not, in milliseconds.
const IN_VAIN_MS: u64 = 3_000;
/// Players who come while the rollout goes on.
const LATECOMERS: [(&str, &str); 4] =
    [("Cerdic", "fighter"), ("Hilda", "ranger"), ("Leofric", "cleric"), ("Godwin", "fighter")];

/// A party that is at play.
struct Playing {
    leader: PartyMember,
    progress: watch::Receiver<PartyProgress>,
    result: JoinHandle<Result<PartyResult, ClientError>>,
}

impl Playing {
    async fn start(api: &Api, roster: [(&str, &str); 4]) -> Self {
        let members = register_all(api, roster).await;
        let (sender, progress) = watch::channel(PartyProgress::default());
        let options = PartyOptions { progress: Some(sender), ..PartyOptions::default() };
        let (leader, api) = (members[0].clone(), api.clone());
        let result = tokio::spawn(async move { play_dungeon(&api, &members, DUNGEON, options).await });
        Self { leader, progress, result }
    }

    /// Waits until everybody has earned something and has it stored.
    async fn is_under_way(&mut self) -> SessionId {
        let earns = |party: &PartyProgress| {
            party.members.len() == 4 && party.members.iter().all(|member| member.xp > 0 && member.durable_seq > 0)
        };
        self.progress.wait_for(earns).await.unwrap().session_id.unwrap()
    }

    /// Asserts that the dungeon was won where it began, by players who never lost their game sim.
    async fn wins(self, deployment: &Deployment, host: &GamesimId) {
        let result = self.result.await.unwrap().unwrap();
        assert!(result.is_cleared(), "{:?}", result.members.iter().map(|member| &member.ending).collect::<Vec<_>>());
        assert!(result.members.iter().all(|member| member.outages.is_empty() && member.rejoins == 0), "{result:#?}");
        let view = ended(&self.leader.player, result.session_id).await;
        assert_eq!((view.state, view.outcome), (SessionState::Ended, Some(Outcome::Cleared)));
        let session = sessions::find(deployment.table(), result.session_id).await.unwrap().unwrap();
        assert_eq!((&session.gamesim_id, session.epoch, session.former.len()), (host, 1, 0));
    }
}

/// Where the session runs.
async fn host(deployment: &Deployment, session_id: SessionId) -> GamesimId {
    sessions::find(deployment.table(), session_id).await.unwrap().unwrap().gamesim_id
}

/// Where a player is placed who plays alone with that client.
async fn placed(deployment: &Deployment, api: &Api, (name, member): (&str, &PartyMember)) -> Option<GamesimId> {
    let player = api.login(&email(name), PASSWORD).await.unwrap();
    let wait = player.create_party_session(member.character_id, DUNGEON, Vec::new());
    // Who is not placed at once waits for as long as somebody asks.
    let placement = timeout(Duration::from_millis(IN_VAIN_MS), wait).await.ok()?.unwrap();
    Some(host(deployment, placement.game_session.session_id).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_kills_no_session_and_mixes_no_builds() {
    let mut deployment = Deployment::start(EXE, &["old-1", "old-2", "new-1", "new-2"]).await;
    let api = Api::new(deployment.url()).unwrap();
    let (before, after) = (api.clone().for_build(BEFORE), api.for_build(AFTER));
    let mut first = deployment.start_gamesim("old-1", BEFORE).await;
    let mut second = deployment.start_gamesim("old-2", BEFORE).await;
    let latecomers = register_all(&before, LATECOMERS).await;
    let latecomer = |number: usize| (LATECOMERS[number].0, &latecomers[number]);
    let is_of = |host: Option<GamesimId>, prefix: &str| host.is_some_and(|host| host.as_str().starts_with(prefix));
    assert!(placed(&deployment, &after, latecomer(0)).await.is_none(), "there is no game sim N yet");

    // Clients N−1 play on game sims N−1 when the API changes and game sims N come up.
    let mut parties = [Playing::start(&before, MEMBERS).await, Playing::start(&before, STRANGERS).await];
    let mut hosts = Vec::new();
    for party in &mut parties {
        let session_id = party.is_under_way().await;
        hosts.push(host(&deployment, session_id).await);
    }
    assert!(hosts.iter().all(|host| host.as_str().starts_with("old-")), "{hosts:?}");
    deployment.replace_api().await;
    let third = deployment.start_gamesim("new-1", AFTER).await;
    let fourth = deployment.start_gamesim("new-2", AFTER).await;

    // Both releases take new sessions, each of its own clients.
    assert!(is_of(placed(&deployment, &after, latecomer(0)).await, "new-"));
    assert!(is_of(placed(&deployment, &before, latecomer(1)).await, "old-"));
    assert!(parties.iter().all(|party| !party.result.is_finished()), "nobody plays any more");
    // The game sims N−1 go one after the other; what is new comes to the one that is left, and then to none.
    let left = if hosts[0].as_str() == "old-1" { "old-2" } else { "old-1" };
    let (going, staying) = if left == "old-2" { (&mut first, &mut second) } else { (&mut second, &mut first) };
    deployment.drain(hosts[0].as_str(), going).await;
    assert_eq!(placed(&deployment, &before, latecomer(2)).await.unwrap().as_str(), left);
    deployment.drain(left, staying).await;
    assert!(placed(&deployment, &before, latecomer(3)).await.is_none(), "a client N−1 came to a game sim N");

    // Whoever plays plays on to the end, and only then do the game sims N−1 go, by themselves and in peace.
    for (party, host) in parties.into_iter().zip(&hosts) {
        party.wins(&deployment, host).await;
    }
    for gamesim in [going, staying] {
        assert!(gamesim.ended().await.success());
    }
    assert_eq!(deployment.server_errors(), 0);
    third.kill().await;
    fourth.kill().await;
    deployment.stop().await;
}
