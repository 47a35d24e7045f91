//! Accounts that lose their right to play while their players are here, on their way in, or away.

use super::*;
use crate::limits::PARTING_MS;
use guildhall_domain::api::Expulsion;
use guildhall_protocol::payload::EndingReason;

fn expel(house: &mut House, hero: u128) {
    let expulsion = Expulsion { account_id: AccountId::from_bits(hero), at: Timestamp(1) };
    house.shard.handle_order(house.now_ms, Order::Expel([expulsion].into()));
}

#[test]
fn who_plays_is_written_told_and_let_go_within_three_seconds() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let bob = house.enter(1, 1, 2);
    house.slay(ada, RAT);
    expel(&mut house, 1);
    house.ticks(u32::try_from(PARTING_MS).unwrap() / 50 + 2);
    let revoked = GameEvent::SessionEnding { reason: EndingReason::Revoked.code() };
    assert!(house.players[ada].has(|event| *event == revoked) && house.players[ada].is_over());
    assert!(house.players[bob].has(|event| *event == GameEvent::PlayerLeft { seat: 0 }));
    assert!(!house.players[bob].has(|event| *event == revoked) && !house.players[bob].is_over());
    assert_eq!((house.api.stored(1).lease, house.api.stored(1).hot.xp), (None, 5));
    assert_eq!((house.shard.report().rooms, house.shard.report().players), (1, 1));
}

#[test]
fn who_does_not_listen_is_let_go_all_the_same() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.players[ada].is_silent = true;
    house.ticks(2);
    expel(&mut house, 1);
    house.ticks(u32::try_from(PARTING_MS).unwrap() / 50 + 2);
    assert!(house.shard.places.is_empty() && house.api.stored(1).lease.is_none());
}

#[test]
fn who_is_away_does_not_come_back_to_the_seat() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.players[ada].is_silent = true;
    house.ticks(110);
    expel(&mut house, 1);
    house.ticks(10);
    assert_eq!(house.api.stored(1).lease, None);
    house.api.refuses_admission = Some("session_over");
    let again = house.arrive(1, 0, 1);
    house.ticks(25);
    assert!(house.players[again].has(|event| matches!(event, GameEvent::Refused { .. })));
}

#[test]
fn who_waits_at_the_door_is_dropped_and_a_late_yes_is_given_back() {
    let mut house = House::new();
    house.enter(1, 1, 2);
    house.api.keeps_admissions = true;
    let ada = house.arrive(1, 0, 1);
    house.ticks(5);
    expel(&mut house, 1);
    house.ticks(5);
    assert!(house.players[ada].is_over());
    assert_eq!(house.api.stored(1).lease, Some(session(1)), "the API has said yes");
    house.api.let_go();
    house.ticks(10);
    assert_eq!((house.api.stored(1).lease, house.shard.report().players), (None, 1));
}
