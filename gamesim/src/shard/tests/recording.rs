//! Sessions are recorded from the first to the last tick, wherever they run, and a room that panics leaves its tape.

use super::*;
use crate::recording::{End, Finding, PartName, RecordingPart, SessionReplay, play as replay_part};
use crate::world::Dungeon;

impl House {
    /// One tick, and the hash of the room's state after it.
    fn watched_tick(&mut self) -> Option<(u32, u64)> {
        self.tick();
        let dungeon = self.shard.rooms.get(session(1))?.dungeon()?;
        Some((dungeon.tick(), dungeon.state_hash()))
    }
}

fn name(part: &RecordingPart) -> PartName {
    PartName { session_epoch: part.session_epoch, number: part.number }
}

#[test]
fn a_session_is_replayed_tick_by_tick_over_two_game_sims() {
    let mut house = House { shard: House::shard(START_MS, true), ..House::new() };
    let (ada, bob) = (house.enter(1, 0, 1), house.enter(1, 1, 2));
    house.players[ada].wish(1, Action::Attack { target: RAT });
    let mut live: Vec<_> = (0..60).filter_map(|_| house.watched_tick()).collect();
    house.players[bob].wish(0, Action::Leave);
    live.extend((0..40).filter_map(|_| house.watched_tick()));
    assert_eq!(house.api.recording, [], "a part is complete after minutes");
    house.shard.handle_order(house.now_ms, Order::Stop);
    house.ticks(20);
    // Another game sim: from a checkpoint the session goes on under the next epoch.
    let first = std::mem::take(&mut house.api.recording);
    assert_eq!(first.iter().map(name).collect::<Vec<_>>(), [PartName { session_epoch: 1, number: 0 }]);
    let mut hashes = Vec::new();
    let mut replay = SessionReplay::default();
    let watch =
        &mut |dungeon: &Dungeon, _: &[crate::world::Effect]| hashes.push((dungeon.tick(), dungeon.state_hash()));
    let played = replay.play(name(&first[0]), &first[0].bytes, &game(), watch).unwrap();
    assert_eq!((played.end, replay.findings()), (End::Complete, [].as_slice()));
    assert_eq!(played.header.content_version, CONTENT_VERSION);
    assert_eq!(replay.state_hash(), live.last().map(|(_, hash)| *hash));
    // What the room shows after a tick includes who left in it; the replay shows them leave with the next one.
    let differing = live.iter().filter(|tick| !hashes.contains(tick)).count();
    assert!(live.len() == 100 && differing <= 1, "{differing} of {} states differ", live.len());
}

#[test]
fn a_session_that_goes_on_elsewhere_is_recorded_from_its_checkpoint() {
    let mut house = House { shard: House::shard(START_MS, true), ..House::new() };
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.ticks(40);
    house.shard = House::shard(house.now_ms, true);
    house.players.clear();
    house.api.forget_asker();
    let again = house.enter(1, 0, 1);
    house.ticks(20);
    house.slay(again, KING);
    while house.shard.rooms.key(session(1)).is_some() {
        house.tick();
    }
    let [part] = house.api.recording.as_slice() else { panic!("{} parts", house.api.recording.len()) };
    assert_eq!(name(part), PartName { session_epoch: 2, number: 0 });
    let (mut first_tick, mut is_cleared) = (None, false);
    let watch = &mut |dungeon: &Dungeon, _: &[crate::world::Effect]| {
        first_tick.get_or_insert(dungeon.tick());
        is_cleared |= dungeon.outcome().is_some();
    };
    let played = replay_part(&part.bytes, &game(), watch).unwrap();
    assert!(played.end == End::Complete && is_cleared, "{:?}", played.end);
    assert!(first_tick.is_some_and(|tick| tick > 20), "it begins with the session: {first_tick:?}");
}

#[test]
fn a_room_that_panics_leaves_its_tape() {
    let mut house = House::new();
    house.enter(1, 0, 1);
    house.ticks(30);
    let ticks = house.shard.rooms.get(session(1)).unwrap().dungeon().unwrap().tick();
    house.shard.rooms.get_mut(session(1)).unwrap().is_sabotaged = true;
    house.ticks(2);
    let [part] = house.api.recording.as_slice() else { panic!("{} parts", house.api.recording.len()) };
    let mut replay = SessionReplay::default();
    let played = replay.play(name(part), &part.bytes, &game(), &mut |_, _| {}).unwrap();
    assert_eq!(played.ticks, ticks);
    assert_eq!(replay.findings(), [Finding::Ended(name(part), End::BrokenOff { bytes_left: 0 })]);
    assert!(replay.is_identical());
}
