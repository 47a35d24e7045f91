//! Abilities: who may use which, what they cost, whom they reach and what they bring about; and attack rolls, resistances,
//! states and skills, which come with them.

use super::*;

mod deeds;

/// The arena, with a hero who has one ability of each kind, paid with mana, and a king who has one from its first phase on.
fn with_abilities() -> Content {
    let mut content = arena();
    let parts = json!({
        "statuses": {
            "afire": { "name": "Afire", "duration_ms": 3000, "hp_per_s": -3 },
            "held": { "name": "Held", "duration_ms": 1000, "stuns": true },
            "mighty": { "name": "Mighty", "duration_ms": 2000, "damage_percent": 50 },
            "slow": { "name": "Slow", "duration_ms": 3000, "speed_percent": -50 },
            "weak": { "name": "Weak", "duration_ms": 3000, "damage_taken_percent": 100 },
        },
        "abilities": {
            "bolt": { "name": "Bolt", "mana": 10, "cooldown_ms": 500, "target": "enemy", "range_mm": 8000, "skill": "magic",
                      "effects": [{ "damage": { "min": 20, "max": 20, "kind": "fire" } }, { "status": { "status": "afire" } }] },
            "heal": { "name": "Heal", "mana": 10, "cooldown_ms": 500, "target": "ally", "range_mm": 8000,
                      "effects": [{ "heal": { "min": 30, "max": 30 } }] },
            "hold": { "name": "Hold", "mana": 10, "cooldown_ms": 500, "target": "enemy", "range_mm": 8000, "level_min": 2,
                      "effects": [{ "status": { "status": "held" } }] },
            "rally": { "name": "Rally", "cooldown_ms": 500, "target": "own", "radius_mm": 3000,
                       "effects": [{ "status": { "status": "mighty" } }] },
            "storm": { "name": "Storm", "mana": 30, "cooldown_ms": 500, "target": "around", "radius_mm": 4000,
                       "effects": [{ "damage": { "min": 4, "max": 4 } }] },
            "wail": { "name": "Wail", "cooldown_ms": 5000, "target": "enemy", "range_mm": 5000,
                      "effects": [{ "status": { "status": "slow" } }, { "status": { "status": "weak" } }] },
        },
    });
    content.statuses = serde_json::from_value(parts["statuses"].clone()).unwrap();
    content.abilities = serde_json::from_value(parts["abilities"].clone()).unwrap();
    content.skills = serde_json::from_value(json!({ "magic": { "name": "Magic", "ability": "wisdom" } })).unwrap();
    content.rules.damage_kinds = vec!["fire".into()];
    content.rules.practice =
        serde_json::from_value(json!({ "xp_for_level": [0, 4], "xp_per_use": 2, "percent_per_level": 10 })).unwrap();
    let hero = content.classes.get_mut("hero").unwrap();
    hero.abilities = ["bolt", "heal", "hold", "rally", "storm"].map(Into::into).into();
    hero.resources = serde_json::from_value(json!({ "mana_max": 50, "mana_per_s": 5 })).unwrap();
    let rat = content.enemies.get_mut("rat").unwrap();
    (rat.hp, rat.aggro_mm) = (100, 0);
    let king = content.enemies.get_mut("king").unwrap();
    king.abilities = serde_json::from_value(json!([{ "ability": "wail", "from_phase": 1 }])).unwrap();
    content
}

const BOLT: u8 = 0;
const HEAL: u8 = 1;
const HOLD: u8 = 2;
const RALLY: u8 = 3;
const STORM: u8 = 4;

impl Play {
    fn able(heroes: u16) -> Self {
        Self::with_heroes_in(with_abilities(), heroes)
    }

    fn uses(&mut self, seat: u16, number: u8, target: u16) -> Vec<Effect> {
        self.step(&[(seat, act(Action::Ability { number, target }))])
    }

    fn mana(&self) -> u32 {
        self.dungeon.own(0).unwrap().mana
    }

    fn hp(&self, id: u16) -> u32 {
        self.view(id).unwrap().hp
    }
}

#[test]
fn an_ability_costs_cools_down_and_reaches_only_its_range() {
    let mut play = Play::able(1);
    play.put(0, 0, 999);
    play.uses(0, BOLT, RAT);
    assert_eq!((play.hp(RAT), play.mana()), (100, 50), "a hair more than 8 m");
    play.put(0, 0, 1_000);
    let said = play.uses(0, BOLT, RAT);
    assert!(said.contains(&all(WorldEvent::AbilityUsed { entity: 0, ability: 0 })));
    assert_eq!((play.hp(RAT), play.mana()), (80, 40));
    play.uses(0, BOLT, RAT);
    assert_eq!((play.hp(RAT), play.mana()), (80, 40), "it has not cooled down");
    for _ in 0..4 {
        play.wait(9);
        play.uses(0, BOLT, RAT);
    }
    let spent = play.mana();
    assert!(spent < 10 + 10, "{spent} mana left");
    play.dungeon.players[0].mana = 9;
    play.wait(9);
    let before = play.hp(RAT);
    assert!(!play.uses(0, BOLT, RAT).iter().any(|e| matches!(e, Effect::Event(_, WorldEvent::AbilityUsed { .. }))));
    assert!(play.hp(RAT) + 3 >= before, "it was used without mana");
}

#[test]
fn nobody_uses_what_is_not_theirs_or_not_for_that_one() {
    let mut play = Play::able(2);
    play.put(0, 7_000, 1_000);
    for (number, target) in [
        (5, RAT),
        (255, RAT),
        (BOLT, 1),
        (BOLT, DOOR),
        (BOLT, KING),
        (BOLT, u16::MAX),
        (HEAL, RAT),
        (HEAL, 2),
        (HOLD, RAT),
    ] {
        assert_eq!(play.uses(0, number, target), [], "{number} on {target}");
    }
    play.put(0, 1_000, 1_000);
    assert_eq!(play.uses(0, STORM, 0), [], "nobody is near");
    play.player(0).hot.hp = 0;
    play.player(0).respawn_at = 1_000;
    assert_eq!(play.uses(0, RALLY, 0), [], "the dead do nothing");
    assert_eq!(play.mana(), 50);
}

#[test]
fn damage_over_time_kills_and_the_killer_is_named() {
    let mut play = Play::able(1);
    play.dungeon.enemies[0].hp = 22;
    play.put(0, 3_000, 1_000);
    play.uses(0, BOLT, RAT);
    assert_eq!(play.hp(RAT), 2);
    assert_eq!(play.view(RAT).unwrap().statuses, 1, "afire is the first of the states");
    let before = play.effects.len();
    play.wait(20);
    assert!(play.effects[before..].contains(&all(WorldEvent::EnemyDied { entity: RAT, by_seat: 0 })));
}

#[test]
fn a_resistance_keeps_off_its_own_kind_and_no_other() {
    let mut content = with_abilities();
    content.enemies.get_mut("rat").unwrap().resistances =
        serde_json::from_value(json!([{ "kind": "fire", "percent": 75 }])).unwrap();
    let mut play = Play::with_heroes_in(content, 1);
    play.put(0, 6_000, 1_000);
    play.uses(0, BOLT, RAT);
    assert_eq!(play.hp(RAT), 95);
    play.attack(0, RAT);
    assert_eq!(play.hp(RAT), 85);
}

#[test]
fn healing_goes_to_the_living_and_no_further_than_unhurt() {
    let mut play = Play::able(2);
    play.player(1).hot.hp = 50;
    play.uses(0, HEAL, 1);
    assert_eq!(play.hp(1), 80);
    play.wait(9);
    play.uses(0, HEAL, 1);
    assert_eq!(play.hp(1), 100);
    play.player(1).hot.hp = 0;
    play.player(1).respawn_at = 1_000;
    play.wait(9);
    assert_eq!(play.uses(0, HEAL, 1), []);
    assert_eq!(play.hp(1), 0);
}

#[test]
fn a_rally_is_for_those_about_and_makes_their_blows_heavier() {
    let mut play = Play::able(3);
    play.put(0, 6_500, 1_000);
    play.put(1, 6_500, 2_000);
    play.put(2, 0, 9_000);
    play.uses(0, RALLY, 0);
    let mighty = |play: &Play, id: u16| play.view(id).unwrap().statuses != 0;
    assert_eq!((mighty(&play, 0), mighty(&play, 1), mighty(&play, 2)), (true, true, false));
    play.attack(1, RAT);
    assert_eq!(play.hp(RAT), 85);
    play.wait(40);
    assert!(!mighty(&play, 1), "it lasts two seconds");
    play.attack(1, RAT);
    assert_eq!(play.hp(RAT), 75);
}

#[test]
fn a_storm_strikes_everybody_about_whom_one_can_see() {
    let mut play = Play::able(1);
    play.put(0, 8_000, 2_500);
    play.uses(0, STORM, 0);
    assert_eq!([RAT, RAT + 1, RAT + 2].map(|rat| play.hp(rat)), [96, 96, 100], "the third is 4.5 m away");
}

#[test]
fn the_stunned_neither_walk_nor_strike_and_the_slow_walk_slowly() {
    let mut play = Play::able(1);
    play.player(0).hot.level = 2;
    play.put(0, 7_500, 1_000);
    play.attack(0, RAT);
    play.uses(0, HOLD, RAT);
    let hp = play.hp(0);
    play.wait(19);
    assert_eq!(play.hp(0), hp, "a stunned rat struck");
    play.wait(3);
    assert!(play.hp(0) < hp, "the rat has not come to");

    let held = play.dungeon.game.content.statuses.keys().position(|id| id == "held").unwrap() as u8;
    let slow = play.dungeon.game.content.statuses.keys().position(|id| id == "slow").unwrap() as u8;
    play.put(0, 1_000, 9_000);
    let until = play.dungeon.tick + 3;
    play.player(0).states.enter(states::InState { state: slow, until, by_seat: None });
    assert_eq!(play.dungeon.own(0).unwrap().speed_mm_per_s, 2_500);
    play.step(&[(0, walk(1, 0))]);
    assert_eq!(play.view(0).unwrap().at.x, 1_125);
    play.player(0).states.enter(states::InState { state: held, until, by_seat: None });
    play.step(&[(0, walk(1, 0))]);
    assert_eq!((play.view(0).unwrap().at.x, play.dungeon.own(0).unwrap().speed_mm_per_s), (1_125, 0));
}

#[test]
fn a_boss_uses_its_abilities_from_their_phase_on() {
    let mut play = Play::able(1);
    play.dungeon.enemies.iter_mut().take(4).for_each(|rat| rat.hp = 1);
    for nth in 0..4 {
        play.put(0, 7_000, 1_000 + 3_000 * i32::from(nth));
        play.attack(0, RAT + nth);
        play.wait(10);
    }
    play.put(0, 18_000, 5_000);
    play.player(0).hot.hp_max = 1_000;
    play.player(0).hot.hp = 1_000;
    play.wait(40);
    let used = |play: &Play| {
        let wails = play
            .effects
            .iter()
            .filter(|e| matches!(e, Effect::Event(_, WorldEvent::AbilityUsed { entity: KING, ability: 5 })));
        wails.count()
    };
    assert_eq!(used(&play), 0, "it is not angry yet");
    play.dungeon.enemies[4].hp = 61;
    play.put(0, 19_000, 5_000);
    play.attack(0, KING);
    play.wait(25);
    assert_eq!(used(&play), 1);
    let slow_and_weak = play.view(0).unwrap().statuses;
    assert_eq!(slow_and_weak.count_ones(), 2);
    let before = play.hp(0);
    play.wait(12);
    assert!(before - play.hp(0) >= 20, "whoever is weak takes twice as much");
}

#[test]
fn practice_makes_stronger_and_is_told_once() {
    let mut play = Play::able(1);
    play.put(0, 3_000, 1_000);
    play.uses(0, BOLT, RAT);
    assert_eq!(play.dungeon.hot(0).unwrap().0.practice["magic"], 2);
    play.wait(9);
    let said = play.uses(0, BOLT, RAT);
    assert!(said.contains(&only(0, WorldEvent::SkillUp { skill: 0, level: 2 })));
    assert!(said.contains(&Effect::Changed { seat: 0, urgent: true }));
    play.dungeon.enemies[1].hp = 100;
    play.wait(9);
    play.put(0, 3_000, 4_000);
    play.uses(0, BOLT, RAT + 1);
    assert_eq!(play.hp(RAT + 1), 78, "twenty, and a tenth more");
}

#[test]
fn rolls_miss_hit_and_are_critical_in_the_expected_shares() {
    let mut content = arena();
    content.rules.attack_rolls =
        serde_json::from_value(json!({ "die_sides": 20, "miss_up_to": 1, "critical_from": 20, "critical_times": 2 }))
            .unwrap();
    let rat = content.enemies.get_mut("rat").unwrap();
    (rat.hp, rat.aggro_mm, rat.armor_class) = (60_000, 0, 11);
    rat.attack.damage_max = 0;
    rat.attack.damage_min = 0;
    let mut play = Play::with_heroes_in(content, 1);
    play.put(0, 7_000, 1_000);
    let (mut missed, mut hit, mut critical) = (0, 0, 0);
    for _ in 0..4_000 {
        let before = play.hp(RAT);
        play.player(0).blow = state::Blow::default();
        play.attack(0, RAT);
        match before - play.hp(RAT) {
            0 => missed += 1,
            10 => hit += 1,
            20 => critical += 1,
            other => panic!("{other} damage"),
        }
    }
    // Nothing is added to the die, so eleven and more hit: half of them, of which every tenth is critical.
    assert!((1_900..=2_100).contains(&missed) && (150..=250).contains(&critical), "{missed} {hit} {critical}");
}
