//! Zones: who sees whom, who is paid, whose things are whose, what comes back, and how a party goes on in another zone.

use super::*;
use crate::world::state::party_of;
use guildhall_domain::limits::{
    SEATS_PER_SESSION_MAX, TICKS_PER_S, ZONE_ENEMIES_SEEN_MAX, ZONE_LOOT_SEEN_MAX, ZONE_PLAYERS_SEEN_MAX, ZONE_SIGHT_MM,
};

/// Ticks in which everybody has looked about at least once.
const LOOK_TICKS: u32 = TICKS_PER_S / 5;

/// The arena's creatures on a meadow of 300 metres: four rats in its middle, nothing else.
fn meadow() -> Content {
    let zone = json!({
        "name": "Meadow", "spawns": [{ "x": 10_000, "y": 10_000 }, { "x": 290_000, "y": 290_000 }], "respawn_ms": 2000,
        "floors": [{ "x": 0, "y": 0, "width": 300_000, "height": 300_000 }],
        "camps": [{ "enemy": "rat", "at": { "x": 150_000, "y": 150_000 }, "count": 4, "spread_mm": 4000,
                    "respawn_ms": 3000 }],
    });
    let mut content = arena();
    (content.rules.ground.owner_only_ms, content.rules.ground.despawn_ms) = (2_000, 60_000);
    content.zones.insert("meadow".into(), serde_json::from_value(zone).unwrap());
    content
}

/// The meadow with these parties, complete.
fn with_parties(parties: impl IntoIterator<Item = u16>) -> Play {
    let content = meadow();
    content.check().unwrap();
    let mut play =
        Play { dungeon: Dungeon::new(&game(content), "meadow", 1).unwrap(), effects: vec![], asides: vec![] };
    for party in parties {
        for seat in 0..SEATS_PER_SESSION_MAX as u16 {
            assert!(play.join(4 * party + seat));
        }
    }
    play
}

impl Play {
    fn seen_by(&self, seat: u16) -> Vec<u16> {
        let seen: Vec<_> = self.dungeon.seen(seat).map(|entity| entity.id).collect();
        assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?} is not sorted");
        seen
    }
}

#[test]
fn one_sees_who_is_near_and_ones_own_party_wherever_it_is() {
    let mut play = with_parties([0, 2, 3]);
    let sight = i32::try_from(ZONE_SIGHT_MM).unwrap();
    play.put(0, 100_000, 10_000);
    play.put(8, 100_000 + sight, 10_000);
    play.put(9, 100_000 + sight + 1, 10_000);
    play.put(12, 100_000, 10_000 + sight);
    play.wait(LOOK_TICKS);
    assert_eq!(play.seen_by(0), [0, 1, 2, 3, 8, 12], "its own party, and who is within sight");
    assert!(play.seen_by(9).contains(&8) && !play.seen_by(9).contains(&0));
    play.put(0, 150_000, 150_000);
    play.player(0).hot.hp = 10_000;
    play.wait(LOOK_TICKS);
    assert_eq!(play.seen_by(0), [0, 1, 2, 3, RAT, RAT + 1, RAT + 2, RAT + 3]);
}

#[test]
fn of_a_crowd_one_sees_the_nearest_and_never_more_than_the_limits() {
    let mut play = with_parties(0..60);
    for seat in 0..240 {
        play.put(seat, 100_000 + 100 * i32::from(seat), 10_000);
    }
    play.wait(LOOK_TICKS);
    for seat in [0, 100, 239] {
        let seen = play.seen_by(seat);
        let strangers: Vec<_> = seen.iter().filter(|other| party_of(**other) != party_of(seat)).copied().collect();
        assert!(seen.contains(&seat) && seen.len() <= 1 + ZONE_PLAYERS_SEEN_MAX + 3, "{seen:?}");
        assert!(strangers.len() >= ZONE_PLAYERS_SEEN_MAX - 3);
        assert!(strangers.iter().all(|other| other.abs_diff(seat) <= 33), "{seat} sees {strangers:?}");
    }
    const { assert!(ZONE_PLAYERS_SEEN_MAX + ZONE_ENEMIES_SEEN_MAX + ZONE_LOOT_SEEN_MAX < 100, "one datagram holds it") };
}

#[test]
fn only_who_sees_it_hears_of_it() {
    let mut play = with_parties([0, 1]);
    play.put(0, 153_000, 146_000);
    play.put(4, 160_000, 146_000);
    play.wait(LOOK_TICKS);
    let said = play.attack(0, RAT + 1);
    let died = |effect: &&Effect| matches!(effect, Effect::Event(_, WorldEvent::EnemyDied { .. }));
    let Some(Effect::Event(audience, _)) = said.iter().find(died) else { panic!("{said:?}") };
    let hear: Vec<_> = (0..8).filter(|seat| play.dungeon.hears(*seat, *audience)).collect();
    assert_eq!(hear, [0, 4], "who stands by hears of it; who is at the spawn does not");
}

#[test]
fn a_death_pays_those_of_the_party_who_are_near_and_what_it_leaves_is_theirs_first() {
    let mut play = with_parties([0, 1]);
    play.put(0, 153_000, 146_000);
    play.put(1, 155_000, 160_000);
    play.put(4, 154_000, 147_000);
    play.wait(LOOK_TICKS);
    let said = play.attack(0, RAT + 1);
    let paid: Vec<_> = (0..8)
        .filter(|seat| {
            let is_pay = |effect: &&Effect| matches!(effect, Effect::Event(_, WorldEvent::XpGained { amount: 5, .. }));
            let is_theirs =
                |effect: &Effect| matches!(effect, Effect::Event(audience, _) if *audience == Audience::Seat(*seat));
            said.iter().filter(is_pay).any(is_theirs)
        })
        .collect();
    assert_eq!(paid, [0, 1], "{said:?}");
    play.wait(LOOK_TICKS);
    assert!(play.seen_by(0).contains(&LOOT) && !play.seen_by(4).contains(&LOOT));
    assert!(play.pick_up(4, LOOT).contains(&only(4, WorldEvent::PickUpRefused { entity: LOOT })));
    play.wait(40 + LOOK_TICKS);
    assert!(play.seen_by(4).contains(&LOOT), "after a while it is anybody's");
    assert!(!play.pick_up(4, LOOT).contains(&only(4, WorldEvent::PickUpRefused { entity: LOOT })));
}

#[test]
fn what_players_lay_down_stays_with_their_party() {
    let mut play = with_parties([0, 1]);
    for seat in [0, 1, 4] {
        play.put(seat, 50_000, 50_000);
    }
    play.player(0).hot.add_item("ring", 1, 1);
    play.step(&[(0, act(Action::Handle(Handling::Drop { slot: 0, quantity: 1 })))]);
    play.wait(100);
    assert!(play.seen_by(1).contains(&LOOT), "the party sees it once it is not the owner's alone");
    assert!(!play.seen_by(4).contains(&LOOT));
    assert!(play.pick_up(4, LOOT).contains(&only(4, WorldEvent::PickUpRefused { entity: LOOT })));
    play.pick_up(1, LOOT);
    assert_eq!(play.player(1).hot.inventory.len(), 1);
}

#[test]
fn the_dead_of_a_camp_come_back_and_the_zone_is_never_over() {
    let mut play = with_parties([0]);
    play.put(0, 153_000, 146_000);
    play.wait(1);
    play.attack(0, RAT + 1);
    assert!(!play.dungeon.enemies[1].is_alive());
    play.put(0, 10_000, 10_000);
    play.wait(50);
    assert!(!play.dungeon.enemies[1].is_alive(), "too early");
    play.wait(40);
    let rat = &play.dungeon.enemies[1];
    assert!(rat.is_alive() && rat.at == rat.home && rat.hp == rat.hp_max);
    assert!(!play.dungeon.is_over() && play.dungeon.outcome().is_none());
}

#[test]
fn parties_appear_at_different_places_and_come_back_there() {
    let mut play = with_parties([0, 1, 2]);
    let at = |play: &mut Play, seat| play.player(seat).at;
    assert_eq!(at(&mut play, 0), at(&mut play, 8));
    let spawn = at(&mut play, 5);
    assert_ne!(at(&mut play, 0), spawn);
    play.put(5, 150_000, 150_000);
    play.player(5).hot.hp = 0;
    play.wait(41);
    assert_eq!(at(&mut play, 5), spawn);
}

#[test]
fn a_party_goes_on_in_another_zone_with_everything_of_its_own() {
    let mut play = with_parties([0, 3]);
    play.wait(200);
    for seat in [12, 13] {
        play.put(seat, 60_000, 70_000 + i32::from(seat));
    }
    play.player(12).hot.add_item("ring", 1, 1);
    play.player(13).hot.gold = 77;
    play.step(&[(12, act(Action::Handle(Handling::Drop { slot: 0, quantity: 1 })))]);
    play.attack(12, RAT);
    let tick = play.dungeon.tick;
    play.player(13).cooldowns.rest(2, tick + 30);
    let saved = play.dungeon.save_party(3).unwrap();

    let mut other = with_parties([0]);
    other.wait(7);
    assert!(other.dungeon.restore_party(0, &saved).is_none(), "somebody else's place");
    let before = other.dungeon.state_hash();
    for length in 0..saved.len() {
        assert!(other.dungeon.restore_party(1, &saved[..length]).is_none(), "{length} bytes");
    }
    assert_eq!(other.dungeon.state_hash(), before, "what is refused changes nothing");
    other.dungeon.restore_party(1, &saved).unwrap();
    assert_eq!(other.player(5).hot.gold, 77);
    assert_eq!(other.player(4).at, Point { x: 60_000, y: 70_012 });
    let tick = other.dungeon.tick;
    assert_eq!(other.player(5).cooldowns.ready_at()[2], tick + 30, "a cooldown is as long as it was");
    other.wait(100);
    assert!(other.seen_by(5).contains(&LOOT), "what it laid down lies there");
    assert!(!other.seen_by(0).contains(&LOOT));
    let counts =
        |play: &Play, party: u16| (0..4).map(|n| play.dungeon.hot(4 * party + n).map(|hot| hot.1)).collect::<Vec<_>>();
    assert_eq!(counts(&other, 1), counts(&play, 3), "changes are counted on");
    // Again elsewhere, from there.
    let again = other.dungeon.save_party(1).unwrap();
    let mut third = with_parties([]);
    third.dungeon.restore_party(0, &again).unwrap();
    third.wait(10);
    assert_eq!(third.seen_by(0).len(), 5);
}

#[test]
fn random_play_in_a_zone_is_deterministic_and_conserves_what_players_own() {
    let run = |seed: u64| {
        let mut random = Random::seeded(seed);
        let mut play = with_parties(0..6);
        for seat in 0..24 {
            play.put(seat, 140_000 + 800 * i32::from(seat), 150_000);
            play.player(seat).hot.add_item("ring", 1, 1);
        }
        let mut hashes = Vec::new();
        for _ in 0..400 {
            let inputs: Vec<_> = (0..24).map(|seat| (seat, command(&mut random))).collect();
            play.step(&inputs);
            hashes.push(play.dungeon.state_hash());
            let held = play.dungeon.players.iter().flat_map(|player| &player.hot.inventory);
            let held: u32 = held.filter(|stack| stack.item == "ring").map(|stack| stack.quantity).sum();
            let ring = play.dungeon.game.item_number("ring").unwrap();
            let lying = play.dungeon.loot.iter().filter(|loot| loot.item == ring).count();
            assert_eq!(held as usize + lying, 24);
        }
        hashes
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3).last(), run(4).last());
}

fn command(random: &mut Random) -> Command {
    let mut byte = || i8::try_from(i64::from(random.below(256)) - 128).unwrap();
    let (move_x, move_y) = (byte(), byte());
    let action = match random.below(8) {
        0 => Action::Attack { target: RAT + u16::try_from(random.below(4)).unwrap() },
        1 => Action::PickUp { target: LOOT + u16::try_from(random.below(40)).unwrap() },
        2 => Action::Handle(Handling::Drop { slot: 0, quantity: 1 }),
        _ => Action::None,
    };
    Command { move_x, move_y, action }
}

#[test]
fn a_whole_zone_is_saved_and_goes_on_as_it_would_have() {
    let mut random = Random::seeded(5);
    let mut play = with_parties([0, 1, 400]);
    for seat in [0, 1, 2, 3, 4, 5, 6, 7, 1_600, 1_603] {
        play.put(seat, 145_000 + i32::from(seat % 8) * 1_000, 150_000);
        play.player(seat).hot.add_item("ring", 2, 9);
    }
    for tick in 0..600 {
        let inputs: Vec<_> = (0..8).chain(1_600..1_604).map(|seat| (seat, command(&mut random))).collect();
        play.step(&inputs);
        if tick % 50 != 49 {
            continue;
        }
        let saved = play.dungeon.save().unwrap();
        let mut again = Dungeon::restore(&play.dungeon.game, "meadow", &saved).unwrap();
        assert_eq!(again.state_hash(), play.dungeon.state_hash());
        let mut dice = random.clone();
        for _ in 0..40 {
            let inputs: Vec<_> = (0..8).map(|seat| (seat, command(&mut dice))).collect();
            again.step(&inputs, &mut Vec::new());
        }
        let (mut other, mut dice) = (play.dungeon.clone(), random.clone());
        for _ in 0..40 {
            let inputs: Vec<_> = (0..8).map(|seat| (seat, command(&mut dice))).collect();
            other.step(&inputs, &mut Vec::new());
        }
        assert_eq!(again.state_hash(), other.state_hash(), "saved after tick {tick}");
    }
    assert!(play.dungeon.loot.iter().any(|loot| loot.owner.party.is_some()), "nothing was laid down");
}
