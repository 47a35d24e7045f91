//! What a player missed while away, told over the next connection.

use super::*;
use crate::limits::AWAY_S_MAX;

/// Everything that happened to the rat, as one player was told of it.
fn deaths(events: &[GameEvent]) -> usize {
    events.iter().filter(|event| matches!(event, GameEvent::EnemyDied { entity: RAT, .. })).count()
}

fn welcomes(events: &[GameEvent]) -> usize {
    events.iter().filter(|event| matches!(event, GameEvent::Welcome { .. })).count()
}

impl House {
    /// Lets a player come back with what an earlier connection has heard.
    fn come_back(&mut self, before: usize, session_bits: u128, seat: u8, hero: u128) -> usize {
        let again = self.arrive(session_bits, seat, hero);
        self.players[again].inbox = self.players[before].inbox.carried_on();
        self.ticks(10);
        again
    }

    fn two_with_one_away(&mut self) -> (usize, usize) {
        let (ada, bob) = (self.enter(1, 0, 1), self.enter(1, 1, 2));
        self.players[ada].is_silent = true;
        self.ticks(2);
        (ada, bob)
    }
}

#[test]
fn whoever_comes_back_hears_each_event_once_and_in_order() {
    let mut house = House::new();
    let (ada, bob) = house.two_with_one_away();
    // It happens before the game sim notices that nobody listens.
    house.slay(bob, RAT);
    house.ticks(110);
    assert_eq!(house.shard.report().players, 1, "the silence was not noticed");
    let heard = house.players[ada].events.clone();
    assert_eq!(deaths(&heard), 0);
    let again = house.come_back(ada, 1, 0, 1);
    let told = &house.players[again].events;
    assert_eq!((deaths(told), welcomes(told)), (1, 1), "{told:?}");
    let place = |wanted: fn(&GameEvent) -> bool| told.iter().position(wanted).unwrap();
    let welcome = place(|event| matches!(event, GameEvent::Welcome { .. }));
    assert!(place(|event| matches!(event, GameEvent::XpGained { .. })) < welcome, "{told:?}");

    // The next way back has nothing more to tell but who is here.
    house.players[again].is_silent = true;
    house.ticks(2);
    let third = house.come_back(again, 1, 0, 1);
    let told = &house.players[third].events;
    assert_eq!((deaths(told), welcomes(told)), (0, 1), "{told:?}");
    assert!(house.players[third].inbox.received() > house.players[again].inbox.received());
}

#[test]
fn whoever_starts_afresh_hears_what_was_never_acknowledged() {
    let mut house = House::new();
    let (ada, bob) = house.two_with_one_away();
    house.slay(bob, RAT);
    house.ticks(110);
    let again = house.enter(1, 0, 1);
    let told = &house.players[again].events;
    assert_eq!((deaths(told), welcomes(told)), (1, 1), "{told:?}");
    assert!(house.players[again].inbox.received() > house.players[ada].inbox.received());
}

#[test]
fn the_numbers_of_a_seat_never_come_again() {
    let mut house = House::new();
    let (ada, bob) = house.two_with_one_away();
    let ticks_away = u32::try_from(AWAY_S_MAX * 20).unwrap() + 150;
    house.ticks(ticks_away);
    assert!(house.players[bob].has(|event| *event == GameEvent::PlayerLeft { seat: 0 }));
    // The seat is another stay's by now, but the one who sits down may not know.
    let again = house.come_back(ada, 1, 0, 1);
    let told = &house.players[again].events;
    assert_eq!(welcomes(told), 1, "{told:?}");
    assert!(house.players[again].inbox.received() > house.players[ada].inbox.received());
}

#[test]
fn what_happens_while_a_player_is_away_waits_for_them() {
    let mut house = House::new();
    let (ada, bob) = (house.enter(1, 0, 1), house.enter(1, 1, 2));
    house.players[bob].is_silent = true;
    // Until the connection is given up, and longer.
    house.ticks(200);
    assert_eq!(house.shard.report().players, 1, "Bob is away");
    house.slay(ada, RAT);
    house.ticks(20);
    let back = house.enter(1, 1, 2);
    house.ticks(5);
    let died = |event: &GameEvent| matches!(event, GameEvent::EnemyDied { entity: RAT, .. });
    assert_eq!(house.players[back].events.iter().filter(|event| died(event)).count(), 1);
    assert!(!house.players[bob].has(died), "the old connection is gone");
}
