//! How sessions end: won, deserted, drained, fenced, broken. Whatever happens, earned progress is written or handed out.

use super::api::Health;
use super::*;
use crate::exchange::BurialReason;
use crate::limits::{AWAY_S_MAX, SESSION_S_MAX};
use guildhall_domain::limits::CLEARED_GRACE_MS;
use guildhall_protocol::payload::EndingReason;

fn ending(player: &Player) -> Option<EndingReason> {
    player.events.iter().find_map(|event| match event {
        GameEvent::SessionEnding { reason } => EndingReason::from_code(*reason),
        _ => None,
    })
}

/// Whether the player is told to ask for another way to the session, and not that it ends.
fn is_sent_elsewhere(player: &Player) -> bool {
    let elsewhere = GameEvent::Refused { reason: RefusalReason::Session.code() };
    player.has(|event| *event == elsewhere) && ending(player).is_none()
}

fn outcomes(house: &House) -> Vec<Outcome> {
    house.api.finalized.iter().map(|request| request.outcome).collect()
}

#[test]
fn a_cleared_dungeon_is_written_and_closed() {
    let mut house = House::new();
    assert!(house.shard.is_idle());
    let ada = house.arrive(1, 0, 1);
    house.api.keeps_admissions = true;
    house.ticks(2);
    assert!(!house.shard.is_idle(), "somebody is at the door");
    house.api.let_go();
    house.ticks(8);
    house.slay(ada, KING);
    assert_eq!(house.api.stored(1).hot.dungeons_cleared, 1, "what is of value is written at once");
    house.ticks(CLEARED_GRACE_MS / 50 + 25);
    assert_eq!(outcomes(&house), [Outcome::Cleared]);
    assert_eq!(house.api.finalized[0].gamesim_epoch, EPOCH);
    assert_eq!(house.api.stored(1).lease, None);
    assert_eq!(ending(&house.players[ada]), Some(EndingReason::Cleared));
    assert!(house.players[ada].is_over() && house.shard.is_idle());
    assert_eq!(
        house.shard.report(),
        ShardReport { transport: house.shard.report().transport, ..ShardReport::default() }
    );
}

#[test]
fn a_session_that_everybody_has_left_is_closed_even_if_the_api_has_to_be_asked_again() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.players[ada].wish(0, Action::Leave);
    house.api.health = Health::Down;
    house.ticks(40);
    assert_eq!(house.shard.report().rooms, 1);
    house.api.health = Health::Well;
    house.ticks(120);
    assert_eq!((outcomes(&house), house.shard.report().rooms), (vec![Outcome::Abandoned], 0));
}

#[test]
fn a_fenced_writer_closes_its_room_and_writes_no_more() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.api.verdict = Some(GroupStatus::Fenced);
    house.slay(ada, RAT);
    house.ticks(50);
    assert!(house.players[ada].is_over() && is_sent_elsewhere(&house.players[ada]));
    assert_eq!((house.api.saves.len(), house.shard.report().rooms, house.api.letters.len()), (1, 0, 0));
}

#[test]
fn a_conflict_is_buried_and_closes_the_room_but_the_others_are_written() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.enter(1, 1, 2);
    house.api.verdict = Some(GroupStatus::Conflict);
    house.slay(ada, RAT);
    while house.api.saves.is_empty() {
        house.slot();
    }
    house.api.verdict = None;
    house.ticks(10);
    let letter = &house.api.letters[0];
    assert_eq!((letter.reason, letter.session_id, letter.gamesim_epoch), (BurialReason::Conflict, session(1), EPOCH));
    assert_eq!(letter.group, house.api.saves[0].groups[0]);
    assert_eq!(outcomes(&house), [Outcome::Failed]);
}

#[test]
fn rooms_that_the_registry_does_not_list_are_closed_without_another_write() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let before_ms = house.now_ms;
    let bob = house.enter(2, 0, 2);
    house.slay(ada, RAT);
    let sessions = Arc::new(BTreeMap::from([(session(3), 1)]));
    house.shard.handle_order(house.now_ms, Order::Listed { asked_ms: before_ms, sessions });
    house.ticks(30);
    assert!(house.players[ada].is_over() && is_sent_elsewhere(&house.players[ada]));
    assert!(!house.players[bob].is_over(), "it was opened after the question");
    let sessions = Arc::new(BTreeMap::from([(session(2), 1)]));
    house.shard.handle_order(house.now_ms, Order::Listed { asked_ms: house.now_ms, sessions });
    house.ticks(30);
    assert!(!house.players[bob].is_over());
    assert!(house.api.saves.is_empty() && house.api.finalized.is_empty());
    assert_eq!(house.shard.report().rooms, 1);
}

#[test]
fn stopping_writes_everything_and_takes_nobody_in() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.enter(2, 0, 2);
    house.slay(ada, RAT);
    let late = house.arrive(3, 0, 3);
    house.slot();
    house.shard.handle_order(house.now_ms, Order::Stop);
    assert!(!house.shard.is_finished());
    house.ticks(25);
    assert_eq!(ending(&house.players[ada]), Some(EndingReason::Shutdown));
    assert!(house.players[late].has(|event| *event == GameEvent::Refused { reason: RefusalReason::Draining.code() }));
    assert_eq!(outcomes(&house), [Outcome::Drained, Outcome::Drained]);
    assert_eq!((house.api.stored(1).hot.xp, house.api.stored(1).lease), (5, None));
    assert!(house.shard.is_finished());
}

#[test]
fn what_cannot_be_written_at_the_end_is_handed_out() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.api.health = Health::Down;
    house.slay(ada, RAT);
    house.shard.handle_order(house.now_ms, Order::Stop);
    house.ticks(100);
    assert!(!house.shard.is_finished() && house.api.letters.is_empty());
    house.shard.handle_order(house.now_ms, Order::Abandon);
    house.slot();
    assert!(house.shard.is_finished());
    let letters = &house.api.letters;
    assert!(letters.iter().all(|letter| letter.reason == BurialReason::Abandoned));
    let last = letters.last().unwrap().group.writes[0].clone();
    assert!(last.release && last.hot.xp == 5, "{last:?}");
}

#[test]
fn a_panic_in_one_room_leaves_the_others_alone() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    let bob = house.enter(2, 0, 2);
    house.slay(ada, RAT);
    house.shard.rooms.get_mut(session(1)).unwrap().is_sabotaged = true;
    let before = house.players[bob].latest().tick;
    house.ticks(30);
    assert_eq!(house.players[bob].latest().tick, before + 30);
    assert_eq!(ending(&house.players[ada]), Some(EndingReason::Fault));
    assert_eq!((house.api.stored(1).hot.xp, house.api.stored(1).lease), (5, None), "what was earned before is written");
    assert_eq!((outcomes(&house), house.shard.report().rooms_failed), (vec![Outcome::Failed], 1));
    assert_eq!((house.shard.report().rooms, house.shard.report().players), (1, 1));
}

#[test]
fn losing_the_epoch_ends_everything_without_a_write() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.shard.handle_order(house.now_ms, Order::Fence);
    house.ticks(25);
    assert!(house.shard.is_finished() && house.players[ada].is_over());
    assert!(house.api.saves.is_empty() && house.api.finalized.is_empty());
}

#[test]
fn an_admission_that_comes_after_the_end_does_not_open_the_session_again() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.api.keeps_admissions = true;
    let late = house.arrive(1, 1, 2);
    house.slay(ada, KING);
    house.ticks(CLEARED_GRACE_MS / 50 + 25);
    assert_eq!(outcomes(&house), [Outcome::Cleared]);
    house.api.let_go();
    house.ticks(5);
    let player = &house.players[late];
    assert!(player.has(|event| *event == GameEvent::Refused { reason: RefusalReason::Session.code() }));
    assert!(!player.has(|event| matches!(event, GameEvent::Welcome { .. })));
    assert_eq!((house.shard.report().rooms, house.api.finalized.len()), (0, 1));
}

#[test]
fn a_room_that_somebody_is_about_to_enter_is_not_deserted() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.api.keeps_admissions = true;
    let bob = house.arrive(1, 1, 2);
    house.ticks(5);
    house.players[ada].wish(0, Action::Leave);
    house.ticks(20);
    assert_eq!((house.shard.is_awaited(), house.api.finalized.as_slice()), (true, &[][..]));
    house.api.let_go();
    house.ticks(5);
    assert!(!house.shard.is_awaited());
    assert!(house.players[bob].has(|event| matches!(event, GameEvent::Welcome { seat: 1, .. })));
}

#[test]
fn a_player_who_is_admitted_after_going_away_is_given_back_in_time() {
    let mut house = House::new();
    house.api.keeps_admissions = true;
    let ada = house.arrive(1, 0, 1);
    house.ticks(5);
    house.players[ada].client.disconnect();
    house.ticks(2);
    house.api.let_go();
    house.ticks(20);
    assert_eq!((house.shard.report().rooms, house.shard.report().players), (1, 0));
    house.ticks(u32::try_from(AWAY_S_MAX).unwrap() * 20);
    assert_eq!((outcomes(&house), house.api.stored(1).lease), (vec![Outcome::Abandoned], None));
}

#[test]
fn who_only_keeps_a_connection_open_does_not_hold_a_session_for_ever() {
    let mut house = House::new();
    let ada = house.enter(1, 0, 1);
    house.slay(ada, RAT);
    house.shard.rooms.get_mut(session(1)).unwrap().grow_older((SESSION_S_MAX - 2) * 1_000);
    house.ticks(20);
    assert_eq!((house.shard.report().rooms, ending(&house.players[ada])), (1, None));
    house.ticks(60);
    assert_eq!(ending(&house.players[ada]), Some(EndingReason::TimeLimit));
    assert!(house.players[ada].is_over());
    assert_eq!((house.api.stored(1).hot.xp, house.api.stored(1).lease), (5, None));
    assert_eq!((outcomes(&house), house.shard.report().rooms), (vec![Outcome::Abandoned], 0));
}

#[test]
fn who_is_admitted_while_everything_stops_is_given_back_before_the_end() {
    let mut house = House::new();
    house.api.keeps_admissions = true;
    let ada = house.arrive(1, 0, 1);
    house.ticks(5);
    house.shard.handle_order(house.now_ms, Order::Stop);
    house.ticks(5);
    assert!(!house.shard.is_finished(), "the answer may be yes");
    house.api.let_go();
    house.ticks(25);
    assert_eq!(ending(&house.players[ada]), Some(EndingReason::Shutdown));
    assert_eq!((outcomes(&house), house.api.stored(1).lease), (vec![Outcome::Drained], None));
    assert!(house.shard.is_finished());
}

#[test]
fn an_api_that_is_down_does_not_keep_a_player_at_the_door_while_everything_stops() {
    let mut house = House::new();
    house.api.health = Health::Down;
    let ada = house.arrive(1, 0, 1);
    house.ticks(5);
    house.shard.handle_order(house.now_ms, Order::Stop);
    house.ticks(60);
    assert!(house.players[ada].has(|event| matches!(event, GameEvent::Refused { .. })));
    assert!(house.shard.is_finished());
}
