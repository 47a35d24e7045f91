//! Whole lives, write by write, as the rules of `seating` make them.

use super::*;
use crate::{AccountId, CharacterId, HotState, LoginSessionId, SessionId, Stack};

const NOW: Timestamp = Timestamp(1_000_000);

fn seat(bits: u128) -> Seat {
    Seat {
        character_id: CharacterId::from_bits(bits),
        account_id: AccountId::from_bits(bits),
        login_session_id: LoginSessionId::from_bits(bits),
        name: format!("hero {bits}"),
        state: SeatState::Reserved,
        reserved_until: NOW.plus_secs(30),
    }
}

fn session() -> Session {
    Session {
        session_id: SessionId::from_bits(1),
        state: SessionState::Reserved,
        epoch: 1,
        revision: 1,
        gamesim_id: "sim-1".parse().unwrap(),
        gamesim_epoch: 1,
        address: "127.0.0.1:1".into(),
        former: Vec::new(),
        left: None,
        content_version: "0".into(),
        dungeon_id: "warren".into(),
        in_zone: false,
        created_by: AccountId::from_bits(1),
        request_fingerprint: String::new(),
        seed: 7,
        created_at: NOW,
        seats: vec![Some(seat(1)), Some(seat(2))],
        outcome: None,
        expires_at: 0,
    }
}

fn character() -> Character {
    Character {
        character_id: CharacterId::from_bits(1),
        account_id: AccountId::from_bits(1),
        name: crate::CharacterName::parse("Bryn").unwrap(),
        class: "fighter".into(),
        version: 1,
        created_at: NOW,
        deleted_at: None,
        build: crate::Build::default(),
        hot: HotState { level: 1, ..HotState::default() },
    }
}

/// The types of the events from one row to the next, all through a life, as words.
fn story(rows: &[Session]) -> Vec<Vec<String>> {
    let befores = std::iter::once(None).chain(rows.iter().map(Some));
    let steps = befores.zip(rows);
    steps.map(|(before, after)| words(&of_session(before, Some(after), NOW))).collect()
}

fn words(events: &[DomainEvent]) -> Vec<String> {
    let word = |event: &DomainEvent| {
        let json = serde_json::to_value(event).unwrap();
        let seat = json["data"].get("seat").map(|seat| format!(" {seat}")).unwrap_or_default();
        json["type"].as_str().unwrap().to_owned() + &seat
    };
    events.iter().map(word).collect()
}

#[test]
fn a_session_is_told_from_its_place_to_its_end() {
    let created = session();
    let first = created.admit(0, CharacterId::from_bits(1), NOW).unwrap().unwrap();
    let second = first.admit(1, CharacterId::from_bits(2), NOW).unwrap().unwrap();
    let left = second.leave(CharacterId::from_bits(2)).unwrap();
    let ended = left.end(Outcome::Cleared, NOW).unwrap();
    let told = story(&[created, first, second, left, ended]);
    let expected: [&[&str]; 5] = [
        &["session.created"],
        &["session.started", "player.joined 0"],
        &["player.joined 1"],
        &["player.left 1"],
        &["player.left 0", "session.ended"],
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_move_asks_everybody_back_and_who_does_not_come_leaves() {
    let active = session().admit(0, CharacterId::from_bits(1), NOW).unwrap().unwrap();
    let active = active.admit(1, CharacterId::from_bits(2), NOW).unwrap().unwrap();
    let moved = active.relocate(&"sim-2".parse().unwrap(), 9, "127.0.0.1:2".into(), NOW).unwrap();
    let lost = moved.lose(NOW).unwrap();
    let resumed = moved.admit(0, CharacterId::from_bits(1), NOW).unwrap().unwrap();
    assert_eq!(words(&of_session(Some(&active), Some(&moved), NOW)), ["session.moved"]);
    let back = ["session.resumed", "player.joined 0", "player.joined 1"];
    assert_eq!(words(&of_session(Some(&moved), Some(&resumed), NOW)), back);
    let gone = ["player.left 0", "player.left 1", "session.lost"];
    assert_eq!(words(&of_session(Some(&moved), Some(&lost), NOW)), gone);
}

#[test]
fn a_reservation_that_nobody_takes_tells_of_nobody() {
    let ended = session().end(Outcome::Failed, NOW).unwrap();
    assert_eq!(words(&of_session(Some(&session()), Some(&ended), NOW)), ["session.ended"]);
    assert_eq!(of_session(Some(&ended), Some(&ended), NOW), []);
    assert_eq!(of_session(Some(&ended), None, NOW), []);
}

#[test]
fn a_character_is_told_of_by_what_became_different() {
    let before = character();
    assert_eq!(words(&of_character(None, Some(&before), NOW)), ["character.created"]);
    let mut after = Character { version: 2, ..before.clone() };
    after.hot.hp = 3;
    after.hot.xp = 90;
    assert_eq!(of_character(Some(&before), Some(&after), NOW), []);
    after.hot.inventory = vec![Stack::of("arrow", 20), Stack::of("arrow", 5), Stack::of("rope", 1)];
    (after.hot.level, after.hot.gold) = (3, 7);
    let events = of_character(Some(&before), Some(&after), NOW);
    let expected = ["character.leveled_up", "character.items_changed", "character.gold_changed"];
    assert_eq!(words(&events), expected);
    let items = vec![
        ItemChange { item: "arrow".into(), before: 0, after: 25 },
        ItemChange { item: "rope".into(), before: 0, after: 1 },
    ];
    assert!(matches!(&events[1].happening, Happening::CharacterItemsChanged { items: told, .. } if *told == items));
    assert_eq!(events[2].id, format!("character/{}/2/2", before.character_id));
    let deleted = Character { deleted_at: Some(NOW), version: 3, ..after.clone() };
    assert_eq!(words(&of_character(Some(&after), Some(&deleted), NOW)), ["character.deleted"]);
    assert_eq!(words(&of_character(Some(&deleted), Some(&after), NOW)), ["character.restored"]);
    assert_eq!(words(&of_character(Some(&deleted), None, NOW)), ["character.erased"]);
}

#[test]
fn putting_something_on_changes_nothing_that_is_owned() {
    let mut before = character();
    before.hot.inventory = vec![Stack::of("shield", 1)];
    let mut after = character();
    after.hot.equipment.shield = Some(crate::Gear { item: "shield".into(), wear: 0 });
    assert_eq!(of_character(Some(&before), Some(&after), NOW), []);
}

#[test]
fn an_event_is_plain_json_and_comes_back_as_it_was() {
    let events = of_character(None, Some(&character()), NOW);
    let json = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(json["data"]["name"], "Bryn");
    assert_eq!((&json["version"], &json["at"]), (&serde_json::json!(1), &serde_json::json!(1_000_000)));
    assert_eq!(serde_json::from_value::<DomainEvent>(json).unwrap(), events[0]);
}
