//! Zones as their players find them: parties that meet, come, go, and go on elsewhere, each with a session of its own.

use super::*;
use crate::recording::{End, RecordingPart, play as replay};

impl House {
    fn on_the_heath() -> Self {
        let mut house = Self { shard: Self::shard(START_MS, true), ..Self::new() };
        house.api.place = "heath";
        house
    }

    /// The game sim is gone from one moment to the next; another one takes its sessions over, under the next epoch.
    fn lose_the_shard(&mut self) {
        self.shard = Self::shard(self.now_ms, true);
        self.players.clear();
        self.api.forget_asker();
    }

    fn number(&self, player: usize) -> u16 {
        let welcome = self.players[player].events.iter().find_map(|event| match event {
            GameEvent::Welcome { seat, my_entity } => Some((*seat, *my_entity)),
            _ => None,
        });
        let (seat, entity) = welcome.expect("a welcome");
        assert_eq!(seat, entity);
        seat
    }

    fn sees(&self, player: usize, entity: u16) -> bool {
        self.players[player].latest().snapshot.entity(entity).is_some()
    }
}

fn has_met(player: &Player, number: u16, hero: u128) -> bool {
    let id = CharacterId::from_bits(hero);
    player.has(|event| matches!(event, GameEvent::PlayerJoined { seat, character_id, .. } if (*seat, *character_id) == (number, id)))
}

#[test]
fn parties_meet_are_introduced_and_hear_when_the_others_are_gone() {
    let mut house = House::on_the_heath();
    let (ada, bob) = (house.enter(1, 0, 1), house.enter(2, 1, 2));
    house.ticks(10);
    let (a, b) = (house.number(ada), house.number(bob));
    assert_eq!((a, b), (0, 5), "a place for each party, and in it the seat");
    assert!(house.sees(ada, b) && house.sees(bob, a) && house.sees(bob, b));
    assert!(has_met(&house.players[ada], b, 2) && has_met(&house.players[bob], a, 1));
    // Cat is of Bob's party.
    let cat = house.enter(2, 0, 3);
    house.ticks(10);
    assert!(has_met(&house.players[bob], 4, 3) && has_met(&house.players[cat], b, 2));
    house.slay(ada, RAT);
    let said = |player: usize| house.players[player].has(|event| matches!(event, GameEvent::EnemyDied { .. }));
    assert!(said(bob), "who stands by hears of it");
    let paid = |player: usize| house.players[player].has(|event| matches!(event, GameEvent::XpGained { .. }));
    assert!(paid(ada) && !paid(bob), "another party's deed");
    house.players[ada].wish(0, Action::Leave);
    house.ticks(30);
    let bob_heard = &house.players[bob].events;
    assert!(
        house.players[bob].has(|event| matches!(event, GameEvent::PlayerLeft { seat } if *seat == a)),
        "{bob_heard:?}"
    );
    assert!(!house.sees(bob, a) && house.shard.report().rooms == 1);
    assert_eq!(house.api.stored(1).hot.xp, 5);
    for player in [bob, cat] {
        house.players[player].wish(0, Action::Leave);
    }
    house.ticks(40);
    assert_eq!((house.shard.report().rooms, house.shard.zones.count()), (0, 0), "a zone goes with its last party");
}

#[test]
fn who_is_far_off_is_neither_seen_nor_heard_of() {
    let mut house = House::on_the_heath();
    let (ada, bob) = (house.enter(1, 0, 1), house.enter(2, 0, 2));
    for _ in 0..260 {
        house.players[bob].wish(127, Action::None);
        house.tick();
    }
    house.ticks(10);
    let (a, b) = (house.number(ada), house.number(bob));
    assert!(house.players[bob].x(b) > 5_000, "{}", house.players[bob].x(b));
    assert!(!house.sees(ada, b) && !house.sees(bob, a) && house.sees(ada, RAT) && !house.sees(bob, RAT));
    house.slay(ada, RAT);
    house.ticks(10);
    assert!(!house.players[bob].has(|event| matches!(event, GameEvent::EnemyDied { .. })));
    assert!(!house.players[bob].has(|event| matches!(event, GameEvent::PlayerLeft { .. })), "out of sight is not gone");
}

#[test]
fn a_killed_game_sim_costs_no_party_what_was_durable_and_both_meet_again() {
    for killed_at in [5, 12, 25, 33, 60] {
        let mut house = House::on_the_heath();
        let (ada, bob) = (house.enter(1, 0, 1), house.enter(2, 0, 2));
        for tick in 0..killed_at {
            match tick {
                5 => house.players[ada].wish(0, Action::Attack { target: RAT }),
                8 => house.players[bob].wish(127, Action::None),
                _ => {}
            }
            house.tick();
        }
        let durable = [ada, bob].map(|player| house.players[player].latest().durable_seq);
        house.lose_the_shard();
        let (ada, bob) = (house.enter(1, 0, 1), house.enter(2, 0, 2));
        house.ticks(30);
        let (a, b) = (house.number(ada), house.number(bob));
        assert!(house.sees(ada, b) && house.sees(bob, a));
        assert!(house.players[ada].latest().progress_seq >= durable[0], "killed at {killed_at}");
        assert!(house.players[bob].latest().progress_seq >= durable[1]);
        let xp = |house: &House| house.api.stored(1).hot.xp;
        assert!(xp(&house) <= 5, "twice");
        house.flush();
        assert!(xp(&house) == 5 || killed_at < 25, "killed at {killed_at}: {}", xp(&house));
    }
}

#[test]
fn a_panic_in_a_zone_ends_its_rooms_and_the_next_party_finds_a_new_one() {
    let mut house = House::on_the_heath();
    let (ada, bob) = (house.enter(1, 0, 1), house.enter(2, 0, 2));
    house.slay(ada, RAT);
    house.ticks(30);
    house.shard.rooms.get_mut(session(1)).unwrap().is_sabotaged = true;
    house.ticks(30);
    for player in [ada, bob] {
        assert!(
            house.players[player].has(|event| matches!(event, GameEvent::SessionEnding { reason } if *reason == 5))
        );
    }
    assert_eq!((house.api.stored(1).hot.xp, house.api.stored(1).lease), (5, None));
    assert_eq!((house.shard.report().rooms, house.shard.zones.count()), (0, 0));
    house.api.reopen();
    let cat = house.enter(3, 0, 3);
    house.ticks(5);
    assert!(house.sees(cat, RAT), "a new zone");
}

/// The parts of a zone's recording that a game sim has left, played again.
fn replayed(parts: &[RecordingPart]) -> Vec<(u128, End, u32)> {
    let whole = parts.iter().filter_map(|part| {
        let played = replay(&part.bytes, &game(), &mut |_, _| {})?;
        Some((u128::from_be_bytes(part.session_id.to_bytes()), played.end, played.ticks))
    });
    whole.collect()
}

#[test]
fn a_zone_is_recorded_once_and_its_other_sessions_say_where() {
    let mut house = House::on_the_heath();
    let (ada, bob) = (house.enter(1, 0, 1), house.enter(2, 0, 2));
    house.slay(ada, RAT);
    house.players[bob].wish(127, Action::None);
    house.ticks(30);
    let refers = |house: &House, bits: u128| {
        let parts = house.api.recording.iter().filter(|part| part.session_id == session(bits));
        parts.filter_map(|part| crate::recording::zone_of(&part.bytes)).collect::<Vec<_>>()
    };
    assert_eq!(refers(&house, 2), [(session(1), 1)]);
    // On the next game sim the zone begins with the parties that come back.
    house.lose_the_shard();
    house.api.recording.clear();
    let (bob, ada) = (house.enter(2, 0, 2), house.enter(1, 0, 1));
    house.ticks(10);
    assert_eq!(refers(&house, 1), [(session(2), 2)]);
    for player in [ada, bob] {
        house.players[player].wish(0, Action::Leave);
    }
    house.ticks(40);
    assert_eq!(house.shard.zones.count(), 0);
    let [(bits, end, ticks)] = replayed(&house.api.recording)[..] else {
        panic!("{:?}", replayed(&house.api.recording))
    };
    assert_eq!((bits, end), (2, End::Complete));
    assert!(ticks >= 20, "{ticks}");
}
