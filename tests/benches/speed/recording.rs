//! How much a session's recording takes, and whether this build (the bench's is optimised) plays the golden game as the one
//! did that recorded it, which the tests ask of an unoptimised one.

use crate::Outcome;
use crate::figure::Figure;
use guildhall_domain::limits::TICK_MS;
use guildhall_gamesim::recording::{End, play as replay};
use guildhall_gamesim::world::Game;
use guildhall_tests::recorded::{Golden, RecordedGame, play, seed_content};
use std::sync::Arc;

/// The promise, in megabytes per session hour.
const HOUR_MB_MAX: f64 = 1.0;
/// Games that are played.
const GAMES: u64 = 5;

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let game = Game::standard(Arc::new(seed_content()));
    let games: Vec<_> = (0..GAMES).map(|seed| play(&game, seed)).collect();
    let ticks: usize = games.iter().map(|game| game.hashes.len()).sum();
    let bytes: usize = games.iter().map(RecordedGame::bytes).sum();
    let ticks_per_hour = 3_600_000.0 / f64::from(TICK_MS);
    let hour_mb = bytes as f64 / ticks as f64 * ticks_per_hour / 1e6;
    let golden = Golden::load()?;
    let played = replay(&golden.recording, &golden.game, &mut |_, _| {}).ok_or("the golden recording is none")?;
    let is_same = played.end == End::Complete && played.digest == golden.digest;
    let build = if cfg!(debug_assertions) { "a debug build" } else { "an optimised build" };
    Ok(vec![
        Figure::new("recording, of a session hour", hour_mb, "MB").at_most(HOUR_MB_MAX).note(format!(
            "{GAMES} dungeons of four bots, {ticks} ticks, {:.1} bytes per tick",
            bytes as f64 / ticks as f64
        )),
        Figure::new("golden game, recordings that differ", f64::from(u8::from(!is_same)), "")
            .at_most(0.0)
            .note(format!("{} states in {build} against a debug build's", played.ticks)),
    ])
}
