//! How long a player waits for the dungeon: from sending the request for a game session to the first snapshot that the
//! client has authenticated and decoded, over the real front, the real game sim and real UDP.

use crate::Outcome;
use crate::figure::{Figure, quantile};
use guildhall_client::connection::GameConnection;
use guildhall_client::party::PartyMember;
use guildhall_domain::SessionState;
use guildhall_tests::party::DUNGEON;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// The promise, in milliseconds.
const FIRST_SNAPSHOT_MS_MAX: f64 = 1_000.0;
/// How long one player may wait, in seconds, before the bench gives up.
const PATIENCE_S: u64 = 10;
/// Time between two looks at a session that is ending, in milliseconds.
const POLL_MS: u64 = 20;

/// Lets every player in, one after the other.
pub(crate) async fn measure(players: &[PartyMember]) -> Outcome<Vec<Figure>> {
    let mut times = Vec::with_capacity(players.len());
    for player in players {
        times.push(timeout(Duration::from_secs(PATIENCE_S), enter_and_leave(player)).await??);
    }
    let note = format!("{} players in sequence, from sending POST /v1/game-sessions", times.len());
    let figure = |what: &str, time| Figure::time(format!("first UDP snapshot, {what}"), time);
    Ok(vec![
        figure("median", quantile(&mut times, 0.5)).at_most(FIRST_SNAPSHOT_MS_MAX).note(note),
        figure("max", quantile(&mut times, 1.0)).at_most(FIRST_SNAPSHOT_MS_MAX),
    ])
}

async fn enter_and_leave(member: &PartyMember) -> Outcome<Duration> {
    let began = Instant::now();
    let placement = member.player.create_game_session(member.character_id, DUNGEON).await?;
    let connection = GameConnection::open(&placement).await?;
    // The tick is that of the latest snapshot.
    connection.view().wait_for(|view| view.tick > 0).await.map_err(|_| "the connection was refused or lost")?;
    let took = began.elapsed();
    connection.close().await;
    let session_id = placement.game_session.session_id;
    while member.player.game_session(session_id).await?.state != SessionState::Ended {
        sleep(Duration::from_millis(POLL_MS)).await;
    }
    Ok(took)
}
