//! The formulas against the SRD's own examples, and what must hold of every character.

use super::*;
use crate::{AbilityScores, AccountId, Character, CharacterId, CharacterName, Equipment, Stack, Timestamp};
use proptest::prelude::*;

pub(crate) fn seed_content() -> Content {
    macro_rules! part {
        ($file:literal) => {
            serde_json::from_str(include_str!(concat!("../../../../seed-data/", $file))).unwrap()
        };
    }
    Content {
        classes: part!("classes.json"),
        enemies: part!("enemies.json"),
        items: part!("items.json"),
        loot_tables: part!("loot-tables.json"),
        dungeons: part!("dungeons.json"),
        progression: part!("progression.json"),
        rules: part!("rules.json"),
        skills: part!("skills.json"),
        abilities: part!("abilities.json"),
        statuses: part!("statuses.json"),
        zones: BTreeMap::new(),
    }
}

pub(crate) fn character(content: &Content, class: &str) -> Character {
    let (build, hot) = creation::first_level(content, class, None).unwrap();
    Character {
        character_id: CharacterId::from_bits(1),
        account_id: AccountId::from_bits(2),
        name: CharacterName::parse("Ada").unwrap(),
        class: class.to_owned(),
        version: 1,
        created_at: Timestamp(0),
        deleted_at: None,
        build,
        hot,
    }
}

fn gear(item: &str) -> Gear {
    Gear { item: item.to_owned(), wear: 0 }
}

fn scores(all: [u8; 6]) -> AbilityScores {
    let [strength, dexterity, constitution, intelligence, wisdom, charisma] = all;
    AbilityScores { strength, dexterity, constitution, intelligence, wisdom, charisma }
}

#[test]
fn modifiers_are_those_of_the_srd() {
    for (score, modifier) in [(1, -5), (8, -1), (9, -1), (10, 0), (11, 0), (12, 1), (15, 2), (20, 5), (30, 10)] {
        let scores = AbilityScores { wisdom: score, ..AbilityScores::default() };
        assert_eq!(scores.modifier(Ability::Wisdom), modifier, "{score}");
    }
}

#[test]
fn the_point_buy_is_that_of_the_srd() {
    let rules = seed_content().rules;
    assert_eq!(point_buy(&rules, &scores([15, 14, 13, 12, 10, 8])), Ok(27));
    assert_eq!(point_buy(&rules, &scores([15, 15, 15, 8, 8, 8])), Ok(27));
    assert_eq!(point_buy(&rules, &scores([8; 6])), Ok(0));
    for wrong in [[15, 15, 15, 9, 8, 8], [16, 8, 8, 8, 8, 8], [7, 8, 8, 8, 8, 8], [255; 6], [0; 6]] {
        assert!(point_buy(&rules, &scores(wrong)).is_err(), "{wrong:?}");
    }
}

#[test]
fn armour_counts_dexterity_by_its_kind() {
    let content = seed_content();
    let mut ranger = character(&content, "ranger");
    ranger.build.ability_scores.dexterity = 18;
    let mut wears = |armor: Option<&str>, shield: Option<&str>, dexterity: u8| {
        ranger.build.ability_scores.dexterity = dexterity;
        ranger.hot.equipment = Equipment { armor: armor.map(gear), shield: shield.map(gear), weapon: None };
        armor_class(&ranger, &content)
    };
    assert_eq!(wears(None, None, 18), 14);
    assert_eq!(wears(Some("leather-armor"), None, 18), 15);
    assert_eq!(wears(Some("half-plate"), None, 18), 17);
    assert_eq!(wears(Some("half-plate"), None, 8), 14);
    assert_eq!(wears(Some("plate"), None, 18), 18);
    assert_eq!(wears(Some("plate"), None, 8), 18);
    assert_eq!(wears(Some("plate"), Some("shield"), 8), 20);
    assert_eq!(wears(Some("lost-item"), None, 10), 10);
}

#[test]
fn heavy_armour_slows_the_weak() {
    let content = seed_content();
    let mut fighter = character(&content, "fighter");
    fighter.hot.equipment.armor = Some(gear("plate"));
    assert_eq!(speed_mm_per_s(&fighter, &content), 5_000);
    fighter.build.ability_scores.strength = 14;
    assert_eq!(speed_mm_per_s(&fighter, &content), 3_350);
}

#[test]
fn weapons_strike_with_their_ability() {
    let content = seed_content();
    let mut cleric = character(&content, "cleric");
    cleric.build.ability_scores = scores([8, 16, 10, 10, 10, 10]);
    let mut wields = |weapon: &str| {
        cleric.hot.equipment.weapon = Some(gear(weapon)).filter(|gear| !gear.item.is_empty());
        let strike = strike(&cleric, &content);
        (strike.attack_bonus, strike.damage, strike.damage_bonus)
    };
    let dice = |dice, sides| Dice { dice, sides };
    assert_eq!(wields("mace"), (1, dice(1, 6), -1));
    assert_eq!(wields("dagger"), (5, dice(1, 4), 3));
    assert_eq!(wields("oak-bow"), (5, dice(1, 6), 3));
    assert_eq!(wields("longbow"), (3, dice(1, 8), 3), "a cleric is not proficient with it");
    assert_eq!(wields(""), (1, dice(1, 1), -1));
}

#[test]
fn proficiency_helps_what_was_learnt() {
    let content = seed_content();
    let mut fighter = character(&content, "fighter");
    fighter.build.skills = vec!["athletics".into()];
    let derived = Derived::of(&fighter, &content);
    assert_eq!((derived.saving_throws[&Ability::Strength], derived.saving_throws[&Ability::Dexterity]), (4, 1));
    assert_eq!((derived.skills["athletics"], derived.skills["acrobatics"]), (4, 1));
    assert_eq!((derived.skill_points, derived.ability_points), (1, 0));
    let bonuses: Vec<i32> = [1, 4, 5, 9, 13, 17, 20, 99].map(|level| proficiency_bonus(&content, level)).into();
    assert_eq!(bonuses, [2, 2, 3, 4, 5, 6, 6, 6]);
}

#[test]
fn what_is_carried_has_weight() {
    let content = seed_content();
    let mut fighter = character(&content, "fighter");
    fighter.hot.inventory = vec![Stack::of("goblin-ear", 10)];
    fighter.hot.equipment.armor = Some(gear("plate"));
    let derived = Derived::of(&fighter, &content);
    assert_eq!(derived.carrying_capacity_g, 15 * 6_804);
    assert_eq!(derived.carried_g, 300 + u64::from(content.items["plate"].weight_g));
}

#[test]
fn a_class_begins_with_its_hit_points() {
    let content = seed_content();
    for (id, class) in &content.classes {
        assert_eq!(character(&content, id).hot.hp_max, class.hp_base);
    }
}

fn bought() -> impl Strategy<Value = AbilityScores> {
    proptest::array::uniform6(8_u8..=15).prop_map(scores)
}

proptest! {
    #[test]
    fn the_point_buy_is_monotonous_and_bounded(scores in bought(), index in 0_usize..6) {
        let rules = seed_content().rules;
        let mut less = scores;
        let score = less.of_mut(Ability::ALL[index]);
        *score = score.saturating_sub(1).max(8);
        if let Ok(cost) = point_buy(&rules, &scores) {
            prop_assert!(cost <= 27);
            prop_assert!(point_buy(&rules, &less).unwrap() <= cost);
        }
    }

    #[test]
    fn levels_gained_in_a_dungeon_keep_the_formula(scores in bought(), class in 0_usize..3, xp in 0_u64..100_000) {
        let content = seed_content();
        let class = content.classes.keys().nth(class).unwrap().clone();
        if let Ok((build, mut hot)) = creation::first_level(&content, &class, Some(scores)) {
            hot.add_xp(&content, &class, xp);
            prop_assert_eq!(hot.hp_max, hp_max(&content, &class, &build.ability_scores, hot.level));
            prop_assert!(hot.check().is_ok());
        }
    }
}
