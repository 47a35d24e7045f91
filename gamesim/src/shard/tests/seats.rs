//! Getting in, coming back, leaving, and being turned away.

use super::api::Health;
use super::*;
use crate::limits::{ADMISSION_MS_MAX, AWAY_S_MAX};

fn refusal(player: &Player) -> Option<RefusalReason> {
    player.events.iter().find_map(|event| match event {
        GameEvent::Refused { reason } => RefusalReason::from_code(*reason),
        _ => None,
    })
}

#[test]
fn who_does_not_fit_hears_why_and_is_let_go() {
    let right = House::user(1, 0, 1);
    let wrong = [
        (UserData { protocol_version: PROTOCOL_VERSION + 1, ..right.clone() }, RefusalReason::ProtocolVersion),
        (UserData { content_version: 1, ..right.clone() }, RefusalReason::ContentVersion),
        (UserData { gamesim_epoch: EPOCH - 1, ..right.clone() }, RefusalReason::GamesimEpoch),
        (UserData { session_epoch: 0, ..right.clone() }, RefusalReason::Session),
        (UserData { seat: 9, ..right.clone() }, RefusalReason::Seat),
        (UserData { character_id: CharacterId::from_bits(9), ..right }, RefusalReason::Seat),
    ];
    for (user, reason) in wrong {
        let mut house = House::new();
        house.enter(1, 0, 1);
        let other = house.arrive_as(&user);
        house.ticks(25);
        assert_eq!(refusal(&house.players[other]), Some(reason));
        assert!(house.players[other].is_over());
        assert_eq!((house.api.admissions, house.shard.report().players), (1, 1));
    }
}

#[test]
fn the_api_has_the_last_word() {
    for (code, reason) in [("seat_lost", RefusalReason::Seat), ("session_over", RefusalReason::Session)] {
        let mut house = House::new();
        house.api.refuses_admission = Some(code);
        let ada = house.arrive(1, 0, 1);
        house.ticks(25);
        assert_eq!(refusal(&house.players[ada]), Some(reason));
        assert!(house.players[ada].is_over());
        assert_eq!(house.shard.report().rooms, 0);
    }
}

#[test]
fn an_api_that_is_down_is_asked_again_while_the_player_waits() {
    let mut house = House::new();
    house.api.health = Health::Down;
    let ada = house.arrive(1, 0, 1);
    house.ticks(40);
    assert!(house.api.admissions > 1 && !house.players[ada].is_over());
    house.api.health = Health::Well;
    house.ticks(60);
    assert!(house.players[ada].has(|event| matches!(event, GameEvent::Welcome { .. })));

    house.api.health = Health::Down;
    let bob = house.arrive(1, 1, 2);
    house.ticks(u32::try_from(ADMISSION_MS_MAX / 50).unwrap() + 25);
    assert_eq!(refusal(&house.players[bob]), Some(RefusalReason::Session));
}

#[test]
fn a_silent_player_comes_back_to_the_seat_with_a_new_token() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.players[ada].is_silent = true;
    house.ticks(110);
    assert_eq!((house.shard.report().rooms, house.shard.report().players), (1, 0));
    let again = house.enter(1, 0, 1);
    assert_eq!(house.api.admissions, 1, "the seat is theirs: nobody is asked");
    let message = house.players[again].latest();
    assert!(message.progress_seq > 0 && message.snapshot.entity(0).is_some(), "{message:?}");
}

#[test]
fn a_new_connection_takes_over_from_one_that_still_stands() {
    let mut house = House::new();
    let old = house.enter(1, 0, 1);
    let new = house.enter(1, 0, 1);
    house.ticks(2);
    assert!(house.players[old].is_over() && !house.players[new].is_over());
    assert_eq!(house.shard.report().players, 1);
    assert_eq!(house.players[new].events[0], GameEvent::Welcome { seat: 0, my_entity: 0 });
}

#[test]
fn a_player_who_stays_away_is_written_and_given_back() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let bob = house.enter(1, 1, 2);
    house.players[bob].is_silent = true;
    house.ticks(110);
    assert_eq!(house.api.stored(2).lease, Some(session(1)));
    house.ticks(u32::try_from(AWAY_S_MAX).unwrap() * 20);
    assert_eq!(house.api.stored(2).lease, None);
    assert!(house.players[ada].has(|event| *event == GameEvent::PlayerLeft { seat: 1 }));
    assert_eq!(house.shard.report().rooms, 1);
}

#[test]
fn leaving_writes_at_once_and_coming_back_goes_through_the_api() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    for round in 1..=3 {
        let player = if round == 1 { ada } else { house.enter(1, 0, 1) };
        house.players[player].wish(0, Action::Leave);
        house.ticks(4);
        assert_eq!(house.api.stored(1).lease, None, "the last write has landed");
        assert_eq!(house.api.stored(1).version, 1 + round, "each visit ends with a write of its own");
        house.ticks(3);
        assert!(house.players[player].is_over());
    }
    assert_eq!(house.api.admissions, 4);
}

#[test]
fn a_seat_is_not_given_away_before_its_last_write_has_landed() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.api.health = Health::Down;
    house.players[ada].wish(0, Action::Leave);
    house.ticks(5);
    let early = house.arrive(1, 0, 1);
    house.ticks(25);
    assert_eq!(refusal(&house.players[early]), Some(RefusalReason::Seat));
    house.api.health = Health::Well;
    house.ticks(120);
    house.enter(1, 0, 1);
}

#[test]
fn what_an_earlier_visit_has_stored_is_durable_from_the_start() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.slay(ada, RAT);
    house.players[ada].wish(0, Action::Leave);
    house.ticks(10);
    let again = house.enter(1, 0, 1);
    let message = house.players[again].latest();
    assert!(message.progress_seq > 0, "the world goes on counting");
    assert_eq!(message.durable_seq, message.progress_seq);
    // Who comes in dead stands up, and that is a change like any other.
    house.players[again].wish(0, Action::Leave);
    house.ticks(10);
    house.api.characters.get_mut(&CharacterId::from_bits(1)).unwrap().hot.hp = 0;
    house.api.health = Health::Down;
    let risen = house.arrive(1, 0, 1);
    house.ticks(4);
    house.api.health = Health::Well;
    while house.players[risen].latest.is_none() {
        house.tick();
    }
    house.api.health = Health::Down;
    let message = house.players[risen].latest();
    assert_eq!(message.durable_seq + 1, message.progress_seq);
}

#[test]
fn who_is_on_the_way_out_of_one_seat_does_not_get_another() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.api.health = Health::Mute;
    house.players[ada].wish(0, Action::Leave);
    house.ticks(5);
    // For the API the seat is free already, and somebody else may have it; the room does not know that yet.
    let early = house.arrive(1, 2, 1);
    house.ticks(25);
    assert_eq!((refusal(&house.players[early]), house.api.admissions), (Some(RefusalReason::Seat), 2));
    house.api.health = Health::Well;
    house.ticks(120);
    let again = house.enter(1, 2, 1);
    house.slay(again, RAT);
    house.ticks(25);
    assert_eq!((house.api.stored(1).hot.xp, house.shard.report().players), (5, 2));
}

#[test]
fn a_leaver_who_plays_elsewhere_by_now_does_not_end_the_room() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let bob = house.enter(1, 1, 2);
    house.api.health = Health::Mute;
    house.players[ada].wish(0, Action::Leave);
    house.ticks(3);
    assert_eq!(house.api.stored(1).lease, None, "the last write has landed, but nobody has heard of it");
    house.api.health = Health::Well;
    house.api.verdict = Some(GroupStatus::Fenced);
    house.ticks(120);
    house.api.verdict = None;
    assert!(!house.players[bob].is_over());
    house.enter(1, 0, 3);
    house.slay(bob, RAT);
    house.ticks(25);
    assert_eq!(house.api.stored(2).hot.xp, 5);
}

#[test]
fn an_admission_to_a_taken_seat_is_refused_and_the_game_goes_on() {
    let mut house = House::new();
    house.enter(1, 3, 9);
    house.api.keeps_admissions = true;
    let ada = house.arrive(1, 0, 1);
    let bob = house.arrive(1, 0, 2);
    house.ticks(5);
    house.api.let_go();
    house.ticks(5);
    let tick = house.players[ada].latest().tick;
    house.ticks(25);
    assert_eq!(refusal(&house.players[bob]), Some(RefusalReason::Seat));
    assert!(house.players[bob].is_over());
    assert_eq!(house.players[ada].latest().tick, tick + 25, "the room stands still");
    assert_eq!((house.shard.report().rooms, house.shard.report().players), (1, 2));
}
