//! Each intent: what it does, what it refuses, and what must hold whatever is tried.

use super::*;
use crate::limits::{GOLD_MAX, INVENTORY_SLOTS_MAX};
use crate::rules::hp_max;
use crate::rules::tests::{character, seed_content};
use crate::{Ability, HotState, Stack};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// An intent on the one character of these tests, from the fields that are its own.
macro_rules! want {
    ($name:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $name { character_id: CharacterId::from_bits(1), version: 1, $($field: $value,)* }
    };
}

fn stacks(of: &[(&str, u32)]) -> Vec<Stack> {
    of.iter().map(|(item, quantity)| Stack::of(item, *quantity)).collect()
}

fn fighter(inventory: &[(&str, u32)]) -> Character {
    let mut fighter = character(&seed_content(), "fighter");
    fighter.hot.inventory = stacks(inventory);
    fighter
}

fn after(intent: &impl Intent, character: &Character) -> Result<Character, Illegal> {
    let mut next = character.clone();
    intent.apply(&mut next, &seed_content()).map(|()| next)
}

#[test]
fn hit_points_stay_within_their_bounds() {
    let hurt = after(&want!(ChangeHitPoints { delta: -30 }), &fighter(&[])).unwrap();
    assert_eq!(hurt.hot.hp, 100);
    assert_eq!(after(&want!(ChangeHitPoints { delta: i64::MIN }), &hurt).unwrap().hot.hp, 0);
    assert_eq!(after(&want!(ChangeHitPoints { delta: i64::MAX }), &hurt).unwrap().hot.hp, 130);
    assert_eq!(after(&want!(ChangeHitPoints { delta: 5 }), &fighter(&[])), Err(Illegal::NoChange));
}

#[test]
fn currency_is_paid_whole_or_not_at_all() {
    let mut rich = fighter(&[]);
    rich.hot.gold = 10;
    assert_eq!(after(&want!(ChangeCurrency { delta: -10 }), &rich).unwrap().hot.gold, 0);
    for wrong in [-11, i64::MIN, i64::MAX, i64::try_from(GOLD_MAX).unwrap() - 9] {
        assert_eq!(after(&want!(ChangeCurrency { delta: wrong }), &rich), Err(Illegal::CurrencyOutOfRange), "{wrong}");
    }
    assert_eq!(after(&want!(ChangeCurrency { delta: 0 }), &rich), Err(Illegal::NoChange));
}

#[test]
fn stacks_move_split_and_merge() {
    let hero = fighter(&[("goblin-ear", 40), ("healing-potion", 3), ("goblin-ear", 20)]);
    let inventory =
        |intent: &dyn Fn(&Character) -> Result<Character, Illegal>| intent(&hero).map(|hero| hero.hot.inventory);
    let mov = |from_slot, to_slot| {
        inventory(&|hero| after(&want!(MoveItem { from_slot: from_slot, to_slot: to_slot }), hero))
    };
    assert_eq!(mov(0, 1), Ok(stacks(&[("healing-potion", 3), ("goblin-ear", 40), ("goblin-ear", 20)])));
    assert_eq!(mov(0, 27), Ok(stacks(&[("healing-potion", 3), ("goblin-ear", 20), ("goblin-ear", 40)])));
    assert_eq!((mov(1, 1), mov(2, 9)), (Err(Illegal::NoChange), Err(Illegal::NoChange)));
    assert_eq!(
        (mov(3, 0), mov(0, 28), mov(28, 0)),
        (Err(Illegal::EmptySlot), Err(Illegal::NoSuchSlot), Err(Illegal::NoSuchSlot))
    );

    let split = |slot, quantity| inventory(&|hero| after(&want!(SplitItems { slot: slot, quantity: quantity }), hero));
    assert_eq!(split(1, 1).unwrap()[1..], stacks(&[("healing-potion", 2), ("goblin-ear", 20), ("healing-potion", 1)]));
    assert_eq!((split(1, 0), split(1, 3)), (Err(Illegal::CannotSplit), Err(Illegal::CannotSplit)));

    let merge = |from_slot, to_slot| {
        inventory(&|hero| after(&want!(MergeItems { from_slot: from_slot, to_slot: to_slot }), hero))
    };
    assert_eq!(merge(2, 0), Ok(stacks(&[("goblin-ear", 50), ("healing-potion", 3), ("goblin-ear", 10)])));
    assert_eq!((merge(0, 1), merge(0, 0)), (Err(Illegal::DifferentItems), Err(Illegal::NoChange)));
    let full = fighter(&[("goblin-ear", 50), ("goblin-ear", 1), ("goblin-ear", 2)]);
    assert_eq!(after(&want!(MergeItems { from_slot: 1, to_slot: 0 }), &full), Err(Illegal::StackFull));
    let joined = after(&want!(MergeItems { from_slot: 1, to_slot: 2 }), &full).unwrap();
    assert_eq!(joined.hot.inventory, stacks(&[("goblin-ear", 50), ("goblin-ear", 3)]));

    let crowded = fighter(&[("goblin-ear", 2); INVENTORY_SLOTS_MAX]);
    assert_eq!(after(&want!(SplitItems { slot: 0, quantity: 1 }), &crowded), Err(Illegal::InventoryFull));
}

#[test]
fn a_potion_heals_once_and_only_the_hurt() {
    let mut hero = fighter(&[("healing-potion", 1), ("goblin-ear", 1)]);
    assert_eq!(after(&want!(UseItem { slot: 0 }), &hero), Err(Illegal::NoChange));
    hero.hot.hp = 10;
    let healed = after(&want!(UseItem { slot: 0 }), &hero).unwrap();
    assert_eq!((healed.hot.hp, healed.hot.inventory), (50, stacks(&[("goblin-ear", 1)])));
    assert_eq!(after(&want!(UseItem { slot: 1 }), &hero), Err(Illegal::NotUsable));
}

#[test]
fn equipment_changes_places_with_the_inventory() {
    let hero = fighter(&[
        ("chain-mail", 1),
        ("plate", 1),
        ("shield", 1),
        ("longbow", 1),
        ("iron-sword", 1),
        ("goblin-ear", 1),
    ]);
    let armor = |item: &str, hero: &Character| after(&want!(EquipArmor { item: item.to_owned() }), hero);
    let weapon = |item: &str, hero: &Character| after(&want!(EquipWeapon { item: item.to_owned() }), hero);
    let mailed = armor("chain-mail", &hero).unwrap();
    let plated = armor("plate", &mailed).unwrap();
    assert_eq!(plated.hot.equipment.armor.as_ref().map(|gear| gear.item.as_str()), Some("plate"));
    assert!(plated.hot.inventory.contains(&Stack::of("chain-mail", 1)));
    assert_eq!(armor("plate", &plated), Err(Illegal::NotCarried));
    assert_eq!((armor("iron-sword", &hero), weapon("plate", &hero)), (Err(Illegal::NotArmor), Err(Illegal::NotWeapon)));
    let archer = weapon("longbow", &plated).unwrap();
    assert_eq!(armor("shield", &archer), Err(Illegal::HandsFull));
    let guarded = armor("shield", &plated).unwrap();
    assert_eq!(weapon("longbow", &guarded), Err(Illegal::HandsFull));
    assert!(weapon("iron-sword", &guarded).is_ok());
    let bare = after(&want!(UnequipArmor { item: "shield".to_owned() }), &guarded).unwrap();
    assert_eq!(bare.hot.equipment, plated.hot.equipment);
    assert_eq!(after(&want!(UnequipWeapon { item: "longbow".to_owned() }), &plated), Err(Illegal::NotEquipped));
    assert_eq!(
        after(&want!(UnequipWeapon { item: "longbow".to_owned() }), &archer).unwrap().hot.equipment.weapon,
        None
    );
    let mut cleric = character(&seed_content(), "cleric");
    cleric.hot.inventory = stacks(&[("plate", 1)]);
    assert_eq!(armor("plate", &cleric), Err(Illegal::NotProficient));
    let mut crowded = plated;
    crowded.hot.inventory = stacks(&[("goblin-ear", 1); INVENTORY_SLOTS_MAX]);
    assert_eq!(after(&want!(UnequipArmor { item: "plate".to_owned() }), &crowded), Err(Illegal::InventoryFull));
}

#[test]
fn levels_bring_points_to_spend_once() {
    let content = seed_content();
    let learn = |skill: &str, hero: &Character| after(&want!(LearnSkill { skill: skill.to_owned() }), hero);
    let mut hero = learn("athletics", &fighter(&[])).unwrap();
    assert_eq!(
        (learn("athletics", &hero), learn("arcana", &hero)),
        (Err(Illegal::SkillKnown), Err(Illegal::SkillNotOfClass))
    );
    hero = learn("history", &hero).unwrap();
    assert_eq!(learn("insight", &hero), Err(Illegal::NoSkillPoints));

    let raise = |ability, hero: &Character| after(&want!(RaiseAbility { ability: ability }), hero);
    assert_eq!(raise(Ability::Constitution, &hero), Err(Illegal::NoAbilityPoints));
    hero.hot.add_xp(&content, "fighter", content.progression.xp_for_level[3]);
    let before = hero.hot.clone();
    hero = raise(Ability::Constitution, &hero).unwrap();
    assert_eq!(hero.hot.hp_max, before.hp_max, "15 has the modifier of 14");
    hero = raise(Ability::Constitution, &hero).unwrap();
    assert_eq!((hero.hot.hp_max, hero.hot.hp), (before.hp_max + 4, before.hp + 4));
    assert_eq!(hero.hot.hp_max, hp_max(&content, "fighter", &hero.build.ability_scores, 4));
    assert_eq!(raise(Ability::Wisdom, &hero), Err(Illegal::NoAbilityPoints));
    hero.hot.level = 20;
    hero.build.ability_scores.strength = 20;
    assert_eq!(raise(Ability::Strength, &hero), Err(Illegal::AbilityAtMaximum));
}

fn units(character: &Character) -> BTreeMap<String, u64> {
    let mut units = BTreeMap::new();
    for stack in &character.hot.inventory {
        *units.entry(stack.item.clone()).or_default() += u64::from(stack.quantity);
    }
    for item in character.hot.equipment.items() {
        *units.entry(item.to_owned()).or_default() += 1;
    }
    units
}

proptest! {
    /// P6: whatever is moved, split, merged, put on and taken off, no unit comes into being or goes away.
    #[test]
    fn no_unit_is_made_or_lost(steps in proptest::collection::vec((0_u8..7, 0_u32..30, 0_u32..30), 1..40)) {
        let mut hero = fighter(&[("goblin-ear", 40), ("plate", 1), ("shield", 1), ("longbow", 1), ("dagger", 1), ("goblin-ear", 9)]);
        let before = units(&hero);
        for (kind, a, b) in steps {
            let item = hero.hot.inventory.get(a as usize).map_or("plate".to_owned(), |stack| stack.item.clone());
            let next = match kind {
                0 => after(&want!(MoveItem { from_slot: a, to_slot: b }), &hero),
                1 => after(&want!(SplitItems { slot: a, quantity: b }), &hero),
                2 => after(&want!(MergeItems { from_slot: a, to_slot: b }), &hero),
                3 => after(&want!(EquipArmor { item: item }), &hero),
                4 => after(&want!(EquipWeapon { item: item }), &hero),
                5 => after(&want!(UnequipArmor { item: "plate".to_owned() }), &hero),
                _ => after(&want!(UnequipWeapon { item: "dagger".to_owned() }), &hero),
            };
            if let Ok(next) = next {
                prop_assert_ne!(&next, &hero, "an accepted intent changes something");
                hero = next;
            }
            prop_assert_eq!(units(&hero), before.clone());
            prop_assert_eq!(HotState::check(&hero.hot), Ok(()));
        }
    }
}
