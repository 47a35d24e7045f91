//! Properties of long random play in the shipped dungeon: it repeats exactly, nobody is faster than allowed or inside a
//! wall, numbers only rise, and every item is in exactly one place.

use super::*;
use crate::world::random::Random;
use guildhall_domain::Stack;
use guildhall_domain::content::Area;
use std::collections::BTreeMap;

/// A command of a player without manners: any direction, any target.
pub(super) fn any_command(random: &mut Random) -> Command {
    let component = |random: &mut Random| i8::try_from(i64::from(random.below(256)) - 128).unwrap();
    let ids = [0, 2_048, 2_052, 2_062, 6_144, 8_192, 8_198, 65_000];
    let target = ids[random.below(8) as usize] + u16::try_from(random.below(12)).unwrap();
    let slot = |random: &mut Random| u8::try_from(random.below(6)).unwrap();
    let action = match random.below(16) {
        0..=4 => Action::None,
        5..=7 => Action::Attack { target },
        8..=9 => Action::PickUp { target },
        10..=11 => Action::Ability { number: slot(random), target },
        12 => Action::Handle(Handling::Equip { slot: slot(random) }),
        13 => Action::Handle(Handling::Unequip { place: slot(random) }),
        14 => Action::Handle(Handling::Move { from: slot(random), to: slot(random) }),
        _ if random.below(3) == 0 => Action::Handle(Handling::Use { slot: slot(random) }),
        _ => {
            let quantity = u16::try_from(random.below(4)).unwrap();
            Action::Handle(Handling::Drop { slot: slot(random), quantity })
        }
    };
    Command { move_x: component(random), move_y: component(random), action }
}

/// Seats come and go and press keys at random; now and then a hand from above puts a player beside an enemy, so that the
/// play gets anywhere. Calls `watch` after every tick.
pub(super) fn play(seed: u64, ticks: u32, mut watch: impl FnMut(&Dungeon, &[Effect])) -> u64 {
    let game = game(seed_content());
    let mut dungeon = Dungeon::new(&game, "goblin-warren", seed).unwrap();
    let mut random = Random::seeded(seed ^ 0xabcd);
    let (mut effects, mut inputs) = (Vec::new(), Vec::new());
    for tick in 0..ticks {
        effects.clear();
        inputs.clear();
        let seat = u16::try_from(random.below(5)).unwrap();
        match random.below(100) {
            0 => dungeon.leave(seat, &mut effects),
            1..=4 => {
                let class = ["cleric", "fighter", "ranger"][random.below(3) as usize];
                let mut newcomer = Newcomer::of(&game, class);
                let outfit = [("iron-sword", 1), ("leather-armor", 1), ("shield", 1), ("healing-potion", 3)];
                newcomer.hot.inventory = outfit.map(|(item, quantity)| Stack::of(item, quantity)).into();
                dungeon.join(seat, "Ada", newcomer.sheet(), &mut effects);
            }
            _ => {}
        }
        if tick % 200 == 199 {
            hunt(&mut dungeon, &mut inputs);
        }
        for _ in 0..random.below(9) {
            inputs.push((u16::try_from(random.below(6)).unwrap(), any_command(&mut random)));
        }
        dungeon.step(&inputs, &mut effects);
        watch(&dungeon, &effects);
    }
    dungeon.state_hash()
}

/// Puts everybody beside the first living enemy and lets them strike.
fn hunt(dungeon: &mut Dungeon, inputs: &mut Vec<(u16, Command)>) {
    let Some((id, at)) = dungeon.enemies.iter_mut().find(|enemy| enemy.hp > 0).map(|enemy| {
        enemy.hp = 1;
        (enemy.id, enemy.at)
    }) else {
        return;
    };
    for player in &mut dungeon.players {
        player.at = at;
        player.walked_at = 0;
        inputs.push((player.seat, act(Action::Attack { target: id })));
    }
}

#[test]
fn the_same_seed_and_inputs_give_the_same_states() {
    let run = |seed| {
        let mut hashes = Vec::new();
        play(seed, 10_000, |dungeon, _| {
            if dungeon.tick() % 100 == 0 {
                hashes.push(dungeon.state_hash());
            }
        });
        hashes
    };
    let first = run(11);
    assert_eq!(first.len(), 100);
    assert_eq!(first, run(11));
    let mut others = first.clone();
    others.dedup();
    assert_eq!(others.len(), 100, "the hash does not see the state change");
    assert_ne!(first, run(12));
}

#[test]
fn the_hash_sees_chance_alone_differ() {
    let dungeon = |seed| Dungeon::new(&game(seed_content()), "goblin-warren", seed).unwrap();
    assert_ne!(dungeon(1).state_hash(), dungeon(2).state_hash());
    assert_eq!(dungeon(1).state_hash(), dungeon(1).clone().state_hash());
}

#[test]
fn nobody_outruns_their_speed_or_stands_in_a_wall() {
    let mut before: BTreeMap<u16, Point> = BTreeMap::new();
    play(21, 6_000, |dungeon, effects| {
        let template = &dungeon.game.content.dungeons["goblin-warren"];
        let open = dungeon.doors.iter().filter(|door| door.open).map(|door| door.area);
        let floors: Vec<Area> = template.chambers.iter().map(|chamber| chamber.area).chain(open).collect();
        // Whoever appeared or came back in this tick, and everybody moved by the hand from above, had no way to walk.
        let jumped = |seat: u16| {
            dungeon.tick().is_multiple_of(200)
                || effects.iter().any(|effect| match effect {
                    Effect::Event(
                        _,
                        WorldEvent::PlayerJoined { seat: s, .. } | WorldEvent::PlayerRespawned { seat: s },
                    ) => *s == seat,
                    _ => false,
                })
        };
        for entity in dungeon.entities() {
            let (speed, jumped) = match entity.kind {
                EntityViewKind::Player { seat } => (dungeon.player(seat).unwrap().fighter.speed_mm_per_s, jumped(seat)),
                EntityViewKind::Enemy { kind } => {
                    (dungeon.game.content.enemies.values().nth(usize::from(kind)).unwrap().speed_mm_per_s, false)
                }
                EntityViewKind::Loot { .. } | EntityViewKind::Door => (0, false),
            };
            let walkable = entity.kind == EntityViewKind::Door || floors.iter().any(|floor| floor.contains(entity.at));
            assert!(walkable, "{entity:?} stands in a wall");
            let from = before.insert(entity.id, entity.at).filter(|_| !jumped).unwrap_or(entity.at);
            // The fastest state makes half as fast again, at most.
            assert!(geometry::within(from, entity.at, speed * 3 / 2 / 20), "{entity:?} came from {from:?}");
        }
    });
}

#[test]
fn views_are_sorted_and_changes_are_counted_one_effect_per_tick() {
    let mut counts = BTreeMap::new();
    let mut urgent = 0;
    play(31, 6_000, |dungeon, effects| {
        let ids: Vec<u16> = dungeon.entities().map(|entity| entity.id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        for seat in 0..4 {
            let Some((hot, seq)) = dungeon.hot(seat) else { continue };
            hot.check().unwrap();
            let (held, counted): (HotState, u64) =
                counts.insert(seat, (hot.clone(), seq)).unwrap_or_else(|| (hot.clone(), seq));
            assert!(seq >= counted, "the progress_seq of seat {seat} fell");
            let told = effects.iter().filter(|e| matches!(e, Effect::Changed { seat: s, .. } if *s == seat)).count();
            let arrived = effects
                .iter()
                .any(|e| matches!(e, Effect::Event(_, WorldEvent::PlayerJoined { seat: s, .. }) if *s == seat));
            assert!(arrived || (told == 1) == (seq > counted), "seat {seat}: {told} effects, {counted} to {seq}");
            assert!(arrived || seq > counted || *hot == held, "seat {seat} changed without being counted");
        }
        urgent += effects.iter().filter(|e| matches!(e, Effect::Changed { urgent: true, .. })).count();
    });
    assert!(urgent > 10, "the play got nowhere");
}

/// Units of what is not used up, by where they are: with whom, worn or carried, and on the ground.
fn durable_units(dungeon: &Dungeon) -> (BTreeMap<u16, u64>, u64) {
    let consumables = ["healing-potion", "whetstone"];
    let counts = |item: &str| !consumables.contains(&item);
    let held = dungeon.players.iter().map(|player| {
        let carried = player.hot.inventory.iter().filter(|stack| counts(&stack.item));
        let worn = player.hot.equipment.items().filter(|item| counts(item)).count() as u64;
        (player.seat, carried.map(|stack| u64::from(stack.quantity)).sum::<u64>() + worn)
    });
    let ground = dungeon.loot.iter().filter(|loot| counts(&dungeon.game.items[usize::from(loot.item)].id));
    (held.collect(), ground.map(|loot| u64::from(loot.quantity)).sum())
}

#[test]
fn every_item_is_on_the_ground_or_with_one_player() {
    let (mut minted, mut brought, mut left, mut gone, mut dropped) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let mut held: BTreeMap<u16, u64> = BTreeMap::new();
    let mut lying: BTreeMap<u16, Loot> = BTreeMap::new();
    play(41, 12_000, |dungeon, effects| {
        let is_durable =
            |item: u8| !["healing-potion", "whetstone"].contains(&dungeon.game.items[usize::from(item)].id.as_str());
        for effect in effects {
            match effect {
                // What enemies leave is everybody's; what players drop is not, at first.
                Effect::Event(Audience::Witnesses(_), WorldEvent::LootDropped { quantity, item, .. })
                    if is_durable(*item) =>
                {
                    minted += u64::from(*quantity);
                }
                Effect::Event(Audience::Seat(_), WorldEvent::LootDropped { .. }) => dropped += 1,
                Effect::Event(_, WorldEvent::LootTaken { entity, .. }) => drop(lying.remove(entity)),
                Effect::Event(_, WorldEvent::PlayerLeft { seat }) => left += held.remove(seat).unwrap_or(0),
                // Sword, armour and shield.
                Effect::Event(_, WorldEvent::PlayerJoined { .. }) => brought += 3,
                _ => {}
            }
        }
        let still: BTreeMap<u16, Loot> = dungeon.loot.iter().map(|loot| (loot.id, *loot)).collect();
        for (id, loot) in &lying {
            if !still.contains_key(id) {
                assert!(loot.gone_at.unwrap() <= dungeon.tick(), "{loot:?} went before its time");
                gone += if is_durable(loot.item) { u64::from(loot.quantity) } else { 0 };
            }
        }
        lying = still;
        let (now, ground) = durable_units(dungeon);
        held = now;
        let total = ground + held.values().sum::<u64>() + left + gone;
        assert_eq!(minted + brought, total, "an item was made or lost in tick {}", dungeon.tick());
    });
    assert!(minted > 5 && dropped > 50 && gone > 0, "{minted} minted, {dropped} dropped, {gone} gone");
}
