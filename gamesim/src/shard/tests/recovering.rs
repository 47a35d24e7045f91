//! Sessions that lose their game sim and whose players do not come back: another game sim takes them over without them.

use super::api::Health;
use super::bucket::tails;
use super::resuming::TAIL;
use super::*;
use crate::limits::{AWAY_S_MAX, CHECKPOINT_PATIENCE_MS, RECOVERED_AWAY_S_MAX};

#[test]
fn a_session_that_nobody_comes_back_to_is_taken_over_and_everybody_is_given_back_with_what_was_durable() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.slay(ada, RAT);
    house.players[ada].wish(0, Action::PickUp { target: TAIL });
    house.ticks(40);
    assert!(house.players[ada].latest().durable_seq > 0 && tails(&house.api.stored(1).hot) == 0);
    house.kill();
    let elsewhere = house.api.recover(session(1), "203.0.113.7:4001");
    house.shard.handle_order(house.now_ms, elsewhere);
    assert_eq!(house.shard.report().rooms, 0, "it is another shard's");
    let here = house.api.recover(session(1), ADDRESS);
    house.shard.handle_order(house.now_ms, here.clone());
    house.ticks(u32::try_from(RECOVERED_AWAY_S_MAX).unwrap() * 20 - 20);
    house.shard.handle_order(house.now_ms, here);
    assert!(house.shard.report().rooms == 1 && house.api.stored(1).lease.is_some(), "they may still come");
    house.ticks(60);
    for hero in [1, 2] {
        assert_eq!((house.api.stored(hero).lease, house.api.stored(hero).hot.xp), (None, 5));
    }
    assert_eq!((tails(&house.api.stored(1).hot), house.shard.report().rooms), (1, 0));
    assert_eq!(house.api.finalized.iter().map(|request| request.outcome).collect::<Vec<_>>(), [Outcome::Abandoned]);
}

#[test]
fn who_comes_back_to_a_session_that_was_taken_over_finds_everything() {
    for comes_first in [false, true] {
        let mut house = House::with_checkpoints();
        let ada = house.enter(1, 0, 1);
        house.slay(ada, RAT);
        house.ticks(40);
        house.kill();
        let recovery = house.api.recover(session(1), ADDRESS);
        if comes_first {
            house.enter(1, 0, 1);
            house.shard.handle_order(house.now_ms, recovery);
        } else {
            house.shard.handle_order(house.now_ms, recovery);
            house.enter(1, 0, 1);
        }
        house.ticks(u32::try_from(AWAY_S_MAX).unwrap() * 20);
        let again = house.players.len() - 1;
        assert!(house.players[again].latest().snapshot.entity(RAT).is_none() && house.tails() == 1);
        assert_eq!((house.shard.report().players, house.api.stored(1).hot.xp), (1, 5));
    }
}

#[test]
fn a_game_sim_that_stops_while_it_takes_a_session_over_writes_what_there_is() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.ticks(40);
    house.kill();
    let recovery = house.api.recover(session(1), ADDRESS);
    house.shard.handle_order(house.now_ms, Order::Stop);
    house.shard.handle_order(house.now_ms, recovery);
    house.ticks(20);
    assert_eq!((house.api.stored(1).lease, house.api.stored(1).hot.xp, house.shard.report().rooms), (None, 5, 0));
}

#[test]
fn a_checkpoint_goes_only_when_the_store_has_what_it_has() {
    let mut house = House::with_checkpoints();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.ticks(40);
    let durable = house.players[ada].latest().durable_seq;
    assert!(durable > 0 && house.api.stored(1).hot.xp == 0);
    // Neither checkpoints nor writes get through; then checkpoints do, and the game sim dies.
    (house.api.bucket.is_down, house.api.health) = (true, Health::Down);
    house.players[ada].wish(0, Action::PickUp { target: TAIL });
    house.ticks(u32::try_from(CHECKPOINT_PATIENCE_MS).unwrap() / 50 + 60);
    house.api.bucket.is_down = false;
    house.ticks(100);
    house.api.health = Health::Well;
    house.kill();
    let again = house.enter(1, 0, 1);
    assert!(house.players[again].latest().progress_seq >= durable, "what was durable is");
    house.flush();
    assert_eq!(house.api.stored(1).hot.xp, 5);
}
