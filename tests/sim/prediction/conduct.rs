//! Fair clients, however bad their network, are not told of; and what the combat log holds of their fights.

use super::{BAD, Stage};
use guildhall_client::bot::{BotMemory, decide};
use guildhall_domain::combat_log::{Chunk, Deed};
use guildhall_tests::party::DUNGEON;
use guildhall_tests::recorded::seed_content;

/// How long they play.
const MINUTES: u64 = 8;

/// Everything that the shard has written down.
fn deeds(stage: &Stage) -> Vec<Deed> {
    let chunks = stage.logged.iter().map(|chunk| Chunk::decode(&chunk.bytes).unwrap());
    chunks.flat_map(|chunk| chunk.entries).map(|entry| entry.deed).collect()
}

#[test]
fn nothing_is_told_of_fair_clients_with_a_bad_network() {
    let mut content = seed_content();
    for enemy in content.enemies.values_mut() {
        // The king does not fall, or the game would end.
        enemy.hp = if enemy.boss { 1_000_000 } else { enemy.hp };
    }
    let mut stage = Stage::new(content);
    for _ in 0..4 {
        stage.seat(BAD);
    }
    let content = std::sync::Arc::clone(&stage.content);
    let mut memories = vec![BotMemory::new("fighter"); 4];
    while stage.passed_ms() < MINUTES * 60_000 {
        if stage.is_tick() {
            for (seat, memory) in stage.seats.iter_mut().zip(&mut memories) {
                let decision = decide(seat.client.view(), &content, DUNGEON, memory);
                memory.note_decision(seat.client.view(), &decision);
                let _ = seat.client.push_input(decision.move_x, decision.move_y, decision.action);
            }
            stage.tick_clients();
        }
        stage.slot(|_, _, _| {});
    }
    let deeds = deeds(&stage);
    let count = |wanted: fn(&Deed) -> bool| deeds.iter().filter(|deed| wanted(deed)).count();
    assert!(count(|deed| matches!(deed, Deed::Struck { .. })) > 200, "hardly anybody fought");
    assert!(count(|deed| matches!(deed, Deed::AbilityUsed { .. })) > 10, "nobody used an ability");
    assert!(count(|deed| matches!(deed, Deed::EnemyDied { .. })) > 10);
    let violations: Vec<_> = deeds.iter().filter(|deed| matches!(deed, Deed::Violation { .. })).collect();
    assert!(violations.is_empty(), "{violations:?}");
    let bytes: usize = stage.logged.iter().map(|chunk| chunk.bytes.len()).sum();
    let units: usize = stage.logged.iter().map(|chunk| (chunk.bytes.len() + 100).div_ceil(1_024)).sum();
    println!(
        "{} entries, {bytes} bytes, {} chunks, {units} write units in {MINUTES} minutes",
        deeds.len(),
        stage.logged.len()
    );
}
