//! How much a session's recording takes, and whether this build (the bench's is optimised) plays the golden game as the one
//! did that recorded it, which the tests ask of an unoptimised one.

use crate::Outcome;
use crate::figure::Figure;
use guildhall_domain::CharacterId;
use guildhall_domain::limits::TICK_MS;
use guildhall_gamesim::combat_log::CombatLog;
use guildhall_gamesim::recording::{End, play as replay};
use guildhall_gamesim::world::Game;
use guildhall_local::bill::{Charged, Prices};
use guildhall_tests::recorded::{Golden, RecordedGame, play_watched, seed_content};
use std::sync::Arc;

/// The promise, in megabytes per session hour.
const HOUR_MB_MAX: f64 = 1.0;
/// What a room-hour may cost in DynamoDB altogether, in dollars.
const ROOM_HOUR_USD_MAX: f64 = 0.0014;
/// What the database adds to a chunk of a combat log: names, keys and the time at which it expires, in bytes.
const CHUNK_ROW_BYTES: usize = 90;
/// Games that are played.
const GAMES: u64 = 5;

pub(crate) async fn measure() -> Outcome<Vec<Figure>> {
    let game = Game::standard(Arc::new(seed_content()));
    let mut chunks = Vec::new();
    let games: Vec<_> = (0..GAMES)
        .map(|seed| {
            let mut log = CombatLog::default();
            let played = play_watched(&game, seed, |dungeon, commands, recorder, effects| {
                recorder.step(dungeon, commands, effects);
                let now_ms = u64::from(dungeon.tick()) * u64::from(TICK_MS);
                for effect in effects {
                    log.note_effect(now_ms, effect, |seat| Some(CharacterId::from_bits(seat.into())));
                }
                chunks.extend(log.poll(now_ms));
            });
            chunks.extend(log.finish());
            played
        })
        .collect();
    let ticks: usize = games.iter().map(|game| game.hashes.len()).sum();
    let bytes: usize = games.iter().map(RecordedGame::bytes).sum();
    let ticks_per_hour = 3_600_000.0 / f64::from(TICK_MS);
    let rows = chunks.iter().map(|chunk| (chunk.bytes.len() + CHUNK_ROW_BYTES).div_ceil(1_024));
    let log_units = rows.sum::<usize>() as f64 / ticks as f64 * ticks_per_hour;
    let log_bytes: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
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
        Figure::new("combat log, of a room-hour", log_units, "WU").note(format!(
            "{:.0} chunks and {:.0} kB an hour of dungeons back to back",
            chunks.len() as f64 / ticks as f64 * ticks_per_hour,
            log_bytes as f64 / ticks as f64 * ticks_per_hour / 1e3
        )),
        Figure::new(
            "combat log, DynamoDB of a room-hour",
            Prices::read()?.usd(Charged::DynamodbWriteUnits, log_units),
            "USD",
        )
        .at_most(ROOM_HOUR_USD_MAX)
        .note("priced by infra/prices.json; the budget is that of everything together"),
        Figure::new("golden game, recordings that differ", f64::from(u8::from(!is_same)), "")
            .at_most(0.0)
            .note(format!("{} states in {build} against a debug build's", played.ticks)),
    ])
}
