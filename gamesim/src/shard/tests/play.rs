//! Playing: what goes in counts once, what happens is shown, what is earned is stored and said to be stored.

use super::api::Health;
use super::*;

#[test]
fn a_player_enters_plays_and_sees_their_progress_become_durable() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let message = house.players[ada].latest();
    assert!(message.baseline > 0, "snapshots build on what was acknowledged: {message:?}");
    assert_eq!((message.progress_seq, message.durable_seq), (0, 0));
    assert_eq!(house.players[ada].events[0], GameEvent::Welcome { seat: 0, my_entity: 0 });
    assert!(house.players[ada].has(|event| matches!(event, GameEvent::PlayerJoined { seat: 0, .. })));

    house.players[ada].wish(0, Action::Attack { target: RAT });
    house.ticks(4);
    let message = house.players[ada].latest();
    assert!(message.progress_seq > 0 && message.durable_seq == 0, "nothing is durable before the store says so");
    assert!(house.api.saves.is_empty(), "ordinary changes wait to be coalesced");
    house.ticks(25);
    let message = house.players[ada].latest();
    assert_eq!(message.durable_seq, message.progress_seq);
    assert_eq!(house.api.saves.len(), 1);
    let stored = house.api.stored(1);
    assert_eq!((stored.hot.xp, stored.hot.gold, stored.version), (5, 2, 2));
    assert_eq!(house.shard.report().unsaved, 0);
}

#[test]
fn each_input_counts_once_and_nobody_walks_faster_by_sending_more() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let start = house.players[ada].x(0);
    // 4 metres per second are 20 centimetres per tick. Every input is repeated in several messages.
    for _ in 0..3 {
        house.players[ada].wish(1, Action::None);
        house.tick();
    }
    house.ticks(3);
    assert_eq!(house.players[ada].x(0), start + 60);
    assert_eq!(house.players[ada].latest().input_ack, 3);
    // Eight at once: those that have to wait too long lose their movement, and none is walked together with another.
    for _ in 0..8 {
        house.players[ada].wish(1, Action::None);
    }
    house.tick();
    assert!(house.players[ada].x(0) <= start + 80);
    house.ticks(10);
    assert_eq!(house.players[ada].latest().input_ack, 11);
    let walked = house.players[ada].x(0) - start - 60;
    assert!(walked == 6 * 20, "{walked}");
}

#[test]
fn players_see_each_other() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let bob = house.enter(1, 1, 2);
    assert!(house.players[ada].has(|event| matches!(event, GameEvent::PlayerJoined { seat: 1, .. })));
    assert!(house.players[bob].has(|event| matches!(event, GameEvent::PlayerJoined { seat: 0, .. })));
    house.players[ada].wish(1, Action::None);
    house.ticks(2);
    assert_eq!(house.players[ada].x(0), house.players[bob].x(0));
    assert_eq!((house.shard.report().rooms, house.shard.report().players), (1, 2));
}

#[test]
fn a_write_whose_answer_is_lost_is_repeated_to_the_byte_and_recognised() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.api.health = Health::Mute;
    house.slay(ada, RAT);
    house.ticks(80);
    let message = house.players[ada].latest();
    assert_eq!(message.durable_seq, 0, "the store has it, but has not said so");
    let seen = message.progress_seq;
    house.api.health = Health::Well;
    house.ticks(110);
    assert_eq!(house.players[ada].latest().durable_seq, seen);
    assert!(house.api.saves.len() > 2);
    let bytes = |save: &ProgressRequest| serde_json::to_vec(save).unwrap();
    assert!(house.api.saves.iter().all(|save| bytes(save) == bytes(&house.api.saves[0])));
    assert_eq!(house.api.stored(1).version, 2, "and it is applied once");
}

#[test]
fn an_outage_of_ten_minutes_stops_nobody_and_loses_nothing() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.api.health = Health::Down;
    house.slay(ada, RAT);
    let before = house.players[ada].latest().tick;
    house.ticks(10 * 60 * 20);
    assert_eq!(house.players[ada].latest().tick, before + 10 * 60 * 20);
    assert_eq!(house.shard.report().unsaved, 1);
    house.api.health = Health::Well;
    house.ticks(120);
    assert_eq!((house.shard.report().unsaved, house.api.stored(1).hot.xp), (0, 5));
}

#[test]
fn bad_packets_and_messages_are_counted_and_otherwise_ignored() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let stranger = "192.0.2.9:9".parse().unwrap();
    house.shard.handle_datagram(house.now_ms, stranger, &mut [0x15; 64]);
    house.shard.handle_datagram(house.now_ms, stranger, &mut []);
    assert_eq!(house.shard.report().transport.bad(), 2);
    house.players[ada].client.send(&[0xff; 40]).unwrap();
    house.tick();
    assert_eq!(house.shard.report().messages_malformed, 1);
    let message = house.players[ada].message().encode();
    for _ in 0..20 {
        house.players[ada].client.send(&message).unwrap();
    }
    house.tick();
    assert!(house.shard.report().messages_excess >= 12, "{:?}", house.shard.report());
    house.ticks(5);
    assert!(!house.players[ada].is_over());
}

#[test]
fn three_seconds_without_a_datagram_end_with_the_whole_picture() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let bob = house.enter(1, 1, 2);
    house.players[ada].is_silent = true;
    for _ in 0..60 {
        house.players[bob].wish(1, Action::None);
        house.tick();
    }
    house.players[ada].is_silent = false;
    house.tick();
    let message = house.players[ada].latest();
    assert_eq!((message.baseline, message.tick), (0, house.players[bob].latest().tick));
    assert_eq!(house.players[ada].x(1), house.players[bob].x(1));
    house.ticks(3);
    let message = house.players[ada].latest();
    assert!(message.baseline + 4 > message.tick, "differences again: {message:?}");
    assert_eq!(house.shard.report().transport.connected, 2, "on the same connection");
}
