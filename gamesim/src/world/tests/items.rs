//! What players do with what they carry: only what is legal, and no unit is made or lost on the way.

use super::*;
use guildhall_domain::content::Ground;
use guildhall_domain::{Gear, Stack};

/// The arena with a sword that stands two hits, mail that stands three, a potion, and things that lie for 5 s, the first 2 s
/// of them for their owner alone.
fn with_things() -> Content {
    let mut content = arena();
    let things = json!({
        "mail": { "name": "Mail", "kind": "equipment", "stack_max": 1, "durability_max": 3,
                  "armor": { "kind": "light", "armor_class": 12 } },
        "potion": { "name": "Potion", "kind": "consumable", "stack_max": 5, "effect": { "heal": { "hp": 30 } } },
        "stone": { "name": "Stone", "kind": "consumable", "stack_max": 5, "effect": { "repair": { "wear": 2 } } },
        "sword": { "name": "Sword", "kind": "equipment", "stack_max": 1, "durability_max": 2,
                   "weapon": { "kind": "simple", "damage": { "dice": 5, "sides": 1 } } },
    });
    let things: std::collections::BTreeMap<String, content::Item> = serde_json::from_value(things).unwrap();
    content.items.extend(things);
    content.rules.ground = Ground { owner_only_ms: 2_000, despawn_ms: 5_000 };
    let hero = content.classes.get_mut("hero").unwrap();
    hero.rules.armor = vec![content::ArmorKind::Light];
    let rat = content.enemies.get_mut("rat").unwrap();
    (rat.hp, rat.aggro_mm) = (100, 0);
    content
}

impl Play {
    fn laden(heroes: u16, inventory: &[(&str, u32)]) -> Self {
        let mut play = Self::with_heroes_in(with_things(), heroes);
        play.player(0).hot.inventory = inventory.iter().map(|(item, quantity)| Stack::of(item, *quantity)).collect();
        play
    }

    fn handles(&mut self, seat: u16, handling: Handling) -> Vec<Effect> {
        self.step(&[(seat, act(Action::Handle(handling)))])
    }

    fn slots(&self, seat: u16) -> Vec<(String, u32)> {
        let hot = self.dungeon.hot(seat).unwrap().0;
        hot.inventory.iter().map(|stack| (stack.item.clone(), stack.quantity)).collect()
    }
}

#[test]
fn a_potion_is_drunk_and_its_player_is_told_what_is_left() {
    let mut play = Play::laden(1, &[("potion", 2)]);
    assert_eq!(play.handles(0, Handling::Use { slot: 0 }), [], "nobody wastes one");
    play.player(0).hot.hp = 50;
    let said = play.handles(0, Handling::Use { slot: 0 });
    let potion = Units { item: play.dungeon.game.item_number("potion"), quantity: 1, wear: 0 };
    let carried = Carried { stacks: vec![potion], worn: [None; 3], seq: 1 };
    let changed = Effect::Changed { seat: 0, urgent: false };
    assert_eq!(said, [only(0, WorldEvent::Inventory(Box::new(carried))), changed]);
    assert_eq!(play.dungeon.hot(0).unwrap().0.hp, 80);
    for wrong in [Handling::Use { slot: 1 }, Handling::Equip { slot: 0 }, Handling::Unequip { place: 3 }] {
        assert_eq!(play.handles(0, wrong), [], "{wrong:?}");
    }
}

#[test]
fn a_sword_in_hand_adds_its_dice_until_it_is_worn_out() {
    let mut play = Play::laden(1, &[("sword", 1), ("stone", 1)]);
    play.handles(0, Handling::Equip { slot: 0 });
    assert_eq!(play.slots(0), [("stone".to_owned(), 1)]);
    play.put(0, 7_000, 1_000);
    let mut damage = vec![];
    for _ in 0..3 {
        let before = play.view(RAT).unwrap().hp;
        play.attack(0, RAT);
        damage.push(before - play.view(RAT).unwrap().hp);
        play.wait(9);
    }
    assert_eq!(damage, [15, 15, 10], "the third blow is struck with a worn-out sword");
    let sword = |play: &Play| play.dungeon.hot(0).unwrap().0.equipment.weapon.clone();
    assert_eq!(sword(&play), Some(Gear { item: "sword".into(), wear: 2 }), "and it wears no further");
    play.handles(0, Handling::Use { slot: 0 });
    assert_eq!(sword(&play), Some(Gear { item: "sword".into(), wear: 0 }));
    play.wait(9);
    let before = play.view(RAT).unwrap().hp;
    play.attack(0, RAT);
    assert_eq!(before - play.view(RAT).unwrap().hp, 15, "the stone has sharpened it");
}

#[test]
fn wear_goes_with_the_thing_wherever_it_goes() {
    let mut play = Play::laden(2, &[("sword", 1)]);
    play.handles(0, Handling::Equip { slot: 0 });
    play.put(0, 7_000, 1_000);
    play.put(1, 7_000, 1_500);
    play.attack(0, RAT);
    play.handles(0, Handling::Unequip { place: 2 });
    play.handles(0, Handling::Drop { slot: 0, quantity: 1 });
    play.wait(40);
    play.pick_up(1, LOOT);
    assert_eq!(play.dungeon.hot(1).unwrap().0.inventory, [Stack { item: "sword".into(), quantity: 1, wear: 1 }]);
    assert_eq!(play.slots(0), []);
}

#[test]
fn armour_makes_it_harder_to_hit_and_wears_with_every_wound() {
    let mut play = Play::laden(1, &[("mail", 1)]);
    let bare = play.player(0).fighter.armor_class;
    play.handles(0, Handling::Equip { slot: 0 });
    assert!(play.player(0).fighter.armor_class > bare);
    play.put(0, 7_500, 1_000);
    play.attack(0, RAT);
    play.wait(80);
    let mail = play.dungeon.hot(0).unwrap().0.equipment.armor.clone();
    assert_eq!(mail, Some(Gear { item: "mail".into(), wear: 3 }));
    assert_eq!(play.player(0).fighter.armor_class, bare, "worn-out mail keeps nothing off");
}

#[test]
fn what_is_dropped_is_its_owners_first_then_everybodys_then_nobodys() {
    let mut play = Play::laden(2, &[("potion", 5), ("tail", 2)]);
    let said = play.handles(0, Handling::Drop { slot: 0, quantity: 3 });
    let item = play.dungeon.game.item_number("potion").unwrap();
    assert!(said.contains(&only(0, WorldEvent::LootDropped { entity: LOOT, item, quantity: 3 })));
    assert!(said.contains(&Effect::Changed { seat: 0, urgent: true }), "a drop is written at once");
    assert_eq!(play.slots(0), [("potion".to_owned(), 2), ("tail".to_owned(), 2)]);
    let sees = |play: &Play, seat: u16| match play.dungeon.entities_of(seat) {
        Some(mut own) => own.any(|entity| entity.id == LOOT),
        None => play.dungeon.entities().any(|entity| entity.id == LOOT),
    };
    assert_eq!((sees(&play, 0), sees(&play, 1)), (true, false));
    assert_eq!(play.pick_up(1, LOOT), [only(1, WorldEvent::PickUpRefused { entity: LOOT })]);
    play.wait(38);
    assert_eq!((sees(&play, 0), sees(&play, 1)), (true, false));
    play.wait(1);
    assert_eq!((sees(&play, 0), sees(&play, 1)), (true, true), "two seconds later");
    play.wait(59);
    assert!(sees(&play, 0));
    play.wait(1);
    assert!(!sees(&play, 0) && !sees(&play, 1), "five seconds later it is gone");
    for wrong in [(0, 0), (0, 3), (1, 3), (2, 1), (255, 1)] {
        let (slot, quantity) = wrong;
        assert_eq!(play.handles(0, Handling::Drop { slot, quantity }), [], "{wrong:?}");
    }
}

#[test]
fn the_dead_drop_what_the_dungeon_says_and_can_come_back_for_it() {
    let mut content = with_things();
    content.dungeons.get_mut("cellar").unwrap().death_drops_slots = 2;
    let mut play = Play::with_heroes_in(content, 2);
    play.player(0).hot.inventory = vec![Stack::of("ring", 1), Stack::of("potion", 4), Stack::of("tail", 2)];
    play.put(0, 7_500, 1_000);
    play.attack(0, RAT);
    play.player(0).hot.hp = 1;
    play.wait(25);
    assert!(!play.view(0).unwrap().alive);
    assert_eq!(play.slots(0), [("ring".to_owned(), 1)]);
    assert_eq!(play.dungeon.loot.len(), 2);
    play.wait(45);
    assert!(play.view(0).unwrap().alive);
    play.put(0, 7_500, 1_000);
    play.pick_up(0, LOOT);
    play.pick_up(0, LOOT + 1);
    assert_eq!(play.slots(0).len(), 3);
    assert!(play.dungeon.loot.is_empty());
}

#[test]
fn ids_of_things_go_round_and_none_is_given_out_twice() {
    let mut play = Play::laden(1, &[("tail", 2), ("ring", 1)]);
    play.handles(0, Handling::Drop { slot: 1, quantity: 1 });
    play.dungeon.next_loot_id = u16::MAX;
    play.handles(0, Handling::Drop { slot: 0, quantity: 1 });
    play.handles(0, Handling::Drop { slot: 0, quantity: 1 });
    let ids: Vec<u16> = play.dungeon.loot.iter().map(|loot| loot.id).collect();
    assert_eq!(ids, [LOOT, LOOT + 1, u16::MAX]);
}
