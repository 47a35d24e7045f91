//! Prediction and interpolation against the truth: a shard, and real clients behind a network with 150 ms latency each way,
//! jitter that lets datagrams overtake each other, and 5 % loss. In virtual time, so that minutes take seconds and every run
//! is the same.
//!
//! A witness sits in the same session, next to the shard: its snapshots are the truth, tick by tick, to the centimetre.

mod conduct;
mod measured;
mod network;
mod player;
mod stage;

use guildhall_client::interpolation::EXTRAPOLATION_MS_MAX;
use guildhall_domain::content::Content;
use guildhall_domain::limits::TICK_MS;
use guildhall_tests::party::DUNGEON;
use guildhall_tests::recorded::seed_content;
use network::Weather;
use player::{Runner, Truth};
use stage::Stage;

/// What the tests are about.
const BAD: Weather = Weather { latency_ms: 150, jitter_ms: 60, loss_percent: 5 };
/// Next to the shard.
const CLEAR: Weather = Weather { latency_ms: 0, jitter_ms: 0, loss_percent: 0 };
/// Time between two frames, in milliseconds.
const FRAME_MS: u64 = 10;
/// How fast everybody here walks, in millimetres per millisecond, and how far that is in a tick.
const SPEED_MM_PER_MS: u32 = 5;
const STRIDE_MM: u32 = SPEED_MM_PER_MS * TICK_MS;
/// Positions travel in whole centimetres, across and down.
const ROUNDING_MM: u32 = 15;
/// The server drops one stride of a player who is ahead at a time. A few may go between two snapshots that arrive, or a wall
/// that is met with one and missed without makes more of it.
const DROPPED_STRIDES_MAX: u32 = 4;

/// The seats: two who run about far away, and the witness.
const ADA: usize = 0;
const BOB: usize = 1;
const EVE: usize = 2;

/// What came of a game.
struct Played {
    ada: Runner,
    bob: Runner,
}

/// Lets two run about for this long.
fn play(content: Content, minutes: u64, fights: bool) -> Played {
    let mut stage = Stage::new(content);
    for weather in [BAD, BAD, CLEAR] {
        stage.seat(weather);
    }
    let dungeon = stage.content.dungeons[DUNGEON].clone();
    let mut runners = [(ADA, 11), (BOB, 12)].map(|(seat, seed)| Runner::new(dungeon.clone(), seat, seed, fights));
    let mut truth = Truth::default();
    while stage.passed_ms() < minutes * 60_000 {
        if stage.is_tick() {
            for runner in &mut runners {
                runner.tick(stage.now_ms, &mut stage.seats[runner.seat].client);
            }
            stage.tick_clients();
        }
        stage.slot(|now_ms, seat, client| match seat {
            EVE => truth.note(now_ms, client.view()),
            seat => runners[seat].hear(now_ms, client, &truth),
        });
        if stage.passed_ms().is_multiple_of(FRAME_MS) {
            for runner in &mut runners {
                runner.frame(stage.now_ms, &truth);
            }
        }
    }
    for (runner, seat) in runners.iter().zip(&stage.seats) {
        for way in [&seat.up, &seat.down] {
            assert!(way.lost > 100 * minutes / 3 && way.overtaken > 10 * minutes, "{way:?}");
        }
        assert!(truth.ticks() > usize::try_from(minutes * 60 * 20 - 40).unwrap(), "the witness missed something");
        println!("{}", runner.measured);
    }
    let [ada, bob] = runners;
    Played { ada, bob }
}

/// The warren without anybody who lives in it: all doors stand open.
fn deserted() -> Content {
    let mut content = seed_content();
    for dungeon in content.dungeons.values_mut() {
        for chamber in &mut dungeon.chambers {
            chamber.enemies.clear();
        }
    }
    content
}

/// The warren, whose dwellers fall after a few blows, so that doors open; but for the king, whose death would end the game.
fn frail() -> Content {
    let mut content = seed_content();
    for enemy in content.enemies.values_mut() {
        enemy.hp = if enemy.boss { 1_000_000 } else { 30 };
    }
    content
}

impl Played {
    /// What holds for everybody, however they play.
    fn assert_shown_well(&self) {
        for Runner { measured, .. } in [&self.ada, &self.bob] {
            // Who does not predict sees themselves a round trip ago.
            let round_trip_mm = u32::try_from(2 * BAD.latency_ms).unwrap() * SPEED_MM_PER_MS;
            assert!(measured.heard_off.at_permille(500) > round_trip_mm, "without prediction: {}", measured.heard_off);
            // Who does is at most times where they will be. What is left is strides that the server drops.
            assert!(measured.corrections.at_permille(990) <= ROUNDING_MM, "corrections: {}", measured.corrections);
            assert!(measured.predicted_off.at_permille(500) <= ROUNDING_MM, "predicted: {}", measured.predicted_off);
            assert!(measured.predicted_off.at_permille(990) <= STRIDE_MM + ROUNDING_MM, "{}", measured.predicted_off);
            assert!(measured.predicted_off.largest() <= DROPPED_STRIDES_MAX * STRIDE_MM, "{}", measured.predicted_off);
            // Corrections come smoothly: nobody is ever seen to walk at more than four times their speed.
            let walk_mm = u32::try_from(FRAME_MS).unwrap() * SPEED_MM_PER_MS;
            assert!(measured.frames.largest() <= 4 * walk_mm, "a jump: {}", measured.frames);
            // Between two snapshots only a turn can be missed, in those that were lost.
            assert!(measured.interpolated_off.at_permille(990) <= ROUNDING_MM, "{}", measured.interpolated_off);
            assert!(measured.interpolated_off.largest() <= 2 * STRIDE_MM, "{}", measured.interpolated_off);
            // Beyond them, one may have turned back at once, and been seen to walk on.
            let extrapolated_mm = u32::try_from(EXTRAPOLATION_MS_MAX).unwrap() * SPEED_MM_PER_MS;
            assert!(measured.extrapolated_off.largest() <= 2 * extrapolated_mm, "{}", measured.extrapolated_off);
            let guesses = measured.extrapolated_off.len() as f64 / measured.interpolated_off.len() as f64;
            assert!(guesses < 0.05, "{guesses} of what is shown is guessed");
            // What is shown of others is as old as the network makes it, one snapshot and one loss.
            let oldest_ms = u32::try_from(BAD.latency_ms + BAD.jitter_ms).unwrap() + 3 * TICK_MS;
            assert!(measured.ages_ms.largest() <= oldest_ms, "{}", measured.ages_ms);
        }
    }
}

#[test]
fn a_walk_is_shown_as_it_will_have_been() {
    let played = play(deserted(), 4, false);
    played.assert_shown_well();
    for Runner { measured, .. } in [&played.ada, &played.bob] {
        assert!(measured.walked_mm > 500_000, "hardly anybody walked");
        let corrections = &measured.corrections;
        assert!(corrections.largest() <= DROPPED_STRIDES_MAX * STRIDE_MM, "corrections: {corrections}");
    }
}

#[test]
fn fights_deaths_and_doors_correct_no_more_than_the_strides_on_their_way() {
    let played = play(frail(), 4, true);
    played.assert_shown_well();
    // Those that the server has not heard of, those of whose outcome the client has not, and one of each that waits for its tick.
    let round_trip_ms = 2 * u32::try_from(BAD.latency_ms + BAD.jitter_ms).unwrap();
    let on_their_way_mm = (round_trip_ms / TICK_MS + 2) * STRIDE_MM;
    for Runner { measured, .. } in [&played.ada, &played.bob] {
        assert!(measured.deaths >= 2, "{} deaths", measured.deaths);
        let corrections = &measured.corrections;
        assert!(corrections.largest() > 4 * STRIDE_MM, "nothing happened that cannot be foreseen: {corrections}");
        assert!(corrections.largest() <= on_their_way_mm, "corrections: {corrections}");
    }
}
