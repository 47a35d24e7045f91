//! A whole dungeon, played by four bots in this process, recorded and replayed; and the golden game, which every build has
//! to play as the build did that recorded it.

use guildhall_domain::content::Content;
use guildhall_gamesim::recording::{End, PartName, SessionReplay, play as replay};
use guildhall_gamesim::world::Game;
use guildhall_tests::recorded::{GOLDEN_SEED, Golden, play, seed_content};
use std::sync::Arc;

#[test]
fn a_whole_dungeon_is_replayed_with_the_same_state_at_every_tick() {
    let world = Game::standard(Arc::new(seed_content()));
    let game = play(&world, 7);
    assert!(game.is_cleared, "the bots did not clear the dungeon in {} ticks", game.hashes.len());
    let (mut session, mut hashes) = (SessionReplay::default(), Vec::new());
    for part in &game.parts {
        let name = PartName { session_epoch: part.session_epoch, number: part.number };
        session.play(name, &part.bytes, &world, &mut |dungeon, _| hashes.push(dungeon.state_hash()));
        // The last call of each part repeats its last state.
        hashes.pop();
    }
    assert!(session.is_identical() && session.findings().is_empty(), "{:?}", session.findings());
    assert!(hashes == game.hashes, "the replay went another way");
    let hour = game.bytes() as f64 / game.hashes.len() as f64 * 72_000.0;
    println!("{} ticks, {} bytes: {:.0} kB per session hour", game.hashes.len(), game.bytes(), hour / 1e3);
}

#[test]
fn another_balance_is_noticed() {
    let world = Game::standard(Arc::new(seed_content()));
    let game = play(&world, 7);
    let mut other = Content::clone(world.content());
    other.classes.values_mut().for_each(|class| class.attack.damage_max += 1);
    let played = replay(&game.parts[0].bytes, &Game::standard(Arc::new(other)), &mut |_, _| {}).unwrap();
    assert!(matches!(played.end, End::Different { .. }), "{:?}", played.end);
}

#[test]
fn the_golden_game_is_played_as_it_was_recorded() {
    if std::env::var_os("GUILDHALL_RENEW_GOLDEN").is_some() {
        Golden::renew().unwrap();
    }
    let golden = Golden::load().unwrap();
    golden.game.content().check().unwrap();
    let played = replay(&golden.recording, &golden.game, &mut |_, _| {}).unwrap();
    assert_eq!(played.header.session_id().to_bytes()[8..], GOLDEN_SEED.to_be_bytes());
    assert_eq!(
        (played.end, played.digest),
        (End::Complete, golden.digest),
        "the world has changed: if it was meant to, `make golden` records the game anew"
    );
    assert!(played.ticks > 500 && golden.recording.len() < 64 * 1_024, "{} ticks", played.ticks);
}
