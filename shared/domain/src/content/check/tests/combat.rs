//! The mistakes that can be made in abilities, states and the numbers of fights.

use super::*;

/// A blow of fire that sets its target alight and trains climbing.
fn firebolt() -> CombatAbility {
    CombatAbility {
        name: "Firebolt".into(),
        mana: 10,
        stamina: 0,
        cooldown_ms: 1_000,
        target: AbilityTarget::Enemy,
        range_mm: 5_000,
        radius_mm: 0,
        level_min: 1,
        skill: Some("climbing".into()),
        effects: vec![
            AbilityEffect::Damage { min: 1, max: 2, kind: Some("fire".into()), attack: true },
            AbilityEffect::Status { status: "burning".into() },
        ],
    }
}

fn burning() -> Status {
    Status {
        name: "Burning".into(),
        duration_ms: 3_000,
        speed_percent: 0,
        damage_percent: 0,
        damage_taken_percent: 0,
        hp_per_s: -2,
        stuns: false,
    }
}

/// The same mistakes in content that has an ability, which the hero and the king use.
fn in_fight(make: impl FnOnce(&mut Content)) -> Vec<String> {
    mistakes(|content| {
        content.rules.damage_kinds = vec!["fire".into()];
        content.abilities.insert("firebolt".into(), firebolt());
        content.statuses.insert("burning".into(), burning());
        let hero = content.classes.get_mut("hero").unwrap();
        hero.resources.mana_max = 50;
        hero.abilities = vec!["firebolt".into()];
        let king = content.enemies.get_mut("king").unwrap();
        king.abilities = vec![EnemyAbility { ability: "firebolt".into(), from_phase: 2 }];
        king.resistances = vec![Resistance { kind: "fire".into(), percent: 50 }];
        make(content);
    })
}

fn in_firebolt(make: impl FnOnce(&mut CombatAbility)) -> Vec<String> {
    in_fight(|content| make(content.abilities.get_mut("firebolt").unwrap()))
}

fn in_burning(make: impl FnOnce(&mut Status)) -> Vec<String> {
    in_fight(|content| make(content.statuses.get_mut("burning").unwrap()))
}

fn king_of(content: &mut Content) -> &mut Enemy {
    content.enemies.get_mut("king").unwrap()
}

fn hero_of(content: &mut Content) -> &mut Class {
    content.classes.get_mut("hero").unwrap()
}

#[test]
fn a_right_fight_passes() {
    assert_eq!(in_fight(|_| {}), [""; 0]);
}

refused! {
    a_cooldown_of_nothing: in_firebolt(|a| a.cooldown_ms = 0) =>
        ["abilities.firebolt: cooldown_ms must be 50 to 3600000"];
    an_ability_beyond_all_means: in_firebolt(|a| a.mana = 70_000) => [
        "classes.hero.abilities[0]: costs more than the class can ever have",
        "abilities.firebolt: costs must be at most 60000",
    ];
    an_ability_that_its_class_cannot_pay: in_firebolt(|a| a.mana = 51) =>
        ["classes.hero.abilities[0]: costs more than the class can ever have"];
    an_ability_that_reaches_too_far: in_firebolt(|a| a.range_mm = 655_351) =>
        ["abilities.firebolt: reaches must be at most 655350"];
    an_ability_without_reach: in_firebolt(|a| a.range_mm = 0) => [
        "abilities.firebolt: enemy and ally need a range_mm, own and around have none, and around needs a radius_mm"
    ];
    an_ability_that_trains_nothing: in_firebolt(|a| a.skill = Some("juggling".into())) =>
        ["abilities.firebolt.skill: names no skill"];
    an_ability_without_effect: in_firebolt(|a| a.effects.clear()) => ["abilities.firebolt.effects: must be 1 to 4"];
    an_ability_that_hurts_friends: in_firebolt(|a| a.target = AbilityTarget::Ally) =>
        ["abilities.firebolt.effects[0]: only the other side is hurt"];
    an_ability_that_heals_foes: in_firebolt(|a| a.effects = vec![AbilityEffect::Heal { min: 1, max: 1 }]) =>
        ["abilities.firebolt.effects[0]: only the own side is healed"];
    damage_upside_down: in_firebolt(|a| {
        a.effects = vec![AbilityEffect::Damage { min: 3, max: 2, kind: None, attack: false }];
    }) => ["abilities.firebolt.effects[0]: min must not be above max, and max at most 10000"];
    healing_upside_down: in_firebolt(|a| {
        a.target = AbilityTarget::Ally;
        a.effects = vec![AbilityEffect::Heal { min: 3, max: 2 }];
    }) => ["abilities.firebolt.effects[0]: min must not be above max, and max at most 10000"];
    damage_of_an_unknown_kind: in_fight(|c| c.rules.damage_kinds = vec!["ice".into()]) => [
        "enemies.king.resistances[0]: is none of rules.damage_kinds",
        "abilities.firebolt.effects[0]: kind is none of rules.damage_kinds",
    ];
    a_weapon_of_an_unknown_kind: in_fight(|c| hero_of(c).attack.damage_kind = Some("ice".into())) =>
        ["classes.hero.attack: damage_kind is none of rules.damage_kinds"];
    an_effect_of_an_unknown_state: in_fight(|c| c.statuses.clear()) =>
        ["abilities.firebolt.effects[1]: names no state"];
    a_state_without_time: in_burning(|s| s.duration_ms = 0) =>
        ["statuses.burning: duration_ms must be 50 to 3600000"];
    a_state_slower_than_standing: in_burning(|s| s.speed_percent = -101) =>
        ["statuses.burning: percentages must be -100 to 1000"];
    a_state_that_kills_at_once: in_burning(|s| s.hp_per_s = i32::MIN) =>
        ["statuses.burning: hp_per_s must be -60000 to 60000"];
    more_states_than_bits: in_fight(|c| c.statuses.extend((0..32).map(|n| (format!("state-{n}"), burning())))) =>
        ["statuses: at most 32 states travel in 32 bits"];
    more_abilities_than_a_byte_counts: in_fight(|c| {
        c.abilities.extend((0..256).map(|n| (format!("bolt-{n}"), firebolt())));
    }) => ["abilities: at most 256 abilities travel in one byte"];
    resources_beyond_measure: in_fight(|c| hero_of(c).resources.mana_max = 60_001) =>
        ["classes.hero.resources: must be at most 60000 each"];
    a_class_with_an_unknown_ability: in_fight(|c| hero_of(c).abilities.push("nap".into())) =>
        ["classes.hero.abilities[1]: names no ability"];
    a_class_with_an_ability_twice: in_fight(|c| hero_of(c).abilities.push("firebolt".into())) =>
        ["classes.hero.abilities[1]: is there twice"];
    an_enemy_with_an_unknown_ability: in_fight(|c| king_of(c).abilities[0].ability = "nap".into()) =>
        ["enemies.king.abilities[0]: names no ability"];
    an_ability_of_a_phase_that_never_comes: in_fight(|c| king_of(c).abilities[0].from_phase = 3) =>
        ["enemies.king.abilities[0]: from_phase names a phase that never comes"];
    an_enemy_that_cannot_be_hit: in_fight(|c| king_of(c).armor_class = 1_001) =>
        ["enemies.king: attack_bonus and armor_class must be -1000 to 1000"];
    a_resistance_that_heals: in_fight(|c| king_of(c).resistances[0].percent = 101) =>
        ["enemies.king.resistances[0]: percent must be -1000 to 100"];
    a_resistance_twice: in_fight(|c| {
        let fire = king_of(c).resistances[0].clone();
        king_of(c).resistances.push(fire);
    }) => ["enemies.king.resistances[1]: is there twice"];
    a_die_that_misses_and_hits: in_rules(|r| {
        r.attack_rolls = AttackRolls { die_sides: 20, miss_up_to: 20, critical_from: 20, critical_times: 2 };
    }) => ["rules.attack_rolls: miss_up_to must be below critical_from"];
    a_die_without_measure: in_rules(|r| r.attack_rolls.critical_times = 11) =>
        ["rules.attack_rolls: die_sides must be at most 1000 and critical_times at most 10"];
    a_practice_that_stands_still: in_rules(|r| r.practice.xp_for_level = vec![0, 5, 5]) =>
        ["rules.practice.xp_for_level: must begin with 0 and rise, over at most 1000 levels"];
    a_practice_without_measure: in_rules(|r| r.practice.percent_per_level = 101) =>
        ["rules.practice: xp_per_use must be at most 1000000 and percent_per_level at most 100"];
    a_thing_that_is_nobodys_before_it_goes: in_rules(|r| {
        r.ground = Ground { owner_only_ms: 10, despawn_ms: 10 };
    }) => ["rules.ground: a thing must be everybody's before it is gone"];
    a_thing_that_is_hidden_for_too_long: in_rules(|r| r.ground.owner_only_ms = 3_600_001) =>
        ["rules.ground: owner_only_ms must be at most 3600000 and despawn_ms at most 86400000"];
    a_trophy_that_wears: in_tail(|i| i.durability_max = Some(5)) => [
        "items.tail.durability_max: only armour and weapons wear",
        "items.tail.durability_max: what wears does not stack",
    ];
    a_weapon_that_stands_nothing: in_tail(|i| {
        i.kind = ItemKind::Equipment;
        i.stack_max = 1;
        i.weapon = Some(club());
        i.durability_max = Some(0);
    }) => ["items.tail.durability_max: must be 1 to 60000"];
}
