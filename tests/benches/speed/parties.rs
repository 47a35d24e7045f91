//! Ten parties of four bots, each of which plays one dungeon to its end.

use crate::{BOTS_PER_SESSION, Outcome};
use guildhall_client::party::{PartyMember, PartyOptions, PartyProgress, play_dungeon};
use guildhall_domain::SessionState;
use guildhall_tests::party::DUNGEON;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long everybody may take to arrive, in seconds.
const ARRIVAL_S_MAX: u64 = 20;
/// How long everybody may take from then on, in seconds.
const DUNGEON_S_MAX: u64 = 120;

/// Parties under way.
pub(crate) struct Parties {
    playing: JoinSet<Outcome<Duration>>,
    progress: Vec<watch::Receiver<PartyProgress>>,
}

impl Parties {
    /// Sends everybody in.
    pub(crate) fn enter(players: &[PartyMember]) -> Self {
        let mut parties = Self { playing: JoinSet::new(), progress: Vec::new() };
        for members in players.chunks(BOTS_PER_SESSION) {
            let (shown, progress) = watch::channel(PartyProgress::default());
            parties.progress.push(progress);
            parties.playing.spawn(play(members.to_vec(), shown));
        }
        parties
    }

    /// Waits until everybody is connected.
    pub(crate) async fn arrive(&mut self) -> Outcome<()> {
        let everybody = async {
            for progress in &mut self.progress {
                let connected = |party: &PartyProgress| {
                    party.members.len() == BOTS_PER_SESSION && party.members.iter().all(|member| member.is_connected)
                };
                progress.wait_for(connected).await?;
            }
            Ok::<_, watch::error::RecvError>(())
        };
        match timeout(Duration::from_secs(ARRIVAL_S_MAX), everybody).await {
            Ok(Ok(())) => Ok(()),
            // A party that could not play says why.
            Ok(Err(_)) => match self.playing.join_next().await {
                Some(Ok(Err(error))) => Err(error),
                _ => Err("a party stopped playing".into()),
            },
            Err(_) => Err("not all bots are connected in time".into()),
        }
    }

    /// Waits until every dungeon is cleared and closed, and tells how long each took, from the first request to the end.
    pub(crate) async fn finish(mut self) -> Outcome<Vec<Duration>> {
        let mut took = Vec::new();
        let everybody = async {
            while let Some(played) = self.playing.join_next().await {
                took.push(played??);
            }
            Outcome::Ok(())
        };
        let finished = timeout(Duration::from_secs(DUNGEON_S_MAX), everybody).await;
        finished.map_err(|_| "not all dungeons were cleared in time")??;
        Ok(took)
    }
}

async fn play(members: Vec<PartyMember>, shown: watch::Sender<PartyProgress>) -> Outcome<Duration> {
    let began = Instant::now();
    let api = members.first().ok_or("a party without members")?.player.api();
    let options = PartyOptions { progress: Some(shown), ..PartyOptions::default() };
    let result = play_dungeon(api, &members, DUNGEON, options).await?;
    if !result.is_cleared() || result.game_session.as_ref().is_none_or(|view| view.state != SessionState::Ended) {
        let endings: Vec<_> = result.members.iter().map(|member| &member.ending).collect();
        return Err(format!("a dungeon was not cleared and closed: {endings:?}, {:?}", result.game_session).into());
    }
    Ok(began.elapsed())
}
