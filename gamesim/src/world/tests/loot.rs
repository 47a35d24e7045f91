//! Loot: the first valid picker gets it, everybody else is refused, and no unit is ever made or lost on the way.

use super::*;
use guildhall_domain::Stack;

/// Two heroes next to a tail that a rat has left at (8000, 1000).
fn with_a_tail() -> Play {
    let mut play = Play::with_heroes(2);
    play.put(0, 7_000, 1_000);
    play.put(1, 7_500, 500);
    play.attack(0, RAT);
    play
}

#[test]
fn the_first_valid_picker_gets_it_and_the_other_is_refused() {
    let mut play = with_a_tail();
    assert_eq!(play.view(LOOT).map(|loot| loot.kind), Some(EntityViewKind::Loot { item: 1 }));
    let pick = act(Action::PickUp { target: LOOT });
    let said = play.step(&[(1, pick), (0, pick), (0, pick)]);
    let tail = Units { item: Some(1), quantity: 1, wear: 0 };
    let carried = Carried { stacks: vec![tail], worn: [None; 3], seq: 3 };
    assert_eq!(
        said,
        [
            all(WorldEvent::LootTaken { entity: LOOT, by_seat: 1, item: 1, quantity: 1 }),
            only(1, WorldEvent::ItemGained { item: 1, quantity: 1, seq: 3 }),
            only(0, WorldEvent::PickUpRefused { entity: LOOT }),
            only(1, WorldEvent::Inventory(Box::new(carried))),
            Effect::Changed { seat: 1, urgent: true },
        ],
        "and the asker who insists is refused once per tick"
    );
    assert_eq!(play.dungeon.hot(1).unwrap().0.inventory, [Stack::of("tail", 1)]);
    assert_eq!(play.view(LOOT), None);
}

#[test]
fn loot_out_of_reach_stays() {
    let mut play = with_a_tail();
    play.put(0, 6_000, 1_000 + 1);
    assert_eq!(play.pick_up(0, LOOT), [only(0, WorldEvent::PickUpRefused { entity: LOOT })]);
    play.put(0, 6_000, 1_000);
    assert!(play.pick_up(0, LOOT).contains(&only(0, WorldEvent::ItemGained { item: 1, quantity: 1, seq: 3 })));
}

#[test]
fn a_full_inventory_is_refused_and_a_begun_stack_still_takes() {
    let mut play = with_a_tail();
    let ring = Stack::of("ring", 1);
    play.player(0).hot.inventory = vec![ring; 28];
    assert_eq!(play.pick_up(0, LOOT), [only(0, WorldEvent::PickUpRefused { entity: LOOT })]);
    assert!(play.view(LOOT).is_some());
    play.player(0).hot.inventory[27] = Stack::of("tail", 1);
    play.pick_up(0, LOOT);
    assert_eq!(play.dungeon.hot(0).unwrap().0.inventory[27].quantity, 2);
}

#[test]
fn the_dead_take_nothing_and_what_never_was_loot_is_no_loot() {
    let mut play = with_a_tail();
    for target in [0, RAT, DOOR, LOOT - 1] {
        assert_eq!(play.pick_up(0, target), [], "target {target}");
    }
    play.player(0).hot.hp = 0;
    play.player(0).respawn_at = 1_000;
    assert_eq!(play.pick_up(0, LOOT), []);
    assert!(play.view(LOOT).is_some());
}

#[test]
fn the_ground_holds_a_bounded_number_of_things() {
    let mut content = arena();
    content.loot_tables.get_mut("scraps").unwrap().rolls = 10;
    content.enemies.get_mut("rat").unwrap().aggro_mm = 0;
    let chambers = &mut content.dungeons.get_mut("cellar").unwrap().chambers;
    let rat = chambers[0].enemies[0].clone();
    chambers[0].enemies = vec![rat; 20];
    let mut play = Play::with_heroes_in(content, 1);
    play.put(0, 7_000, 1_000);
    for nth in 0..20 {
        play.player(0).blow = state::Blow::default();
        play.attack(0, RAT + nth);
    }
    let loot = play.dungeon.entities().filter(|entity| matches!(entity.kind, EntityViewKind::Loot { .. }));
    assert_eq!(loot.count(), LOOT_ON_GROUND_MAX);
}
