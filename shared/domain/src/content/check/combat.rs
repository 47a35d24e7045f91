//! What makes abilities, states and the numbers of fights right, and the parts of classes and enemies that refer to them.

use super::Report;
use crate::content::{
    AbilityEffect, AbilityTarget, Attack, Class, CombatAbility, Content, Enemy, EnemyAbility, Rules, Status,
};
use crate::limits::{
    ABILITIES_EACH_MAX, DUNGEON_EXTENT_MM_MAX, EFFECTS_PER_ABILITY_MAX, HIT_POINTS_MAX, LEVELS_MAX,
    SKILLS_PRACTISED_MAX, STATUSES_MAX,
};

/// The most of mana or stamina that there may be: both travel as 16 bits.
const RESOURCE_MAX: u32 = 60_000;
/// The longest time that anything about a fight may take, in milliseconds: an hour.
const TIME_MS_MAX: u32 = 3_600_000;
/// The most by which a state or a skill may strengthen anything, in percent.
const PERCENT_MAX: i32 = 1_000;
/// The most that any one number may add to a roll.
const BONUS_MAX: i32 = 1_000;

pub(super) fn whole(report: &mut Report, content: &Content) {
    for (id, ability) in &content.abilities {
        self::ability(report, content, ability, &format!("abilities.{id}"));
    }
    for (id, status) in &content.statuses {
        self::status(report, status, &format!("statuses.{id}"));
    }
    let at = || "abilities".into();
    report.require(content.abilities.len() <= 256, at, "at most 256 abilities travel in one byte");
    let at = || "statuses".into();
    report.require(content.statuses.len() <= STATUSES_MAX, at, "at most 32 states travel in 32 bits");
    let at = || "skills".into();
    report.require(content.skills.len() <= SKILLS_PRACTISED_MAX, at, "at most 64 skills can be practised");
}

/// The numbers of fights among the tables of the rules.
pub(super) fn tables(report: &mut Report, rules: &Rules) {
    let rolls = &rules.attack_rolls;
    let within = rolls.die_sides <= 1_000 && rolls.critical_times <= 10;
    let at = || "rules.attack_rolls".into();
    report.require(within, at, "die_sides must be at most 1000 and critical_times at most 10");
    let apart = rolls.die_sides == 0 || rolls.miss_up_to < rolls.critical_from;
    report.require(apart, at, "miss_up_to must be below critical_from");
    let levels = &rules.practice.xp_for_level;
    let rising = levels.first().is_none_or(|first| *first == 0) && levels.windows(2).all(|pair| pair[0] < pair[1]);
    let at = || "rules.practice.xp_for_level".into();
    report.require(rising && levels.len() <= LEVELS_MAX, at, "must begin with 0 and rise, over at most 1000 levels");
    let at = || "rules.practice".into();
    let within = rules.practice.xp_per_use <= 1_000_000 && rules.practice.percent_per_level <= 100;
    report.require(within, at, "xp_per_use must be at most 1000000 and percent_per_level at most 100");
    let ground = &rules.ground;
    let within = ground.owner_only_ms <= TIME_MS_MAX && ground.despawn_ms <= 24 * TIME_MS_MAX;
    let at = || "rules.ground".into();
    report.require(within, at, "owner_only_ms must be at most 3600000 and despawn_ms at most 86400000");
    let opens = ground.despawn_ms == 0 || ground.owner_only_ms < ground.despawn_ms;
    report.require(opens, at, "a thing must be everybody's before it is gone");
}

pub(super) fn attack(report: &mut Report, content: &Content, attack: &Attack, at: &str) {
    let at = || format!("{at}.attack");
    report.require(attack.damage_min <= attack.damage_max, at, "damage_min must not be above damage_max");
    report.require(attack.damage_max <= 10_000, at, "damage_max must be at most 10000");
    report.require((1..=100_000).contains(&attack.range_mm), at, "range_mm must be 1 to 100000");
    report.require((50..=60_000).contains(&attack.cooldown_ms), at, "cooldown_ms must be 50 to 60000");
    report.require(is_kind(content, attack.damage_kind.as_ref()), at, "damage_kind is none of rules.damage_kinds");
}

pub(super) fn class(report: &mut Report, content: &Content, class: &Class, at: &str) {
    let resources = &class.resources;
    let numbers = [resources.mana_max, resources.mana_per_s, resources.stamina_max, resources.stamina_per_s];
    let within = numbers.iter().all(|number| *number <= RESOURCE_MAX);
    report.require(within, || format!("{at}.resources"), "must be at most 60000 each");
    let few = class.abilities.len() <= ABILITIES_EACH_MAX;
    report.require(few, || format!("{at}.abilities"), "must be at most 16");
    for (index, id) in class.abilities.iter().enumerate() {
        let at = || format!("{at}.abilities[{index}]");
        report.require(!class.abilities[..index].contains(id), at, "is there twice");
        let Some(ability) = content.abilities.get(id) else {
            report.require(false, at, "names no ability");
            continue;
        };
        let affordable = ability.mana <= resources.mana_max && ability.stamina <= resources.stamina_max;
        report.require(affordable, at, "costs more than the class can ever have");
    }
}

pub(super) fn enemy(report: &mut Report, content: &Content, enemy: &Enemy, at: &str) {
    let modest = enemy.attack_bonus.abs() <= BONUS_MAX && enemy.armor_class.abs() <= BONUS_MAX;
    report.require(modest, || at.to_owned(), "attack_bonus and armor_class must be -1000 to 1000");
    for (index, resistance) in enemy.resistances.iter().enumerate() {
        let at = || format!("{at}.resistances[{index}]");
        report.require(is_kind(content, Some(&resistance.kind)), at, "is none of rules.damage_kinds");
        let again = enemy.resistances.iter().take(index).any(|other| other.kind == resistance.kind);
        report.require(!again, at, "is there twice");
        report.require((-PERCENT_MAX..=100).contains(&resistance.percent), at, "percent must be -1000 to 100");
    }
    let few = enemy.abilities.len() <= ABILITIES_EACH_MAX;
    report.require(few, || format!("{at}.abilities"), "must be at most 16");
    for (index, EnemyAbility { ability, from_phase }) in enemy.abilities.iter().enumerate() {
        let at = || format!("{at}.abilities[{index}]");
        report.require(content.abilities.contains_key(ability), at, "names no ability");
        let reached = usize::from(*from_phase) <= enemy.phases_at_percent.len();
        report.require(reached, at, "from_phase names a phase that never comes");
    }
}

fn ability(report: &mut Report, content: &Content, ability: &CombatAbility, at: &str) {
    let here = || at.to_owned();
    let extent = DUNGEON_EXTENT_MM_MAX.cast_unsigned();
    report.require((50..=TIME_MS_MAX).contains(&ability.cooldown_ms), here, "cooldown_ms must be 50 to 3600000");
    report.require(ability.mana.max(ability.stamina) <= RESOURCE_MAX, here, "costs must be at most 60000");
    report.require(ability.range_mm.max(ability.radius_mm) <= extent, here, "reaches must be at most 655350");
    let (ranged, wide) = (ability.range_mm > 0, ability.radius_mm > 0);
    let reaches = match ability.target {
        AbilityTarget::Enemy | AbilityTarget::Ally => ranged,
        AbilityTarget::Own => !ranged,
        AbilityTarget::Around => !ranged && wide,
    };
    let problem = "enemy and ally need a range_mm, own and around have none, and around needs a radius_mm";
    report.require(reaches, here, problem);
    let trained = ability.skill.as_ref().is_none_or(|id| content.skills.contains_key(id));
    report.require(trained, || format!("{at}.skill"), "names no skill");
    let some = (1..=EFFECTS_PER_ABILITY_MAX).contains(&ability.effects.len());
    report.require(some, || format!("{at}.effects"), "must be 1 to 4");
    for (index, effect) in ability.effects.iter().enumerate() {
        let at = || format!("{at}.effects[{index}]");
        match effect {
            AbilityEffect::Damage { min, max, kind, .. } => {
                let hurts = matches!(ability.target, AbilityTarget::Enemy | AbilityTarget::Around);
                report.require(hurts, at, "only the other side is hurt");
                report.require(min <= max && *max <= 10_000, at, "min must not be above max, and max at most 10000");
                report.require(is_kind(content, kind.as_ref()), at, "kind is none of rules.damage_kinds");
            }
            AbilityEffect::Heal { min, max } => {
                let heals = matches!(ability.target, AbilityTarget::Ally | AbilityTarget::Own);
                report.require(heals, at, "only the own side is healed");
                report.require(min <= max && *max <= 10_000, at, "min must not be above max, and max at most 10000");
            }
            AbilityEffect::Status { status } => {
                report.require(content.statuses.contains_key(status), at, "names no state");
            }
        }
    }
}

fn status(report: &mut Report, status: &Status, at: &str) {
    let here = || at.to_owned();
    report.require((50..=TIME_MS_MAX).contains(&status.duration_ms), here, "duration_ms must be 50 to 3600000");
    let percents = [status.speed_percent, status.damage_percent, status.damage_taken_percent];
    let within = percents.iter().all(|percent| (-100..=PERCENT_MAX).contains(percent));
    report.require(within, here, "percentages must be -100 to 1000");
    report.require(status.hp_per_s.unsigned_abs() <= HIT_POINTS_MAX, here, "hp_per_s must be -60000 to 60000");
}

/// Whether damage of this kind exists. There is always damage of no kind, which nobody resists.
fn is_kind(content: &Content, kind: Option<&String>) -> bool {
    kind.is_none_or(|kind| content.rules.damage_kinds.contains(kind))
}
