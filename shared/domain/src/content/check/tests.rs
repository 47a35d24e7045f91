//! One small right content, and each kind of mistake made in it on purpose: the check names the place and the problem, and
//! nothing else.

use super::super::*;
use super::check;
use crate::limits::{DUNGEON_CHAMBERS_MAX, DUNGEON_DOORS_MAX, DUNGEON_ENEMIES_MAX, LEVELS_MAX};

/// Two chambers with a passage between them; a rat in the first and a king in the second.
fn right() -> Content {
    let attack = Attack { damage_min: 1, damage_max: 3, range_mm: 1_500, cooldown_ms: 500, damage_kind: None };
    let rat = Enemy {
        name: "Rat".into(),
        hp: 10,
        speed_mm_per_s: 3_000,
        aggro_mm: 5_000,
        leash_mm: 9_000,
        attack: attack.clone(),
        xp: 5,
        gold: 1,
        attack_bonus: 0,
        armor_class: 0,
        resistances: vec![],
        abilities: vec![],
        loot_table: Some("scraps".into()),
        boss: false,
        phases_at_percent: vec![],
        haste_percent_per_phase: 0,
    };
    let king = Enemy { boss: true, phases_at_percent: vec![60, 30], haste_percent_per_phase: 20, ..rat.clone() };
    let hero = Class {
        name: "Hero".into(),
        hp_base: 100,
        hp_per_level: 10,
        hp_regeneration_per_s: 5,
        speed_mm_per_s: 5_000,
        attack,
        resources: Resources::default(),
        abilities: vec![],
        rules: ClassRules {
            ability_scores: crate::AbilityScores { strength: 12, ..Default::default() },
            saving_throws: vec![crate::Ability::Strength],
            skills: vec!["climbing".into()],
            skill_points: 1,
            ..ClassRules::default()
        },
    };
    let climbing = Skill { name: "Climbing".into(), ability: crate::Ability::Strength };
    let tail = Item {
        name: "Tail".into(),
        kind: ItemKind::Trophy,
        stack_max: 5,
        weight_g: 100,
        durability_max: None,
        armor: None,
        weapon: None,
        effect: None,
    };
    let entry = LootEntry { item: Some("tail".into()), weight: 1, quantity: 1 };
    Content {
        classes: BTreeMap::from([("hero".into(), hero)]),
        enemies: BTreeMap::from([("king".into(), king), ("rat".into(), rat)]),
        items: BTreeMap::from([("tail".into(), tail)]),
        loot_tables: BTreeMap::from([("scraps".into(), LootTable { rolls: 1, entries: vec![entry] })]),
        dungeons: BTreeMap::from([("cellar".into(), cellar())]),
        progression: Progression { xp_for_level: vec![0, 100, 300] },
        rules: tables(),
        skills: BTreeMap::from([("climbing".into(), climbing)]),
        abilities: BTreeMap::new(),
        statuses: BTreeMap::new(),
        zones: BTreeMap::new(),
    }
}

fn tables() -> Rules {
    Rules {
        ability_points: 20,
        ability_score_first: 8,
        ability_score_costs: vec![0, 1, 2, 3, 4],
        ability_score_max: 20,
        ability_points_at_levels: vec![2],
        skill_points_at_levels: vec![3],
        proficiency_bonuses: vec![2, 3],
        unarmored_armor_class: 10,
        unarmed_damage: Dice { dice: 1, sides: 1 },
        carrying_g_per_strength: 5_000,
        strength_shortfall_slow_percent: 30,
        hp_per_constitution_modifier: 4,
        ..Rules::default()
    }
}

fn plate() -> Armor {
    Armor { kind: ArmorKind::Heavy, armor_class: 18, dexterity_bonus_max: None, strength_min: 15 }
}

fn club() -> Weapon {
    let damage = Dice { dice: 1, sides: 4 };
    Weapon { kind: WeaponKind::Simple, damage, ranged: false, finesse: false, two_handed: false }
}

fn cellar() -> Dungeon {
    let room = |id: &str, x: i32, enemy: &str| Chamber {
        id: id.into(),
        area: Area { x, y: 0, width: 10_000, height: 10_000 },
        enemies: vec![Spawn { enemy: enemy.into(), at: Point { x: x + 5_000, y: 5_000 } }],
    };
    Dungeon {
        name: "Cellar".into(),
        spawn: Point { x: 1_000, y: 5_000 },
        respawn_ms: 5_000,
        death_drops_slots: 0,
        chambers: vec![room("near", 0, "rat"), room("far", 14_000, "king")],
        doors: vec![Door {
            area: Area { x: 10_000, y: 4_000, width: 4_000, height: 2_000 },
            between: ["near".into(), "far".into()],
            opens_when_cleared: "near".into(),
        }],
    }
}

/// Makes a mistake and returns what the check says, as `place: problem`.
fn mistakes(make: impl FnOnce(&mut Content)) -> Vec<String> {
    let mut content = right();
    make(&mut content);
    check(&content).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn in_class(make: impl FnOnce(&mut Class)) -> Vec<String> {
    mistakes(|content| make(content.classes.get_mut("hero").unwrap()))
}

fn in_rat(make: impl FnOnce(&mut Enemy)) -> Vec<String> {
    mistakes(|content| make(content.enemies.get_mut("rat").unwrap()))
}

fn in_king(make: impl FnOnce(&mut Enemy)) -> Vec<String> {
    mistakes(|content| make(content.enemies.get_mut("king").unwrap()))
}

fn in_rules(make: impl FnOnce(&mut Rules)) -> Vec<String> {
    mistakes(|content| make(&mut content.rules))
}

fn in_tail(make: impl FnOnce(&mut Item)) -> Vec<String> {
    mistakes(|content| make(content.items.get_mut("tail").unwrap()))
}

fn in_table(make: impl FnOnce(&mut LootTable)) -> Vec<String> {
    mistakes(|content| make(content.loot_tables.get_mut("scraps").unwrap()))
}

fn in_cellar(make: impl FnOnce(&mut Dungeon)) -> Vec<String> {
    mistakes(|content| make(content.dungeons.get_mut("cellar").unwrap()))
}

/// One test per kind of mistake: its name, how to make it, and everything that the check then says.
macro_rules! refused {
    ($($name:ident: $in:ident($make:expr) => [$($said:literal),+ $(,)?];)+) => {
        $(#[test]
        fn $name() {
            assert_eq!($in($make), [$($said),+]);
        })+
    };
}

mod combat;
mod zone;

#[test]
fn right_content_passes() {
    assert_eq!(mistakes(|_| {}), [""; 0]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let said = mistakes(|content| {
        content.progression.xp_for_level = vec![];
        content.items.get_mut("tail").unwrap().stack_max = 0;
        content.dungeons.get_mut("cellar").unwrap().respawn_ms = 60_001;
    });
    assert_eq!(said.len(), 3, "{said:?}");
}

refused! {
    a_content_without_classes: mistakes(|c| c.classes.clear()) => ["classes: at least one class is needed"];
    a_content_without_dungeons: mistakes(|c| c.dungeons.clear()) => ["dungeons: at least one dungeon is needed"];
    an_id_of_other_characters: mistakes(|c| {
        let rat = c.items["tail"].clone();
        c.items.insert("Rat tail".into(), rat);
    }) => ["items.Rat tail: an id is 1 to 64 small letters, digits, hyphens and underscores"];
    an_empty_id: mistakes(|c| {
        let hero = c.classes["hero"].clone();
        c.classes.insert(String::new(), hero);
    }) => ["classes.: an id is 1 to 64 small letters, digits, hyphens and underscores"];
    more_items_than_a_byte_counts: mistakes(|c| {
        let tail = c.items["tail"].clone();
        c.items.extend((0..256).map(|n| (format!("tail-{n}"), tail.clone())));
    }) => ["items: at most 256 items travel in one byte"];
    more_enemies_than_a_byte_counts: mistakes(|c| {
        let rat = c.enemies["rat"].clone();
        c.enemies.extend((0..255).map(|n| (format!("rat-{n}"), rat.clone())));
    }) => ["enemies: at most 256 enemies travel in one byte"];
    a_stack_of_nothing: mistakes(|c| c.items.get_mut("tail").unwrap().stack_max = 0) =>
        ["items.tail.stack_max: must be 1 to 9999"];
    a_stack_too_high: mistakes(|c| c.items.get_mut("tail").unwrap().stack_max = 10_000) =>
        ["items.tail.stack_max: must be 1 to 9999"];
    a_progression_that_begins_late: mistakes(|c| c.progression.xp_for_level = vec![10, 20]) =>
        ["progression.xp_for_level: must begin with 0 and rise, over at most 1000 levels"];
    a_progression_that_stands_still: mistakes(|c| c.progression.xp_for_level = vec![0, 10, 10]) =>
        ["progression.xp_for_level: must begin with 0 and rise, over at most 1000 levels"];
    a_progression_without_levels: mistakes(|c| c.progression.xp_for_level = vec![]) =>
        ["progression.xp_for_level: must begin with 0 and rise, over at most 1000 levels"];
    a_progression_without_end: mistakes(|c| c.progression.xp_for_level = (0..=LEVELS_MAX as u64).collect()) =>
        ["progression.xp_for_level: must begin with 0 and rise, over at most 1000 levels"];

    a_class_born_dead: in_class(|c| c.hp_base = 0) => ["classes.hero: hp_base must be 1 to 10000"];
    a_class_that_grows_too_fast: in_class(|c| c.hp_per_level = 1_001) =>
        ["classes.hero: hp_per_level must be at most 1000"];
    a_class_whose_hit_points_do_not_fit_at_the_last_level: mistakes(|c| {
        c.classes.get_mut("hero").unwrap().hp_per_level = 1_000;
        c.progression.xp_for_level = (0..61).collect();
    }) => ["classes.hero: hp at the last level must be at most 60000"];
    a_class_that_heals_too_fast: in_class(|c| c.hp_regeneration_per_s = 10_001) =>
        ["classes.hero: hp_regeneration_per_s must be at most 10000"];
    a_class_that_cannot_walk: in_class(|c| c.speed_mm_per_s = 0) =>
        ["classes.hero: speed_mm_per_s must be 1 to 20000"];
    a_class_that_runs_too_fast: in_class(|c| c.speed_mm_per_s = 20_001) =>
        ["classes.hero: speed_mm_per_s must be 1 to 20000"];

    a_damage_range_upside_down: in_class(|c| c.attack.damage_min = 4) =>
        ["classes.hero.attack: damage_min must not be above damage_max"];
    a_damage_too_high: in_rat(|r| r.attack.damage_max = 10_001) =>
        ["enemies.rat.attack: damage_max must be at most 10000"];
    an_attack_without_reach: in_rat(|r| r.attack.range_mm = 0) =>
        ["enemies.rat.attack: range_mm must be 1 to 100000"];
    an_attack_faster_than_the_tick: in_rat(|r| r.attack.cooldown_ms = 49) =>
        ["enemies.rat.attack: cooldown_ms must be 50 to 60000"];

    an_enemy_born_dead: in_rat(|r| r.hp = 0) => ["enemies.rat: hp must be 1 to 60000"];
    an_enemy_whose_hit_points_do_not_fit: in_rat(|r| r.hp = 60_001) => ["enemies.rat: hp must be 1 to 60000"];
    an_enemy_that_runs_too_fast: in_rat(|r| r.speed_mm_per_s = 20_001) =>
        ["enemies.rat: speed_mm_per_s must be at most 20000"];
    a_leash_shorter_than_the_sight: in_rat(|r| r.leash_mm = 4_999) =>
        ["enemies.rat: leash_mm must not be below aggro_mm"];
    an_unknown_loot_table: in_rat(|r| r.loot_table = Some("gold".into())) =>
        ["enemies.rat.loot_table: names no loot table"];
    phases_of_a_common_enemy: in_rat(|r| r.phases_at_percent = vec![50]) => ["enemies.rat: only a boss has phases"];
    phases_that_rise: in_king(|k| k.phases_at_percent = vec![30, 60]) =>
        ["enemies.king.phases_at_percent: must fall, between 99 and 1"];
    a_phase_at_full_health: in_king(|k| k.phases_at_percent = vec![100]) =>
        ["enemies.king.phases_at_percent: must fall, between 99 and 1"];

    costs_that_begin_late: in_rules(|r| r.ability_score_costs[0] = 1) => [
        "rules.ability_score_costs: must begin with 0 and not fall, over at most 30 scores",
    ];
    a_first_score_of_nothing: in_rules(|r| r.ability_score_max = 11) =>
        ["rules.ability_score_first: must be at least 1, and the last score at most ability_score_max"];
    a_score_beyond_all_bounds: in_rules(|r| r.ability_score_max = 31) =>
        ["rules.ability_score_max: must be at most 30"];
    points_at_no_level: in_rules(|r| r.ability_points_at_levels = vec![0]) =>
        ["rules.ability_points_at_levels: must be levels from 1, in order, at most 1000"];
    points_out_of_order: in_rules(|r| r.skill_points_at_levels = vec![5, 3]) =>
        ["rules.skill_points_at_levels: must be levels from 1, in order, at most 1000"];
    no_proficiency_at_all: in_rules(|r| r.proficiency_bonuses.clear()) =>
        ["rules.proficiency_bonuses: must be 1 to 1000 numbers of at most 1000"];
    fists_without_sides: in_rules(|r| r.unarmed_damage.sides = 0) =>
        ["rules.unarmed_damage: must be 1 to 100 dice of 1 to 100 sides"];
    a_shortfall_that_goes_backwards: in_rules(|r| r.strength_shortfall_slow_percent = 101) =>
        ["rules.strength_shortfall_slow_percent: must be at most 100"];
    a_constitution_that_kills: in_rules(|r| r.hp_per_constitution_modifier = 7) =>
        ["classes.hero: hp_base must outweigh the worst constitution"];

    scores_that_cannot_be_bought: in_class(|c| c.rules.ability_scores.wisdom = 13) =>
        ["classes.hero.rules.ability_scores: each score must be 8 to 12"];
    scores_that_cost_too_much: mistakes(|c| c.rules.ability_points = 13) =>
        ["classes.hero.rules.ability_scores: they cost 14 points of 13"];
    a_saving_throw_twice: in_class(|c| c.rules.saving_throws.push(crate::Ability::Strength)) =>
        ["classes.hero.rules.saving_throws: names an ability twice"];
    an_unknown_skill: in_class(|c| c.rules.skills[0] = "flying".into()) =>
        ["classes.hero.rules.skills[0]: names no skill"];
    a_skill_twice: in_class(|c| c.rules.skills.push("climbing".into())) =>
        ["classes.hero.rules.skills[1]: is there twice"];
    more_skill_points_than_skills: in_class(|c| c.rules.skill_points = 2) =>
        ["classes.hero.rules.skill_points: must not exceed the number of skills"];

    an_item_nobody_lifts: in_tail(|t| t.weight_g = 1_000_001) => ["items.tail.weight_g: must be at most 1000000"];
    a_consumable_without_effect: in_tail(|t| t.kind = ItemKind::Consumable) =>
        ["items.tail.effect: consumables have an effect, and nothing else has"];
    a_trophy_with_an_effect: in_tail(|t| t.effect = Some(Effect::Heal { hp: 1 })) =>
        ["items.tail.effect: consumables have an effect, and nothing else has"];
    an_effect_of_nothing: in_tail(|t| {
        t.kind = ItemKind::Consumable;
        t.effect = Some(Effect::Heal { hp: 0 });
    }) => ["items.tail.effect: must heal or repair 1 to 60000"];
    armour_that_is_a_trophy: in_tail(|t| t.armor = Some(plate())) => ["items.tail: only equipment is armour or a weapon"];
    armour_that_is_a_weapon: in_tail(|t| {
        t.kind = ItemKind::Equipment;
        t.armor = Some(plate());
        t.weapon = Some(club());
    }) => ["items.tail: must not be both armour and a weapon"];
    armour_of_paper: in_tail(|t| {
        t.kind = ItemKind::Equipment;
        t.armor = Some(Armor { armor_class: 0, ..plate() });
    }) => ["items.tail.armor: armor_class must be 1 to 1000"];
    heavy_armour_with_grace: in_tail(|t| {
        t.kind = ItemKind::Equipment;
        t.armor = Some(Armor { dexterity_bonus_max: Some(2), ..plate() });
    }) => ["items.tail.armor: dexterity adds nothing to heavy armour and shields"];
    a_weapon_without_dice: in_tail(|t| {
        t.kind = ItemKind::Equipment;
        t.weapon = Some(Weapon { damage: Dice { dice: 0, sides: 6 }, ..club() });
    }) => ["items.tail.weapon: must have 1 to 100 dice of 1 to 100 sides"];
    a_bow_with_finesse: in_tail(|t| {
        t.kind = ItemKind::Equipment;
        t.weapon = Some(Weapon { ranged: true, finesse: true, ..club() });
    }) => ["items.tail.weapon: finesse is for melee weapons"];

    too_many_rolls: in_table(|t| t.rolls = 11) => ["loot_tables.scraps.rolls: must be at most 10"];
    a_table_without_weight: in_table(|t| t.entries[0].weight = 0) =>
        ["loot_tables.scraps.entries: weights must add up to 1 to 1000000"];
    a_table_without_entries: in_table(|t| t.entries.clear()) =>
        ["loot_tables.scraps.entries: weights must add up to 1 to 1000000"];
    an_unknown_item: in_table(|t| t.entries[0].item = Some("crown".into())) =>
        ["loot_tables.scraps.entries[0]: names no item"];
    no_units_of_an_item: in_table(|t| t.entries[0].quantity = 0) =>
        ["loot_tables.scraps.entries[0]: quantity must be 1 to 9999"];

    no_chambers: in_cellar(|d| {
        d.chambers.clear();
        d.doors.clear();
    }) => [
        "dungeons.cellar.chambers: must be 1 to 64",
        "dungeons.cellar.spawn: must lie in the first chamber",
        "dungeons.cellar: must have exactly one boss",
    ];
    too_many_chambers: in_cellar(|d| {
        // A row of closets south of the first chamber, each with a door to it.
        for n in 0..i32::try_from(DUNGEON_CHAMBERS_MAX - 1).unwrap() {
            let (id, x) = (format!("closet-{n}"), 100 * n);
            let closet = Area { x, y: 11_000, width: 10, height: 10 };
            let between = ["near".into(), id.clone()];
            let passage = Area { y: 10_000, height: 1_000, ..closet };
            d.chambers.push(Chamber { id, area: closet, enemies: vec![] });
            d.doors.push(Door { area: passage, between, opens_when_cleared: "near".into() });
        }
    }) => ["dungeons.cellar.chambers: must be 1 to 64"];
    too_many_enemies: in_cellar(|d| {
        let rat = d.chambers[0].enemies[0].clone();
        d.chambers[0].enemies = vec![rat; DUNGEON_ENEMIES_MAX];
    }) => ["dungeons.cellar.chambers: more than 256 enemies in all"];
    a_spawn_point_in_a_wall: in_cellar(|d| d.spawn.y = 10_001) =>
        ["dungeons.cellar.spawn: must lie in the first chamber"];
    a_spawn_point_in_the_second_chamber: in_cellar(|d| d.spawn.x = 15_000) =>
        ["dungeons.cellar.spawn: must lie in the first chamber"];
    a_death_too_long: in_cellar(|d| d.respawn_ms = 60_001) => ["dungeons.cellar.respawn_ms: must be at most 60000"];
    an_unknown_enemy: in_cellar(|d| d.chambers[0].enemies[0].enemy = "bat".into()) =>
        ["dungeons.cellar.chambers[0].enemies[0]: names no enemy"];
    an_enemy_in_a_wall: in_cellar(|d| d.chambers[0].enemies[0].at.x = -1) =>
        ["dungeons.cellar.chambers[0].enemies[0]: stands outside its chamber"];
    a_dungeon_without_boss: in_cellar(|d| d.chambers[1].enemies.clear()) =>
        ["dungeons.cellar: must have exactly one boss"];
    a_dungeon_with_two_bosses: in_cellar(|d| d.chambers[0].enemies[0].enemy = "king".into()) =>
        ["dungeons.cellar: must have exactly one boss"];
    two_chambers_of_one_id: in_cellar(|d| {
        d.chambers[1].id = "near".into();
        d.doors.clear();
    }) => [
        "dungeons.cellar.chambers[0]: its id is taken by another chamber",
        "dungeons.cellar.chambers[1]: its id is taken by another chamber",
    ];
    chambers_that_touch: in_cellar(|d| d.chambers[0].area.width = 14_000) => [
        "dungeons.cellar.chambers[0].area: touches another chamber",
        "dungeons.cellar.chambers[1].area: touches another chamber",
    ];
    a_chamber_without_size: in_cellar(|d| {
        d.chambers[1].area.height = 0;
        d.chambers[1].area.y = 5_000;
    }) => ["dungeons.cellar.chambers[1].area: must lie between 0 and 655350 millimetres and have a size"];
    a_chamber_beyond_the_edge: in_cellar(|d| d.chambers[1].area.width = 700_000) =>
        ["dungeons.cellar.chambers[1].area: must lie between 0 and 655350 millimetres and have a size"];
    a_chamber_that_overflows: in_cellar(|d| d.chambers[1].area.width = i32::MAX) =>
        ["dungeons.cellar.chambers[1].area: must lie between 0 and 655350 millimetres and have a size"];

    too_many_doors: in_cellar(|d| {
        d.doors[0].area.height = 1;
        for n in 0..i32::try_from(DUNGEON_DOORS_MAX).unwrap() {
            d.doors.push(Door { area: Area { x: 10_000, y: 4_002 + 2 * n, width: 4_000, height: 1 }, ..d.doors[0].clone() });
        }
    }) => ["dungeons.cellar.doors: must be at most 128"];
    a_door_into_a_wall: in_cellar(|d| d.doors[0].area.width = 3_000) =>
        ["dungeons.cellar.doors[0].between: names no chamber that the door touches"];
    a_door_to_nowhere: in_cellar(|d| d.doors[0].between[1] = "attic".into()) => [
        "dungeons.cellar.doors[0].between: names no chamber that the door touches",
        "dungeons.cellar.doors[0].area: touches a chamber that it does not join",
        "dungeons.cellar.chambers[1]: cannot be reached from the first chamber",
    ];
    a_door_from_a_chamber_to_itself: in_cellar(|d| {
        let area = Area { x: 0, y: 10_000, width: 1_000, height: 1_000 };
        let between = ["near".into(), "near".into()];
        d.doors.push(Door { area, between, opens_when_cleared: "near".into() });
    }) => ["dungeons.cellar.doors[1].between: must name two chambers"];
    a_door_across_a_third_chamber: in_cellar(|d| {
        let area = Area { x: 11_000, y: 5_000, width: 1_000, height: 1_000 };
        d.chambers.push(Chamber { id: "closet".into(), area, enemies: vec![] });
    }) => [
        "dungeons.cellar.doors[0].area: touches a chamber that it does not join",
        "dungeons.cellar.chambers[2]: cannot be reached from the first chamber",
    ];
    doors_that_touch: in_cellar(|d| d.doors.push(d.doors[0].clone())) =>
        ["dungeons.cellar.doors[1].area: touches another door"];
    a_door_that_waits_for_no_chamber: in_cellar(|d| d.doors[0].opens_when_cleared = "attic".into()) => [
        "dungeons.cellar.doors[0].opens_when_cleared: names no chamber",
        "dungeons.cellar.chambers[1]: cannot be reached from the first chamber",
    ];
    a_door_that_waits_for_what_is_behind_it: in_cellar(|d| d.doors[0].opens_when_cleared = "far".into()) =>
        ["dungeons.cellar.chambers[1]: cannot be reached from the first chamber"];
    a_door_without_size: in_cellar(|d| {
        d.doors.push(Door { area: Area { x: 10_000, y: 1_000, width: 4_000, height: 0 }, ..d.doors[0].clone() });
    }) => ["dungeons.cellar.doors[1].area: must lie between 0 and 655350 millimetres and have a size"];
}
